"""A quotation that its customer confirms by a deposit, in a real browser against a real server."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE
from odoo.addons.payment_qpay.tests.cases.shop_case import ShopCase


@tagged('post_install', '-at_install')
class TestPortalOrder(ShopCase):

    def test_deposit_confirms_the_quotation(self):
        order_id, url = self._create_quotation(100_000, prepayment_percent=0.3)
        page = self._new_customer_page(PHONE)
        self._follow(page, f'{self.server.url}{url}')
        self._save_screenshot(page, 'portal-quotation')
        page.locator('[data-bs-target="#modalaccept"]:visible').first.click()
        expect(page.locator('#modalaccept')).to_be_visible()
        self._save_screenshot(page, 'portal-quotation-pay')

        qr = self._choose_qpay(page)
        self._save_screenshot(page, 'portal-deposit-pay-page')
        self.assertEqual(qr['amount'], 30_000)
        self.assertEqual(qr['object_type'], 'booking')
        self.assertEqual((qr['res_model'], qr['res_id']), ('sale.order', order_id))
        expect(page.locator('.o_qpay_page')).to_contain_text('30\'000')
        payment_id = self._pay_and_continue(page, qr)

        page.wait_for_url(f'**/my/orders/{order_id}**')
        self._save_screenshot(page, 'portal-order-confirmed')
        self.assertOrderPaid(order_id, qr, payment_id, 30_000)

    def test_link_over_a_part(self):
        order_id, _url = self._create_quotation(100_000, prepayment_percent=0.3)
        wizard_id = self.seller.call('payment.link.wizard', 'create', {'amount': 45_000}, context={
            'active_model': 'sale.order', 'active_id': order_id,
        })
        [wizard] = self.seller.call('payment.link.wizard', 'read', [wizard_id], ['link'])
        page = self._new_customer_page(PHONE)
        # The link opens the payment form by itself.
        self._follow(page, wizard['link'])
        expect(page.locator('#modalaccept')).to_be_visible()

        qr = self._choose_qpay(page)

        self.assertEqual(qr['amount'], 45_000)
        payment_id = self._pay_and_continue(page, qr)
        page.wait_for_url(f'**/my/orders/{order_id}**')
        self.assertOrderPaid(order_id, qr, payment_id, 45_000)
