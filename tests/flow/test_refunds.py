"""Giving money back: cards through QPay and in full, everything else by a bank transfer."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

REFUND = 'DELETE /v2/payment/refund/{id}'
GET_PAYMENT = 'GET /v2/payment/{id}'


class RefundCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)

    def _pay_by(self, method, **options):
        self._pay_and_settle(self.intent, method=method, **options)
        self.row = self._ledger(self.intent)
        self.qpay.reset_calls()

    def _refund(self, amount=None):
        """Refund a payment with Odoo's own dialog, as the accountant."""
        payment = self.row.account_payment_id.with_user(self.accountant)
        action = payment.action_refund_wizard()
        values = {} if amount is None else {'amount_to_refund': amount}
        wizard = self.env[action['res_model']].with_user(self.accountant).with_context(
            active_id=payment.id
        ).create(values)
        return wizard.action_refund()

    def _refunds(self):
        """Return the payments that give this one back."""
        return self.env['account.payment'].search([
            ('source_payment_id', '=', self.row.account_payment_id.id),
        ])

    def _balance(self):
        """Return what the customer owes, over all entries."""
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', self.customer.id),
            ('account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
        ])
        return sum(lines.mapped('balance'))

    def assert_refunded_once(self):
        refund = self._refunds()
        self.assertEqual(len(refund), 1)
        self.assertEqual((refund.payment_type, refund.amount), ('outbound', 15000))
        self.assertEqual(refund, self.row.refund_transaction_id.payment_id)
        self.assertEqual(refund.move_id.state, 'posted')
        self.assertEqual(self.row.refund_transaction_id.state, 'done')
        self.assertEqual((self.row.status, self.row.state), ('refunded', 'settled'))
        self.assertFalse(self.row.activity_ids)
        self.assertEqual(self.row.account_payment_id.amount_available_for_refund, 0)
        self.assertEqual(self.intent.amount_paid, 0)
        # What was received and given back is even; the invoice's sum is owed once more.
        self.assertEqual(self._balance(), 15000)
        outstanding = self.row.account_payment_id.outstanding_account_id
        moves = refund.move_id | self.row.account_payment_id.move_id
        lines = moves.line_ids.filtered(lambda line: line.account_id == outstanding)
        self.assertEqual(sum(lines.mapped('balance')), 0)


@tagged('post_install', '-at_install')
class TestCardRefund(RefundCase):

    def test_card_payment_is_refunded_in_full_with_odoos_dialog(self):
        self._pay_by('CARD')
        answer = self._refund()
        self.assertEqual(answer['params']['type'], 'success')
        self.assertEqual(self._calls(REFUND), 1)
        [payment] = self.qpay.invoices()[0]['payments']
        self.assertEqual(payment['status'], 'REFUNDED')
        self.assert_refunded_once()

    def test_page_of_what_was_refunded_thanks_nobody(self):
        self._pay_by('CARD')
        path = f'/payment/qpay/pay/{self.intent.id}/{self.intent.access_token}'
        self.authenticate(None, None)
        self.assertIn('Paid. Thank you!', self.url_open(path).text)
        self._refund()
        self.authenticate(None, None)
        page = self.url_open(path).text
        self.assertIn('data-view="ended"', page)
        self.assertIn('This payment was refunded.', page)

    def test_dialog_knows_that_only_all_can_be_refunded(self):
        self._pay_by('CARD')
        payment = self.row.account_payment_id.with_user(self.accountant)
        self.assertEqual(payment.amount_available_for_refund, 15000)
        with Form(self.env['payment.refund.wizard'].with_user(self.accountant).with_context(
            active_id=payment.id
        )) as wizard:
            self.assertEqual(wizard.support_refund, 'full_only')
            self.assertEqual(wizard.amount_to_refund, 15000)

    def test_invoice_in_another_currency(self):
        usd = self._enable_currency('USD')
        self.env['res.currency.rate'].create({
            'currency_id': usd.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'inverse_company_rate': 3500,
        })
        self.bill = self._create_invoice(10, currency_id=usd.id)
        self.intent = self._create_intent(self.bill, 35000)
        self._pay_by('CARD')
        self._refund()
        self.assertEqual(self._calls(REFUND), 1)
        self.assertEqual(self.row.status, 'refunded')
        refund = self.row.refund_transaction_id.payment_id
        self.assertEqual((refund.currency_id, refund.amount), (usd, 10))

    def test_refund_without_a_journal_is_refused_before_any_call(self):
        self._pay_by('CARD')
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        lines.payment_account_id = False
        with self.assertRaisesRegex(UserError, 'no outstanding account'):
            self._refund()
        self.assertEqual(self.qpay.calls(), {})

    def test_refund_that_qpay_refuses_can_be_tried_again(self):
        self._pay_by('CARD')
        self.qpay.inject(REFUND, 'status', status=400, body='{"error": "PERMISSION_DENIED"}')
        answer = self._refund()
        self.assertEqual(answer['params']['type'], 'danger')
        self.assertEqual(self.row.refund_transaction_id.state, 'error')
        self.assertIn('does not permit', self.row.refund_transaction_id.state_message)
        self.assertEqual((self.row.status, self._balance()), ('paid', 0))
        self.assertFalse(self._refunds())
        self._refund()
        self.assert_refunded_once()

    def test_refund_that_was_never_sent_can_be_tried_again(self):
        self._pay_by('CARD')
        with self._qpay_down():
            self._refund()
        self.assertEqual(self.row.refund_transaction_id.state, 'error')
        self.assertIn('cannot be reached', self.row.refund_transaction_id.state_message)
        self._refund()
        self.assert_refunded_once()

    def test_refund_that_was_made_in_the_portal_meanwhile_is_booked(self):
        self._pay_by('CARD')
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self.assertEqual(self._refund()['params']['type'], 'success')
        self.assert_refunded_once()

    def test_portal_users_and_auditors_cannot_refund(self):
        self._pay_by('CARD')
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        with self.assertRaises(AccessError):
            self.row.transaction_id.with_user(auditor).action_refund()
        self.assertEqual(self.qpay.calls(), {})


