from odoo import Command
from odoo.tests import tagged

from .common import QPayCommon


@tagged('post_install', '-at_install')
class TestCurrencies(QPayCommon):
    """Invoices in other currencies are paid in tögrög at the day's rate, to the last cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls._enable_currency('USD')
        cls._set_rate('2026-01-01', 3400)
        cls._set_rate('2026-11-01', 3567.89)

    @classmethod
    def _set_rate(cls, day, rate):
        cls.env['res.currency.rate'].create({
            'currency_id': cls.usd.id, 'company_id': cls.company.id,
            'name': day, 'inverse_company_rate': rate,
        })

    def test_invoice_in_dollars_is_closed_by_the_tögrög_asked_for(self):
        for amount in (10.87, 1111.11, 0.05, 99999.99):
            with self.subTest(amount=amount):
                invoice = self._create_invoice(
                    amount, currency_id=self.usd.id, invoice_date='2026-01-15'
                )
                intent = self._create_intent(invoice, invoice._qpay_get_default_amount())
                self.assertEqual(intent.currency_id, self.mnt)
                self.assertEqual(
                    intent.amount, self.mnt.round(amount * 3567.89)
                )
                payment = self._pay_and_settle(intent)
                self.assertPaidOnce(invoice, payment['payment_id'])
                account_payment = self._ledger(intent).account_payment_id
                self.assertEqual(account_payment.currency_id, self.usd)
                liquidity = account_payment.move_id.line_ids.filtered(
                    lambda line: line.account_id == account_payment.outstanding_account_id
                )
                self.assertEqual(liquidity.balance, intent.amount)

    def test_rate_that_changes_before_the_payment_leaves_nothing_open(self):
        invoice = self._create_invoice(100, currency_id=self.usd.id, invoice_date='2026-01-15')
        intent = self._create_intent(invoice, invoice._qpay_get_default_amount())
        self._set_rate('2026-11-22', 3600)
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_part_of_a_dollar_invoice(self):
        invoice = self._create_invoice(100, currency_id=self.usd.id, invoice_date='2026-01-15')
        intent = self._create_intent(invoice, 178394.5)
        self._pay_and_settle(intent)
        self.assertEqual(invoice.amount_residual, 50)

    def test_odd_amounts_of_tögrög(self):
        for amount in (0.01, 10.87, 1111.11, 999999999.99):
            with self.subTest(amount=amount):
                invoice = self._create_invoice(amount)
                payment = self._pay_and_settle(self._create_intent(invoice))
                self.assertPaidOnce(invoice, payment['payment_id'])


@tagged('post_install', '-at_install')
class TestSeveralInvoices(QPayCommon):

    def test_one_qr_pays_several_invoices_in_due_order(self):
        late = self._create_invoice(3000, invoice_date_due='2026-12-30')
        early = self._create_invoice(5000, invoice_date_due='2026-11-10')
        both = late | early
        intent = self._create_intent(both, 8000)
        self.assertEqual(intent.invoice_ids, both)
        self._pay_and_settle(intent, amount=6000)
        self.assertEqual(early.amount_residual, 0)
        self.assertEqual(late.amount_residual, 2000)

    def test_in_full(self):
        both = self._create_invoice(3000) | self._create_invoice(5000)
        alone = self._create_intent(both[0])
        intent = self._create_intent(both, 8000)
        self.assertEqual(alone.state, 'cancelled')
        payment = self._pay_and_settle(intent)
        for invoice in both:
            self.assertPaidOnce(invoice, payment['payment_id'])
