"""A customer pays the till's order by QPay, in a real browser against a real server."""

import io
import uuid

from PIL import Image
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import PRODUCTS, SELLER
from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE, read_qrs
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.shop_case import ShopCase


@tagged('post_install', '-at_install')
class TestPointOfSale(ShopCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        [cls.till_id] = cls.seller.call('pos.config', 'search', [])

    def setUp(self):
        super().setUp()
        self.seller.call('pos.config', 'open_ui', [self.till_id])
        [till] = self.seller.call('pos.config', 'read', [self.till_id], ['current_session_id'])
        self.session_id = till['current_session_id'][0]
        self.seller.call('pos.session', 'set_opening_control', [self.session_id], 0, '')

    def test_order_is_paid_at_the_till(self):
        order_id, token = self._save_order(40_000)
        page = self._open_order(f'{self.server.url}/pos/pay/{order_id}?access_token={token}')
        self._save_screenshot(page, 'till-payment')

        qr = self._choose_qpay(page)
        self._save_screenshot(page, 'till-pay-page')
        self.assertEqual(qr['amount'], 40_000)
        self.assertEqual((qr['res_model'], qr['res_id']), ('pos.order', order_id))
        [(name,)] = self.database.query(
            'SELECT pos_reference FROM pos_order WHERE id = %s', order_id
        )
        expect(page.locator('.o_qpay_page')).to_contain_text(name)
        notifications = self._count_notifications()
        payment_id = self._pay_and_continue(page, qr)

        page.wait_for_url(f'**/pos/pay/confirmation/{order_id}**')
        self._save_screenshot(page, 'till-confirmation')
        self.assertTillOrderPaid(order_id, payment_id, 40_000)
        self.assertEqual(self._count_notifications(), notifications + 1)
        self._close_session()

    def test_customer_scans_the_qr_of_the_till(self):
        name, _kind, price = PRODUCTS[1]
        till = self._open_till()
        till.locator('article.product', has_text=name).click()
        till.locator('.pay-order-button').click()
        till.locator('.paymentmethod', has_text='QPay').click()
        till.locator('button.validation-button.next').click()
        picture = till.locator('.modal-body img')
        picture.evaluate('picture => picture.decode()')
        self._save_screenshot(till, 'till-qr')
        [code] = read_qrs(Image.open(io.BytesIO(picture.screenshot())))

        page = self._open_order(code)
        qr = self._choose_qpay(page)
        payment_id = self._pay(page, qr)

        # Nobody touches the till.
        expect(picture).to_be_hidden()
        expect(till.locator('.feedback-screen, .receipt-screen').first).to_be_visible()
        self._save_screenshot(till, 'till-paid')
        self.assertTillOrderPaid(qr['res_id'], payment_id, price)
        till.close()
        self._close_session()

    def test_renewed_qr_is_confirmed_at_the_till(self):
        order_id, token = self._save_order(50_000)
        page = self._open_order(f'{self.server.url}/pos/pay/{order_id}?access_token={token}')

        qr = self._renew(page, self._choose_qpay(page))
        payment_id = self._pay_and_continue(page, qr)

        page.wait_for_url(f'**/pos/pay/confirmation/{order_id}**')
        self.assertIn(f'tx_id={qr["transaction_id"]}', page.url)
        expect(page.locator('.alert-danger')).to_have_count(0)
        self._save_screenshot(page, 'till-renewed-confirmation')
        self.assertTillOrderPaid(order_id, payment_id, 50_000)
        self._close_session()

    def test_order_that_the_till_has_cancelled_cannot_be_paid(self):
        order_id, token = self._save_order(30_000)
        page = self._open_order(f'{self.server.url}/pos/pay/{order_id}?access_token={token}')
        qr = self._choose_qpay(page)

        self.seller.call('pos.order', 'action_pos_order_cancel', [order_id])

        self._expect_view(page, 'ended')
        self._save_screenshot(page, 'till-cancelled')
        self.assertEqual(self._get_status_at_qpay(qr), 'CANCELED')
        self._close_session()

    def test_money_for_an_order_that_was_cancelled_is_told_about(self):
        order_id, token = self._save_order(40_000)
        page = self._open_order(f'{self.server.url}/pos/pay/{order_id}?access_token={token}')
        qr = self._choose_qpay(page)
        payment_id = self.qpay.pay(qr['qpay_invoice_id'], callback=False)['payment_id']
        self.seller.call('pos.order', 'action_pos_order_cancel', [order_id])
        [(access_token,)] = self.database.query(
            'SELECT access_token FROM qpay_intent WHERE id = %s', qr['id']
        )
        self._check({'intent_id': qr['id'], 'access_token': access_token}, now=True)

        self.assertEqual(
            self.database.query(
                'SELECT q.state, q.discrepancy, p.amount, count(a.id) FROM qpay_payment q'
                ' JOIN account_payment p ON p.id = q.account_payment_id'
                " JOIN mail_activity a ON a.res_model = 'qpay.payment' AND a.res_id = q.id"
                ' WHERE q.qpay_txn_id = %s GROUP BY q.id, p.id', payment_id,
            ),
            [('settled', 'surplus', 40_000, 1)],
        )

    # === HELPERS === #

    def _get_status_at_qpay(self, qr):
        [status] = [
            invoice['invoice_status'] for invoice in self.qpay.invoices()
            if invoice['invoice_id'] == qr['qpay_invoice_id']
        ]
        return status

    def _open_order(self, address):
        """Open the page that the till's QR leads to, on the customer's phone."""
        page = self._new_customer_page(PHONE)
        self._follow(page, address)
        return page

    def _open_till(self):
        till = self._new_page(self._new_context(locale='mn-MN'))
        self._sign_in(till.context, SELLER)
        till.goto(f'{self.server.url}/pos/ui/{self.till_id}')
        till.click('.open-register-btn')
        return till

    def _save_order(self, price):
        """Save an unpaid order as the till does, and have it ask for an online payment.

        :return: The order's id, and the token of its page.
        """
        token = str(uuid.uuid4())
        saved = self.seller.call('pos.order', 'sync_from_ui', [{
            'uuid': str(uuid.uuid4()),
            'session_id': self.session_id,
            'user_id': self.seller_id,
            'access_token': token,
            'state': 'draft',
            'amount_paid': 0, 'amount_return': 0, 'amount_tax': 0, 'amount_total': price,
            'payment_ids': [],
            'lines': [(0, 0, {
                'product_id': self._find_product(), 'qty': 1, 'price_unit': price,
                'price_subtotal': price, 'price_subtotal_incl': price, 'tax_ids': [(5, 0, 0)],
            })],
        }])
        [order] = saved['pos.order']
        self.seller.call('pos.order', 'get_and_set_online_payments_data', [order['id']], price)
        return order['id'], token

    def _count_notifications(self):
        """Return how often the till was told to look at its online payments."""
        [(number,)] = self.database.query(
            "SELECT count(*) FROM bus_bus WHERE message LIKE '%%ONLINE_PAYMENTS_NOTIFICATION%%'"
        )
        return number

    def _close_session(self):
        """Close the till; its entries balance or Odoo refuses."""
        self.seller.call('pos.session', 'post_closing_cash_details', [self.session_id], 0)
        closed = self.seller.call('pos.session', 'close_session_from_ui', [self.session_id])
        self.assertTrue(closed['successful'], closed)
        wait_for(lambda: self.database.query(
            'SELECT state FROM pos_session WHERE id = %s', self.session_id,
        ) == [('closed',)], 'the end of the session')

    def assertTillOrderPaid(self, order_id, payment_id, amount):
        """The till has the order as paid, by exactly one payment: QPay's."""
        self.assertEqual(
            self.database.query('SELECT state, amount_paid FROM pos_order WHERE id = %s', order_id),
            [('paid', amount)],
        )
        self.assertEqual(
            self.database.query(
                'SELECT p.amount, a.amount, a.qpay_txn_id FROM pos_payment p'
                ' JOIN account_payment a ON a.id = p.online_account_payment_id'
                ' WHERE p.pos_order_id = %s', order_id,
            ),
            [(amount, amount, payment_id)],
        )
