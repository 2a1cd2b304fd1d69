"""Orders that are paid in parts, and whose invoices Odoo makes by itself."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.sales.test_order_invoices import InvoicedOrderCase


@tagged('post_install', '-at_install')
class TestOrderParts(InvoicedOrderCase):

    def setUp(self):
        super().setUp()
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')

    def _get_invoices(self, order):
        self.env.invalidate_all()
        return order.invoice_ids.sorted('id')

    def assertInvoiced(self, order, *amounts):
        """Each part has an invoice of just that part, which is paid."""
        invoices = self._get_invoices(order)
        self.assertEqual(invoices.mapped('amount_total'), list(amounts))
        self.assertEqual(set(invoices.mapped('state')), {'posted'})
        self.assertEqual(invoices.mapped('amount_residual'), [0] * len(amounts))
        self.assertEqual(self._credit(), 0)

    def test_each_part_by_a_qr_of_its_own(self):
        order = self._create_order(8000, deposit=0.25)
        for amount in (2000, 3000, 3000):
            self._pay_and_settle(self._create_order_intent(order, amount))
        self.assertInvoiced(order, 2000, 3000, 3000)
        self.assertEqual(order.invoice_status, 'invoiced')

    def test_parts_of_one_qr(self):
        self.provider.qpay_allow_partial = True
        order = self._create_order(8000, deposit=0.25)
        intent = self._create_order_intent(order, 8000)
        for amount in (2000, 3000, 3000):
            self._pay_and_settle(intent, amount=amount)
        self.assertInvoiced(order, 2000, 3000, 3000)

    def test_parts_with_vat(self):
        vat = self.env['account.tax'].search([
            ('company_id', '=', self.company.id), ('type_tax_use', '=', 'sale'),
            ('amount', '=', 10),
        ], limit=1)
        order = self._create_order(8000, deposit=0.25)
        order.order_line.tax_ids = vat
        total = order.amount_total
        for amount in (2200, 3300, total - 5500):
            self._pay_and_settle(self._create_order_intent(order, amount))
        self.assertInvoiced(order, 2200, 3300, total - 5500)

    def test_part_that_was_not_invoiced_before_is_invoiced_with_the_next_one(self):
        self.provider.qpay_allow_partial = True
        order = self._create_order(8000, deposit=0.25)
        intent = self._create_order_intent(order, 8000)
        self._pay_and_settle(intent, amount=1000)
        self.assertFalse(self._get_invoices(order), 'not confirmed yet')
        self._pay_and_settle(intent, amount=1500)
        self.assertEqual(self._get_invoices(order).mapped('amount_total'), [2500])

    def test_down_payment_by_hand_is_odoos_own(self):
        order = self._create_order(8000, deposit=0.25)
        self._pay_and_settle(self._create_order_intent(order, 2000))
        invoice = self.env['sale.advance.payment.inv'].sudo().create({
            'sale_order_ids': order.ids, 'advance_payment_method': 'fixed', 'fixed_amount': 3000,
        })._create_invoices(order)
        self.assertEqual(invoice.amount_total, 3000)

    def test_part_after_a_down_payment_by_bank(self):
        order = self._create_order(10000)
        self._pay_by_bank(self._invoice_in_advance(order, 20))
        self._pay_and_settle(self._create_order_intent(order, 6000))
        self.assertInvoiced(order, 2000, 6000)
        self.assertEqual(self._owed(order), 2000)

    def test_part_after_one_that_was_invoiced_by_hand(self):
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', False)
        order = self._create_order(10000)
        order.action_confirm()
        self._pay_and_settle(self._create_order_intent(order, 2000))
        self._invoice_in_advance(order, 20)
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')
        self._pay_and_settle(self._create_order_intent(order, 6000))
        self.assertInvoiced(order, 2000, 6000)

    def test_paid_at_once(self):
        order = self._create_order(8000, deposit=1)
        self._pay_and_settle(self._create_order_intent(order))
        self.assertInvoiced(order, 8000)
