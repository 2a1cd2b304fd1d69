"""The ways to QPay beside the portal: payment links, paper, and what an unpaid QR leaves free."""

import io

import pypdfium2
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE, read_qrs
from odoo.addons.payment_qpay.tests.cases.payment_form_case import PaymentFormCase


@tagged('post_install', '-at_install')
class TestPayerWays(PaymentFormCase):

    def test_payment_link_over_a_part(self):
        invoice_id = self._create_invoice()
        page = self._open_payment_link(invoice_id, 6000)
        qr = self._choose_qpay(page)
        self.assertEqual(qr['amount'], 6000)

        self._pay(page, qr)

        self.assertEqual(
            self.database.query(
                'SELECT payment_state, amount_residual FROM account_move WHERE id = %s', invoice_id
            ), [('partial', 9000)],
        )

    def test_unpaid_qr_keeps_nobody_from_paying_otherwise(self):
        invoice_id = self._create_invoice()
        page = self._open_payment_link(invoice_id, 15000)
        qr = self._choose_qpay(page)

        self._pay_otherwise(invoice_id)

        self._expect_view(page, 'settled')
        self._save_screenshot(page, 'link-paid-otherwise')
        self.assertTrue(self._is_paid(invoice_id))
        [invoice] = [
            i for i in self.qpay.invoices() if i['invoice_id'] == qr['qpay_invoice_id']
        ]
        self.assertEqual(invoice['invoice_status'], 'CANCELED')

    def test_status_page_of_an_unpaid_qr(self):
        invoice_id = self._create_invoice()
        page = self._open_payment_link(invoice_id, 15000)
        qr = self._choose_qpay(page)
        pay_url = page.url

        page.goto(f'{self.server.url}/payment/status')
        expect(page.locator('[name=o_payment_status]')).to_be_visible()

        payment = self.qpay.pay(qr['qpay_invoice_id'])
        page.wait_for_url(f'**/my/invoices/{invoice_id}**')
        self.assertPaidOnce(invoice_id, qr['id'], payment['payment_id'])
        page.goto(pay_url)
        self._expect_view(page, 'paid')

    def test_link_on_the_printed_invoice_leads_a_phone_to_the_payment(self):
        invoice_id = self._create_invoice()
        picture = self._print(self._get_pdf_url(invoice_id), 'invoice-pdf')
        [link] = read_qrs(picture)

        page = self._open(link)

        self._expect_view(page, 'open')
        qr = self._find_qr(page)
        payment_id = self._pay(page, qr)
        self.assertPaidOnce(invoice_id, qr['id'], payment_id)

    def test_paid_invoice_is_printed_without_a_link(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        picture = self._print(self._get_pdf_url(qr['invoice_id']), 'invoice-pdf-paid')
        self.assertEqual(read_qrs(picture), [])

    def test_receipt_is_a_pdf(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        path = f'/payment/qpay/receipt/{qr["intent_id"]}/{qr["access_token"]}'

        # The page that waits for it comes back by itself, until the browser shows the document.
        page = self._new_context().new_page()
        with page.expect_response(
            lambda answer: answer.headers.get('content-type') == 'application/pdf', timeout=60000
        ):
            page.goto(f'{self.server.url}{path}')

        # The digits' font says nothing about its letters.
        self.assertIn('Төлбөрийн баримт', self._read(path, 'receipt-pdf'))

    # === HELPERS === #

    def _open_payment_link(self, invoice_id, amount):
        """Open a payment link over an amount that the accountant has generated, on a phone."""
        context = {'active_model': 'account.move', 'active_id': invoice_id}
        wizard_id = self.accountant.call(
            'payment.link.wizard', 'create', {'amount': amount}, context=context
        )
        [values] = self.accountant.call('payment.link.wizard', 'read', [wizard_id], ['link'])
        page = self._new_customer_page(PHONE)
        self._follow(page, values['link'])
        return page

    def _get_pdf_url(self, invoice_id):
        """Return where the customer downloads the invoice."""
        action = self.accountant.call('account.move', 'preview_invoice', [invoice_id])
        return f'{action["url"]}&report_type=pdf&download=true'

    def _print(self, path, name):
        """Return the first page of a PDF as a picture."""
        picture = self._open_pdf(path)[0].render(scale=3).to_pil()
        self._save_picture(picture, name)
        return picture

    def _read(self, path, name):
        """Return the text of the first page of a PDF."""
        document = self._open_pdf(path)
        self._save_picture(document[0].render(scale=2).to_pil(), name)
        return document[0].get_textpage().get_text_bounded()

    def _open_pdf(self, path):
        answer = self._new_context().request.get(f'{self.server.url}{path}')
        self.assertEqual(answer.headers['content-type'], 'application/pdf')
        document = pypdfium2.PdfDocument(io.BytesIO(answer.body()))
        self.addCleanup(document.close)
        return document
