"""Parts of a QR in another currency, and their refunds, add up to the cent."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.currency_case import CurrencyCase


@tagged('post_install', '-at_install')
class TestParts(CurrencyCase):

    def setUp(self):
        super().setUp()
        self._set_rate('2026-11-02', 3450)

    def _pay_parts(self, intent, parts):
        for part in parts:
            self._pay_and_settle(intent, amount=part)
        return self._ledger(intent)

    def test_three_thirds(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        self.assertEqual(intent.amount, 345000)
        rows = self._pay_parts(intent, [115000] * 3)
        self.assert_closed(invoice)
        self.assertEqual(sorted(rows.account_payment_id.mapped('amount')), [33.33, 33.33, 33.34])
        self.assertEqual(sum(map(self._money, rows.account_payment_id)), 345000)

    def test_sevenths_of_several_invoices(self):
        both = self._bill(10.87) | self._bill(20.13)
        intent = self._ask(both)
        parts = [self.mnt.round(intent.amount / 7)] * 6
        rows = self._pay_parts(intent, [*parts, self.mnt.round(intent.amount - sum(parts))])
        for invoice in both:
            self.assert_closed(invoice)
        self.assertAlmostEqual(sum(rows.account_payment_id.mapped('amount')), 31)

    def test_parts_that_wait_and_are_settled_together(self):
        intents = [self._ask(self._bill(100)) for _each in range(2)]
        for intent in intents:
            for _part in range(3):
                self._call_back(intent, self._pay(intent, amount=115000)['payment_id'])
        self._process_callbacks()
        for intent in intents:
            self.assert_closed(intent.invoice_ids)

    def test_part_that_is_settled_last(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        first = self._pay_parts(intent, [115000])
        payment = first.account_payment_id
        # As if it had needed attention before the others came.
        first.write({'state': 'needs_attention', 'account_payment_id': False})
        self._pay_parts(intent, [115000, 115000])
        rest = self._ledger(intent) - first
        self.assertEqual(sorted((rest.account_payment_id | payment).mapped('amount')),
                         [33.33, 33.33, 33.34])

    def test_refunded_part_is_paid_once_more(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        self._pay_and_settle(intent, amount=115000, method='CARD')
        first = self._ledger(intent)
        self._pay_parts(intent, [115000])
        first.transaction_id._refund()
        self._pay_parts(intent, [115000, 115000])
        paid = self._ledger(intent).filtered(lambda row: row.status == 'paid')
        self.assertEqual(sorted(paid.account_payment_id.mapped('amount')), [33.33, 33.33, 33.34])


@tagged('post_install', '-at_install')
class TestPartThatWaits(CurrencyCase):

    def test_no_other_provider_takes_more_than_the_rest_in_dollars(self):
        self.provider.qpay_allow_partial = True
        bill = self._bill(100)
        intent = self._ask(bill)
        self._confirm_without_booking(intent, amount=intent.amount / 2)
        rest, more = (
            self._create_transaction(
                'direct', reference=f'another-way-{amount}', amount=amount,
                currency_id=self.usd.id, invoice_ids=bill.ids,
            ) for amount in (50, 50.01)
        )
        self.assertTrue(rest._get_processing_values())
        with self.assertRaisesRegex(ValidationError, '50.00'):
            more._get_processing_values()


@tagged('post_install', '-at_install')
class TestRefundOfAnotherCurrency(CurrencyCase):

    def setUp(self):
        super().setUp()
        self._set_rate('2026-11-02', 3450)

    def _refund(self, intent):
        row = self._ledger(intent)
        row.transaction_id._refund()
        return row, row.refund_transaction_id.payment_id

    def test_refund_is_in_dollars_with_the_value_that_qpay_returned(self):
        intent = self._ask(self._bill(100))
        self._pay_and_settle(intent, method='CARD')
        self._set_rate('2026-11-03', 3600)
        row, refund = self._refund(intent)
        paid = row.account_payment_id
        self.assertEqual((refund.currency_id, refund.amount), (self.usd, 100))
        self.assertEqual(self._money(refund), -345000)
        self.assertEqual(paid.amount_available_for_refund, 0)

    def test_refund_noticed_in_the_portal(self):
        intent = self._ask(self._bill(100))
        self._pay_and_settle(intent, method='CARD')
        row = self._ledger(intent)
        self.qpay.refund_in_portal(row.qpay_txn_id)
        self._reconcile()
        row.action_book_refund()
        self.assertEqual(row.account_payment_id.amount_available_for_refund, 0)

    def test_company_with_books_in_a_third_currency(self):
        self._check_foreign_company('EUR', 'USD', 4000)

    def test_company_with_books_in_the_currency_of_the_invoice(self):
        self._check_foreign_company('USD', 'USD', 3450)

    def test_company_with_books_in_another_currency_than_tögrög(self):
        self._check_foreign_company('USD', 'MNT', 3450)

    def _check_foreign_company(self, books, billed, tögrög):
        """Payment and refund leave nothing open, and are booked with what arrived."""
        own, other = (self._enable_currency(name) for name in (books, billed))
        company = self.env['res.company'].create({
            'name': 'Foreign', 'currency_id': own.id, 'country_id': self.env.ref('base.us').id,
        })
        self.env['account.chart.template'].sudo().try_loading(
            'generic_coa', company, install_demo=False
        )
        company.currency_id = own  # The chart of accounts has its own.
        rates = {'MNT': 1 / tögrög, 'USD': 1 / 1.25}
        self.env['res.currency.rate'].sudo().create([
            {'currency_id': self.env.ref(f'base.{name}').id, 'company_id': company.id,
             'name': '2026-01-01', 'inverse_company_rate': rate}
            for name, rate in rates.items() if name != books
        ])
        self.env.user.sudo().company_ids += company
        provider = self.provider.sudo().copy({'company_id': company.id})
        provider.write({
            'state': 'test', 'qpay_client_id': 'OTHER_MERCHANT', 'qpay_client_secret': '654321',
            'qpay_invoice_code': 'OTHER_INVOICE', 'qpay_base_url_sandbox': self.simulator.url,
        })
        account = self.env['account.account'].sudo().search([
            ('company_ids', 'in', company.ids), ('account_type', '=', 'asset_current'),
            ('reconcile', '=', True),
        ], limit=1)
        provider.journal_id.inbound_payment_method_line_ids.payment_account_id = account
        provider.journal_id.outbound_payment_method_line_ids.payment_account_id = account
        provider.qpay_fee_account_id = self.env['account.account'].sudo().search([
            ('company_ids', 'in', company.ids), ('account_type', '=', 'expense'),
        ], limit=1)
        invoice = self._bill(1000, company_id=company.id, currency_id=other.id)
        intent = self._ask(invoice)
        third = self.mnt.round(intent.amount / 3)
        for part in (third, third, intent.amount - 2 * third):
            self._pay_and_settle(intent, amount=self.mnt.round(part), method='CARD', fee=0)
        rows = self._ledger(intent)
        self.assertEqual(set(rows.mapped('state')), {'settled'})
        self.assert_closed(invoice)
        self.assertAlmostEqual(sum(rows.account_payment_id.mapped('amount')), 1000)
        value = self.mnt._convert(intent.amount, own, company, intent.create_date)
        self.assertAlmostEqual(sum(map(self._money, rows.account_payment_id)), value, delta=0.02)
        row = rows[0]
        row.transaction_id._refund()
        refund = row.refund_transaction_id.payment_id
        paid = row.account_payment_id
        self.assertEqual((refund.currency_id, refund.amount), (paid.currency_id, paid.amount))
        self.assertAlmostEqual(self._money(refund), -self._money(paid), delta=0.01)
        self.assertEqual(paid.amount_available_for_refund, 0)
