"""The payer's page in a real browser."""

import json
import os
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE, BrowserCase

# How long a QR can be paid.
QR_SECONDS = 3600
# How long a page shows a payment before it goes on to where the payer came from.
CONTINUE_SECONDS = 6
# How far what was shown already has moved by itself.
NOTE_SHIFTS = """
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            window.shift += entry.value;
        }
    }).observe({ type: 'layout-shift', buffered: true });
"""


class PayPageCase(BrowserCase):

    def _open_qr(self, viewport=PHONE, locale='mn-MN', **options):
        """Open the page of a new QR as a payer does.

        :return: The page, and what is known about the QR.
        """
        qr = self._create_qr()
        return self._open(qr['pay_url'], viewport, locale, **options), qr

    def _open(self, url, viewport=PHONE, locale='mn-MN', **options):
        """Open an address in a window of its own, and wait for the page's scripts."""
        page = self._new_page(self._new_context(viewport, locale=locale, **options))
        page.goto(url)
        self._wait_for_scripts(page)
        return page

    def _open_link(self, invoice_id, **options):
        """Open the permanent link of an invoice."""
        return self._open(self._get_link(invoice_id), **options)

    def _get_link(self, invoice_id):
        [values] = self.accountant.call('account.move', 'read', [invoice_id], ['qpay_link'])
        return values['qpay_link']

    @staticmethod
    def _wait_for_scripts(page):
        """The page is there before its scripts are; then they have something to say."""
        expect(page.locator('.o_qpay_announcement')).not_to_be_empty()

    @staticmethod
    def _expect_view(page, view):
        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', view)

    @staticmethod
    def _hold_apps(page):
        """Keep the browser from looking for bank apps, of which this machine has none."""
        page.evaluate("""
            document.querySelectorAll('.o_qpay_bank').forEach((link) =>
                link.addEventListener('click', (ev) => ev.preventDefault()))
        """)

    @staticmethod
    def _get_receipt(page):
        """Ask for the receipt that the page links to."""
        link = page.locator('.o_qpay_receipt').last
        return page.request.get(link.evaluate('(element) => element.href'))

    def _find_open_qr(self, invoice_id):
        """Return the open QR of an invoice."""
        [(intent_id, qpay_invoice_id)] = self.database.query(
            "SELECT id, qpay_invoice_id FROM qpay_intent"
            " WHERE res_id = %s AND res_model = 'account.move' AND state = 'new'", invoice_id,
        )
        return {'intent_id': intent_id, 'qpay_invoice_id': qpay_invoice_id}

    def _expire(self, qr):
        """Let a QR have expired."""
        self.database.query(
            "UPDATE qpay_intent"
            " SET expires_at = now() AT TIME ZONE 'UTC' - interval '1 second' WHERE id = %s",
            qr['intent_id'],
        )

    @contextmanager
    def _settling(self, qr):
        """Let a QR be paid, and its money wait to be booked for a while."""
        # Whoever settles the payment has to wait for this row; its record does not touch it.
        held_row = (
            'SELECT t.id FROM payment_transaction t JOIN qpay_intent i ON i.transaction_id = t.id'
            ' WHERE i.id = %s FOR UPDATE OF t'
        )
        with self.database.holding(held_row, qr['intent_id']):
            self.qpay.pay(qr['qpay_invoice_id'])
            yield

    def _list_apps(self, qr, links):
        """Let QPay have listed these apps."""
        empty = {'name': '', 'description': '', 'logo': '', 'link': ''}
        self.database.query(
            'UPDATE qpay_intent SET deeplinks = %s WHERE id = %s',
            json.dumps([empty | link for link in links]), qr['intent_id'],
        )

    def _pay_otherwise(self, invoice_id):
        """Register that an invoice was paid in cash or by an ordinary transfer."""
        context = {'active_model': 'account.move', 'active_ids': [invoice_id]}
        wizard_id = self.accountant.call(
            'account.payment.register', 'create', {}, context=context
        )
        self.accountant.call(
            'account.payment.register', 'action_create_payments', [wizard_id], context=context
        )

    @staticmethod
    def _save_screenshot(page, name):
        """Take a picture of the whole page; what stays in sight is at its end then."""
        folder = os.environ.get('QPAY_DEV_SCREENSHOTS')
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            size = page.viewport_size
            height = page.evaluate('document.documentElement.scrollHeight')
            page.set_viewport_size({**size, 'height': max(height, size['height'])})
            # What comes in with a flourish has come then.
            page.wait_for_timeout(800)
            page.screenshot(path=Path(folder) / f'{name}.png')
            page.set_viewport_size(size)
