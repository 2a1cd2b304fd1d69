"""Makes the pictures of the manual, the README and Odoo's store from the demonstration.

Run as ``python -m demo.pictures --odoo URL --database NAME --chromium PROGRAM --folder FOLDER``.
"""

import argparse
import io
from base64 import b64encode
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from .client import OdooClient
from .data import ACCOUNTANT, ADMIN, CUSTOMERS, PORTAL_CUSTOMER

LANGUAGES = {'mn': 'mn_MN', 'en': 'en_US'}
GUIDE = 'docs/guide/pictures'
SHOP_WINDOW = 'static/description'
#: Those that the page in Odoo's store shows, too.
SHOWN = ('dialog', 'home', 'comparison', 'page')
DESKTOP = {'width': 1280, 'height': 760}
WIDE = {'width': 1600, 'height': 760}
PHONE = {'width': 390, 'height': 760}
BANNER = {'width': 1120, 'height': 560}
MAX_HEIGHT = 1400
PATIENCE_MILLISECONDS = 60_000
COLOURS = 128
# How much of what a form or a page shows does not fit in its window.
MISSING_HEIGHT = """
    () => Math.max(0, ...[...document.querySelectorAll(
        'html, .o_content, .o_form_sheet_bg'
    )].map((element) => element.scrollHeight - element.clientHeight))
"""
DRAWN = """
    () => document.fonts.status === 'loaded'
        && [...document.images].every((image) => image.complete)
"""
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
    """A browser that signs in to the demonstration and takes pictures.

    :param options: What the command was told.
    :param browser: Playwright's browser.
    """

    def __init__(self, options, browser):
        self._odoo = options.odoo
        self._database = options.database
        self._folder = Path(options.folder)
        self._browser = browser
        self._admin = self._log_in(ADMIN)
        self._admin.call('res.lang', 'write', self._find_english(), {'active': True})

    def take_all(self):
        """Take all pictures, in each language."""
        for code, language in LANGUAGES.items():
            self._take_accountants(code, language)
            self._take_administrators(code, language)
            self._take_payers(code, language)
        self._take_banner()
        self._set_language(ACCOUNTANT, LANGUAGES['mn'])

    # === WHO SEES WHAT === #

    def _take_accountants(self, code, language):
        page = self._sign_in(ACCOUNTANT, language)
        self._open(page, '/odoo/qpay', '.o_qpay_curve canvas')
        self._take(page, code, 'home')
        self._open(page, '/odoo/action-payment_qpay.action_qpay_payment', '.o_data_row')
        # A long list scrolls in its window; all of its columns are to be seen.
        page.set_viewport_size(WIDE)
        self._write(page.screenshot(), code, 'payments')
        [comparison] = self._find('qpay.reconciliation', [('state', '=', 'done')])
        self._open(page, f'/odoo/action-payment_qpay.action_qpay_reconciliation/{comparison}',
                   '.o_form_view')
        self._take(page, code, 'comparison')
        invoice = self._find_unpaid('selenge')
        self._open(page, f'/odoo/customer-invoices/{invoice["id"]}', 'button[name=action_qpay_qr]')
        page.click('button[name=action_qpay_qr]')
        generate = page.locator('button[name=action_generate]')
        view = page.locator('.o_qpay_qr')
        # In the second language, the QR of the first is still open.
        expect(generate.or_(view).first).to_be_visible()
        if generate.is_visible():
            generate.click()
        expect(view).to_have_attribute('data-view', 'open')
        self._write(page.locator('.modal-content').screenshot(), code, 'dialog')
        page.context.close()

    def _take_administrators(self, code, language):
        page = self._sign_in(ADMIN, language)
        [provider] = self._find('payment.provider', [('code', '=', 'qpay')])
        self._open(page, f'/odoo/action-payment.action_payment_provider/{provider}',
                   '[name=qpay_client_id]')
        self._take(page, code, 'provider')
        page.click('.nav-link[name=qpay_health]')
        expect(page.locator('[name=qpay_health] .alert').first).to_be_visible()
        page.locator('[name=qpay_health] .alert').last.scroll_into_view_if_needed()
        self._write(page.locator('.o_notebook').screenshot(), code, 'health')
        page.context.close()

    def _take_payers(self, code, language):
        context = self._new_context(PHONE, language, is_mobile=True, has_touch=True)
        context.add_cookies([{'name': 'frontend_lang', 'value': language, 'url': self._odoo}])
        page = context.new_page()
        link = self._find_unpaid(PORTAL_CUSTOMER['customer'])['qpay_link']
        page.goto(link)
        expect(page.locator('[data-view=open]').first).to_be_visible()
        self._write(page.screenshot(), code, 'page')
        context.close()

    def _take_banner(self):
        page = self._new_context(BANNER, LANGUAGES['mn']).new_page()
        page.set_content(BANNER_PAGE.format(
            icon=self._embed(f'{SHOP_WINDOW}/icon.png'), phone=self._embed(f'{GUIDE}/mn/page.png'),
        ))
        self._save(page.screenshot(), f'{SHOP_WINDOW}/banner.png')
        page.context.close()

    # === BROWSER === #

    def _new_context(self, viewport, language, **options):
        context = self._browser.new_context(
            viewport=viewport, locale=language.replace('_', '-'), **options
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        return context

    def _sign_in(self, user, language):
        self._set_language(user, language)
        context = self._new_context(DESKTOP, language)
        context.add_cookies([{
            'name': 'session_id', 'value': self._log_in(user).session_id, 'url': self._odoo,
        }])
        return context.new_page()

    def _open(self, page, path, sight):
        page.set_viewport_size(DESKTOP)
        page.goto(f'{self._odoo}{path}')
        expect(page.locator(sight).first).to_be_visible()
        page.wait_for_function(DRAWN)

    def _take(self, page, code, name):
        """Take a picture of all that is to see, with nothing cut off at the bottom."""
        height = page.viewport_size['height'] + page.evaluate(MISSING_HEIGHT)
        page.set_viewport_size({**DESKTOP, 'height': min(height, MAX_HEIGHT)})
        page.mouse.move(0, 0)
        self._write(page.screenshot(animations='disabled'), code, name)

    # === FILES === #

    def _write(self, picture, code, name):
        self._save(picture, f'{GUIDE}/{code}/{name}.png')
        if name in SHOWN:
            self._save(picture, f'{SHOP_WINDOW}/{name}_{code}.png')

    def _save(self, picture, name):
        """Save a picture with few colours, which is a third as large."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        few = Image.open(io.BytesIO(picture)).convert('RGB').quantize(COLOURS, dither=0)
        few.save(path, optimize=True)
        print(f'  {name}: {path.stat().st_size // 1024} kB')

    def _embed(self, name):
        return f'data:image/png;base64,{b64encode((self._folder / name).read_bytes()).decode()}'

    # === ODOO === #

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
