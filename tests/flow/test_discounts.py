"""A discount for early payment is granted by the day of the payment, and closes the invoice."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.currency_case import CurrencyCase

# In Ulaanbaatar: the last day of the discount at noon, shortly before its end, and after it.
ASKED_AT = '2026-11-12 04:00:00'
LAST_MINUTES = '2026-11-12 15:55:00'
NEXT_DAY = '2026-11-13 04:00:00'
FIRST_MINUTES = '2026-11-12 16:05:00'


class DiscountCase(CurrencyCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._create_term()
        cls.vat, cls.city_tax = cls.env['account.tax'].create([
            {
                'name': name, 'amount': rate, 'type_tax_use': 'sale',
                'company_id': cls.company.id, 'country_id': cls.company.country_id.id,
                'tax_group_id': cls.env['account.tax.group'].search(
                    [('company_id', '=', cls.company.id)], limit=1
                ).id,
            }
            for name, rate in (('VAT of 10 %', 10), ('City tax of 2 %', 2))
        ])

    @classmethod
    def _create_term(cls, percentage=2, computation='included', days=10):
        return cls.env['account.payment.term'].create({
            'name': f'{percentage}/{days}', 'early_discount': True,
            'discount_percentage': percentage, 'discount_days': days,
            'early_pay_discount_computation': computation,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
        })

    def _line(self, price, *taxes):
        return Command.create({
            'name': 'Бараа', 'quantity': 1, 'price_unit': price,
            'tax_ids': [Command.set([tax.id for tax in taxes])],
        })

    def _bill_early(self, *lines, **values):
        """Return an invoice of 2 November, with a discount until the 12th."""
        return self._create_invoice(**{
            'invoice_payment_term_id': self.term.id,
            'invoice_date': '2026-11-02',
            'invoice_line_ids': list(lines) or [self._line(1000)],
            **values,
        })

    def _ask_at(self, moment, invoices):
        with freeze_time(moment):
            return self._ask(invoices).sudo()

    def _pay_at(self, paid_at, intent, settled_at=None, **options):
        """Let the payer pay at one moment, and the comparison find it at another one."""
        with freeze_time(paid_at):
            payment = self._pay(intent, **options)
        with freeze_time(settled_at or paid_at):
            self._reconcile(date_from=fields.Datetime.to_datetime(paid_at) - timedelta(days=1))
        return payment

    def _register(self, invoices, day):
        """Return what Odoo's own dialog asks for and books, in copies of the invoices."""
        copies = self.env['account.move']
        for invoice in invoices:
            copies |= invoice.copy({'invoice_date': invoice.invoice_date})
        copies.action_post()
        payments = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=copies.ids
        ).create({'payment_date': day, 'group_payment': True})._create_payments()
        self.assertEqual(set(copies.mapped('amount_residual')), {0})
        return payments

    def _describe(self, payments):
        """Return what payments leave on each account but the one of the money that is under way."""
        items = {}
        for line in payments.move_id.line_ids:
            if line.account_id != line.payment_id.outstanding_account_id:
                key = (line.account_id, line.tax_ids, line.tax_repartition_line_id)
                items[key] = self.mnt.round(items.get(key, 0) + line.balance)
        return items


