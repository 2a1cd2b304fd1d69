"""Makes the pictures of the manual, the README and Odoo's store from the demonstration.

Run as ``python -m demo.pictures --odoo URL --database NAME --chromium PROGRAM --folder FOLDER``.
"""

import argparse
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from .camera import Camera
from .client import OdooClient
from .data import ACCOUNTANT, ADMIN, CUSTOMERS, PORTAL_CUSTOMER, PRODUCTS, SELLER

LANGUAGES = {'mn': 'mn_MN', 'en': 'en_US'}
WIDE = {'width': 1600, 'height': 760}
# A page of the website whose scripts do what its buttons say.
READY = 'body[is-ready=true]'
LOW = {'width': 1280, 'height': 580}
PHONE = {'width': 390, 'height': 760}
INVOICE_BUTTON = 'button[name=action_qpay_qr]'
ORDER_BUTTON = '.o_qpay_qr_button'
BANNER = {'width': 1120, 'height': 560}
BANNER_PAGE = """
<body style="margin: 0; width: 1120px; height: 560px; overflow: hidden; display: flex;
             background: #f4f6fb; font-family: DejaVu Sans, sans-serif; color: #1d2b4f;">
  <div style="flex: 1; padding: 70px 30px 0 70px;">
    <img src="{icon}" style="width: 96px;">
    <h1 style="font-size: 50px; margin: 26px 0 14px;">QPay + Odoo 19</h1>
    <p style="font-size: 24px; line-height: 1.45; margin: 0 0 18px;">
      Нэхэмжлэх банкны аппаар төлөгдөж,<br>төлбөр нь өөрөө бүртгэгдэнэ.</p>
    <p style="font-size: 18px; line-height: 1.45; margin: 0; color: #55617f;">
      Invoices are paid by any Mongolian bank app,<br>and turn paid by themselves.</p>
  </div>
  <img src="{phone}" style="width: 330px; height: 620px; object-fit: cover; object-position: top;
       margin: 46px 70px 0 0; border-radius: 22px; border: 8px solid #1d2b4f; background: white;">
</body>
"""


