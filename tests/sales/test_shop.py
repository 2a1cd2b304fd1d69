"""A customer of the shop pays by QPay, in a real browser against a real server."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ADMIN, PRODUCTS
from odoo.addons.payment_qpay.tests.cases.shop_case import ShopCase


@tagged('post_install', '-at_install')
class TestShop(ShopCase):

    def test_shop_order_is_paid_and_confirmed(self):
        page = self._new_customer_page()
        self._go_to_payment(page)
        self._save_screenshot(page, 'shop-payment')

        qr = self._choose_qpay(page)
        self._save_screenshot(page, 'shop-pay-page')
        self.assertEqual((qr['res_model'], qr['object_type']), ('sale.order', 'booking'))
        self.assertEqual(qr['amount'], PRODUCTS[1][2])
        payment_id = self._pay(page, qr)

        self._save_screenshot(page, 'shop-paid')
        self._let_continue(page)
        page.wait_for_url('**/shop/confirmation')
        self._save_screenshot(page, 'shop-confirmation')
        self.assertOrderPaid(qr['res_id'], qr, payment_id, qr['amount'])

    def test_leaving_and_coming_back_shows_the_same_qr(self):
        page = self._new_customer_page()
        self._go_to_payment(page)
        first_qr = self._choose_qpay(page)
        made = self._count_qrs_at_qpay()

        self._follow(page, f'{self.server.url}/shop/payment')
        qr = self._choose_qpay(page)

        self.assertEqual(qr['id'], first_qr['id'])
        self.assertEqual(self._count_qrs_at_qpay(), made)
        payment_id = self._pay_and_continue(page, qr)
        page.wait_for_url('**/shop/confirmation')
        self.assertEqual(self._find_order(qr), ('sale', [(payment_id, qr['amount'])]))

    def test_changed_cart_gets_a_qr_of_its_own_amount(self):
        page = self._new_customer_page()
        self._go_to_payment(page)
        first_qr = self._choose_qpay(page)

        self._add_to_cart(page, PRODUCTS[2], 2)
        self._follow(page, f'{self.server.url}/shop/payment')
        qr = self._choose_qpay(page)

        self.assertEqual(qr['res_id'], first_qr['res_id'])
        self.assertEqual(qr['amount'], PRODUCTS[1][2] + PRODUCTS[2][2])
        states = {i['invoice_id']: i['invoice_status'] for i in self.qpay.invoices()}
        self.assertEqual(states[first_qr['qpay_invoice_id']], 'CANCELED')
        payment_id = self._pay_and_continue(page, qr)
        page.wait_for_url('**/shop/confirmation')
        self.assertEqual(self._find_order(qr), ('sale', [(payment_id, qr['amount'])]))

    def test_renewed_qr_goes_on_to_the_confirmation(self):
        page = self._new_customer_page()
        self._go_to_payment(page)
        expired_qr = self._choose_qpay(page)

        qr = self._renew(page, expired_qr)

        self.assertEqual((qr['res_id'], qr['amount']), (expired_qr['res_id'], PRODUCTS[1][2]))
        payment_id = self._pay(page, qr)
        # By itself.
        self._let_continue(page)
        page.wait_for_url('**/shop/confirmation')
        self.assertEqual(self._find_order(qr), ('sale', [(payment_id, qr['amount'])]))

    def test_abandoned_qr_keeps_nobody_from_paying_in_another_way(self):
        self._offer_wire_transfer()
        page = self._new_customer_page()
        self._go_to_payment(page)
        qr = self._choose_qpay(page)

        self._follow(page, f'{self.server.url}/shop/payment')
        self._choose(page, 'custom')

        page.wait_for_url('**/shop/confirmation')
        self.assertEqual(self._find_order(qr), ('sent', []))

    # === HELPERS === #

    def _go_to_payment(self, page):
        """Buy something and fill in an address, up to the payment form."""
        self._add_to_cart(page, PRODUCTS[1], 1)
        self._follow(page, f'{self.server.url}/shop/cart')
        self._save_screenshot(page, 'shop-cart')
        self._follow(page, page.locator('a[href^="/shop/checkout"]:visible'))
        page.select_option('#o_country_id', label='Монгол')
        for name, value in {
            'name': 'Цэцгээ', 'phone': '99112233', 'email': 'tsetsgee@mail.example',
            'street': '1-р хороолол, 5-12', 'city': 'Улаанбаатар', 'zip': '15160',
        }.items():
            page.fill(f'form.address_autoformat input[name={name}]', value)
        self._save_screenshot(page, 'shop-address')
        page.locator('a[name=website_sale_main_button]:visible').click()
        page.wait_for_url('**/shop/payment')

    def _add_to_cart(self, page, product, quantity):
        """Put a product into the cart, which then holds so many."""
        self._follow(page, f'{self.server.url}/shop')
        self._follow(page, page.get_by_role('link', name=product[0]).first)
        page.click('#add_to_cart')
        expect(page.locator('sup.my_cart_quantity:visible')).to_have_text(str(quantity))

    def _find_order(self, qr):
        """Return the state of a QR's order, and the payments of QPay that it got."""
        [(state,)] = self.database.query('SELECT state FROM sale_order WHERE id = %s', qr['res_id'])
        return state, self.database.query(
            'SELECT p.qpay_txn_id, p.amount FROM account_payment p'
            ' JOIN sale_order_transaction_rel r ON r.transaction_id = p.payment_transaction_id'
            ' WHERE r.sale_order_id = %s', qr['res_id'],
        )

    def _offer_wire_transfer(self):
        admin = self.server.log_in(ADMIN['login'], ADMIN['password'])
        providers = admin.call('payment.provider', 'search', [('code', '=', 'custom')])
        admin.call('payment.provider', 'write', providers, {
            'state': 'enabled', 'is_published': True,
        })