@tagged('post_install', '-at_install')
class TestDiscountByDay(DiscountCase):

    def test_payment_of_the_last_day_that_is_settled_the_day_after(self):
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self.assertEqual(intent.amount, 980)
        payment = self._pay_at(LAST_MINUTES, intent, NEXT_DAY)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)
        booked = self._ledger(intent).account_payment_id
        self.assertEqual((booked.amount, self._money(booked)), (980, 980))
        self.assertEqual(booked.date, fields.Date.to_date('2026-11-12'))
        self.assertEqual(booked.move_id.date, fields.Date.to_date('2026-11-12'))
        self.assertFalse(self._ledger(intent).activity_ids)

    def test_time_zone_of_whoever_settles_does_not_matter(self):
        for zone in ('Pacific/Kiritimati', 'Pacific/Honolulu', False):
            with self.subTest(zone=zone):
                self.env.ref('base.user_root').tz = zone
                self.env.user.tz = zone
                early, late = self._bill_early(), self._bill_early()
                intents = [self._ask_at(ASKED_AT, invoice) for invoice in (early, late)]
                self._pay_at(LAST_MINUTES, intents[0])
                self._pay_at(FIRST_MINUTES, intents[1])
                self.assert_closed(early)
                self.assertEqual(late.amount_residual, 20)

    def test_time_zone_of_whoever_asks_does_not_matter(self):
        for zone in ('Pacific/Kiritimati', 'Pacific/Honolulu', False):
            for moment, price in ((LAST_MINUTES, 980), (FIRST_MINUTES, 1000)):
                with self.subTest(zone=zone, moment=moment), freeze_time(moment):
                    invoice = self._bill_early().with_context(tz=zone)
                    self.env.user.tz = zone
                    document = documents.of(invoice)
                    self.assertEqual(document.get_default_amount(), price)
                    self.assertEqual(invoice._qpay_get_next_payment()[0], price)

    def test_payment_after_the_last_day_is_told(self):
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self._pay_at(FIRST_MINUTES, intent)
        self.assertEqual(invoice.amount_residual, 20)
        row = self._ledger(intent)
        self.assertEqual(row.discrepancy, 'undiscounted')
        self.assertIn('after the last day', self._note(row))

    def test_qr_that_asks_for_the_discounted_price_ends_with_the_discount(self):
        invoice = self._bill_early()
        self.provider.qpay_qr_minutes = 10000
        intent = self._ask_at(ASKED_AT, invoice)
        with freeze_time(LAST_MINUTES):
            self.assertFalse(intent._get_closing_reason())
        with freeze_time(FIRST_MINUTES):
            self.assertIn('discount', intent._get_closing_reason())
            self.assertFalse(documents.of(invoice).get_payable_intent())
            self.assertEqual(intent._renew().amount, 1000)
            self.assertEqual(self._ask(invoice).amount, 1000)

    def test_full_price_asked_for_is_unaffected(self):
        invoice = self._bill_early()
        with freeze_time(ASKED_AT):
            intent = self._create_intent(invoice, 1000).sudo()
        with freeze_time(NEXT_DAY):
            self.assertFalse(documents.of(invoice).get_closing_reason(intent))
        self._pay_at(NEXT_DAY, intent)
        self.assert_closed(invoice)
        self.assertFalse(self._ledger(intent).discrepancy)


@tagged('post_install', '-at_install')
class TestDiscountWithTaxes(DiscountCase):

    def _check(self, *lines, **values):
        """What we book is what Odoo's own dialog books."""
        invoice = self._bill_early(*lines, **values)
        intent = self._ask_at(ASKED_AT, invoice)
        expected = self._register(invoice, '2026-11-12')
        self.assertEqual(intent.amount, sum(expected.mapped('amount')))
        payment = self._pay_at(ASKED_AT, intent, NEXT_DAY)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)
        booked = self._ledger(intent).account_payment_id
        self.assertEqual(self._money(booked), intent.amount)
        self.assertEqual(self._describe(booked), self._describe(expected))

    def test_taxes_that_the_discount_lowers(self):
        for percentage, lines in (
            (2, [self._line(1000, self.vat, self.city_tax)]),
            (2, [self._line(1000, self.vat), self._line(500)]),
            (33.33, [
                self._line(333.33, self.vat), self._line(0.01, self.city_tax),
                self._line(77.77, self.vat, self.city_tax), self._line(10.55),
            ]),
        ):
            with self.subTest(percentage=percentage, lines=len(lines)):
                self.term = self._create_term(percentage)
                self._check(*lines)

    def test_taxes_that_the_discount_leaves_alone(self):
        for computation in ('excluded', 'mixed'):
            with self.subTest(computation=computation):
                self.term = self._create_term(3.33, computation)
                self._check(self._line(1000.55, self.vat, self.city_tax), self._line(500))

    def test_cash_rounding(self):
        accounts = self.company_data
        for strategy, values in (
            ('biggest_tax', {}),
            ('add_invoice_line', {
                'profit_account_id': accounts['default_account_revenue'].id,
                'loss_account_id': accounts['default_account_expense'].id,
            }),
        ):
            with self.subTest(strategy=strategy):
                method = self.env['account.cash.rounding'].create({
                    'name': '10 ₮', 'rounding': 10, 'strategy': strategy,
                    'rounding_method': 'HALF-UP', **values,
                })
                self._check(
                    self._line(1003.57, self.vat, self.city_tax), self._line(471),
                    invoice_cash_rounding_id=method.id,
                )