@tagged('post_install', '-at_install')
class TestRefundRefusedBeforeAnyCall(RefundCase):

    def assert_refused(self, *words, amount=None):
        with self.assertRaises(UserError) as refusal:
            self._refund(amount)
        for word in words:
            self.assertIn(word, str(refusal.exception))
        self.assertEqual(self.qpay.calls(), {})
        self.assertFalse(self._refunds())
        self.assertEqual((self.row.status, self._balance()), ('paid', 0))

    def test_bank_transfer(self):
        self._pay_by('P2P')
        self.assert_refused('bank transfer', 'Pay back by transfer')

    def test_part_of_a_card_payment(self):
        self._pay_by('CARD')
        self.assert_refused('in full only', 'Pay back by transfer', amount=14999)

    def test_payment_of_unknown_kind(self):
        self._pay_by('CARD')
        self.row.sudo().payment_type = False
        self.assert_refused('bank transfer')

    def test_button_registers_the_transfer_that_pays_it_back(self):
        self._pay_by('P2P')
        payment = self.row.account_payment_id
        action = payment.with_user(self.accountant).action_qpay_pay_back()
        form = Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        ))
        back = form.save()
        self.assertEqual(
            (back.payment_type, back.partner_type, back.partner_id, back.amount, back.currency_id),
            ('outbound', 'customer', self.customer, 15000, self.mnt),
        )
        self.assertIn(payment.memo, back.memo)
        back.action_post()
        self.assertEqual(self._balance(), 15000)
        self.assertEqual(self.qpay.calls(), {})

    def test_button_is_shown_to_accountants_on_received_payments_only(self):
        view = self.env['account.payment'].with_user(self.accountant).get_view(view_type='form')
        self.assertIn('action_qpay_pay_back', view['arch'])
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        view = self.env['account.payment'].with_user(auditor).get_view(view_type='form')
        self.assertNotIn('action_qpay_pay_back', view['arch'])


@tagged('post_install', '-at_install')
class TestRefundOfUnknownOutcome(RefundCase):
    """An answer that never came is looked up; the refund is never asked for twice."""

    def test_refund_that_was_made_is_found_at_once(self):
        self._pay_by('CARD')
        self.qpay.inject(REFUND, 'drop', after=True)
        self._refund()
        self.assertEqual(self.qpay.calls(), {REFUND: 1, GET_PAYMENT: 1})
        self.assert_refunded_once()

    def test_refund_that_cannot_be_looked_up_is_completed_by_the_list(self):
        self._pay_by('CARD')
        self.qpay.inject(REFUND, 'drop', after=True)
        self.qpay.inject(GET_PAYMENT, 'system_busy')
        self._refund()
        refund = self.row.refund_transaction_id
        self.assertEqual(refund.state, 'pending')
        self.assertTrue(refund.state_message)
        self.assertFalse(self._refunds())
        with self.assertRaisesRegex(UserError, 'is being refunded'):
            self._refund()
        self.assertEqual(self._calls(REFUND), 1)

        result = self._reconcile()
        self.assertEqual(result.refunded_count, 1)
        self.assert_refunded_once()
        self.assertEqual(self.row.refund_transaction_id, refund)
        self._reconcile()
        self.assert_refunded_once()
        self.assertEqual(self._calls(REFUND), 1)

    def test_process_that_died_after_asking_is_made_good_by_the_list(self):
        self._pay_by('CARD')
        with (
            patch.object(QPayClient, 'refund_payment', side_effect=KeyboardInterrupt),
            suppress(KeyboardInterrupt),
        ):
            self.row.transaction_id.sudo()._refund()
        self.assertEqual(self.row.refund_transaction_id.state, 'draft')
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self._reconcile()
        self.assert_refunded_once()

    def _lose_refund(self):
        """Ask for a refund that QPay never makes, and whose answer is lost."""
        self._pay_by('CARD')
        self.qpay.inject(REFUND, 'drop')
        self._refund()
        self.assertEqual(self.row.refund_transaction_id.state, 'pending')

    def test_list_that_still_shows_the_payment_gives_the_refund_free_again(self):
        self._lose_refund()
        self._reconcile()
        self.assertEqual(self.row.refund_transaction_id.state, 'pending', 'too early to tell')
        self._age(self.row.refund_transaction_id, 2 * const.REFUND_PERIOD)
        self._reconcile()
        self.assertEqual(self.row.refund_transaction_id.state, 'cancel')
        self.assertIn('did not refund', self._note(self.row))
        self.assertFalse(self._refunds())
        self._refund()
        self.assert_refunded_once()

    def test_refund_of_an_old_payment_is_looked_up_by_one_call(self):
        self._pay_by('CARD')
        self.qpay.inject(REFUND, 'drop', after=True)
        self.qpay.inject(GET_PAYMENT, 'system_busy')
        self._refund()
        self.qpay.reset_calls()
        now = fields.Datetime.now()
        result = self._reconcile(
            date_from=now - timedelta(minutes=10), date_to=now - timedelta(minutes=6)
        )
        self.assertEqual((result.refunded_count, result.qpay_total), (1, 0))
        self.assertEqual(self.qpay.calls(), {'POST /v2/payment/list': 2})
        self.assert_refunded_once()


