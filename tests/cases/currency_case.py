"""What tests of other currencies share."""

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


class CurrencyCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls._enable_currency('USD')
        cls._set_rate('2026-01-01', 3400)
        cls._set_rate('2026-11-01', 3567.89)

    @classmethod
    def _set_rate(cls, day, rate, currency=None):
        cls.env['res.currency.rate'].create({
            'currency_id': (currency or cls.usd).id, 'company_id': cls.company.id,
            'name': day, 'inverse_company_rate': rate,
        })

    def _bill(self, amount, **values):
        """Return an invoice in dollars of January, when they cost 3400 ₮."""
        return self._create_invoice(
            amount, **{'currency_id': self.usd.id, 'invoice_date': '2026-01-15', **values}
        )

    def _ask(self, invoice):
        return self._create_intent(invoice, documents.of(invoice).get_default_amount())

    def _money(self, payment):
        """Return what a payment brought, as the books say it in tögrög."""
        return sum(payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.outstanding_account_id
        ).mapped('balance'))

    def assert_closed(self, invoice):
        """Nothing is left over, in either currency."""
        lines = invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term')
        self.assertTrue(all(lines.mapped('reconciled')))
        self.assertEqual(set(lines.mapped('amount_residual')), {0})
        self.assertEqual(set(lines.mapped('amount_residual_currency')), {0})
        self.assertEqual(self._credit(), 0)
