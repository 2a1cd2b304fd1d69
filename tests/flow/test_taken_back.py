"""A person who has said wrongly whose a payment is can take that back, and the books follow."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay.tests.cases.reconciliation_case import ReconciliationCase


@tagged('post_install', '-at_install')
class TestTakenBack(ReconciliationCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env['res.partner'].create({'name': 'Дорж'})
        expenses = cls.company_data['default_account_expense']
        cls.provider.qpay_fee_account_id = expenses

    def setUp(self):
        super().setUp()
        self.wrong = self._create_invoice(7000)
        self.right = self._create_invoice(7000, partner_id=self.other.id)
        self.payment = self._pay_nobody()
        self._reconcile()
        self.row = self.env['qpay.payment'].sudo().search([
            ('qpay_txn_id', '=', self.payment['payment_id']),
        ])
        self._assign(self.wrong)

    def _assign(self, invoice):
        self._open_dialog(self.row.with_user(self.accountant).action_assign(), invoice)

    def _open_dialog(self, action, invoice):
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as dialog:
            dialog.partner_id = invoice.partner_id
            dialog.invoice_ids = invoice
        dialog.record.action_assign()

    def _take_back(self):
        return self.row.with_user(self.accountant).action_take_back()

    def _open_amount(self, account_type, partner):
        items = self.env['account.move.line'].search([
            ('parent_state', '=', 'posted'), ('reconciled', '=', False),
            ('partner_id', '=', partner.id), ('account_type', '=', account_type),
        ])
        return sum(items.mapped('amount_residual'))

    def test_it_is_nobodys_again(self):
        former, fee_entry = self.row.account_payment_id, self.row.fee_move_id
        self.assertPaidOnce(self.wrong, self.payment['payment_id'])
        self._take_back()
        self.assertEqual(self.wrong.amount_residual, 7000)
        self.assertFalse(self.wrong.transaction_ids)
        self.assertEqual((former.state, former.move_id.state), ('canceled', 'cancel'))
        self.assertEqual(fee_entry.state, 'cancel')
        self.assertFalse(self._account_payments(self.payment['payment_id']))
        self.assertEqual(self.row.state, 'needs_attention')
        self.assertFalse(
            self.row.partner_id or self.row.document_name or self.row.account_payment_id
            or self.row.fee_move_id
        )
        self.assertIn('belongs to no QR', self._note(self.row))
        self.assertEqual(self._open_amount('asset_receivable', self.customer), 7000)
        self.assertEqual(self._open_amount('asset_current', self.customer), 0)

    def test_right_customer_gets_it(self):
        self._open_dialog(self._take_back(), self.right)
        self.assertEqual(self.row.state, 'settled', self.row.state_message)
        self.assertPaidOnce(self.right, self.payment['payment_id'])
        self.assertEqual(self.row.partner_id, self.other)
        self.assertEqual(self.row.fee_move_id.partner_id, self.other)
        self.assertEqual(self.row.fee_move_id.state, 'posted')
        self.assertEqual(self.wrong.amount_residual, 7000)
        self.assertEqual(self._credit() + self._credit(self.other), 0)
        self.assertFalse(self.row.activity_ids)
        result = self._reconcile()
        self.assertEqual((result.qpay_total, result.ledger_total), (7000, 7000))
        self.assertFalse(result.payment_ids)

    def test_the_same_customer_may_get_it_again(self):
        self._open_dialog(self._take_back(), self.wrong)
        self.assertPaidOnce(self.wrong, self.payment['payment_id'])

    def test_who_did_it_is_written_down(self):
        former = self.row.account_payment_id
        self._take_back()
        for record, words in (
            (self.row, 'Taken back'), (former, 'taken back'), (self.wrong, 'taken back'),
        ):
            message = record.message_ids.filtered(lambda m, words=words: words in (m.body or ''))
            self.assertEqual(message.author_id, self.accountant.partner_id, record)
        assigned = self.row.message_ids.filtered(lambda m: 'Assigned to' in (m.body or ''))
        self.assertEqual(assigned.author_id, self.accountant.partner_id)

    def test_its_vat_receipt_is_cancelled(self):
        receipt = self.env['qpay.ebarimt'].sudo().create({
            'payment_id': self.row.id, 'generation': 'v3', 'receiver_type': 'citizen',
        })
        self._take_back()
        self.assertTrue(receipt.is_cancellation_requested)

    def test_assignment_that_could_not_be_booked(self):
        self._take_back()
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        account, lines.payment_account_id = lines.payment_account_id, False
        self._assign(self.wrong)
        self.assertEqual((self.row.state, self.row.partner_id), ('needs_attention', self.customer))
        action = self._take_back()
        self.assertFalse(self.row.partner_id)
        lines.payment_account_id = account
        self._open_dialog(action, self.right)
        self.assertPaidOnce(self.right, self.payment['payment_id'])

    def test_credit_that_has_paid_another_invoice(self):
        second = self._create_invoice(3000)
        self.wrong.line_ids.remove_move_reconcile()
        (self.row.account_payment_id.move_id.line_ids | second.line_ids).filtered(
            lambda line: line.account_type == 'asset_receivable'
        ).reconcile()
        self._take_back()
        self.assertEqual((self.wrong.amount_residual, second.amount_residual), (7000, 3000))

    def _refused(self, words):
        with self.assertRaisesRegex(UserError, words):
            self._take_back()
        self.assertEqual(self.row.state, 'settled')
        self.assertPaidOnce(self.wrong, self.payment['payment_id'])

    def test_payment_of_a_qr_is_the_qrs(self):
        intent = self._create_intent(self._create_invoice(1000))
        self._pay_and_settle(intent)
        with self.assertRaisesRegex(UserError, 'Nobody has said'):
            self._ledger(intent).with_user(self.accountant).action_take_back()

    def test_what_is_paid_back_stays(self):
        action = self.row.account_payment_id.with_user(self.accountant).action_qpay_pay_back()
        self.env['account.payment'].with_context(**action['context']).create({}).action_post()
        self._refused('paid back')

    def test_what_the_bank_statement_shows_stays(self):
        booked = self.row.account_payment_id
        line = self.env['account.bank.statement.line'].create({
            'journal_id': booked.journal_id.id, 'payment_ref': 'QPay',
            'amount': 6930, 'date': fields.Date.today(),
        })
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = booked.outstanding_account_id
        items = booked.move_id.line_ids | line.move_id.line_ids
        items.filtered(
            lambda item: item.account_id == booked.outstanding_account_id and not item.reconciled
        ).reconcile()
        self._refused('bank statement')

    def test_closed_period_stays(self):
        self.company.fiscalyear_lock_date = self.row.account_payment_id.date
        answer, reason = self._call_kw(self.row, 'action_take_back')
        self.assertIsNone(answer)
        self.assertIn('Lock', reason)
        self.assertEqual((self.row.state, self.wrong.amount_residual), ('settled', 0))

    def test_auditor_may_not(self):
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        with self.assertRaises(AccessError):
            self.row.with_user(auditor).action_take_back()
        self.assertEqual(self.row.state, 'settled')
