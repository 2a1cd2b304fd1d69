"""A salesperson who shows a customer the QR of an order, in a real browser."""

import re

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import SELLER
from odoo.addons.payment_qpay.tests.cases.browser_case import CLOSE_SECONDS
from odoo.addons.payment_qpay.tests.cases.shop_case import ShopCase


@tagged('post_install', '-at_install')
class TestOrderForm(ShopCase):

    def test_salesperson_shows_the_qr_and_sees_it_paid(self):
        order_id, _url = self._create_quotation(100_000, prepayment_percent=0.3)
        page = self._new_customer_page()
        self._sign_in(page.context, SELLER)
        page.goto(f'{self.server.url}/odoo/m-sale.order/{order_id}')

        page.click('.o_qpay_qr_button')
        expect(page.locator('.modal-title')).to_have_text(re.compile(r'S\d+, .+, .*30.000.00'))
        amount = page.locator('.modal [name=amount] input')
        expect(amount).to_have_value(re.compile('30.000.00'))
        self._save_screenshot(page, 'order-dialog')
        page.click('.modal button[name=action_generate]')
        expect(page.locator('.modal .o_qpay_image')).to_be_visible()
        page.click('.o_qpay_more summary')
        expect(page.locator('.modal .o_qpay_bank').first).to_be_visible()
        self._save_screenshot(page, 'order-dialog-qr')
        [qr] = self._find_qrs(order_id)
        payment = self.qpay.pay(qr['qpay_invoice_id'])

        expect(page.locator('.modal .o_qpay_paid')).to_contain_text(re.compile('30.000.00'))
        self._save_screenshot(page, 'order-dialog-paid')
        self.assertOrderPaid(order_id, qr, payment['payment_id'], 30_000)
        # The dialog closes by itself.
        self._let_pass(page, CLOSE_SECONDS)
        expect(page.locator('.modal')).to_be_hidden()

    def _find_qrs(self, order_id):
        names = ('id', 'qpay_invoice_id', 'transaction_id')
        rows = self.database.query(
            'SELECT id, qpay_invoice_id, transaction_id FROM qpay_intent'
            " WHERE res_model = 'sale.order' AND res_id = %s", order_id,
        )
        return [dict(zip(names, row, strict=True)) for row in rows]
