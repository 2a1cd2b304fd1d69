from odoo.tests import tagged

from .common import QPayCommon


@tagged('post_install', '-at_install')
class TestUnusualPayments(QPayCommon):
    """Money that is not what was asked for: it is booked as it arrived, and a person is told."""

    def _summaries(self, intent):
        return self._ledger(intent).activity_ids.mapped('summary')

    def test_less_than_asked_pays_a_part_and_the_rest_can_be_asked_for(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent, amount=6000)
        self.assertEqual(invoice.payment_state, 'partial')
        self.assertEqual(invoice.amount_residual, 9000)
        self.assertEqual(self._ledger(intent).case, 'partial')
        self.assertEqual(len(self._summaries(intent)), 1)

        rest = self._create_intent(invoice)
        self.assertEqual(rest.amount, 9000)
        self.assertNotEqual(rest, intent)
        payment = self._pay_and_settle(rest)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 9000)

    def test_more_than_asked_leaves_the_excess_as_credit(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        payment = self._pay_and_settle(intent, amount=20000)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(self._credit(), 5000)
        self.assertEqual(self._ledger(intent).case, 'exceeding')
        self.assertEqual(len(self._summaries(intent)), 1)

    def test_two_payers_of_one_qr_are_both_booked(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        first = self._pay_and_settle(intent)
        second = self._pay_and_settle(intent)
        self.assertPaidOnce(invoice, first['payment_id'], second['payment_id'])
        self.assertEqual(self._credit(), 15000)
        self.assertEqual(sorted(map(str, self._ledger(intent).mapped('case'))), ['False', 'double'])

    def test_payment_after_cancellation_pays_the_open_invoice(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        intent.action_cancel()
        self.assertEqual(intent.state, 'cancelled')
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(self._ledger(intent).case, 'late')
        self.assertEqual(intent.state, 'paid')

    def test_wanted_parts_are_nothing_unusual(self):
        self.provider.qpay_allow_partial = True
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent, amount=6000)
        self.assertFalse(self._ledger(intent).activity_ids)
        self.assertEqual(intent.state, 'new')
        self._pay_and_settle(intent, amount=9000)
        self.assertEqual(intent.state, 'paid')
        self.assertEqual(invoice.amount_residual, 0)

    def _credit(self):
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', self.customer.id),
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
        ])
        return -sum(lines.mapped('amount_residual'))


@tagged('post_install', '-at_install')
class TestFeesAndRefunds(QPayCommon):

    def test_fee_is_booked_once_and_leaves_what_qpay_pays_out(self):
        self.provider.qpay_fee_account_id = self.company_data['default_account_expense']
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent)
        ledger = self._ledger(intent)
        ledger.sudo()._book_fee()
        self.assertEqual(ledger.fee_move_id.state, 'posted')
        outstanding = ledger.account_payment_id.outstanding_account_id
        lines = self.env['account.move.line'].search([
            ('account_id', '=', outstanding.id),
            ('move_id', 'in', (ledger.fee_move_id | ledger.account_payment_id.move_id).ids),
        ])
        self.assertEqual(sum(lines.mapped('balance')), 14850)

    def test_card_payment_is_refunded_in_full(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent, method='CARD')
        ledger = self._ledger(intent)
        transaction = ledger.transaction_id
        transaction.sudo()._refund()
        self.assertEqual(ledger.status, 'refunded')
        refund = ledger.refund_transaction_id
        self.assertEqual(refund.state, 'done')
        self.assertEqual(refund.payment_id.payment_type, 'outbound')
        self.assertEqual(refund.payment_id.amount, 15000)
