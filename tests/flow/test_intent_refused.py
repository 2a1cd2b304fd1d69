"""For what no QR is made, and which amount is proposed."""

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestQrRefused(QPayCommon):

    def assert_refused(self, move, sentence, amount=None):
        """No button of the invoice and no external system gets a QR, and QPay is not asked."""
        for method, arguments in (('action_qpay_qr', ()), ('qpay_create_intent', (amount,))):
            if amount is not None and method == 'action_qpay_qr':
                continue
            with self.subTest(method=method), self.assertRaisesRegex(UserError, sentence):
                getattr(move, method)(*arguments)
        self.assertFalse(move.sudo().qpay_intent_ids)
        self.assertEqual(self.qpay.calls(), {})

    def test_draft_invoice(self):
        self.assert_refused(self._create_invoice(post=False), 'confirm the invoice first')

    def test_cancelled_invoice(self):
        invoice = self._create_invoice()
        invoice.button_draft()
        invoice.button_cancel()
        self.assert_refused(invoice, 'is cancelled')

    def test_credit_note_does_not_charge_the_customer(self):
        self.assert_refused(self._create_invoice(move_type='out_refund'), 'Only customer invoices')

    def test_vendor_bill_and_journal_entry(self):
        self.assert_refused(self._create_invoice(move_type='in_invoice'), 'Only customer invoices')
        entry = self.env['account.move'].create({'move_type': 'entry'})
        self.assert_refused(entry, 'Only customer invoices')

    def test_paid_invoice(self):
        invoice = self._create_invoice()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(invoice.amount_residual, 0)
        self.assert_refused(invoice, 'already paid')

    def test_invoice_in_another_currency(self):
        dollars = self._enable_currency('USD')
        invoice = self._create_invoice(currency_id=dollars.id)
        self.assert_refused(invoice, 'no exchange rate between USD and')

    def test_company_without_qpay(self):
        self.provider.state = 'disabled'
        self.assert_refused(self._create_invoice(), 'not set up for')

    def test_provider_of_another_company_is_not_used(self):
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.mnt.id,
        })
        self.provider.state = 'disabled'
        self.provider.write({'company_id': other.id, 'journal_id': False})
        self.provider.state = 'test'
        self.assert_refused(self._create_invoice(), 'not set up for')

    def test_provider_without_journal(self):
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        self._take_journals_away()
        self.qpay.reset_calls()
        self.assert_refused(self._create_invoice(), 'no payment journal')

    def test_amount_must_be_more_than_zero_and_at_most_what_is_unpaid(self):
        invoice = self._create_invoice(15000)
        for amount, sentence in (
            (0, 'more than zero'), (-1, 'more than zero'), (0.001, 'more than zero'),
            (15000.01, 'more than the unpaid'), (1e12, 'more than the unpaid'),
        ):
            with self.subTest(amount=amount):
                self.assert_refused(invoice, sentence, amount=amount)

    def test_partly_paid_invoice_can_be_paid_up_to_its_rest(self):
        invoice = self._create_invoice(15000)
        self._pay_and_settle(self._create_intent(invoice, 4000))
        self.assertEqual(invoice.amount_residual, 11000)
        with self.assertRaisesRegex(UserError, 'more than the unpaid'):
            invoice.qpay_create_intent(11000.01)
        self.assertEqual(invoice.qpay_create_intent()['amount'], 11000)

    def test_cent_amounts_stay_exact(self):
        intent = self._create_intent(self._create_invoice(12345.67))
        self.assertEqual(self.qpay.invoices()[0]['amount'], '12345.67')
        self.assertEqual(intent.amount, 12345.67)

    def test_only_accountants_get_a_qr(self):
        invoice = self._create_invoice()
        for login, group in (
            ('reader', 'account.group_account_readonly'), ('employee', 'base.group_user'),
            ('client', 'base.group_portal'),
        ):
            user = self._create_user(login, login, group)
            for method in ('action_qpay_qr', 'qpay_create_intent'):
                with self.subTest(user=login, method=method), self.assertRaises(AccessError):
                    getattr(invoice.with_user(user), method)()
        self.assertEqual(self.qpay.calls(), {})

    def test_accountant_of_another_company_gets_no_qr(self):
        other = self.env['res.company'].sudo().create({'name': "Other"})
        user = self._create_user('stranger', "S", 'account.group_account_invoice', company=other)
        with self.assertRaises(AccessError):
            self._create_invoice().with_user(user).qpay_create_intent()


@tagged('post_install', '-at_install')
class TestProposedAmount(QPayCommon):

    def test_whole_invoice_is_proposed(self):
        self.assertEqual(self._create_invoice(15000).qpay_create_intent()['amount'], 15000)

    def test_next_installment_is_proposed(self):
        today = fields.Date.context_today(self.customer)
        term = self.env['account.payment.term'].create({
            'name': "30 % now, 70 % in a month",
            'line_ids': [
                Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 0}),
                Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 30}),
            ],
        })
        invoice = self._create_invoice(
            10000, invoice_payment_term_id=term.id, invoice_date=today
        )
        wizard = self._wizard(invoice)
        self.assertEqual((wizard.amount, wizard.amount_max), (3000, 10000))
        first = self._create_intent(invoice, invoice.qpay_create_intent()['amount'])
        self.assertEqual(first.amount, 3000)
        self._pay_and_settle(first)
        self.assertEqual(invoice.amount_residual, 7000)
        self.assertEqual(invoice.payment_state, 'partial')
        self.assertEqual(self._wizard(invoice).amount, 7000)
        self.assertEqual(invoice.qpay_create_intent()['amount'], 7000)

    def _wizard(self, invoice):
        action = invoice.action_qpay_qr()
        return self.env[action['res_model']].with_context(**action['context']).create({})
