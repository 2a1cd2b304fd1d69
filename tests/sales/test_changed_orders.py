"""Orders that change while their QR is open, and what is booked then."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.sales.test_order_invoices import InvoicedOrderCase


@tagged('post_install', '-at_install')
class TestChangedOrders(InvoicedOrderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env['res.partner'].create({'name': 'Дорж'})

    def _change(self, order, **values):
        """Change an order as its form does, and let the scheduled action look."""
        # Odoo's classes of tests track nothing.
        order = order.with_context(tracking_disable=False, mail_notrack=False)
        order.write(values)
        order.flush_recordset()
        self.env.cr.precommit.run()  # Odoo tracks changes at the end of a transaction.
        self._recheck()

    def test_qr_of_a_changed_order_ends(self):
        for name, get_values in {
            'how much': lambda order: {'order_line': [
                Command.update(order.order_line.id, {'price_unit': 25000}),
            ]},
            'whom': lambda order: {'partner_id': self.other.id},
            'until when': lambda order: {
                'validity_date': const.today() - timedelta(days=1),
                'order_line': [Command.update(order.order_line.id, {'price_unit': 9999})],
            },
        }.items():
            with self.subTest(change=name):
                order = self._create_order(10000)
                intent = self._create_order_intent(order)
                self._change(order, **get_values(order))
                self.assertEqual(intent.state, 'cancelled')
                self.assertTrue(intent.state_message)

    def test_link_asks_for_what_is_owed_now(self):
        order = self._create_order(10000)
        intent = self._create_order_intent(order)
        order.order_line.price_unit = 25000
        kind, order_id, token = documents.of(order).get_link().split('/link/')[1].split('/')
        self.authenticate(None, None)
        answer = self.make_jsonrpc_request('/payment/qpay/renew', {
            'kind': kind, 'document_id': int(order_id), 'token': token,
        })
        self.env.invalidate_all()
        fresh = documents.of(order).find_open_intents()
        self.assertEqual((fresh.amount, intent.state), (25000, 'cancelled'))
        self.assertIn(fresh.access_token, answer['url'])

    def test_money_is_whose_the_order_is_now(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._change(order, partner_id=self.other.id)
        self._pay_and_settle(intent)
        row = self._ledger(intent)
        self.assertEqual((row.state, order.state), ('settled', 'sale'))
        self.assertEqual(row.account_payment_id.partner_id, self.other)
        self.assertEqual(len(row.activity_ids), 1)
        self.assertEqual(self._invoice(order).amount_residual, 0)

    def test_expired_quotation_is_not_confirmed_by_what_comes_then(self):
        order = self._create_order(deposit=1, validity_date=const.today())
        intent = self._create_order_intent(order)
        order.validity_date = const.today() - timedelta(days=1)
        self.assertIn('expired', intent._get_closing_reason())
        self._pay_and_settle(intent)
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy, order.state), ('settled', 'surplus', 'draft'))
        self.assertIn('credit', self._note(row))
        self.assertEqual((self._credit(), order.amount_paid), (100000, 0))
        with self.assertRaisesRegex(UserError, 'expired'):
            self._create_order_intent(order)

    def test_payment_in_time_counts_whenever_it_is_booked(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=2)):
            order = self._create_order(deposit=1, validity_date=const.today())
            intent = self._create_order_intent(order)
            self._pay(intent)
        self._recheck(intent)
        self.assertEqual((self._ledger(intent).discrepancy, order.state), (False, 'sale'))

    def test_draft_invoice_of_an_order_is_left_alone(self):
        order = self._create_order()
        order.action_confirm()
        intent = self._create_order_intent(order)
        invoice = order._create_invoices(final=True)
        # Odoo links to a new invoice what is pending or paid by then.
        invoice.sudo().transaction_ids = intent.transaction_id
        payment = self._pay_and_settle(intent)
        self.assertEqual((invoice.state, self._credit()), ('draft', 100000))
        # Odoo matches what the order has paid.
        invoice.action_post()
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(self._credit(), 0)

    def test_draft_invoice_that_becomes_another_customers_takes_no_payment(self):
        order = self._create_order()
        order.action_confirm()
        intent = self._create_order_intent(order)
        invoice = order._create_invoices(final=True)
        self._pay_and_settle(intent)
        invoice.partner_id = self.other
        invoice.action_post()
        self.assertEqual((invoice.amount_residual, self._credit()), (100000, 100000))