class Photographer:
    """Shows everybody's pages to the camera.

    :param options: What the command was told.
    :param browser: Playwright's browser.
    """

    def __init__(self, options, browser):
        self._odoo = options.odoo
        self._database = options.database
        self._camera = Camera(browser, options.odoo, Path(options.folder))
        self._admin = self._log_in(ADMIN)
        self._admin.call('res.lang', 'write', self._find_english(), {'active': True})

    def take_all(self):
        """Take all pictures, in each language."""
        for code, language in LANGUAGES.items():
            self._take_accountants(code, language)
            self._take_administrators(code, language)
            self._take_payers(code, language)
            self._take_sellers(code, language)
            self._take_shop(code, language)
            self._take_till(code, language)
        self._take_banner()
        for user in (ACCOUNTANT, SELLER):
            self._set_language(user, LANGUAGES['mn'])

    # === WHO SEES WHAT === #

    def _take_accountants(self, code, language):
        camera, page = self._camera, self._sign_in(ACCOUNTANT, language)
        camera.open(page, '/odoo/qpay', '.o_qpay_curve canvas')
        camera.take_whole(page, f'{code}/home')
        camera.open(page, '/odoo/action-payment_qpay.action_qpay_payment', '.o_data_row')
        # A long list scrolls in its window; all of its columns are to be seen.
        page.set_viewport_size(WIDE)
        camera.save(page.screenshot(), f'{code}/payments')
        [comparison] = self._find('qpay.reconciliation', [('state', '=', 'done')])
        camera.open(page, f'/odoo/action-payment_qpay.action_qpay_reconciliation/{comparison}',
                    '.o_form_view')
        camera.take_whole(page, f'{code}/comparison')
        invoice = self._find_unpaid('selenge')
        camera.open(page, f'/odoo/customer-invoices/{invoice["id"]}', INVOICE_BUTTON)
        self._open_qr(page, INVOICE_BUTTON)
        camera.save(page.locator('.modal-content').screenshot(), f'{code}/dialog')
        page.context.close()

    def _take_administrators(self, code, language):
        camera, page = self._camera, self._sign_in(ADMIN, language)
        [provider] = self._find('payment.provider', [('code', '=', 'qpay')])
        camera.open(page, f'/odoo/action-payment.action_payment_provider/{provider}',
                    '[name=qpay_client_id]')
        camera.take_whole(page, f'{code}/provider')
        page.click('.nav-link[name=qpay_health]')
        expect(page.locator('[name=qpay_health] .alert').first).to_be_visible()
        page.locator('[name=qpay_health] .alert').last.scroll_into_view_if_needed()
        camera.save(page.locator('.o_notebook').screenshot(), f'{code}/health')
        page.context.close()

    def _take_payers(self, code, language):
        page = self._camera.new_page(language, PHONE, is_mobile=True, has_touch=True)
        link = self._find_unpaid(PORTAL_CUSTOMER['customer'])['qpay_link']
        page.goto(link)
        expect(page.locator('[data-view=open]').first).to_be_visible()
        self._camera.save(page.screenshot(), f'{code}/page')
        page.context.close()

    def _take_sellers(self, code, language):
        camera, page = self._camera, self._sign_in(SELLER, language)
        [order] = self._find('sale.order', [('state', '=', 'sent')])
        camera.open(page, f'/odoo/action-sale.action_quotations/{order}', ORDER_BUTTON)
        self._open_qr(page, ORDER_BUTTON)
        camera.save(page.screenshot(animations='disabled'), f'{code}/order')
        page.context.close()

    def _take_shop(self, code, language):
        """Buy something in the shop, up to the choice of how to pay."""
        camera, page = self._camera, self._camera.new_page(
            language, session_id=self._log_in(PORTAL_CUSTOMER).session_id
        )
        # In the second language, the cart is still full.
        if not self._find('sale.order', [('website_id', '!=', False), ('state', '=', 'draft')]):
            camera.open(page, '/shop', '.oe_product')
            with page.expect_navigation():
                page.get_by_role('link', name=PRODUCTS[1][0]).first.click()
            page.click(f'{READY} #add_to_cart')
            expect(page.locator('sup.my_cart_quantity:visible')).to_have_text('1')
        camera.open(page, '/shop/checkout', 'a[name=website_sale_main_button]')
        camera.open(page, '/shop/payment', '[name=o_payment_option]')
        page.locator(f'{READY} [name=o_payment_option] label').first.click()
        page.set_viewport_size(LOW)
        camera.save(page.screenshot(animations='disabled'), f'{code}/shop')
        page.context.close()

    def _take_till(self, code, language):
        camera, page = self._camera, self._sign_in(SELLER, language)
        page.goto(f'{self._odoo}/pos/ui/{self._open_till()}')
        page.click('.open-register-btn')
        page.locator('article.product', has_text=PRODUCTS[1][0]).click()
        page.locator('.pay-order-button').click()
        page.locator('.paymentmethod', has_text='QPay').click()
        page.locator('button.validation-button.next').click()
        camera.wait(page, '.modal-body img')
        camera.save(page.screenshot(animations='disabled'), f'{code}/till')
        page.context.close()

    def _take_banner(self):
        camera, page = self._camera, self._camera.new_page(LANGUAGES['mn'], BANNER)
        page.set_content(BANNER_PAGE.format(
            icon=camera.embed('icon'), phone=camera.embed('mn/page'),
        ))
        camera.save(page.screenshot(), 'banner')
        page.context.close()

    @staticmethod
    def _open_qr(page, button):
        """Open the dialog on a document that is shown, with its QR."""
        page.click(button)
        generate = page.locator('button[name=action_generate]')
        view = page.locator('.o_qpay_qr')
        # In the second language, the QR of the first is still open.
        expect(generate.or_(view).first).to_be_visible()
        if generate.is_visible():
            generate.click()
        expect(view).to_have_attribute('data-view', 'open')

    # === ODOO === #

    def _sign_in(self, user, language):
        self._set_language(user, language)
        return self._camera.new_page(language, session_id=self._log_in(user).session_id)

    def _open_till(self):
        """Open the till as its cashier does, unless it is open, and return its id."""
        seller = self._log_in(SELLER)
        # The till would go on with the order of the first language.
        if unpaid := seller.call('pos.order', 'search', [('state', '=', 'draft')]):
            seller.call('pos.order', 'action_pos_order_cancel', unpaid)
        [till] = seller.call('pos.config', 'search', [])
        seller.call('pos.config', 'open_ui', [till])
        [opened] = seller.call('pos.config', 'read', [till], ['current_session_id'])
        session = opened['current_session_id'][0]
        seller.call('pos.session', 'set_opening_control', [session], 0, '')
        return till

    def _log_in(self, user):
        return OdooClient(self._odoo).log_in(self._database, user['login'], user['password'])

    def _set_language(self, user, language):
        users = self._find('res.users', [('login', '=', user['login'])])
        self._admin.call('res.users', 'write', users, {'lang': language})

    def _find_english(self):
        return self._admin.call(
            'res.lang', 'search', [('code', '=', LANGUAGES['en'])], context={'active_test': False}
        )

    def _find(self, model, domain):
        return self._admin.call(model, 'search', domain, limit=1)

    def _find_unpaid(self, customer):
        [invoice] = self._admin.call('account.move', 'search_read', [
            ('partner_id.name', '=', CUSTOMERS[customer]['name']), ('state', '=', 'posted'),
            ('move_type', '=', 'out_invoice'), ('payment_state', '=', 'not_paid'),
        ], ['qpay_link'], limit=1)
        return invoice


def main():
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog='demo.pictures')
    for name in ('odoo', 'database', 'chromium', 'folder'):
        parser.add_argument(f'--{name}', required=True)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=[
            '--no-sandbox', '--disable-gpu',
            # Nothing comes from elsewhere, for example the banks' logos.
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ])
        Photographer(options, browser).take_all()
        browser.close()


if __name__ == '__main__':
    main()
