"""Windows that reach Odoo by a proxy, so that a test can take the websockets away."""

import json
import logging
import time

from playwright.sync_api import expect

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import BrowserCase
from odoo.addons.payment_qpay.tests.cases.servers import wait_for
from odoo.addons.payment_qpay.tests.cases.websocket_proxy import WebsocketProxy

_logger = logging.getLogger(__name__)

POLL_SECONDS = 3
POLL_SECONDS_WITH_BUS = 10
# How late a poll may be on a busy machine.
TOLERANCE_SECONDS = 1.5
# How long a page may take to open, or to draw what it has heard of.
PATIENCE = 15000
# What is found by asking every three seconds is found before the first time of every ten.
POLLED_WITHIN = 9000
# When a page shows for the first time what a selector names, by the clock of this machine.
NOTE_MOMENT = """
    new MutationObserver((_changes, observer) => {
        if (document.querySelector(%s)) {
            window.shownAt = Date.now();
            observer.disconnect();
        }
    }).observe(document, { attributes: true, childList: true, subtree: true });
"""


class BusCase(BrowserCase):
    """Windows that reach Odoo by a proxy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = WebsocketProxy(cls.server.port, cls.server.websocket_port)
        cls.addClassCleanup(cls.proxy.stop)
        # Odoo's own requests collide at a user's first visit, and where its bot begins to talk,
        # which is nothing to find fault with here.
        [user_id] = cls.accountant.call(
            'res.users', 'search', [('login', '=', ACCOUNTANT['login'])]
        )
        cls.accountant.call('res.users', 'write', [user_id], {'lang': 'en_US'})
        cls.database.query(
            "UPDATE res_users SET odoobot_state = 'disabled' WHERE id = %s", user_id
        )
        session = cls._new_context()
        page = session.new_page()
        page.goto(f'{cls.proxy.url}/web/login')
        page.fill('#login', ACCOUNTANT['login'])
        page.fill('#password', ACCOUNTANT['password'])
        page.press('#password', 'Enter')
        page.wait_for_url('**/odoo**')
        cls.cookies = session.cookies()
        wait_for(lambda: page.wait_for_timeout(20) or cls.database.query(
            'SELECT id FROM mail_presence WHERE user_id = %s', user_id
        ), 20, "the accountant's presence")
        page.wait_for_timeout(2000)
        session.close()
        cls.server.new_log_lines()

    def setUp(self):
        super().setUp()
        self.proxy.allow()

    @staticmethod
    def _note_moment(selector):
        return NOTE_MOMENT % json.dumps(selector)

    def _open(self, path, *scripts, cookies=()):
        """Open a page in a window of its own."""
        context = self._new_context(locale='en-US')
        # Its websocket ends with the test.
        self.addCleanup(context.close)
        context.add_cookies(list(cookies))
        for script in scripts:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(f'{self.proxy.url}{path}')
        return page

    def _open_page(self, qr, *scripts):
        """Open the payer's page, without signing in."""
        page = self._open(f'/payment/qpay/pay/{qr["intent_id"]}/{qr["access_token"]}', *scripts)
        self._assert_view(page, 'open')
        return page

    def _open_form(self, qr, *scripts):
        """Open the invoice as the accountant."""
        path = f'/odoo/customer-invoices/{qr["invoice_id"]}'
        form = self._open(path, *scripts, cookies=self.cookies)
        expect(form.locator('button[name=action_qpay_qr]')).to_be_visible(timeout=PATIENCE)
        return form

    def _open_dialog(self, qr, *scripts):
        """Open the dialog with the QR as the accountant."""
        page = self._open_form(qr, *scripts)
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute(
            'data-view', 'open', timeout=PATIENCE
        )
        return page

    def _wait_for_websockets(self, number):
        """Wait until windows are connected, and have said what they want to hear."""
        wait_for(lambda: self.proxy.count_websockets() == number, 10, f'{number} websockets')
        time.sleep(1)

    def _wait_for_settlement(self, intent_id):
        """Return the moment from which the database shows a QR as paid to everybody."""
        end = time.time() + 30
        while not self.database.query(
            "SELECT id FROM qpay_intent WHERE id = %s AND state = 'paid'", intent_id
        ):
            self.assertLess(time.time(), end, 'It was not settled.')
        return time.time()

    @staticmethod
    def _watch_requests(page):
        """Return the list to which the moments of a page's polls will be added."""
        moments = []

        def watch(request):
            if request.url.endswith('/payment/qpay/check'):
                moments.append(time.monotonic())

        page.on('request', watch)
        return moments

    def _assert_pauses(self, page, moments, seconds):
        """Between two polls there are that many seconds from now on."""
        moments.clear()
        wait_for(
            lambda: page.wait_for_timeout(20) or len(moments) == 2, 2 * seconds + 5, 'two polls'
        )
        pause = moments[1] - moments[0]
        _logger.info('%.1f s between two polls, where %d s are meant', pause, seconds)
        self.assertGreater(pause, seconds - 0.5)
        self.assertLess(pause, seconds + TOLERANCE_SECONDS)

    @staticmethod
    def _assert_ribbon(form, text):
        """The invoice shows by itself what has become of it; it does not poll."""
        expect(form.locator('.ribbon')).to_have_text(text, timeout=PATIENCE)

    @staticmethod
    def _assert_view(page, view, timeout=PATIENCE):
        """The payer's page shows by itself what has become of the payment."""
        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', view, timeout=timeout)
