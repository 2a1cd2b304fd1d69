"""The QR's dialog and the payer's page in a real browser, against a real server."""

import contextlib
import logging
import os
import re
import resource
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.servers import RealServerCase, wait_for

_logger = logging.getLogger(__name__)

CHECK_ROUTE = '**/payment/qpay/check'
DESKTOP = {'width': 1280, 'height': 900}
PHONE = {'width': 320, 'height': 640}
# What the person who watches the dialog may have to wait for after the payment.
PAID_WITHIN_SECONDS = 5
POLL_SECONDS = 3
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
        """Open a window of its own, with cookies of its own."""
        context = cls.browser.new_context(viewport=viewport or DESKTOP, **options)
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


@contextlib.contextmanager
def _no_memory_limit():
    """Start programs without the limit that Odoo sets to its own process: browsers reserve more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@tagged('post_install', '-at_install')
class TestDialog(BrowserCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        [cls.accountant_id] = cls.accountant.call(
            'res.users', 'search', [('login', '=', ACCOUNTANT['login'])]
        )
        cls.windows = {}

    # === PAID === #

    def test_paid_while_somebody_watches(self):
        page, qr = self._open_qr()
        self._save_screenshot(page, 'dialog-open-en')

        self._assert_paid_by_itself(page, qr, 'en')

        expect(page.locator('.ribbon')).to_have_text('Paid')

    def test_paid_while_somebody_watches_in_mongolian(self):
        page, qr = self._open_qr(language='mn_MN')
        self._save_screenshot(page, 'dialog-open-mn')
        self.assertRegex(page.locator('.o_qpay_check').inner_text(), MONGOLIAN)

        self._assert_paid_by_itself(page, qr, 'mn')

    def test_done_closes_the_dialog(self):
        page, qr = self._open_qr()
        self.qpay.pay(qr['qpay_invoice_id'])

        page.click('.o_qpay_done')

        expect(page.locator('.modal')).to_be_hidden()
        self._assert_invoice_shows_paid(page)

    # === POLLING === #

    def test_polls_never_overlap(self):
        held_requests = []
        page, _qr = self._open_qr()
        page.route(CHECK_ROUTE, lambda route: held_requests.append(route))
        self._wait_for_requests(page, held_requests, 1)

        # Odoo takes longer than the time between two polls.
        page.wait_for_timeout((POLL_SECONDS + 1) * 1000)
        self.assertEqual(len(held_requests), 1)

        held_requests[0].continue_()
        answered = time.monotonic()
        self._wait_for_requests(page, held_requests, 2)
        self.assertGreater(time.monotonic() - answered, POLL_SECONDS - 0.5)
        held_requests[1].continue_()

    def test_closing_the_dialog_ends_polling(self):
        page, _qr = self._open_qr()
        requests = self._watch_requests(page)
        self._wait_for_requests(page, requests, 1)

        page.click('.modal .btn-close')
        expect(page.locator('.modal')).to_be_hidden()
        seen = len(requests)

        page.wait_for_timeout((POLL_SECONDS + 1) * 1000)
        self.assertEqual(len(requests), seen)

    def test_polling_goes_on_after_a_lost_connection(self):
        page, qr = self._open_qr()
        problem = page.locator('.o_qpay_problem')
        expect(problem).to_be_hidden()

        page.route(CHECK_ROUTE, lambda route: route.abort('connectionfailed'))
        expect(problem).to_be_visible()
        self._save_screenshot(page, 'dialog-no-connection')
        page.unroute(CHECK_ROUTE)

        expect(problem).to_be_hidden()
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        self.qpay.pay(qr['qpay_invoice_id'])
        expect(page.locator('.o_qpay_paid')).to_be_visible()

    def test_polling_goes_on_after_an_error_of_odoo(self):
        page, _qr = self._open_qr()
        problem = page.locator('.o_qpay_problem')

        page.route(CHECK_ROUTE, lambda route: route.fulfill(status=502, body='Bad Gateway'))
        expect(problem).to_be_visible()
        page.unroute(CHECK_ROUTE)

        expect(problem).to_be_hidden()

    # === BUTTONS === #

    def test_qr_text_is_copied(self):
        page, qr = self._open_qr()

        page.click('.input-group:has(#o_qpay_qr_text) .o_clipboard_button')

        expect(page.locator('.o_popover, .o-tooltip').first).to_be_visible()
        copied = page.evaluate('navigator.clipboard.readText()')
        self.assertEqual(copied, qr['qr_text'])
        self.assertEqual(page.input_value('#o_qpay_qr_text'), qr['qr_text'])

    def test_check_now_rests_for_ten_seconds(self):
        page, _qr = self._open_qr(with_clock=True)
        check = page.locator('.o_qpay_check')
        self.qpay.reset_calls()

        check.click()

        expect(page.locator('.o_qpay_note')).to_be_visible()
        expect(check).to_be_disabled()
        self.assertEqual(self._calls(), 1)
        page.clock.run_for(8000)
        expect(check).to_be_disabled()
        page.clock.run_for(3000)
        expect(check).to_be_enabled()

    def test_expired(self):
        page, _qr = self._open_qr(with_clock=True)

        page.clock.fast_forward('01:00:01')

        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'expired')
        self._save_screenshot(page, 'dialog-expired')

    def test_cancel(self):
        page, qr = self._open_qr()

        page.click('.o_qpay_cancel')

        expect(page.locator('button[name=action_generate]')).to_be_visible()
        [invoice] = [
            i for i in self.qpay.invoices() if i['invoice_id'] == qr['qpay_invoice_id']
        ]
        self.assertEqual(invoice['invoice_status'], 'CANCELED')

    def test_cancelled_elsewhere(self):
        page, qr = self._open_qr()

        self.accountant.call('qpay.intent', 'action_cancel', [qr['intent_id']])

        expect(page.locator('.o_qpay_ended')).to_be_visible()
        self._save_screenshot(page, 'dialog-cancelled')

    # === AMOUNT === #

    def test_wrong_amounts_are_refused(self):
        page = self._open_dialog(self._create_invoice())
        amount = page.locator('.modal [name=amount] input')
        for wrong_amount, sentence in (
            ('15001', 'The amount must not be more than the unpaid'),
            ('0', 'The amount must be more than zero'),
            ('-5', 'The amount must be more than zero'),
        ):
            with self.subTest(amount=wrong_amount):
                amount.fill(wrong_amount)
                page.click('button[name=action_generate]')
                error = page.locator('.modal', has_text=sentence)
                expect(error).to_be_visible()
                self._save_screenshot(page, f'dialog-amount-{wrong_amount}')
                error.locator('.btn-primary').click()
                expect(error).to_be_hidden()
        self.assertFalse(self._calls('POST /v2/invoice'))

    def test_part_of_the_amount(self):
        invoice_id = self._create_invoice()
        page = self._open_dialog(invoice_id)
        page.fill('.modal [name=amount] input', '5000')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_amount')).to_contain_text('5,000.00')

        self.qpay.pay(self._live_qr(invoice_id)['qpay_invoice_id'])

        expect(page.locator('.o_qpay_paid')).to_be_visible()
        expect(page.locator('.modal')).to_be_hidden(timeout=10000)
        expect(page.locator('button[name=action_qpay_qr]')).to_be_visible()
        self.assertEqual(
            self.database.query(
                'SELECT payment_state, amount_residual FROM account_move WHERE id = %s', invoice_id
            ),
            [('partial', 10000)],
        )

    # === HELPERS === #

    @classmethod
    def _get_window(cls, with_clock):
        """Return a window in which the accountant has signed in.

        :param bool with_clock: Whether the test moves the window's clock.
        """
        if with_clock not in cls.windows:
            window = cls._new_context(permissions=['clipboard-read', 'clipboard-write'])
            if with_clock:
                window.clock.install()
            page = window.new_page()
            page.goto(f'{cls.server.url}/web/login')
            page.fill('#login', ACCOUNTANT['login'])
            page.fill('#password', ACCOUNTANT['password'])
            page.press('#password', 'Enter')
            page.wait_for_url('**/odoo**')
            page.close()
            cls.windows[with_clock] = window
        return cls.windows[with_clock]

    def _open_dialog(self, invoice_id, language='en_US', with_clock=False):
        """Open an invoice and press "QPay QR"."""
        self.accountant.call('res.users', 'write', [self.accountant_id], {'lang': language})
        page = self._new_page(self._get_window(with_clock))
        page.goto(f'{self.server.url}/odoo/customer-invoices/{invoice_id}')
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('button[name=action_generate]')).to_be_visible()
        return page

    def _open_qr(self, **options):
        """Open the dialog of a new invoice with its QR.

        :return: The page, and what is known about the QR.
        """
        invoice_id = self._create_invoice()
        page = self._open_dialog(invoice_id, **options)
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        return page, self._live_qr(invoice_id)

    def _live_qr(self, invoice_id):
        [row] = self.database.query(
            "SELECT id, qr_text, qpay_invoice_id FROM qpay_intent"
            " WHERE res_id = %s AND res_model = 'account.move' AND state = 'new'", invoice_id,
        )
        names = ('intent_id', 'qr_text', 'qpay_invoice_id')
        return dict(zip(names, row, strict=True), invoice_id=invoice_id)

    def _assert_paid_by_itself(self, page, qr, language):
        """The payer pays, and nobody touches the dialog."""
        paid_at = self._pay_in_bank(qr['qpay_invoice_id'])
        expect(page.locator('.o_qpay_paid')).to_be_visible()
        seconds = time.monotonic() - paid_at
        _logger.info('%s: "paid" in the dialog %.1f s after the payment', language, seconds)
        self.assertLess(seconds, PAID_WITHIN_SECONDS)
        self._save_screenshot(page, f'dialog-paid-{language}')
        expect(page.locator('.modal')).to_be_hidden(timeout=10000)
        self._assert_invoice_shows_paid(page)
        self._save_screenshot(page, f'invoice-paid-{language}')
        [payment] = self.database.query(
            'SELECT qpay_txn_id FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], *payment)

    @staticmethod
    def _assert_invoice_shows_paid(page):
        expect(page.locator('.ribbon')).to_be_visible()
        expect(page.locator('button[name=action_qpay_qr]')).to_be_hidden()

    @staticmethod
    def _watch_requests(page):
        requests = []

        def watch(request):
            if request.url.endswith('/payment/qpay/check'):
                requests.append(request)

        page.on('request', watch)
        return requests

    @staticmethod
    def _wait_for_requests(page, requests, number):
        """Wait until that many requests were made; only waiting pages take note of them."""
        wait_for(
            lambda: page.wait_for_timeout(20) or len(requests) >= number, 10, f'request {number}'
        )


@tagged('post_install', '-at_install')
class TestPayPage(BrowserCase):

    def test_paid_on_a_phone(self):
        page, qr = self._open_page(PHONE, 'mn-MN')
        self._assert_fits(page)
        self.assertRegex(page.locator('.o_qpay_check').inner_text(), MONGOLIAN)
        self._save_screenshot(page, 'page-open-phone')

        paid_at = self._pay_in_bank(qr['qpay_invoice_id'])

        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', 'paid')
        self.assertLess(time.monotonic() - paid_at, PAID_WITHIN_SECONDS)
        self._assert_fits(page)
        self._save_screenshot(page, 'page-paid-phone')

    def test_paid_on_a_computer(self):
        page, qr = self._open_page(DESKTOP, 'en-US')
        expect(page.locator('.o_qpay_image')).to_be_visible()
        expect(page.locator('.o_qpay_bank').first).to_be_visible()
        self._save_screenshot(page, 'page-open-desktop')

        self._pay_in_bank(qr['qpay_invoice_id'])

        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', 'paid')
        self._save_screenshot(page, 'page-paid-desktop')

    def test_opened_after_payment(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        page = self._new_page(self._new_context(PHONE))

        page.goto(qr['pay_url'])

        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', 'paid')
        expect(page.locator('.o_qpay_image')).to_be_hidden()

    def test_wrong_token(self):
        qr = self._create_qr()
        page = self._new_page(self._new_context())

        answer = page.goto(f'{qr["pay_url"]}x')

        self.assertEqual(answer.status, 404)

    # === HELPERS === #

    def _open_page(self, viewport, locale):
        """Open the page of a new QR as a payer does.

        :return: The page, and what is known about the QR.
        """
        qr = self._create_qr()
        page = self._new_page(self._new_context(viewport, locale=locale))
        page.goto(qr['pay_url'])
        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', 'open')
        # The page is there before its scripts are.
        expect(page.locator('.o_qpay_countdown')).not_to_be_empty(timeout=10000)
        return page, qr

    def _assert_fits(self, page):
        width = page.evaluate('document.documentElement.scrollWidth')
        self.assertLessEqual(width, page.viewport_size['width'])
