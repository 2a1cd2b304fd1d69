"""Windows that reach Odoo by a proxy, so that a test can take the websockets away."""

from collections import Counter

from playwright.sync_api import expect

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import BrowserCase
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.websocket_proxy import WebsocketProxy

DOCUMENT = 'payment_qpay.document/account.move/{invoice_id}'
# What the windows listen to. Behind the dialog there is the form.
CHANNELS = {
    'page': ['payment_qpay.intent/{intent_id}/{access_token}'],
    'form': [DOCUMENT],
    'dialog': [DOCUMENT, 'payment_qpay.intent/{intent_id}'],
}
# Nothing comes that a page has planned for a second later or more: neither a poll nor anything
# else. What it shows nevertheless, it shows without a pause.
NO_WAITING = """
    for (const name of ['setTimeout', 'setInterval']) {
        const plan = window[name];
        window[name] = (callback, delay, ...values) =>
            delay >= 1000 ? 0 : plan(callback, delay, ...values);
    }
"""
# Whether a form was told by the bus that there is something to see.
NOTE_CHANGE = """
    odoo.__WOWL_DEBUG__.root.env.services.bus_service.subscribe(
        'payment_qpay/changed', () => { window.isTold = true; }
    )
"""


class BusCase(BrowserCase):
    """Windows that reach Odoo by a proxy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = WebsocketProxy(cls.server.port, cls.server.websocket_port)
        cls.addClassCleanup(cls.proxy.stop)
        # Odoo's own requests collide at a user's first visit, which is nothing to find fault with
        # here.
        cls._set_language('en_US')
        session = cls._new_context()
        cls._sign_in(session, ACCOUNTANT)
        page = session.new_page()
        requests = cls._watch_requests(page)
        page.goto(f'{cls.proxy.url}/odoo')
        wait_for(lambda: cls.database.query(
            'SELECT id FROM mail_presence WHERE user_id = %s', cls.accountant_id
        ), "the accountant's presence")
        cls._let_finish(page, requests)
        cls.cookies = session.cookies()
        session.close()
        wait_for(lambda: not cls.proxy.count_websockets(), 'the end of the websocket')
        cls.server.new_log_lines()

    def setUp(self):
        super().setUp()
        self.proxy.allow()

    def _open(self, path, script=None, cookies=(), **options):
        """Open a page in a window of its own."""
        context = self._new_context(locale='en-US', script=script, **options)
        # Its websocket ends with the test.
        self.addCleanup(context.close)
        context.add_cookies(list(cookies))
        page = context.new_page()
        page.goto(f'{self.proxy.url}{path}')
        return page

    def _open_page(self, qr, script=None, **options):
        """Open the payer's page, without signing in."""
        path = f'/payment/qpay/pay/{qr["intent_id"]}/{qr["access_token"]}'
        page = self._open(path, script, **options)
        self._assert_view(page, 'open')
        return page

    def _open_form(self, qr, script=None):
        """Open the invoice as the accountant."""
        path = f'/odoo/customer-invoices/{qr["invoice_id"]}'
        form = self._open(path, script, cookies=self.cookies)
        expect(form.locator('button[name=action_qpay_qr]')).to_be_visible()
        return form

    def _open_dialog(self, qr, script=None):
        """Open the dialog with the QR as the accountant."""
        page = self._open_form(qr, script)
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        return page

    def _wait_for_listeners(self, qr, *windows):
        """Wait until windows have said over their websockets what they want to hear of a QR."""
        listeners = Counter(
            channel.format(**qr) for window in windows for channel in CHANNELS[window]
        )
        wait_for(
            lambda: all(
                self.proxy.count_listeners(channel) == number
                for channel, number in listeners.items()
            ), f'listeners: {listeners}',
        )

    @staticmethod
    def _assert_ribbon(form, text):
        """The invoice shows by itself what has become of it; it does not poll."""
        expect(form.locator('.ribbon')).to_have_text(text)

    @staticmethod
    def _assert_view(page, view):
        """The payer's page shows by itself what has become of the payment."""
        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', view)
