"""Orders whose invoices are paid: nobody is asked for the same money twice."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.sales.test_orders import OrderCase


class InvoicedOrderCase(OrderCase):

    def _invoice(self, *orders):
        """Confirm orders, and post the invoice of what is not invoiced yet."""
        order = self.env['sale.order'].union(*orders)
        order.filtered(lambda o: o.state == 'draft').action_confirm()
        invoice = order._create_invoices(final=True)
        invoice.action_post()
        return invoice

    def _invoice_in_advance(self, order, percentage):
        """Confirm an order, and post an invoice of a down payment."""
        if order.state == 'draft':
            order.action_confirm()
        wizard = self.env['sale.advance.payment.inv'].sudo().with_context(
            active_model='sale.order', active_ids=order.ids,
        ).create({'advance_payment_method': 'percentage', 'amount': percentage})
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice

    def _pay_by_bank(self, invoice, **values):
        """Register that an invoice was paid without QPay."""
        return self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create(values)._create_payments()

    def _owed(self, order):
        self.env.invalidate_all()
        return documents.of(order).get_maximum_amount()


@tagged('post_install', '-at_install')
class TestInvoicedOrder(InvoicedOrderCase):

    def test_order_paid_by_the_qr_of_its_invoice_is_not_asked_for_again(self):
        order = self._create_order()
        invoice = self._invoice(order)
        self._pay_and_settle(self._create_intent(invoice))

        self.assertEqual(self._owed(order), 0)
        with self.assertRaisesRegex(UserError, "already paid"):
            self._create_order_intent(order, 1000)
        self.authenticate(None, None)
        page = self.url_open(documents.of(order).get_link())
        self.assertIn('data-view="settled"', page.text)
        with self.assertRaisesRegex(UserError, "already paid"):
            self._open_dialog(order)

    def test_order_whose_invoice_is_paid_by_bank_is_not_asked_for_again(self):
        order = self._create_order()
        self._pay_by_bank(self._invoice(order))
        self.assertEqual(self._owed(order), 0)
        self.assertTrue(documents.of(order).is_paid())

    def test_down_payment_by_bank_leaves_the_rest(self):
        order = self._create_order()
        self._pay_by_bank(self._invoice_in_advance(order, 40))
        rest = self._create_order_intent(order)
        self.assertEqual(rest.amount, 60000)

        self._pay_and_settle(rest)

        self.assertEqual(self._owed(order), 0)
        # Odoo settles the final invoice with what was paid for the order.
        self.assertEqual(self._invoice(order).amount_residual, 0)
        self.assertEqual(self._owed(order), 0)
        self.assertEqual(self._credit(), 0)

    def test_money_is_counted_once_whether_it_is_reconciled_or_not(self):
        order = self._create_order()
        self._pay_and_settle(self._create_order_intent(order, 30000))
        self.assertEqual(self._owed(order), 70000)
        # The payment of the order settles a part of this invoice.
        invoice = self._invoice_in_advance(order, 50)
        self.assertEqual(invoice.amount_residual, 20000)
        self._pay_by_bank(invoice)
        self.assertEqual(self._owed(order), 50000)
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._owed(order), 70000)

    def test_payment_that_odoo_does_not_reconcile_counts_too(self):
        order = self._create_order()
        payment = self._pay_and_settle(self._create_order_intent(order, 30000))
        # The bank has paid out: Odoo takes the payment for done, and leaves it alone.
        self._account_payments(payment['payment_id']).state = 'paid'
        self._pay_by_bank(self._invoice_in_advance(order, 40))
        self.assertEqual(self._owed(order), 30000)

    def test_invoice_of_two_orders(self):
        first, second = self._create_order(30000), self._create_order(70000)
        invoice = self._invoice(first, second)
        self.assertEqual(len(invoice), 1)
        self._pay_by_bank(invoice, amount=50000)
        self.assertEqual((self._owed(first), self._owed(second)), (15000, 35000))
        self._pay_by_bank(invoice)
        self.assertEqual((self._owed(first), self._owed(second)), (0, 0))

    def test_credited_invoice_has_paid_nothing(self):
        order = self._create_order()
        invoice = self._invoice(order)
        invoice._reverse_moves(cancel=True)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self._owed(order), 100000)

    def test_invoice_ends_the_qr_of_its_order(self):
        order = self._create_order()
        order.action_confirm()
        intent = self._create_order_intent(order)

        self._invoice(order)
        self._recheck()

        self.assertEqual(intent.state, 'cancelled')
        self.assertIn("The order is invoiced", intent.state_message)
        [invoice] = self.qpay.invoices()
        self.assertEqual(invoice['invoice_status'], 'CANCELED')

    def test_money_that_came_before_the_invoice_settles_it(self):
        order = self._create_order()
        order.action_confirm()
        intent = self._create_order_intent(order)
        payment = self._pay(intent)

        invoice = self._invoice(order)
        self._recheck()

        self.assertEqual(intent.state, 'paid')
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 100000)
        self.assertEqual((order.amount_paid, self._credit()), (100000, 100000))
        self.assertEqual(invoice.amount_residual, 100000)


@tagged('post_install', '-at_install')
class TestChangedOrder(OrderCase):
    """Nobody looks at the QR: the order itself tells that it has changed."""

    def test_cancelled_order_ends_its_qr(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._call_kw(order, 'action_cancel', login='qpay_seller')
        self._assert_ended(intent, "The order is cancelled.")

    def test_cheaper_order_ends_its_qr(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._call_kw(order, 'write', {'order_line': [
            Command.update(order.order_line.id, {'price_unit': 80000}),
        ]}, login='qpay_seller')
        self._assert_ended(intent, "The document was changed")

    def test_order_that_asks_for_no_less_keeps_its_qr(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._call_kw(order, 'action_confirm', login='qpay_seller')
        self._recheck()
        self.assertEqual(order.state, 'sale')
        self.assertEqual(intent.state, 'new')

    def _assert_ended(self, intent, reason):
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')
        self.assertIn(reason, intent.state_message)
        [invoice] = self.qpay.invoices()
        self.assertEqual(invoice['invoice_status'], 'CANCELED')
