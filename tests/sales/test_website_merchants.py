"""Two websites of one company, each with a merchant of its own."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.flow.test_merchants import MerchantsCase
from odoo.addons.payment_qpay.tests.sales.test_orders import OrderCase


@tagged('post_install', '-at_install')
class TestWebsiteMerchants(MerchantsCase, OrderCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second = cls.env['website'].create([
            {'name': name, 'company_id': cls.company.id} for name in ('Нэг', 'Хоёр')
        ])
        cls.own = cls._create_merchant(website_id=cls.second.id)

    def _order(self, website):
        return self._create_order(20000, deposit=1, website_id=website and website.id)

    def test_order_is_collected_by_its_websites_merchant(self):
        order = self._order(self.second)
        self.assertEqual(documents.of(order).find_providers(), self.own | self.provider)
        self.assertEqual(documents.of(order).find_provider(), self.own)
        self._open_link(order)
        [intent] = documents.of(order).find_open_intents()
        self.assertEqual(intent.provider_id, self.own)
        payment = self._pay_and_settle(intent)
        self.assertEqual(order.state, 'sale')
        self.assertEqual(
            self._account_payments(payment['payment_id']).payment_method_line_id
            .payment_provider_id, self.own,
        )

    def test_order_of_another_website_never_is(self):
        for website in (self.first, False):
            order = self._order(website)
            self.assertEqual(documents.of(order).find_provider(), self.provider)
        order = self._order(self.first)
        with self.assertRaisesRegex(UserError, 'does not collect'):
            documents.of(order).get_or_create_intent(20000, self.own)
        self.provider.state = 'disabled'
        self.assertFalse(documents.of(order).find_providers())
        self.assertEqual(documents.of(order).get_link(), '')

    def test_invoice_is_collected_as_its_order(self):
        order = self._order(self.second)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.website_id, self.second)
        self.assertEqual(self._create_intent(invoice).provider_id, self.own)
        plain = self._create_invoice(20000)
        self.assertEqual(self._create_intent(plain).provider_id, self.provider)

    def test_order_that_moves_to_another_website_keeps_no_qr(self):
        order = self._order(self.second)
        intent = documents.of(order).get_or_create_intent(20000)
        order.website_id = self.first
        self.assertFalse(documents.of(order).get_payable_intent())
        self._recheck(intent)
        self.assertEqual(intent.state, 'cancelled')

    def test_invoices_of_two_merchants_have_no_common_qr(self):
        self.provider.website_id = self.first
        bills = self._create_invoice(1000) | self._create_invoice(2000)
        bills[0].website_id, bills[1].website_id = self.first, self.second
        self.assertFalse(documents.of(bills).find_providers())
        with self.assertRaises(UserError):
            documents.of(bills).get_or_create_intent(3000)

    def test_only_merchant_of_another_website_collects_what_is_on_none(self):
        self.provider.state = 'disabled'
        self.assertEqual(documents.of(self._create_invoice(1000)).find_provider(), self.own)
