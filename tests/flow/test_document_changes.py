"""What people do to a document while its QR is open, and what is missing when money arrives."""

from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CANCEL = 'DELETE /v2/invoice/{id}'
CHECK = 'POST /v2/payment/check'
GET_PAYMENT = 'GET /v2/payment/{id}'


class DocumentCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self._new_qr()

    def _new_qr(self, amount=None):
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill, amount)
        self.qpay.reset_calls()

    def _status_at_qpay(self):
        [invoice] = [
            invoice for invoice in self.qpay.invoices()
            if invoice['invoice_id'] == self.intent.qpay_invoice_id
        ]
        return invoice['invoice_status']

    def _register_payment(self, amount=None):
        wizard = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.bill.ids
        ).create({})
        if amount:
            wizard.amount = amount
        return wizard._create_payments()

    # === WHAT PEOPLE DO === #

    def pay_otherwise(self):
        self._register_payment()

    def pay_a_part_otherwise(self):
        self._register_payment(1000)

    def credit(self):
        self.bill._reverse_moves([{'invoice_date': '2026-11-03'}], cancel=True)

    def reset_to_draft(self):
        self.bill.button_draft()

    def cancel(self):
        self.bill.button_draft()
        self.bill.button_cancel()

    def lower(self):
        self.bill.button_draft()
        self.bill.invoice_line_ids.price_unit = 12000
        self.bill.action_post()

    def delete(self):
        self.bill.button_draft()
        self.bill.with_context(force_delete=True).unlink()

    CHANGES = (
        'pay_otherwise', 'pay_a_part_otherwise', 'credit', 'reset_to_draft', 'cancel', 'lower',
        'delete',
    )

    def _each_change(self):
        for name in self.CHANGES:
            with self.subTest(change=name):
                self._new_qr()
                yield getattr(self, name)


@tagged('post_install', '-at_install')
class TestDocumentChanges(DocumentCase):

    def test_qr_of_a_changed_document_is_cancelled_at_qpay(self):
        for change in self._each_change():
            change()
            self._recheck()
            self.assertEqual(self.intent.state, 'cancelled')
            self.assertTrue(self.intent.state_message)
            self.assertEqual(self._status_at_qpay(), 'CANCELED')
            self.assertEqual(self.intent.transaction_id.state, 'cancel')
            self.assertFalse(self.intent.recheck_at)
            self.assertEqual(self.qpay.calls(), {CHECK: 1, CANCEL: 1})

    def test_money_that_is_there_already_is_settled_instead(self):
        for change in self._each_change():
            credit = self._credit()
            payment = self._pay(self.intent)
            change()
            self._recheck()
            row = self._ledger(self.intent)
            self.assertEqual((row.state, self.intent.state), ('settled', 'paid'))
            booked = self._account_payments(payment['payment_id'])
            self.assertEqual((booked, booked.amount), (row.account_payment_id, 15000))
            self.assertEqual(self._calls(CANCEL), 0)
            # A draft is left alone.
            owed = {'pay_a_part_otherwise': 14000, 'lower': 12000}.get(change.__name__, 0)
            self.assertEqual(self._credit() - credit, 15000 - owed)
            bill = self.bill.exists()
            if bill.state == 'posted':
                self.assertEqual(bill.amount_residual, 0)
            self.assertEqual(row.discrepancy, 'surplus')
            self.assertIn('credit', self._note(row))

    def test_cancellation_that_fails_keeps_the_qr_watched(self):
        for change in self._each_change():
            change()
            self.qpay.inject(CANCEL, 'status', status=500)
            self._recheck()
            self.assertEqual(self.intent.state, 'cancelled')
            self.assertEqual(self._status_at_qpay(), 'OPEN')
            self.assertGreater(self.intent.recheck_at, fields.Datetime.now())
            self._recheck(self.intent)
            self.assertEqual(self._status_at_qpay(), 'CANCELED')
            self.assertFalse(self.intent.recheck_at)

    def test_money_after_a_failed_cancellation_is_booked(self):
        self.pay_otherwise()
        self.qpay.inject(CANCEL, 'drop')
        self._recheck()
        payment = self._pay(self.intent)
        self._recheck(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((self._credit(), self.intent.state), (15000, 'paid'))
        self.assertEqual(self._ledger(self.intent).discrepancy, 'late')

    def test_change_that_leaves_enough_open_leaves_the_qr_alone(self):
        self._new_qr(5000)
        self._register_payment(10000)
        self._recheck()
        self.assertEqual(self.intent.state, 'new')
        self.assertEqual(self.qpay.calls(), {})
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._credit(), 0)

    def test_own_settlement_disturbs_no_qr(self):
        self._pay_and_settle(self.intent, amount=4000)
        self.qpay.reset_calls()
        self._recheck()
        self.assertEqual(self.intent.state, 'new', 'the rest can still be paid')
        self.assertEqual(self.intent.recheck_at, self.intent.expires_at)
        self._pay_and_settle(self.intent, amount=11000)
        self._recheck()
        self.assertEqual((self.intent.state, self.intent.recheck_at), ('paid', False))
        self.assertEqual(self.qpay.calls(), {CHECK: 1, GET_PAYMENT: 1}, 'for the second callback')

    def test_one_of_several_invoices_that_is_reset_ends_their_qr(self):
        other = self._create_invoice(500)
        self.intent = self._create_intent(self.bill | other, 15500)
        other.button_draft()
        self._recheck()
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self._status_at_qpay(), 'CANCELED')

    def test_invoice_that_is_confirmed_again_gets_a_new_qr(self):
        self.lower()
        self._recheck()
        intent = self._create_intent(self.bill)
        self.assertEqual((intent.amount, intent.state), (12000, 'new'))
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_document_that_is_gone_cannot_be_opened(self):
        self.delete()
        with self.assertRaisesRegex(UserError, 'deleted'):
            self.intent.action_open_document()