@tagged('post_install', '-at_install')
class TestDiscountInParts(DiscountCase):

    def test_parts_in_time_close_the_invoice(self):
        for computation in ('included', 'excluded', 'mixed'):
            with self.subTest(computation=computation):
                self.term = self._create_term(2, computation)
                invoice = self._bill_early(self._line(1000, self.vat), self._line(500))
                expected = self._describe(self._register(invoice, '2026-11-12'))
                intent = self._ask_at(ASKED_AT, invoice)
                self._pay_at(ASKED_AT, intent, amount=480)
                self._pay_at(LAST_MINUTES, intent, NEXT_DAY, amount=intent.amount - 480)
                self.assert_closed(invoice)
                rows = self._ledger(intent)
                self.assertEqual(intent.state, 'paid')
                self.assertFalse(rows.activity_ids)
                self.assertEqual(self._describe(rows.account_payment_id), expected)

    def test_rest_is_asked_for_as_it_is_booked(self):
        self.provider.qpay_qr_minutes = 10000
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self._pay_at(ASKED_AT, intent, amount=300)
        document = documents.of(invoice)
        with freeze_time(LAST_MINUTES):
            self.assertEqual(document.get_next_amount(), 680)
            self.assertEqual(
                invoice._qpay_get_next_payment(), (680, fields.Date.to_date('2026-11-12'))
            )
            self.assertEqual(document.get_current_intent(680), intent)
        with freeze_time(FIRST_MINUTES):
            self.assertEqual(document.get_next_amount(), 700)
            self.assertFalse(document.get_payable_intent())
        self._pay_at(LAST_MINUTES, intent, NEXT_DAY, amount=680)
        self.assert_closed(invoice)

    def test_last_part_that_comes_late_is_told(self):
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self._pay_at(ASKED_AT, intent, amount=480)
        self._pay_at(FIRST_MINUTES, intent, amount=500)
        self.assertEqual(invoice.amount_residual, 20)
        last = self._ledger(intent).filtered(lambda row: row.amount == 500)
        self.assertEqual(last.discrepancy, 'undiscounted')

    def test_part_that_was_paid_in_another_way_earns_nothing(self):
        invoice = self._bill_early()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids
        ).create({'payment_date': '2026-11-03', 'amount': 480})._create_payments()
        self.assertEqual(invoice.amount_residual, 520)
        intent = self._ask_at(ASKED_AT, invoice)
        self.assertEqual(intent.amount, 520)
        self._pay_at(ASKED_AT, intent, amount=500)
        self.assertEqual(invoice.amount_residual, 20)

    def test_second_payer_gets_credit(self):
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self._pay_at(ASKED_AT, intent)
        self._pay_at(ASKED_AT, intent)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self._credit(), 980)

    def test_more_than_the_discounted_price_earns_nothing(self):
        invoice = self._bill_early()
        intent = self._ask_at(ASKED_AT, invoice)
        self._pay_at(ASKED_AT, intent, amount=1000)
        self.assert_closed(invoice)


