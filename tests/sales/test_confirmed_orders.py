"""Orders whose payment QPay has confirmed are not asked for again, booked or not."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.sales.test_order_invoices import InvoicedOrderCase

BEING_BOOKED = 'being booked'


@tagged('post_install', '-at_install')
class TestConfirmedOrders(InvoicedOrderCase):

    def _confirm_without_booking(self, order, amount=None, **options):
        """Let a customer pay an order while nothing can be booked."""
        intent = self._create_order_intent(order, amount)
        self.receivable = self.customer.property_account_receivable_id
        self.receivable.active = False
        self._pay_and_settle(intent, **options)
        row = self._ledger(intent)
        self.assertEqual(row.state, 'needs_attention')
        return row

    def _settle_again(self, row):
        self.receivable.active = True
        row.action_settle()
        self.assertEqual(row.state, 'settled', row.state_message)

    def test_quotation_is_not_asked_for_again(self):
        order = self._create_order(deposit=1)
        row = self._confirm_without_booking(order)
        self.assertEqual((self._owed(order), order.state), (0, 'draft'))
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            self._open_dialog(order)
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            self._create_order_intent(order, 1000)
        self.authenticate(None, None)
        page = self.url_open(documents.of(order).get_link()).text
        self.assertIn(BEING_BOOKED, page)
        self.assertFalse(order._has_to_be_paid(), "Odoo's own page asks for nothing")

        self._settle_again(row)
        self.assertFalse(row.discrepancy)
        self.assertEqual((order.state, order.amount_paid), ('sale', 100000))
        self.assertEqual((self._owed(order), self._credit()), (0, 100000))
        self.assertEqual(len(order.transaction_ids), 1)

    def test_quotation_whose_money_was_given_back_is_asked_for_again(self):
        order = self._create_order(10000, deposit=1)
        row = self._confirm_without_booking(order, method='CARD')
        self.assertEqual((row.transaction_id.state, self._owed(order)), ('done', 0))
        self.receivable.active = True
        self.qpay.refund_in_portal(row.qpay_txn_id)
        self._reconcile()
        self.assertEqual((row.status, row.state), ('refunded', 'settled'))
        self.assertEqual((self._owed(order), documents.of(order).get_owed_amount()), (10000, 10000))
        self.assertEqual((order.state, order.amount_paid), ('draft', 0))
        self.assertTrue(order._has_to_be_paid(), "Odoo's own page asks for it")
        self.authenticate(None, None)
        page = self.url_open(documents.of(order).get_link()).text
        self.assertIn('data-view="opening"', page)

        self._pay_and_settle(self._create_order_intent(order))
        self.assertEqual((order.state, order.amount_paid), ('sale', 10000))
        self.assertEqual((self._owed(order), self._credit()), (0, 10000))

    def test_deposit_leaves_the_rest(self):
        order = self._create_order(deposit=0.3)
        row = self._confirm_without_booking(order)
        self.assertEqual(documents.of(order).get_default_amount(), 70000)
        self._settle_again(row)
        self.assertEqual(documents.of(order).get_default_amount(), 70000)

    def test_recorded_money_counts_before_it_is_settled(self):
        order = self._create_order(deposit=0.3)
        intent = self._create_order_intent(order)
        self._pay(intent)
        intent._record(intent._fetch_new_payments())
        self.assertEqual((self._owed(order), intent.payment_ids.state), (70000, 'to_settle'))
        self.assertEqual(documents.of(order).get_default_amount(), 70000)

    def test_invoice_of_a_paid_order_is_not_asked_for(self):
        order = self._create_order()
        row = self._confirm_without_booking(order)
        self.receivable.active = True
        invoice = self._invoice(order)
        self.assertEqual((self._owed(invoice), self._owed(order)), (0, 0))
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            self._create_intent(invoice, 1000)
        self._settle_again(row)
        self.assertPaidOnce(invoice, row.qpay_txn_id)
        self.assertEqual(self._credit(), 0)

    def test_order_whose_invoice_is_paid_is_not_asked_for(self):
        order = self._create_order()
        invoice = self._invoice(order)
        intent = self._create_intent(invoice)
        receivable = self.customer.property_account_receivable_id
        receivable.active = False
        self._pay_and_settle(intent)
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            self._create_order_intent(order, 1000)
