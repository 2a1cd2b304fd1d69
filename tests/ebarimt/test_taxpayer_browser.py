"""Whose a company's register number is, as payers and employees see it in a real browser."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE, SMALL_PHONE
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import NOBODYS, REGISTER, in_mongolian
from odoo.addons.payment_qpay.tests.cases.ebarimt_page_case import EbarimtPageCase

TIN = 'GET /api/info/check/getTinInfo'
ROUTES = ('/payment/qpay/taxpayer', '/web/dataset/call_kw/qpay.taxpayer/describe')
NUMBER = '.o_qpay_ebarimt_form [name=receiver]'
OWNER = '.o_qpay_ebarimt_owner'
NAME = f'БАЙГУУЛЛАГА {REGISTER}'
VAT, NO_VAT = in_mongolian("%s, pays VAT"), in_mongolian("%s, does not pay VAT")
UNKNOWN = in_mongolian("The tax office knows no organisation with this number.")


@tagged('post_install', '-at_install')
class TestTaxpayerBrowser(EbarimtPageCase):

    def setUp(self):
        super().setUp()
        self.database.query('DELETE FROM qpay_taxpayer')
        self.database.query('DELETE FROM qpay_outage')

    # === THE PAYER'S PAGE === #

    def test_payer_reads_whose_number_it_is(self):
        for locale, viewport, words in (
            ('mn-MN', PHONE, VAT % NAME), ('en-US', SMALL_PHONE, f'{NAME}, pays VAT'),
        ):
            with self.subTest(locale=locale):
                page = self._open_form(viewport, locale)
                asked = self._note_questions(page)
                page.locator(NUMBER).press_sequentially(REGISTER)
                expect(page.locator(OWNER)).to_have_text(words)
                self.assertEqual(len(asked), 1)
                self.assertTrue(page.evaluate('document.activeElement.name === "receiver"'))
                width = page.evaluate('document.documentElement.scrollWidth')
                self.assertLessEqual(width, viewport['width'])
                self._assert_accessible(page)
                self._save_screenshot(page, f'taxpayer-page-{locale}')
                page.locator(NUMBER).press('Backspace')
                expect(page.locator(OWNER)).to_be_empty()
                page.fill(NUMBER, NOBODYS)
                expect(page.locator(OWNER)).not_to_be_empty()
                self._save_screenshot(page, f'taxpayer-page-unknown-{locale}')
                # Of a citizen it is a phone number that is not complete yet.
                page.click('label[for=o_qpay_for_citizen]')
                expect(page.locator(OWNER)).to_be_empty()
                self.assertEqual(len(asked), 2)
        # Whoever comes second is told from memory.
        self.assertEqual(self.qpay.calls()[TIN], 2)

    def test_number_that_nobody_has_can_be_saved(self):
        page = self._open_form()
        page.fill(NUMBER, NOBODYS)
        expect(page.locator(OWNER)).to_have_text(UNKNOWN)
        page.click('.o_qpay_ebarimt_form button[type=submit]')
        expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('99•••99')
        expect(page.locator(OWNER)).to_be_empty()

    def test_tax_office_that_hangs_or_fails_is_in_nobodys_way(self):
        for fault in ('hold', 'status', 'garbage'):
            with self.subTest(fault=fault):
                self.database.query('DELETE FROM qpay_outage')
                self.qpay.inject(TIN, fault)
                qr = self._create_qr(11000, tax_kind='vat')
                page = self._open_form(qr=qr)
                with page.expect_request(f'**{ROUTES[0]}'):
                    page.fill(NUMBER, REGISTER)
                page.click('.o_qpay_ebarimt_form button[type=submit]')
                expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('53•••05')
                payment_id = self.qpay.pay(qr['qpay_invoice_id'])['payment_id']
                self._expect_view(page, 'paid')
                expect(page.locator('.o_qpay_ebarimt_receipt dl')).to_be_visible()
                expect(page.locator(OWNER)).to_be_empty()
                self.assertEqual(self.qpay.ebarimts(payment_id)[0]['receiver'], REGISTER)
                self.qpay.clear_faults()

    # === EMPLOYEES === #

    def test_employee_reads_it_in_the_dialog(self):
        page = self._open_dialog()
        owner = page.locator('.modal .o_qpay_owner')
        # Whose number is proposed, too.
        expect(owner).to_have_text(VAT % 'ГОВИЙН НАРАН')
        asked = self._note_questions(page)
        number = page.locator('.modal [name=ebarimt_receiver] input')
        number.fill('')
        number.press_sequentially('5456780')
        expect(owner).to_have_text(NO_VAT % 'СЭЛЭНГЭ АГРО')
        number.blur()
        self.assertEqual(len(asked), 1)
        self._assert_accessible(page, ['.modal [name=ebarimt_receiver]'])
        self._save_screenshot(page, 'taxpayer-dialog')
        page.click('.modal [name=ebarimt_receiver_type] input')
        page.locator('.o_select_menu_item', has_text='Иргэн').click()
        expect(owner).to_be_empty()

    def test_tax_office_that_hangs_does_not_keep_the_dialog_from_working(self):
        self.qpay.inject(TIN, 'hold', times=None)
        invoice_id = self._create_invoice(11000, tax_kind='vat')
        page = self._open_dialog(invoice_id)
        number = page.locator('.modal [name=ebarimt_receiver] input')
        with page.expect_request(f'**{ROUTES[1]}'):
            number.fill(REGISTER)
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        self.assertEqual(self.database.query(
            "SELECT ebarimt_receiver FROM qpay_intent WHERE res_id = %s AND state = 'new'",
            invoice_id,
        ), [(REGISTER,)])
        self.qpay.clear_faults()

    def test_employee_reads_it_on_the_customer(self):
        [(partner_id,)] = self.database.query(
            "SELECT id FROM res_partner WHERE vat = '5345679'"
        )
        page = self._sign_in_at(f'/odoo/res.partner/{partner_id}')
        tax_id = page.locator('[name=vat] input')
        tax_owner = page.locator('.o_widget_qpay_tax_id_owner .o_qpay_owner')
        expect(tax_id).to_have_value('5345679')
        self._save_screenshot(page, 'taxpayer-customer-untouched')
        asked = self._note_questions(page)
        tax_id.fill('5456780')
        tax_id.blur()
        expect(tax_owner).to_have_text(NO_VAT % 'СЭЛЭНГЭ АГРО')
        self._save_screenshot(page, 'taxpayer-customer-tax-id')
        tax_id.fill('5345679')
        tax_id.blur()
        expect(tax_owner).to_have_text(VAT % 'АЛТАН ТАЛ ТРЕЙД')
        self.assertEqual(len(asked), 2)
        page.click('.o_notebook [name=sales_purchases]')
        owner = page.locator('[name=qpay_receiver] .o_qpay_owner')
        # The tax ID is what stands on receipts of an organisation without another number.
        expect(owner).to_have_text(VAT % 'АЛТАН ТАЛ ТРЕЙД')
        number = page.locator('[name=qpay_receiver] input')
        number.fill(NOBODYS)
        expect(owner).to_have_text(UNKNOWN)
        number.scroll_into_view_if_needed()
        self._save_screenshot(page, 'taxpayer-customer')
        number.fill('5234568')
        expect(owner).to_have_text(VAT % 'ГОВИЙН НАРАН')
        page.click('.o_form_button_save')
        expect(page.locator('.o_form_button_save')).to_be_hidden()
        # What is only looked at is not asked about.
        expect(tax_owner).to_be_empty()
        self.assertEqual(self.database.query(
            'SELECT qpay_receiver FROM res_partner WHERE id = %s', partner_id
        ), [('5234568',)])

    # === HELPERS === #

    def _open_form(self, viewport=PHONE, locale='mn-MN', qr=None):
        """Open a payer's page, where an organisation's number can be typed."""
        qr = qr or self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], viewport, locale)
        page.click('.o_qpay_ebarimt summary')
        page.click('label[for=o_qpay_for_company]')
        return page

    def _sign_in_at(self, path):
        page = self._new_page(self._new_context())
        self._sign_in(page.context, ACCOUNTANT)
        page.goto(f'{self.server.url}{path}')
        return page

    def _open_dialog(self, invoice_id=None):
        invoice_id = invoice_id or self._create_invoice(11000, tax_kind='vat')
        page = self._sign_in_at(f'/odoo/customer-invoices/{invoice_id}')
        page.click('button[name=action_qpay_qr]')
        return page

    @staticmethod
    def _note_questions(page):
        """Return the list of the questions that a page asks from now on."""
        asked = []
        page.on('request', lambda request: request.url.endswith(ROUTES) and asked.append(request))
        return asked
