"""What becomes at the till of money that is not what was asked for."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.till_case import TillCase


@tagged('post_install', '-at_install')
class TestMoreThanTheOrder(TillCase):

    def test_more_is_paid_where_that_is_allowed(self):
        self.provider.qpay_allow_exceed = True
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        self._pay_and_settle(intent, amount=10000)
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'exceeding'), row.state_message)
        self.assertEqual((order.state, order.amount_paid), ('paid', 8000))
        self.assertEqual(row.account_payment_id.amount, 10000)
        self._close_session(self.session)
        self.assertEqual(self._get_receivable(), -2000)
        self.assertIn('credit', self._note(row))

    def test_last_part_is_more_than_the_rest(self):
        self.provider.write({'qpay_allow_exceed': True, 'qpay_allow_partial': True})
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        self._pay_and_settle(intent, amount=5000)
        self.assertEqual((order.state, order.amount_paid), ('draft', 5000))
        self._pay_and_settle(intent, amount=5000)
        self.assertEqual((order.state, order.amount_paid), ('paid', 8000))
        self.assertEqual(
            sum(self._ledger(intent).account_payment_id.mapped('amount')), 10000
        )
        self._close_session(self.session)
        self.assertEqual(self._get_receivable(), -2000)

    def test_order_became_cheaper_before_it_was_paid(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        payment = self._pay(intent)
        order.lines.write({
            'price_unit': 6000, 'price_subtotal': 6000, 'price_subtotal_incl': 6000,
        })
        order.amount_total = 6000
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual((order.state, order.amount_paid), ('paid', 6000))
        self.assertEqual(row.account_payment_id.amount, 8000)

    def test_order_was_deleted_before_it_was_paid(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        payment = self._pay(intent)
        order.unlink()
        self._call_back(intent, payment['payment_id'])
        answer = self._check_route(intent.id, access_token=intent.access_token)
        self.assertEqual(answer['result']['amount_paid'], 8000)
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual(row.account_payment_id.amount, 8000)
        self.assertEqual(self._get_receivable(), -8000)

    def test_page_of_a_deleted_order_says_so(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        order.unlink()
        self._recheck()
        page = self.url_open(f'/payment/qpay/pay/{intent.id}/{intent.access_token}')
        self.assertEqual(page.status_code, 200)
        self.assertIn('data-view="ended"', page.text)

    def test_order_is_paid_in_cash_but_not_closed_yet(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        payment = self._pay(intent)
        order.add_payment({
            'pos_order_id': order.id, 'amount': 8000, 'payment_method_id': self.cash.id,
        })
        self.assertEqual((order.state, order.get_amount_unpaid()), ('draft', 0))
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual((row.account_payment_id.amount, row.transaction_id.amount), (8000, 8000))
        self.assertEqual(order.payment_ids.payment_method_id, self.cash)
        self.assertIn('credit', self._note(row))
        self.assertEqual(self._get_transaction_states(order), ['draft'])

    def test_rest_is_taken_in_cash_while_the_money_waits(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        payment = self._pay(intent)
        self._take_cash(order, 3000)
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        account = lines.payment_account_id
        lines.payment_account_id = False
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.transaction_id.amount), ('needs_attention', 5000))
        self._take_cash(order, 5000)
        self.assertEqual(order.state, 'paid')

        lines.payment_account_id = account
        row.with_user(self.accountant).action_settle()
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual((row.account_payment_id.amount, row.transaction_id.amount), (8000, 8000))
        self.assertEqual((order.state, order.amount_paid), ('paid', 8000))

    def test_transaction_that_cannot_be_confirmed_is_left_as_it_was(self):
        order = self._create_order()
        intent = self._create_intent(order, 8000)
        # As a module might that changes our documents; Odoo confirms nothing over 0.
        self.patch(documents.PosOrderDocument, 'get_transaction_amount', lambda *_arguments: 0)
        self._pay_and_settle(intent)
        row = self._ledger(intent)
        self.assertEqual((row.state, order.state), ('needs_attention', 'draft'))
        self.assertEqual(self._get_transaction_states(order), ['draft'])
        self.assertIn('amount', self._note(row))

    def _get_transaction_states(self, order):
        return self.env['payment.transaction'].search([
            ('pos_order_id', '=', order.id),
        ]).mapped('state')

    def test_card_payment_of_more_is_refunded_in_full(self):
        self.provider.qpay_allow_exceed = True
        intent = self._create_intent(self._create_order(), 8000)
        self._pay_and_settle(intent, amount=10000, method='CARD')
        row = self._ledger(intent)
        row.transaction_id._refund()
        self.assertEqual(row.status, 'refunded')
        self.assertEqual(row.refund_transaction_id.payment_id.amount, 10000)


@tagged('post_install', '-at_install')
class TestOrderOfAnotherDay(TillCase):

    def _create_order_of_tomorrow(self):
        return self._create_order(
            preset_time=fields.Datetime.to_string(fields.Datetime.now() + timedelta(days=1))
        )

    def _pay_after_the_end_of_the_session(self, order):
        """Let a payment be made while the till is open, and QPay call when it is closed."""
        intent = self._create_intent(order, 8000)
        payment = self._pay(intent)
        self._close_session(self.session)
        self._call_back(intent, payment['payment_id'])
        return intent

    def test_session_that_is_open_by_then_takes_the_money(self):
        order = self._create_order_of_tomorrow()
        intent = self._pay_after_the_end_of_the_session(order)
        later = self._open_session()
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', False), row.state_message)
        self.assertEqual((order.state, order.session_id), ('paid', later))
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._close_session(later)
        self.assertEqual(order.state, 'done')
        self.assertEqual(self._get_receivable(), 0)

    def test_money_waits_for_the_till_to_be_opened(self):
        order = self._create_order_of_tomorrow()
        intent = self._pay_after_the_end_of_the_session(order)
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, order.state), ('needs_attention', 'draft'))
        self.assertIn('The till Касс is closed', self._note(row))
        # Nobody is asked for it again.
        self.assertTrue(documents.of(order).is_paid())

        later = self._open_session()
        row.with_user(self.accountant).action_settle()
        self.assertEqual((row.state, order.state), ('settled', 'paid'), row.state_message)
        self.assertEqual(order.session_id, later)
        self.assertFalse(row.activity_ids)

    def _take_cash_for_waiting_money(self, amount):
        """Let the cashier take cash for an order whose money waits for the till to be opened.

        :return: The order, the session, and the row of the waiting money.
        """
        order = self._create_order_of_tomorrow()
        intent = self._pay_after_the_end_of_the_session(order)
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.transaction_id.state), ('needs_attention', 'done'))
        # As the till does with an order that is opened there.
        order.session_id = later = self._open_session()
        self._take_cash(order, amount)
        return order, later, row

    def assertSettledAsCredit(self, row, credit):
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual((row.account_payment_id.amount, row.transaction_id.state), (8000, 'done'))
        self.assertIn('credit', self._note(row))
        self.assertEqual(self._get_receivable(), -credit)

    def test_cash_is_taken_while_the_money_waits(self):
        order, later, row = self._take_cash_for_waiting_money(8000)
        self.assertEqual(order.state, 'paid')
        row.with_user(self.accountant).action_settle()
        self.assertEqual((order.state, order.payment_ids.mapped('amount')), ('paid', [8000]))
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._close_session(later, cash=8000)
        self.assertSettledAsCredit(row, 8000)

    def test_till_was_closed_again_after_cash_was_taken(self):
        order, later, row = self._take_cash_for_waiting_money(8000)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._close_session(later, cash=8000)
        self.assertEqual(order.state, 'done')
        row.with_user(self.accountant).action_settle()
        self.assertEqual((order.state, order.payment_ids.mapped('amount')), ('done', [8000]))
        self.assertSettledAsCredit(row, 8000)

    def test_part_is_taken_in_cash_while_the_money_waits(self):
        order, later, row = self._take_cash_for_waiting_money(3000)
        self.assertEqual(order.state, 'draft')
        row.with_user(self.accountant).action_settle()
        self.assertEqual((order.state, order.amount_paid), ('paid', 8000), row.state_message)
        self.assertEqual(sorted(order.payment_ids.mapped('amount')), [3000, 5000])
        self.assertEqual(row.transaction_id.amount, 5000)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._close_session(later, cash=3000)
        self.assertSettledAsCredit(row, 3000)

    def test_order_of_a_session_that_is_open_stays_in_it(self):
        order = self._create_order_of_tomorrow()
        self._pay_and_settle(self._create_intent(order, 8000))
        self.assertEqual((order.state, order.session_id), ('paid', self.session))


@tagged('post_install', '-at_install')
class TestReturnedGoods(TillCase):

    def setUp(self):
        super().setUp()
        self.order = self._create_order(16000, quantity=2)
        intent = self._create_intent(self.order, 16000)
        self._pay_and_settle(intent)
        self.assertEqual(self.order.state, 'paid')
        self.receipt = self.env['qpay.ebarimt'].sudo().create({
            'payment_id': self._ledger(intent).id, 'generation': 'v3',
            'receiver_type': 'citizen', 'state': 'issued',
        })

    def _return_goods(self, quantity):
        """Take goods back at the till, and give the money back in cash."""
        action = self.order.refund()
        refund = self.env['pos.order'].browse(action['res_id'])
        refund.lines.qty = -quantity
        refund.lines._onchange_amount_line_all()
        refund._compute_prices()
        self._take_cash(refund, refund.amount_total)
        self.assertEqual(refund.state, 'paid')

    def test_all_of_it(self):
        self._return_goods(2)
        self.assertTrue(self.receipt.cancellation_ids)

    def test_a_part_of_it(self):
        self._return_goods(1)
        self.assertFalse(self.receipt.cancellation_ids)
        self.assertIn('corrected', self.receipt.activity_ids.summary)
        self._return_goods(1)
        self.assertTrue(self.receipt.cancellation_ids)

    def test_till_is_held_up_by_no_receipt(self):
        def _fail(*_arguments, **_options):
            raise ValueError('broken')

        self.patch(self.registry['qpay.ebarimt'], '_take_pay_back', _fail)
        with self.assertLogs('odoo.addons.payment_qpay', level='ERROR'):
            self._return_goods(2)

    def test_return_that_is_not_paid_yet(self):
        self.order.refund()
        self.assertFalse(self.receipt.cancellation_ids)
        self.assertFalse(self.receipt.activity_ids)

    def test_return_of_what_qpay_did_not_take(self):
        receipt, self.receipt.payment_id.transaction_id.pos_order_id = self.receipt, False
        self._return_goods(2)
        self.assertFalse(receipt.cancellation_ids)


@tagged('post_install', '-at_install')
class TestTillWithoutOnlinePayments(QPayCommon):
    """Where the till takes no online payments, transactions know no orders of it."""

    def setUp(self):
        super().setUp()
        # Which kinds of documents there are is remembered.
        self.addCleanup(self.registry.clear_cache)
        self.patch(documents.PosOrderDocument, 'transaction_field', 'field_of_no_module')
        self.registry.clear_cache()

    def test_qpay_pays_what_is_no_longer_an_invoice(self):
        invoice = self._create_invoice()
        intent = self._create_intent(invoice)
        payment = self._pay(intent)
        invoice.button_draft()
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'), row.state_message)
        self.assertEqual(self._credit(), 15000)

    def test_somebody_pays_no_document_in_another_way(self):
        transaction = self._create_transaction(
            'direct', reference='other', provider_id=self.dummy_provider.id,
            payment_method_id=self.payment_method_id,
        )
        self.assertEqual(transaction._get_processing_values()['reference'], 'other')
        self.assertEqual(documents.of_transaction(transaction).records, transaction)
