"""VAT receipts of what is paid before it is invoiced: orders, and the till's orders."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.documents.ebarimt import TaxReceipt
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import CREATE, REGISTER, EbarimtCase


@tagged('post_install', '-at_install')
class TestOrderReceipts(EbarimtCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user('qpay_seller', "Худалдагч", 'sales_team.group_sale_salesman')
        cls.product = cls.env['product.product'].create({
            'name': 'Сургалт', 'type': 'service', 'invoice_policy': 'order',
        })

    def _create_order(self, *lines):
        """Return a quotation of lines that are each a price and taxes."""
        return self.env['sale.order'].sudo().create({
            'partner_id': self.customer.id,
            'company_id': self.company.id,
            'user_id': self.seller.id,
            'require_signature': False,
            'require_payment': True,
            'prepayment_percent': 1,
            'order_line': [
                Command.create({
                    'product_id': self.product.id, 'price_unit': price,
                    'tax_ids': [Command.set(taxes.ids)],
                })
                for price, taxes in lines or [(11000, self.vat)]
            ],
        })

    def _pay_order(self, order, amount=None, receiver=None):
        document = documents.of(order)
        intent = document.get_or_create_intent(
            amount or document.get_default_amount(), receiver=receiver
        )
        self._pay_and_settle(intent)
        self._issue()
        return self._ledger(intent)

    def test_receipt_of_an_order_belongs_to_its_later_invoice(self):
        order = self._create_order()
        receipt = self._pay_order(order).ebarimt_ids
        self.assertEqual(
            (receipt.state, receipt.amount, receipt.vat_amount), ('issued', 11000, 1000)
        )
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice._qpay_get_receipts(), receipt)
        self.assertEqual(invoice.qpay_ebarimt_count, 1)

        invoice._reverse_moves([{'date': invoice.date}]).action_post()
        self._issue()
        self.assertEqual(receipt.state, 'cancelled')

    def test_deposit_gets_a_receipt_of_the_deposit_and_the_rest_one_of_the_rest(self):
        order = self._create_order()
        self._pay_order(order, 3300)
        self._pay_order(order, 7700)
        receipts = self.env['qpay.ebarimt'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(sorted(receipts.mapped('vat_amount')), [300, 700])

    def test_taxes_of_an_order_are_told_with_the_invoice(self):
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE', 'qpay_ebarimt_mode': 'with_invoice',
        })
        self.company.qpay_tax_product_code = '305'
        order = self._create_order((11000, self.vat), (5000, self.exempt))
        receipt = self._pay_order(order).ebarimt_ids
        self.assertEqual(
            (receipt.state, receipt.amount, receipt.vat_amount), ('issued', 16000, 1000)
        )

    def test_exempt_order_after_payment_is_left_to_a_person(self):
        receipt = self._pay_order(self._create_order((5000, self.exempt))).ebarimt_ids
        self.assertEqual((receipt.state, self._calls(CREATE)), ('failed', 0))

    def test_transaction_of_several_orders_says_nothing_of_what_is_sold(self):
        orders = self._create_order() | self._create_order()
        transaction = self._create_transaction(
            'redirect', reference='both', sale_order_ids=[Command.set(orders.ids)], amount=22000,
            provider_id=self.provider.id, payment_method_id=self.payment_method_id,
            currency_id=self.mnt.id,
        )
        document = documents.of_transaction(transaction)
        receipt = TaxReceipt(document, self.provider, has_lines=False)
        self.assertIn("no lines", receipt.get_receipt_error())

    def test_other_module_issues_the_receipts_of_orders(self):
        order = self._create_order()
        self.patch(
            type(self.provider), '_qpay_has_other_ebarimt',
            lambda _provider, records: records == order,
        )
        self.assertEqual(self._pay_order(order).ebarimt_ids.state, 'failed')
        self.assertEqual(self._pay_order(self._create_order()).ebarimt_ids.state, 'issued')

    def test_salesperson_says_whom_the_receipt_is_for(self):
        self.customer.write({'is_company': True, 'vat': REGISTER})
        order = self._create_order()
        wizard = self.env['qpay.qr.wizard'].with_user(self.seller).create({
            'res_model': 'sale.order', 'res_id': order.id,
        })
        self.assertEqual(
            (wizard.ebarimt_receiver_type, wizard.ebarimt_receiver), ('company', REGISTER)
        )
        wizard.write({'ebarimt_receiver_type': 'citizen', 'ebarimt_receiver': '99112233'})
        wizard.action_generate()
        self._pay_and_settle(wizard.intent_id.sudo())
        self._issue()
        self.assertEqual(self.qpay.ebarimts()[0]['receiver'], '99112233')


@tagged('post_install', '-at_install')
class TestTillReceipts(EbarimtCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env['product.product'].create({
            'name': 'Кофе', 'type': 'service', 'available_in_pos': True,
        })
        cls.till = cls.env['pos.config'].sudo().create({'name': 'Касс'})
        cls.till.open_ui()
        cls.till.current_session_id.set_opening_control(0, '')

    def _pay_order(self, price, taxes):
        """Let an order of the till be paid, and return the row of the ledger."""
        order = self.env['pos.order'].sudo().create({
            'session_id': self.till.current_session_id.id,
            'company_id': self.company.id,
            'partner_id': self.customer.id,
            'amount_tax': 0, 'amount_total': price, 'amount_paid': 0, 'amount_return': 0,
            'lines': [Command.create({
                'product_id': self.product.id, 'qty': 1, 'price_unit': price,
                'price_subtotal': price, 'price_subtotal_incl': price,
                'tax_ids': [Command.set(taxes.ids)],
            })],
        })
        intent = documents.of(order).get_or_create_intent(price)
        self._pay_and_settle(intent)
        self._issue()
        return self._ledger(intent)

    def test_sale_with_vat(self):
        receipt = self._pay_order(11000, self.vat).ebarimt_ids
        self.assertEqual(
            (receipt.state, receipt.amount, receipt.vat_amount), ('issued', 11000, 1000)
        )

    def test_exempt_goods_are_not_issued_as_taxed(self):
        receipt = self._pay_order(5000, self.exempt).ebarimt_ids
        self.assertEqual((receipt.state, self._calls(CREATE)), ('failed', 0))
