"""VAT receipts as payers and accountants see them, in a real browser."""

import io
import re

import pypdfium2
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.browser_case import DESKTOP, PHONE, SMALL_PHONE, read_qrs
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import NOBODYS, REGISTER
from odoo.addons.payment_qpay.tests.cases.ebarimt_page_case import EbarimtPageCase
from odoo.addons.payment_qpay.tests.cases.patience import wait_for

ROUTE = '**/payment/qpay/ebarimt'


@tagged('post_install', '-at_install')
class TestEbarimtBrowser(EbarimtPageCase):

    def test_payer_chooses_a_company_and_sees_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], viewport=PHONE)
        page.click('.o_qpay_ebarimt summary')
        page.click('label[for=o_qpay_for_company]')

        self._enter_number(page, '5395')
        expect(page.locator('.o_qpay_ebarimt_message')).to_contain_text('долоон оронтой')
        self._save_screenshot(page, 'ebarimt-refused')
        self._enter_number(page, REGISTER)
        expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('53•••05')
        self._save_screenshot(page, 'ebarimt-company')
        payment_id = self._pay(page, qr)

        receipt = page.locator('.o_qpay_ebarimt_receipt')
        [issued] = self.qpay.ebarimts(payment_id)
        expect(receipt).to_contain_text(issued['receipt_no'])
        expect(receipt).to_contain_text('НӨАТ-ын баримт')
        expect(receipt.locator('.o_qpay_lottery')).to_have_count(0)
        self._save_screenshot(page, 'ebarimt-company-paid')
        self.assertEqual((issued['receiver_type'], issued['receiver']), ('COMPANY', REGISTER))
        self.assertEqual(self._get_books(payment_id), ('settled', 'issued', 11000, 1000))

    def test_citizen_sees_the_lottery_number(self):
        qr = self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], viewport=SMALL_PHONE)
        page.click('.o_qpay_ebarimt summary')
        page.click('label[for=o_qpay_for_citizen]')
        self._enter_number(page, '9911 2233')
        expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('99••••33')
        payment_id = self._pay(page, qr)

        [issued] = self.qpay.ebarimts(payment_id)
        self.assertEqual(issued['receiver'], '99112233')
        expect(page.locator('.o_qpay_lottery')).to_have_text(issued['lottery'])
        self._save_screenshot(page, 'ebarimt-citizen-paid')
        width = page.evaluate('document.documentElement.scrollWidth')
        self.assertLessEqual(width, SMALL_PHONE['width'])
        # Also when the page is opened later.
        page.reload()
        expect(page.locator('.o_qpay_lottery')).to_have_text(issued['lottery'])

    def test_accountant_chooses_in_the_dialog(self):
        invoice_id = self._create_invoice(11000, tax_kind='vat')
        page = self._new_page(self._new_context(DESKTOP))
        self._sign_in(page.context, ACCOUNTANT)
        page.goto(f'{self.server.url}/odoo/customer-invoices/{invoice_id}')
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('.modal [name=ebarimt_receiver] input')).to_have_value('5234568')
        page.fill('.modal [name=ebarimt_receiver] input', REGISTER)
        self._save_screenshot(page, 'ebarimt-dialog')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')

        payment = self.qpay.pay(self._find_open_qr(invoice_id)['qpay_invoice_id'])

        expect(page.locator('.modal')).to_be_hidden()
        self._wait_until_paid(invoice_id)
        self._wait_for_receipt(payment['payment_id'])
        [issued] = self.qpay.ebarimts(payment['payment_id'])
        self.assertEqual(issued['receiver'], REGISTER)
        page.reload()
        page.click('button[name=action_view_qpay_receipts]')
        expect(page.get_by_text(issued['receipt_no']).first).to_be_visible()
        self._save_screenshot(page, 'ebarimt-list')

    def test_receipts_are_cards_on_a_phone(self):
        qr = self._create_qr(11000, tax_kind='vat')
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_for_receipt(payment['payment_id'])
        [issued] = self.qpay.ebarimts(payment['payment_id'])
        [(action_id,)] = self.database.query(
            "SELECT res_id FROM ir_model_data WHERE name = 'action_qpay_ebarimt'"
        )
        for viewport in (PHONE, SMALL_PHONE):
            with self.subTest(width=viewport['width']):
                page = self._new_page(self._new_context(viewport))
                self._sign_in(page.context, ACCOUNTANT)
                page.goto(f'{self.server.url}/odoo/action-{action_id}')
                card = page.locator('.o_kanban_record', has_text=issued['receipt_no'])
                expect(card).to_contain_text(re.compile(r'11.000\.00'))
                expect(card.locator('.badge')).to_have_text('Олгосон')
                box = card.bounding_box()
                self.assertLessEqual(box['x'] + box['width'], viewport['width'])
                self._save_screenshot(page, f'ebarimt-cards-{viewport["width"]}')
        card.click()
        expect(page.locator('.o_form_view h1')).to_contain_text(issued['receipt_no'])

    def test_payer_chooses_after_the_payment(self):
        self.qpay.inject('POST /v2/ebarimt_v3/create', 'system_busy')
        qr = self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], viewport=PHONE)
        payment_id = self.qpay.pay(qr['qpay_invoice_id'])['payment_id']
        self._expect_view(page, 'paid')
        # While the tax system is busy, the receipt waits.
        wait_for(lambda: self._get_attempts(payment_id), 'the first attempt')
        page.click('.o_qpay_ebarimt summary')
        expect(page.locator('label[for=o_qpay_for_nobody]')).to_be_hidden()
        page.click('label[for=o_qpay_for_citizen]')
        self._enter_number(page, '99112233')
        expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('99••••33')
        self._save_screenshot(page, 'ebarimt-after-payment')

        self.database.query(
            "UPDATE qpay_ebarimt SET next_attempt_at = now() AT TIME ZONE 'UTC'"
        )
        self.database.run_after(const.EBARIMT_RETRY_DELAYS[0])
        expect(page.locator('.o_qpay_lottery')).to_be_visible()
        expect(page.locator('.o_qpay_ebarimt')).to_be_hidden()
        self.assertEqual(self.qpay.ebarimts(payment_id)[0]['receiver'], '99112233')

    def test_payer_corrects_what_qpay_has_refused(self):
        qr = self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], viewport=PHONE)
        page.click('.o_qpay_ebarimt summary')
        page.click('label[for=o_qpay_for_company]')
        self._enter_number(page, NOBODYS)
        payment_id = self.qpay.pay(qr['qpay_invoice_id'])['payment_id']
        self._expect_view(page, 'paid')
        receipt = page.locator('.o_qpay_ebarimt_receipt')
        expect(receipt).to_contain_text('шалгана уу')
        self._save_screenshot(page, 'ebarimt-to-correct')

        page.click('.o_qpay_ebarimt summary')
        self._enter_number(page, REGISTER)
        expect(receipt.locator('dl')).to_be_visible()
        [issued] = self.qpay.ebarimts(payment_id)
        self.assertEqual(issued['receiver'], REGISTER)
        expect(receipt).to_contain_text(issued['receipt_no'])
        self._save_screenshot(page, 'ebarimt-corrected')

    def test_input_fits_what_is_asked_for(self):
        page = self._open(self._create_qr(11000, tax_kind='vat')['pay_url'], viewport=PHONE)
        page.click('.o_qpay_ebarimt summary')
        number = page.locator('.o_qpay_ebarimt_form [name=receiver]')
        # The customer is an organisation.
        expect(number).to_have_attribute('inputmode', 'text')
        expect(number).to_have_attribute('placeholder', '52•••68')
        page.click('label[for=o_qpay_for_citizen]')
        expect(number).to_have_attribute('inputmode', 'numeric')
        expect(number).to_have_attribute('placeholder', '')
        self._enter_number(page, '123')
        expect(number).to_have_attribute('aria-invalid', 'true')
        message_id = page.locator('.o_qpay_ebarimt_message').get_attribute('id')
        expect(number).to_have_attribute('aria-describedby', message_id)
        # Saving the preset kind without a number leaves the preset number.
        page.click('label[for=o_qpay_for_company]')
        self._enter_number(page, '')
        expect(page.locator('.o_qpay_ebarimt_hint')).to_have_text('52•••68')

    def test_request_without_answer_ends(self):
        qr = self._create_qr(11000, tax_kind='vat')
        page = self._open(qr['pay_url'], with_clock=True)
        page.click('.o_qpay_ebarimt summary')
        held_requests = []
        page.route(ROUTE, lambda route: held_requests.append(route))
        self._stop_clock(page)
        page.click('.o_qpay_ebarimt_form button[type=submit]')
        button = page.locator('.o_qpay_ebarimt_form button[type=submit]')
        expect(button).to_be_disabled()
        page.clock.run_for(21000)
        expect(button).to_be_enabled()
        expect(page.locator('.o_qpay_ebarimt_message')).not_to_be_empty()
        page.unroute(ROUTE)

    def test_link_of_a_paid_invoice_shows_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_for_receipt(payment['payment_id'])
        page = self._open_link(qr['invoice_id'])
        self._expect_view(page, 'settled')
        [issued] = self.qpay.ebarimts(payment['payment_id'])
        expect(page.locator('.o_qpay_ebarimt_receipt')).to_contain_text(issued['receipt_no'])
        self._save_screenshot(page, 'ebarimt-link-of-paid')

    def test_sent_invoice_is_printed_with_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.database.query(
            "UPDATE qpay_intent SET ebarimt_receiver_type = 'citizen', ebarimt_receiver = NULL"
            ' WHERE id = %s', qr['intent_id'],
        )
        self._send_invoice(qr['invoice_id'])
        sent = self._download(qr['invoice_id'])
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_for_receipt(payment['payment_id'])

        picture = self._download(qr['invoice_id'])

        self._save_picture(picture, 'ebarimt-pdf')
        [issued] = self.qpay.ebarimts(payment['payment_id'])
        self.assertEqual(read_qrs(sent), [self._get_link(qr['invoice_id'])])
        self.assertEqual(read_qrs(picture), [issued['qr_data']])

    # === HELPERS === #

    @staticmethod
    def _enter_number(page, number):
        page.fill('.o_qpay_ebarimt_form [name=receiver]', number)
        page.click('.o_qpay_ebarimt_form button[type=submit]')

    def _pay(self, page, qr):
        """Let the payer pay, and wait until the page shows the receipt."""
        payment_id = self.qpay.pay(qr['qpay_invoice_id'])['payment_id']
        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_ebarimt_receipt dl')).to_be_visible()
        return payment_id

    def _wait_for_receipt(self, payment_id):
        wait_for(lambda: self._get_books(payment_id)[1] == 'issued', 'the receipt')

    def _get_books(self, payment_id):
        rows = self.database.query(
            'SELECT p.state, e.state, e.amount, e.vat_amount FROM qpay_payment p'
            ' JOIN qpay_ebarimt e ON e.payment_id = p.id WHERE p.qpay_txn_id = %s', payment_id,
        )
        return rows[0] if rows else (None, None, None, None)

    def _get_attempts(self, payment_id):
        rows = self.database.query(
            'SELECT e.attempts FROM qpay_ebarimt e JOIN qpay_payment p ON p.id = e.payment_id'
            " WHERE p.qpay_txn_id = %s AND e.state = 'to_issue'", payment_id,
        )
        return rows and rows[0][0]

    def _send_invoice(self, invoice_id):
        """Have Odoo make and keep the PDF that the customer is sent."""
        wizard_id = self.accountant.call(
            'account.move.send.wizard', 'create', {'sending_methods': ['manual']},
            context={'active_model': 'account.move', 'active_ids': [invoice_id]},
        )
        self.accountant.call('account.move.send.wizard', 'action_send_and_print', [wizard_id])
        self.assertTrue(self.database.query(
            "SELECT id FROM ir_attachment WHERE res_model = 'account.move' AND res_id = %s"
            " AND res_field = 'invoice_pdf_report_file'", invoice_id,
        ))

    def _download(self, invoice_id):
        """Download the invoice from the portal, as the customer does.

        :return: A picture of its first page.
        """
        action = self.accountant.call('account.move', 'preview_invoice', [invoice_id])
        answer = self._new_context().request.get(
            f'{self.server.url}{action["url"]}&report_type=pdf&download=true'
        )
        document = pypdfium2.PdfDocument(io.BytesIO(answer.body()))
        self.addCleanup(document.close)
        return document[0].render(scale=3).to_pil()
