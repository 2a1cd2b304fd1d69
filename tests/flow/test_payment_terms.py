"""Parts by payment terms, and several invoices at once: what is asked for closes them exactly."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.currency_case import CurrencyCase


@tagged('post_install', '-at_install')
class TestPaymentTerms(CurrencyCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.discount = cls.env['account.payment.term'].create({
            'name': '2/10', 'early_discount': True, 'discount_percentage': 2, 'discount_days': 10,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
        })
        cls.installments = cls.env['account.payment.term'].create({
            'name': '30/70', 'line_ids': [
                Command.create({'value': 'percent', 'value_amount': 30, 'nb_days': 10}),
                Command.create({'value': 'percent', 'value_amount': 70, 'nb_days': 40}),
            ],
        })

    def _bill_with(self, term, amount, **values):
        return self._create_invoice(amount, **{
            'invoice_payment_term_id': term.id, 'invoice_date': const.today(), **values
        })

    def test_early_payment_closes_the_invoice_with_its_discount(self):
        invoice = self._bill_with(self.discount, 10000)
        intent = self._ask(invoice)
        self.assertEqual(intent.amount, 9800)
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)
        booked = self._ledger(intent).account_payment_id
        self.assertEqual((booked.amount, self._money(booked)), (9800, 9800))
        self.assertEqual(sum(booked.move_id.line_ids.mapped('balance')), 0)
        self.assertFalse(self._ledger(intent).discrepancy)

    def test_early_payment_in_dollars(self):
        self._set_rate(fields.Date.add(const.today(), days=-2), 3500)
        day = fields.Date.add(const.today(), days=-2)
        invoice = self._bill_with(
            self.discount, 100, currency_id=self.usd.id, invoice_date=day
        )
        self._set_rate(const.today(), 3567.89)
        intent = self._ask(invoice)
        self.assertEqual(intent.amount, self.mnt.round(98 * 3567.89))
        self._set_rate(fields.Date.add(const.today(), days=1), 3600)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            payment = self._pay(intent)
            self._call_back(intent, payment['payment_id'])
            self._process_callbacks()
        row = self._ledger(intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)
        booked = row.account_payment_id
        self.assertEqual((booked.currency_id, booked.amount), (self.usd, 98))
        self.assertEqual(self._money(booked), intent.amount, 'what arrived is what is booked')
        self.assertAlmostEqual(sum(booked.move_id.line_ids.mapped('balance')), 0)

    def test_payment_after_the_discount_has_ended_leaves_the_rest_open(self):
        invoice = self._bill_with(self.discount, 10000)
        intent = self._ask(invoice)
        with freeze_time(fields.Datetime.now() + timedelta(days=20)):
            self._pay(intent)
            self._reconcile()
        self.assertEqual(invoice.amount_residual, 200)
        self.assertEqual(invoice.payment_state, 'partial')

    def test_full_price_is_taken_as_well(self):
        invoice = self._bill_with(self.discount, 10000)
        payment = self._pay_and_settle(self._create_intent(invoice, 10000))
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assert_closed(invoice)

    def test_discounts_are_booked_beside_a_batch(self):
        early = self._ask(self._bill_with(self.discount, 10000))
        others = [self._ask(self._create_invoice(100 + number)) for number in range(2)]
        for intent in (early, *others):
            self._call_back(intent, self._pay(intent)['payment_id'])
        self._process_callbacks()
        for intent in (early, *others):
            self.assert_closed(intent.invoice_ids)

    def test_installments_are_asked_for_in_turn(self):
        invoice = self._bill_with(self.installments, 10000)
        first = self._ask(invoice)
        self.assertEqual(first.amount, 3000)
        self._pay_and_settle(first)
        lines = invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term')
        self.assertEqual(
            lines.sorted('date_maturity').mapped('amount_residual'), [0, 7000]
        )
        second = self._ask(invoice)
        self.assertEqual(second.amount, 7000)
        payment = self._pay_and_settle(second)
        self.assertTrue(payment)
        self.assert_closed(invoice)

    def test_installments_in_dollars(self):
        invoice = self._bill_with(self.installments, 111.11, currency_id=self.usd.id)
        self._pay_and_settle(self._ask(invoice))
        self._pay_and_settle(self._ask(invoice))
        self.assert_closed(invoice)


@tagged('post_install', '-at_install')
class TestSeveralInvoices(QPayCommon):

    def test_one_qr_pays_several_invoices_in_due_order(self):
        late = self._create_invoice(3000, invoice_date_due='2026-12-30')
        early = self._create_invoice(5000, invoice_date_due='2026-11-10')
        both = late | early
        intent = self._create_intent(both, 8000)
        self.assertEqual(intent.invoice_ids, both)
        payment = self._pay_and_settle(intent, amount=6000)
        self.assertEqual((early.amount_residual, late.amount_residual), (0, 2000))
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 6000)
        self.assertEqual(self._ledger(intent).discrepancy, 'partial')

    def test_in_full(self):
        both = self._create_invoice(3000) | self._create_invoice(5000)
        alone = self._create_intent(both[0])
        intent = self._create_intent(both, 8000)
        self.assertEqual(alone.state, 'cancelled')
        payment = self._pay_and_settle(intent)
        for invoice in both:
            self.assertPaidOnce(invoice, payment['payment_id'])
            self.assertIn(invoice.name, self._account_payments(payment['payment_id']).memo)
            self.assertIn(intent, invoice.qpay_intent_ids)
        self.assertEqual(self._credit(), 0)

    def test_from_the_list_of_invoices(self):
        both = self._create_invoice(3000) | self._create_invoice(5000)
        server_action = self.env.ref('payment_qpay.action_account_move_qpay_qr')
        self.assertEqual(server_action.binding_view_types, 'list')
        action = server_action.with_user(self.accountant).with_context(
            active_model='account.move', active_ids=both.ids
        ).run()
        wizard = Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        ))
        self.assertEqual((wizard.amount, wizard.amount_max), (8000, 8000))
        self.assertEqual(wizard.invoice_ids[:], both)
        wizard = wizard.save()
        wizard.action_generate()
        intent = wizard.intent_id.sudo()
        self.assertEqual((intent.invoice_ids, intent.amount), (both, 8000))
        self._pay_and_settle(intent)
        self.assertEqual(both.mapped('amount_residual'), [0, 0])

    def test_same_invoices_show_the_same_qr(self):
        both = self._create_invoice(3000) | self._create_invoice(5000)
        self.assertEqual(self._create_intent(both, 8000), self._create_intent(both, 8000))

    def test_only_one_customers(self):
        other = self.env['res.partner'].create({'name': 'Дорж'})
        both = self._create_invoice(100) | self._create_invoice(100, partner_id=other.id)
        with self.assertRaisesRegex(UserError, 'one customer'):
            both.action_qpay_qr()

    def test_contacts_of_one_company_are_one_customer(self):
        contacts = self.env['res.partner'].create([
            {'name': name, 'parent_id': self.customer.id} for name in ('A', 'B')
        ])
        both = self.env['account.move']
        for contact in contacts:
            both |= self._create_invoice(100, partner_id=contact.id)
        payment = self._pay_and_settle(self._create_intent(both, 200))
        for invoice in both:
            self.assertPaidOnce(invoice, payment['payment_id'])

    def test_one_that_is_paid_otherwise_ends_the_qr(self):
        both = self._create_invoice(3000) | self._create_invoice(5000)
        intent = self._create_intent(both, 8000)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=both[0].ids
        ).create({})._create_payments()
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')
        self.assertEqual(self.qpay.invoices()[-1]['invoice_status'], 'CANCELED')