@tagged('post_install', '-at_install')
class TestCancelAtQPay(DocumentCase):
    """Cancelling asks QPay first, and believes what it says."""

    def test_money_that_qpay_shows_settles_instead(self):
        payment = self._pay(self.intent)
        self.intent.action_cancel()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((self.intent.state, self._calls(CANCEL)), ('paid', 0))

    def test_invoice_paid_means_settle(self):
        # The payment comes between the check and the cancellation.
        self.qpay.inject(CHECK, 'status', status=200, body='{"count": 0, "rows": []}')
        payment = self._pay(self.intent)
        self.intent.action_cancel()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')
        self.assertEqual(self.qpay.calls(), {CHECK: 2, CANCEL: 1, GET_PAYMENT: 1})

    def test_already_cancelled_is_success(self):
        self.qpay.cancel_in_portal(self.intent.qpay_invoice_id)
        self.intent.action_cancel()
        self.assertEqual((self.intent.state, self.intent.recheck_at), ('cancelled', False))


@tagged('post_install', '-at_install')
class TestLockedPeriod(DocumentCase):

    def test_payment_in_a_locked_period_is_booked_and_keeps_its_real_date(self):
        with freeze_time('2026-10-20 17:00:00'):
            payment = self._pay(self.intent)
        self.company.fiscalyear_lock_date = '2026-10-31'
        self.intent.action_check()
        row = self._ledger(self.intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(row.paid_at, datetime(2026, 10, 20, 17))
        self.assertEqual(row._get_payment_date(), date(2026, 10, 21))
        self.assertGreater(row.account_payment_id.move_id.date, date(2026, 10, 31))
        self.assertEqual(row.account_payment_id.date, date(2026, 10, 21))

    def test_fee_follows_the_payment(self):
        self.provider.qpay_fee_account_id = self.company_data['default_account_expense']
        with freeze_time('2026-10-20 17:00:00'):
            self._pay(self.intent)
        self.company.fiscalyear_lock_date = '2026-10-31'
        self.intent.action_check()
        row = self._ledger(self.intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertEqual(row.fee_move_id.date, row.account_payment_id.move_id.date)

    def test_several_payments_in_a_locked_period(self):
        intents = self.intent | self._create_intent(self._create_invoice(500))
        with freeze_time('2026-10-20 17:00:00'):
            payments = [self._pay(intent)['payment_id'] for intent in intents]
        self.company.fiscalyear_lock_date = '2026-10-31'
        for intent, payment_id in zip(intents, payments, strict=True):
            self._call_back(intent, payment_id)
        self._process_callbacks()
        for intent, payment_id in zip(intents, payments, strict=True):
            self.assertPaidOnce(intent.invoice_ids, payment_id)
        for move in self._account_payments(*payments).move_id:
            self.assertGreater(move.date, date(2026, 10, 31))


@tagged('post_install', '-at_install')
class TestCustomers(DocumentCase):

    def test_archived_customer(self):
        self.customer.active = False
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._account_payments(payment['payment_id']).partner_id, self.customer)

    def test_merged_customer(self):
        other = self.env['res.partner'].create({'name': 'Бат-Эрдэнэ Д.'})
        self.env['base.partner.merge.automatic.wizard'].sudo().create({})._merge(
            [other.id, self.customer.id], other
        )
        self.assertFalse(self.customer.exists())
        self.assertEqual(self.intent.partner_id, other)
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._account_payments(payment['payment_id']).partner_id, other)
        self.assertEqual(self._ledger(self.intent).partner_id, other)

    def test_deleted_customer_of_a_deleted_invoice(self):
        self.delete()
        intent = self.intent
        intent.transaction_id.sudo().unlink()
        self.customer.unlink()
        payment = self._pay_and_settle(intent)
        row = self._ledger(intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        booked = self._account_payments(payment['payment_id'])
        self.assertEqual(booked.partner_id, self.company.partner_id)
        self.assertEqual(self._credit(self.company.partner_id), 15000)
        self.assertEqual(row.discrepancy, 'surplus')


@tagged('post_install', '-at_install')
class TestFaultySetUp(DocumentCase):
    """What cannot be booked waits with the reason, and is booked once the cause is gone."""

    @property
    def line(self):
        return self.provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider
        )

    def assert_waits_until(self, words, repair):
        payment = self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        self.assertEqual(row.state, 'needs_attention')
        self.assertIn(words, row.state_message)
        self.assertIn(words, self._note(row))
        self.assertFalse(self._account_payments(payment['payment_id']))
        self.assertEqual((self.intent.amount_paid, self.bill.amount_residual), (15000, 15000))
        # Without the cause gone nothing changes, however often it is tried.
        for _number in range(2):
            self._call_kw(row, 'action_settle')
        self.assertEqual((row.state, len(row.activity_ids)), ('needs_attention', 1))

        repair()
        _result, message = self._call_kw(row, 'action_settle')
        self.assertIsNone(message)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((row.state, row.state_message), ('settled', False))
        self.assertFalse(row.activity_ids)
        self._call_kw(row, 'action_settle')
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_missing_journal(self):
        self._pay_and_settle(self._create_intent(self._create_invoice(100)))
        journals = self._take_journals_away()

        def repair():
            journals.active = True

        self.assert_waits_until('no payment journal', repair)

    def test_missing_method_line_is_made_anew_by_odoo(self):
        self.line.journal_id = False
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self.line), 1)

    def test_duplicated_method_line(self):
        journals = self.env.registry['account.journal']
        with patch.object(journals, '_check_payment_method_line_ids_multiplicity'):
            copy = self.line.copy({'name': "QPay once more"})
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertFalse(copy.payment_provider_id)

    def test_missing_outstanding_account(self):
        lines, account = self.line, self.line.payment_account_id
        lines.payment_account_id = False

        def repair():
            lines.payment_account_id = account

        self.assert_waits_until('no outstanding account', repair)

    def test_several_that_wait_are_settled_again_together(self):
        lines, account = self.line, self.line.payment_account_id
        intents = self.intent | self._create_intent(self._create_invoice(500))
        lines.payment_account_id = False
        for intent in intents:
            self._pay_and_settle(intent)
        rows = intents.payment_ids
        self.assertEqual(set(rows.mapped('state')), {'needs_attention'})
        lines.payment_account_id = account
        rows.with_user(self.accountant).action_settle()
        self.assertEqual(set(rows.mapped('state')), {'settled'})
        self.assertEqual(set(intents.invoice_ids.mapped('amount_residual')), {0})
