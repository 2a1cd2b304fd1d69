"""A real browser beside a real server."""

import contextlib
import os
import re
import resource
import time
from pathlib import Path

import zxingcpp
from playwright.sync_api import expect, sync_playwright

from odoo.addons.payment_qpay.tests.cases.servers import RealServerCase

CHECK_ROUTE = '**/payment/qpay/check'
DESKTOP = {'width': 1280, 'height': 900}
PHONE = {'width': 390, 'height': 844}
SMALL_PHONE = {'width': 320, 'height': 640}
# What the person who watches may have to wait for after the payment.
PAID_WITHIN_SECONDS = 5
MONGOLIAN = re.compile('[а-яөүё]', re.IGNORECASE)


class BrowserCase(RealServerCase):
    """A browser beside the server. One process serves all, so that it needs no reverse proxy."""

    workers = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with _no_memory_limit():
            playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(
            executable_path=os.environ['QPAY_DEV_CHROMIUM'],
            args=[
                '--no-sandbox', '--disable-gpu', '--disable-background-networking',
                # Nothing comes from elsewhere, for example the banks' logos.
                '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
            ],
        )
        cls.addClassCleanup(cls.browser.close)
        cls.script_errors = []

    def setUp(self):
        super().setUp()
        self.script_errors.clear()

    def tearDown(self):
        self.assertCleanLog()
        self.assertEqual(self.script_errors, [])
        super().tearDown()

    @classmethod
    def _new_context(cls, viewport=None, **options):
        """Open a window of its own, with cookies of its own.

        Whoever reads English has chosen it: the customers are Mongolian.
        """
        context = cls.browser.new_context(viewport=viewport or DESKTOP, **options)
        if options.get('locale') == 'en-US':
            context.add_cookies([
                {'name': 'frontend_lang', 'value': 'en_US', 'url': cls.server.url},
            ])
        cls.addClassCleanup(context.close)
        context.set_default_timeout(15000)
        context.on('weberror', lambda error: cls.script_errors.append(str(error.error)))
        return context

    def _new_page(self, context):
        """Open a page for one test."""
        page = context.new_page()
        self.addCleanup(page.close)
        return page

    def _pay_in_bank(self, qpay_invoice_id):
        """Press "pay in full" on the bank's page, and return the moment."""
        page = self._new_page(self._new_context())
        page.goto(f'{self.simulator.url}/bank/{qpay_invoice_id}')
        page.click('#pay-full')
        moment = time.monotonic()
        expect(page.locator('#status')).to_have_class(re.compile('closed'))
        return moment

    @staticmethod
    def _save_screenshot(page, name):
        folder = os.environ.get('QPAY_DEV_SCREENSHOTS')
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f'{name}.png', full_page=True)

    @staticmethod
    def _save_picture(picture, name):
        folder = os.environ.get('QPAY_DEV_SCREENSHOTS')
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture.save(Path(folder) / f'{name}.png')


def read_qrs(picture):
    """Read the QRs in a picture as a phone does.

    :param PIL.Image picture: The picture.
    :return: What they say.
    :rtype: list[str]
    """
    # In the pattern of a QR, other codes may be seen.
    codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in codes]


@contextlib.contextmanager
def _no_memory_limit():
    """Start programs without the limit that Odoo sets to its own process: browsers reserve more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
