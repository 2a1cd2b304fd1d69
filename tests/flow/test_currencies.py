"""Whatever the currency and rounding: what is asked for in tögrög closes the invoice exactly."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.cases.currency_case import CurrencyCase


@tagged('post_install', '-at_install')
class TestCurrencies(CurrencyCase):

    def test_invoice_in_dollars_is_closed_by_the_tögrög_asked_for(self):
        for amount in (10.87, 1111.11, 0.01, 0.05, 99999.99):
            with self.subTest(amount=amount):
                invoice = self._bill(amount)
                intent = self._ask(invoice)
                self.assertEqual(intent.currency_id, self.mnt)
                self.assertEqual(intent.amount, self.mnt.round(amount * 3567.89))
                payment = self._pay_and_settle(intent)
                self.assertPaidOnce(invoice, payment['payment_id'])
                self.assert_closed(invoice)
                booked = self._ledger(intent).account_payment_id
                self.assertEqual((booked.currency_id, booked.amount), (self.usd, amount))
                self.assertEqual(self._money(booked), intent.amount)
                self.assertFalse(self._ledger(intent).discrepancy)

    def test_odoo_books_the_exchange_difference(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        self._pay_and_settle(intent)
        line = invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term')
        partials = line.matched_credit_ids
        entry = partials.exchange_move_id
        self.assertEqual((len(entry), entry.state), (1, 'posted'))
        # 100 USD were owed at 3400 and paid at 3567.89.
        result = entry.line_ids.filtered(
            lambda item: item.account_id.account_type != 'asset_receivable'
        )
        self.assertEqual(result.account_id, self.company.income_currency_exchange_account_id)
        self.assertAlmostEqual(result.balance, -16789)

    def test_rate_that_changes_before_the_payment_leaves_nothing_open(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        self._set_rate(fields.Date.add(const.today(), days=1), 3600)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            payment = self._pay(intent)
            self._call_back(intent, payment['payment_id'])
            self._process_callbacks()
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)
        self.assertEqual(self._money(self._ledger(intent).account_payment_id), 356789)

    def test_rate_and_its_date_are_shown_before_the_qr_is_made(self):
        invoice = self._bill(100)
        action = invoice.with_user(self.accountant).action_qpay_qr()
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as wizard:
            self.assertEqual((wizard.amount, wizard.amount_max), (356789, 356789))
            text = wizard.rate_text.replace('\xa0', ' ')
        for word in ('100.00', 'USD', '3,567.89', self._format_day(const.today())):
            self.assertIn(word, text)
        self.assertEqual(self.qpay.calls(), {})

    def _format_day(self, day):
        return day.strftime(self.env['res.lang']._get_data(code='en_US').date_format)

    def test_invoice_in_tögrög_has_no_rate_to_show(self):
        action = self._create_invoice(100).action_qpay_qr()
        wizard = Form(self.env[action['res_model']].with_context(**action['context']))
        self.assertFalse(wizard.rate_text)

    def test_part_of_a_dollar_invoice(self):
        invoice = self._bill(100)
        self._pay_and_settle(self._create_intent(invoice, 178394.5))
        self.assertEqual(invoice.amount_residual, 50)
        self._pay_and_settle(self._ask(invoice))
        self.assert_closed(invoice)

    def test_less_more_and_twice(self):
        invoice = self._bill(100)
        intent = self._ask(invoice)
        self._pay_and_settle(intent, amount='35678.9')
        self.assertEqual(invoice.amount_residual, 90)
        self._pay_and_settle(intent, amount=356789)
        self.assertEqual(invoice.amount_residual, 0)
        rows = self._ledger(intent)
        self.assertEqual(set(rows.mapped('discrepancy')), {'partial', 'exceeding'})
        self.assertEqual(
            sorted(rows.account_payment_id.mapped('amount')), [10, 100]
        )
        self.assertEqual(sorted(map(self._money, rows.account_payment_id)), [35678.9, 356789])
        self._pay_and_settle(intent)
        double = self._ledger(intent) - rows
        self.assertEqual((double.discrepancy, double.account_payment_id.amount), ('double', 100))
        self.assertEqual(self._money(double.account_payment_id), 356789)

    def test_several_dollar_invoices_of_one_customer(self):
        both = self._bill(10.87) | self._bill(20.13, invoice_date='2026-11-02')
        intent = self._create_intent(both, documents.of(both).get_maximum_amount())
        self.assertEqual(intent.amount, self.mnt.round(31 * 3567.89))
        payment = self._pay_and_settle(intent)
        for invoice in both:
            self.assertPaidOnce(invoice, payment['payment_id'])
            self.assert_closed(invoice)

    def test_company_that_keeps_its_books_in_dollars(self):
        company = self.env['res.company'].create({
            'name': 'Foreign', 'currency_id': self.usd.id, 'country_id': self.env.ref('base.us').id,
        })
        self.env['account.chart.template'].sudo().try_loading(
            'generic_coa', company, install_demo=False
        )
        self.env['res.currency.rate'].sudo().create({
            'currency_id': self.mnt.id, 'company_id': company.id, 'name': '2026-01-01',
            'inverse_company_rate': 0.0003,
        })
        self.env.user.sudo().company_ids += company
        provider = self.provider.sudo().copy({'company_id': company.id})
        provider.write({
            'state': 'test', 'qpay_client_id': 'OTHER_MERCHANT', 'qpay_client_secret': '654321',
            'qpay_invoice_code': 'OTHER_INVOICE', 'qpay_base_url_sandbox': self.simulator.url,
        })
        lines = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        lines.payment_account_id = self.env['account.account'].sudo().search([
            ('company_ids', 'in', company.ids), ('account_type', '=', 'asset_current'),
            ('reconcile', '=', True),
        ], limit=1)
        invoice = self._bill(10, company_id=company.id)
        intent = self._ask(invoice)
        self.assertEqual(intent.amount, self.mnt.round(10 / 0.0003))
        payment = self._pay_and_settle(intent)
        self.assertEqual(self._ledger(intent).state, 'settled', self._ledger(intent).state_message)
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_currency_without_a_rate_is_refused(self):
        chf = self._enable_currency('CHF')
        invoice = self._create_invoice(10, currency_id=chf.id)
        with self.assertRaisesRegex(UserError, 'no exchange rate'):
            documents.of(invoice).get_or_create_intent(100)

    def test_invoices_in_two_currencies_have_no_common_qr(self):
        both = self._bill(10) | self._create_invoice(100)
        with self.assertRaisesRegex(UserError, 'one currency'):
            documents.of(both).get_or_create_intent(100)


@tagged('post_install', '-at_install')
class TestRounding(CurrencyCase):

    AMOUNTS = (0.01, 0.005, 10.87, 1111.11, 33.333, 999999999.99)

    def _pay_each(self):
        for amount in self.AMOUNTS:
            invoice = self._create_invoice(amount)
            if invoice.amount_residual:
                with self.subTest(amount=amount):
                    intent = self._ask(invoice)
                    self.assertEqual(intent.amount, invoice.amount_total)
                    [asked] = [
                        one for one in self.qpay.invoices()
                        if one['sender_invoice_no'] == intent.name
                    ]
                    self.assertEqual(float(asked['amount']), invoice.amount_total)
                    payment = self._pay_and_settle(intent)
                    self.assertPaidOnce(invoice, payment['payment_id'])
                    self.assert_closed(invoice)
                    self.assertEqual(self._ledger(intent).amount, invoice.amount_total)

    def _use_whole_tögrög(self):
        # Odoo forbids it once the currency is in use.
        currencies = self.env.registry['res.currency']
        with patch.object(currencies, '_has_accounting_entries', return_value=False):
            self.mnt.sudo().rounding = 1.0
        self.assertEqual(self.mnt.decimal_places, 0)

    def test_two_decimals(self):
        self._pay_each()

    def test_whole_tögrög(self):
        self._use_whole_tögrög()
        self._pay_each()

    def test_whole_tögrög_for_dollars(self):
        self._use_whole_tögrög()
        for amount in (10.87, 1111.11, 0.01, 99999.99):
            with self.subTest(amount=amount):
                invoice = self._bill(amount)
                intent = self._ask(invoice)
                self.assertEqual(intent.amount, round(amount * 3567.89))
                payment = self._pay_and_settle(intent)
                self.assertPaidOnce(invoice, payment['payment_id'])
                self.assert_closed(invoice)

    def test_amounts_between_the_smallest_ones(self):
        invoice = self._create_invoice(100)
        self.assertEqual(self._create_intent(invoice, 0.005).amount, 0.01)
        self.assertEqual(self._create_intent(invoice, 10.876).amount, 10.88)
        for amount in (0.004, 0, -1, 100.006):
            with self.subTest(amount=amount), self.assertRaises(ValidationError):
                documents.of(invoice).get_or_create_intent(amount)

    def test_thirds_add_up(self):
        invoice = self._create_invoice(100)
        for amount in (33.33, 33.33, 33.34):
            self._pay_and_settle(self._create_intent(invoice, amount))
        self.assert_closed(invoice)
