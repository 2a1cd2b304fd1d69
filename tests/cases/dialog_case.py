"""What tests of the QR's dialog in a browser share."""

from playwright.sync_api import expect

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import (
    CLOSE_SECONDS,
    HELD_POLLS,
    NOTE_SIGHT,
    BrowserCase,
)

# A browser whose worker never answers, so that Odoo's bus does not start.
NO_BUS = """
    window.SharedWorker = undefined;
    window.Worker = class extends EventTarget { postMessage() {} };
"""


class DialogCase(BrowserCase):
    """An accountant's windows, and the dialog in them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.windows = {}

    @classmethod
    def _get_window(cls, with_bus):
        """Return a window of the accountant.

        :param bool with_bus: Whether Odoo's bus can start in it.
        """
        if with_bus not in cls.windows:
            cls.windows[with_bus] = window = cls._new_context(
                script=HELD_POLLS if with_bus else f'{HELD_POLLS} {NO_BUS}', with_clock=True,
                permissions=['clipboard-read', 'clipboard-write'],
            )
            cls._sign_in(window, ACCOUNTANT)
        return cls.windows[with_bus]

    def _open_dialog(self, invoice_id, language='en_US', with_bus=True, script=None):
        """Open an invoice and press "QPay QR".

        :param str script: What the page runs before its own scripts.
        """
        self._set_language(language)
        page = self._new_page(self._get_window(with_bus))
        if script:
            page.add_init_script(script)
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
        return page, self._find_open_qr(invoice_id)

    def _find_open_qr(self, invoice_id):
        [row] = self.database.query(
            "SELECT id, qr_text, qpay_invoice_id FROM qpay_intent"
            " WHERE res_id = %s AND res_model = 'account.move' AND state = 'new'", invoice_id,
        )
        names = ('intent_id', 'qr_text', 'qpay_invoice_id')
        return dict(zip(names, row, strict=True), invoice_id=invoice_id)

    def _assert_paid_by_itself(self, page, qr, language):
        """The payer pays, and nobody touches the dialog, which is told by the bus."""
        self._pay_in_bank(qr['qpay_invoice_id'])
        self._assert_shows_paid(page, qr, language)

    def _assert_shows_paid(self, page, qr, name):
        """The dialog shows the payment, and then closes by itself."""
        expect(page.locator('.o_qpay_paid')).to_be_visible()
        self._save_screenshot(page, f'dialog-paid-{name}')
        self._let_pass(page, CLOSE_SECONDS)
        expect(page.locator('.modal')).to_be_hidden()
        self._assert_invoice_shows_paid(page)
        self._save_screenshot(page, f'invoice-paid-{name}')
        [payment] = self.database.query(
            'SELECT qpay_txn_id FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], *payment)

    @staticmethod
    def _assert_invoice_shows_paid(page):
        expect(page.locator('.ribbon')).to_be_visible()
        expect(page.locator('button[name=action_qpay_qr]')).to_be_hidden()

    @staticmethod
    def _copy(page, field):
        """Press the button beside a field, which says so, and return what it has copied."""
        page.evaluate(NOTE_SIGHT, '.o_popover, .o-tooltip')
        page.click(f'.input-group:has({field}) .o_clipboard_button')
        page.wait_for_function('window.isSeen')
        return page.evaluate('navigator.clipboard.readText()')
