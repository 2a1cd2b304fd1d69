"""Invoices of two receivable accounts are not closed by one payment: they have no common QR."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestReceivableAccounts(QPayCommon):

    def setUp(self):
        super().setUp()
        self.other_account = self.company_data['default_account_receivable'].copy()
        self.plain = self._create_invoice(100)
        self.special = self._create_invoice(200, post=False)
        self.special.line_ids.filtered(
            lambda line: line.display_type == 'payment_term'
        ).account_id = self.other_account
        self.special.action_post()
        self.both = self.plain | self.special

    def test_invoices_of_two_accounts_have_no_common_qr(self):
        for act in (self.both.action_qpay_qr, self.both.qpay_create_intent):
            with self.assertRaises(UserError) as refusal:
                act()
            for name in (self.plain.name, self.special.name, self.other_account.code):
                self.assertIn(name, str(refusal.exception))
        self.assertEqual(self.qpay.calls(), {})

    def test_each_has_its_own(self):
        for invoice in self.both:
            self._pay_and_settle(self._create_intent(invoice))
        self.assertEqual(self.both.mapped('amount_residual'), [0, 0])
        self.assertEqual(self._credit(), 0)

    def test_payment_form_is_refused_as_well(self):
        transaction = self.env['payment.transaction'].sudo()._qpay_create(
            self.provider, 300, self.customer, self.both, 'T'
        )
        transaction._get_specific_rendering_values({})
        self.assertEqual(transaction.state, 'error')
        self.assertEqual(self.qpay.calls(), {})

    def test_unknown_payment_is_not_assigned_to_both(self):
        row = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox', 'qpay_txn_id': 'U1',
            'currency_id': self.mnt.id, 'amount': 300, 'paid_at': '2026-11-02 04:00:00',
            'status': 'paid', 'state': 'needs_attention',
        })
        wizard = self.env['qpay.assign.wizard'].create({
            'payment_id': row.id, 'partner_id': self.customer.id, 'invoice_ids': self.both.ids,
        })
        with self.assertRaisesRegex(UserError, 'receivable account'):
            wizard.action_assign()
        self.assertEqual(self.both.mapped('amount_residual'), [100, 200])