@tagged('post_install', '-at_install')
class TestNoSecondRefund(RefundCase):

    def test_refunded_payment(self):
        self._pay_by('CARD')
        self._refund()
        with self.assertRaises(UserError):
            self._refund(15000)
        with self.assertRaisesRegex(UserError, 'already refunded'):
            self.row.transaction_id.sudo()._refund()
        self.assertEqual(self._calls(REFUND), 1)
        self.assert_refunded_once()

    def test_second_click_while_qpay_is_answering(self):
        self._pay_by('CARD')
        refund_payment = QPayClient.refund_payment
        refusals = []

        def click_again(client, payment_id, note):
            try:
                self.row.transaction_id.sudo()._refund()
            except UserError as error:
                refusals.append(str(error))
            refund_payment(client, payment_id, note)

        with patch.object(QPayClient, 'refund_payment', click_again):
            self._refund()
        self.assertEqual(len(refusals), 1)
        self.assertIn('is being refunded', refusals[0])
        self.assertEqual(self._calls(REFUND), 1)
        self.assert_refunded_once()

    def test_refund_is_committed_before_qpay_is_asked(self):
        self._pay_by('CARD')
        states = []

        def look(_client, _payment_id, _note):
            self.env.cr.execute(
                'SELECT refund_transaction_id FROM qpay_payment WHERE id = %s', [self.row.id]
            )
            states.append(self.env.cr.fetchone()[0])

        with patch.object(QPayClient, 'refund_payment', look):
            self._refund()
        self.assertEqual(states, self.row.refund_transaction_id.ids)


@tagged('post_install', '-at_install')
class TestPortalRefund(RefundCase):
    """What people refund in QPay's own portal."""

    def test_it_is_noticed_and_booked_by_a_person(self):
        self._pay_by('CARD')
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        result = self._reconcile()
        self.assertEqual((result.refunded_count, result.matched_count), (1, 0))
        self.assertEqual(result.payment_ids, self.row)
        self.assertEqual((self.row.state, self.row.status), ('needs_attention', 'paid'))
        self.assertIn('refund', self._note(self.row))
        self.assertEqual((result.qpay_total, result.ledger_total), (0, 15000), 'they differ')
        self.assertFalse(self._refunds())

        self.row.with_user(self.accountant).action_book_refund()
        self.assert_refunded_once()
        again = self._reconcile()
        self.assertEqual((again.refunded_count, again.ledger_total), (0, 0))
        self.row.with_user(self.accountant).action_book_refund()
        self.assert_refunded_once()
        self.assertEqual(self._calls(REFUND), 0)

    def test_settle_again_does_not_book_the_payment_twice(self):
        self._pay_by('CARD')
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self._reconcile()
        self.row.with_user(self.accountant).action_settle()
        self.assertPaidOnce(self.bill, self.row.qpay_txn_id)
        self.assertEqual((self.row.state, self._balance()), ('needs_attention', 0))

    def test_transfers_can_be_given_back_there_too(self):
        self._pay_by('P2P')
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self._reconcile()
        self.row.with_user(self.accountant).action_book_refund()
        self.assert_refunded_once()

    def test_payment_that_was_not_booked_yet_has_nothing_to_refund(self):
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        account = lines.payment_account_id
        lines.payment_account_id = False
        self._pay_by('CARD')
        self.assertEqual(self.row.state, 'needs_attention')
        lines.payment_account_id = account
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self._reconcile()
        self.assertEqual((self.row.status, self.row.state), ('refunded', 'settled'))
        self.assertFalse(self.row.activity_ids or self.row.account_payment_id)
        self.assertEqual(self.bill.amount_residual, 15000)
        self.row.action_settle()
        self.assertFalse(self.row.account_payment_id)
