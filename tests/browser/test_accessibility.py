"""What axe-core finds on the payer's page and in the dialog that keeps people from using them."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import DESKTOP, PHONE
from odoo.addons.payment_qpay.tests.cases.pay_page_case import QR_SECONDS, PayPageCase

IN_APP = (
    'Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko)'
    ' Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36 [FB_IAB/MESSENGER;FBAV/450.0.0.42.109;]'
)

# The dialog within what Odoo puts around it.
DIALOG = ['.modal .o_form_renderer', '.modal-footer']


@tagged('post_install', '-at_install')
class TestAccessibility(PayPageCase):

    # === THE PAYER'S PAGE === #

    def test_open_page(self):
        for viewport, locale in ((PHONE, 'mn-MN'), (DESKTOP, 'en-US')):
            with self.subTest(locale=locale):
                page, qr = self._open_qr(viewport, locale)
                self._assert_accessible(page)
                self.qpay.pay(qr['qpay_invoice_id'], amount=4000)
                expect(page.locator('.o_qpay_received')).to_be_visible()
                self._assert_accessible(page)

    def test_qr_and_help_within_another_app(self):
        page, _qr = self._open_qr(user_agent=IN_APP)
        page.click('label[for=o_qpay_way_qr]')
        self._assert_accessible(page)
        page.click('label[for=o_qpay_way_apps]')
        self._hold_apps(page)
        page.click('[data-app=khanbank]')
        expect(page.locator('.o_qpay_hint')).to_be_visible()
        self._assert_accessible(page)

    def test_paid_page(self):
        page, qr = self._open_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_proof')).to_be_visible()
        self._assert_accessible(page)

        page.goto(self._get_link(qr['invoice_id']))

        self._expect_view(page, 'settled')
        self._assert_accessible(page)

    def test_page_of_money_that_is_being_booked(self):
        page, qr = self._open_qr()
        with self._settling(qr):
            self._expect_view(page, 'settling')
            self._assert_accessible(page)

    def test_page_that_has_ended(self):
        page, qr = self._open_qr(with_clock=True)
        self._let_pass(page, QR_SECONDS)
        self._expect_view(page, 'expired')
        self._assert_accessible(page)

        self.accountant.call('account.move', 'button_draft', [qr['invoice_id']])
        page.reload()

        self._expect_view(page, 'ended')
        self._assert_accessible(page)

    def test_link_that_gets_no_qr(self):
        page = self._new_page(self._new_context(PHONE, locale='mn-MN'))
        page.route('**/payment/qpay/renew', lambda route: route.abort())
        page.goto(self._get_link(self._create_invoice()))
        expect(page.locator('.o_qpay_opening_failed')).to_be_visible()
        self._assert_accessible(page)

    # === THE DIALOG === #

    def test_dialog(self):
        page = self._open_dialog()
        self._assert_accessible(page, DIALOG)

        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        page.click('.o_qpay_check')
        expect(page.locator('.o_qpay_note')).to_be_visible()
        self._assert_accessible(page, DIALOG)

        self.qpay.pay(self._find_open_qr(self.invoice_id)['qpay_invoice_id'])
        expect(page.locator('.o_qpay_paid')).to_be_visible()
        self._assert_accessible(page, DIALOG)

    def test_dialog_of_a_qr_that_has_ended(self):
        page = self._open_dialog()
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        self._let_pass(page, QR_SECONDS)
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'expired')
        self._assert_accessible(page, DIALOG)

    def _open_dialog(self):
        """Press "QPay QR" on a new invoice as the accountant."""
        context = self._new_context(with_clock=True)
        self._sign_in(context, ACCOUNTANT)
        page = self._new_page(context)
        self.invoice_id = self._create_invoice()
        page.goto(f'{self.server.url}/odoo/customer-invoices/{self.invoice_id}')
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('button[name=action_generate]')).to_be_visible()
        return page