@tagged('post_install', '-at_install')
class TestDiscountOfSeveral(DiscountCase):

    def test_one_qr_for_several_asks_what_odoo_asks(self):
        invoices = (
            self._bill_early(self._line(1000, self.vat), self._line(500))
            | self._bill_early(self._line(2000, self.city_tax))
            | self._create_invoice(700)
        )
        intent = self._ask_at(ASKED_AT, invoices)
        expected = self._register(invoices, '2026-11-12')
        self.assertEqual(intent.amount, sum(expected.mapped('amount')))
        payment = self._pay_at(LAST_MINUTES, intent, NEXT_DAY)
        for invoice in invoices:
            self.assertPaidOnce(invoice, payment['payment_id'])
            self.assert_closed(invoice)
        booked = self._ledger(intent).account_payment_id
        self.assertEqual(self._describe(booked), self._describe(expected))
        self.assertFalse(self._ledger(intent).discrepancy)

    def test_parts_of_several(self):
        invoices = self._bill_early() | self._bill_early(self._line(2000))
        intent = self._ask_at(ASKED_AT, invoices)
        self.assertEqual(intent.amount, 2940)
        for _part in range(2):
            self._pay_at(ASKED_AT, intent, amount=1470)
        self.assertEqual(invoices.mapped('amount_residual'), [0, 0])
        self.assertEqual(self._credit(), 0)
        self.assertFalse(self._ledger(intent).activity_ids)

    def test_several_of_which_one_is_paid_in_part(self):
        first, second = invoices = self._bill_early() | self._bill_early()
        single = self._ask_at(ASKED_AT, first)
        self.assertEqual(single.amount, 980)
        self._pay_at(ASKED_AT, single, amount=300)
        intent = self._ask_at(ASKED_AT, invoices)
        self.assertEqual(intent.amount, 1660)
        payment = self._pay_at(LAST_MINUTES, intent, NEXT_DAY)
        self.assertPaidOnce(second, payment['payment_id'])
        for invoice in invoices:
            self.assert_closed(invoice)
        self.assertFalse(self._ledger(intent).discrepancy)

    def test_full_price_of_several(self):
        invoices = self._bill_early() | self._bill_early(self._line(2000))
        with freeze_time(ASKED_AT):
            intent = self._create_intent(invoices, 3000)
        self._pay_at(ASKED_AT, intent)
        self.assertEqual(invoices.mapped('amount_residual'), [0, 0])
        self.assertEqual(self._credit(), 0)

    def test_late_payment_of_several_is_told(self):
        invoices = self._bill_early() | self._bill_early(self._line(2000))
        intent = self._ask_at(ASKED_AT, invoices)
        self._pay_at(FIRST_MINUTES, intent)
        self.assertEqual(sum(invoices.mapped('amount_residual')), 60)
        self.assertEqual(self._ledger(intent).discrepancy, 'undiscounted')


@tagged('post_install', '-at_install')
class TestDiscountInDollars(DiscountCase):

    def test_taxes_and_parts(self):
        self._set_rate('2026-11-05', 3500)
        self._set_rate('2026-11-11', 3600)
        for amounts in ([1.0], [0.333, 0.333, 0.334]):
            with self.subTest(amounts=amounts):
                invoice = self._bill_early(
                    self._line(100, self.vat), self._line(33.33), currency_id=self.usd.id
                )
                intent = self._ask_at('2026-11-10 04:00:00', invoice)
                discounted = self.usd.round(invoice.amount_total * 0.98)
                self.assertEqual(intent.amount, self.mnt.round(discounted * 3500))
                rest = intent.amount
                for part in amounts[:-1]:
                    amount = self.mnt.round(intent.amount * part)
                    rest -= amount
                    self._pay_at(ASKED_AT, intent, NEXT_DAY, amount=amount)
                self._pay_at(LAST_MINUTES, intent, NEXT_DAY, amount=self.mnt.round(rest))
                self.assert_closed(invoice)
                booked = self._ledger(intent).account_payment_id
                self.assertAlmostEqual(sum(booked.mapped('amount')), discounted)
                self.assertAlmostEqual(sum(map(self._money, booked)), intent.amount)
