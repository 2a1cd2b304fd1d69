"""VAT receipts as payers and accountants see them, in a real browser."""

import io

import pypdfium2
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.browser_case import DESKTOP, PHONE, SMALL_PHONE, read_qrs
from odoo.addons.payment_qpay.tests.pay_page_case import PayPageCase
from odoo.addons.payment_qpay.tests.servers import wait_for

REGISTER = '5395305'


@tagged('post_install', '-at_install')
class TestEbarimtBrowser(PayPageCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database.query(
            "UPDATE res_company SET qpay_district = '35', qpay_khoroo = '05',"
            " qpay_classification_code = '0000010'"
        )
        cls.database.query(
            "UPDATE payment_provider SET qpay_ebarimt_mode = 'after_payment' WHERE code = 'qpay'"
        )
        # What was written behind the server's back may be in its caches.
        cls.server.kill()
        cls.server.start()

    def test_payer_chooses_a_company_and_sees_the_receipt(self):
        qr = self._create_taxed_qr()
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
        qr = self._create_taxed_qr()
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
        invoice_id = self._create_taxed_invoice()
        page = self._new_page(self._new_context(DESKTOP))
        page.goto(f'{self.server.url}/web/login')
        page.fill('#login', ACCOUNTANT['login'])
        page.fill('#password', ACCOUNTANT['password'])
        page.press('#password', 'Enter')
        page.wait_for_url('**/odoo**')
        page.goto(f'{self.server.url}/odoo/customer-invoices/{invoice_id}')
        page.click('button[name=action_qpay_qr]')
        expect(page.locator('.modal [name=ebarimt_receiver] input')).to_have_value('5234568')
        page.fill('.modal [name=ebarimt_receiver] input', REGISTER)
        self._save_screenshot(page, 'ebarimt-dialog')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')

        payment = self.qpay.pay(self._live_qr(invoice_id)['qpay_invoice_id'])

        expect(page.locator('.modal')).to_be_hidden(timeout=20000)
        self._wait_until_paid(invoice_id)
        self._wait_for_receipt(payment['payment_id'])
        [issued] = self.qpay.ebarimts(payment['payment_id'])
        self.assertEqual(issued['receiver'], REGISTER)
        page.reload()
        page.click('button[name=action_view_qpay_receipts]')
        expect(page.get_by_text(issued['receipt_no']).first).to_be_visible()
        self._save_screenshot(page, 'ebarimt-list')

    def test_printed_invoice_has_the_receipt(self):
        qr = self._create_taxed_qr()
        self.database.query(
            "UPDATE qpay_intent SET ebarimt_receiver_type = 'citizen', ebarimt_receiver = NULL"
            ' WHERE id = %s', qr['intent_id'],
        )
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_for_receipt(payment['payment_id'])
        action = self.accountant.call('account.move', 'preview_invoice', [qr['invoice_id']])
        answer = self._new_context().request.get(
            f'{self.server.url}{action["url"]}&report_type=pdf&download=true'
        )
        document = pypdfium2.PdfDocument(io.BytesIO(answer.body()))
        self.addCleanup(document.close)
        picture = document[0].render(scale=3).to_pil()
        self._save_picture(picture, 'ebarimt-pdf')

        [issued] = self.qpay.ebarimts(payment['payment_id'])
        self.assertEqual(read_qrs(picture), [issued['qr_data']])

    # === HELPERS === #

    def _create_taxed_invoice(self):
        """Create and post an invoice over 11,000 tögrög with VAT."""
        [customer_id] = self.accountant.call('res.partner', 'search', [('vat', '=', '5234568')])
        [tax_id] = self.accountant.call('account.tax', 'search', [
            ('qpay_kind', '=', 'vat'), ('type_tax_use', '=', 'sale'),
        ], limit=1)
        invoice_id = self.accountant.call('account.move', 'create', {
            'move_type': 'out_invoice',
            'partner_id': customer_id,
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': 11000, 'tax_ids': [(6, 0, [tax_id])],
            })],
        })
        self.accountant.call('account.move', 'action_post', [invoice_id])
        return invoice_id

    def _create_taxed_qr(self):
        invoice_id = self._create_taxed_invoice()
        qr = self.accountant.call('account.move', 'qpay_create_intent', [invoice_id])
        return {**qr, **self._live_qr(invoice_id), 'invoice_id': invoice_id}

    @staticmethod
    def _enter_number(page, number):
        page.fill('.o_qpay_ebarimt_form [name=receiver]', number)
        page.click('.o_qpay_ebarimt_form button[type=submit]')

    def _pay(self, page, qr):
        """Let the payer pay, and wait until the page shows the receipt."""
        payment_id = self.qpay.pay(qr['qpay_invoice_id'])['payment_id']
        self._expect_view(page, 'paid', timeout=20000)
        expect(page.locator('.o_qpay_ebarimt_receipt dl')).to_be_visible(timeout=20000)
        return payment_id

    def _wait_for_receipt(self, payment_id):
        wait_for(lambda: self._get_books(payment_id)[1] == 'issued', 30, 'the receipt')

    def _get_books(self, payment_id):
        rows = self.database.query(
            'SELECT p.state, e.state, e.amount, e.vat_amount FROM qpay_payment p'
            ' JOIN qpay_ebarimt e ON e.payment_id = p.id WHERE p.qpay_txn_id = %s', payment_id,
        )
        return rows[0] if rows else (None, None, None, None)
