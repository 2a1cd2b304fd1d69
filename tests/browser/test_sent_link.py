"""From the accountant's button to the paid invoice: the e-mail really goes out, its link is opened
on a phone, and after the payment the receipt comes.
"""

from datetime import timedelta

from lxml import html

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.demo.data import ADMIN
from odoo.addons.payment_qpay.tests.cases.browser_case import MONGOLIAN, PHONE
from odoo.addons.payment_qpay.tests.cases.mailbox import Mailbox
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.payment_form_case import PaymentFormCase

ADDRESS = 'payer@mail.example'
# After which time what was not ready to be e-mailed is looked at again.
DUE = const.EMAIL_RETRY_DELAY + timedelta(minutes=1)


@tagged('post_install', '-at_install')
class TestSentLink(PaymentFormCase):

    emails_receipts = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbox = Mailbox()
        cls.addClassCleanup(cls.mailbox.stop)
        admin = cls.server.log_in(ADMIN['login'], ADMIN['password'])
        admin.call('ir.mail_server', 'create', {
            'name': 'Шуудан', 'smtp_host': '127.0.0.1', 'smtp_port': cls.mailbox.port,
            'smtp_encryption': 'none',
        })

    def test_link_of_the_email_is_opened_and_paid(self):
        for language, words in (('mn_MN', 'QPay-ээр'), ('en_US', 'Pay by QPay')):
            with self.subTest(language=language):
                invoice_id = self._create_invoice()
                self._set_customer(invoice_id, {'email': ADDRESS, 'lang': language})

                message = self._send(invoice_id)

                body = html.fromstring(message.get_body(('html',)).get_content())
                [link] = set(body.xpath('//a[contains(@href, "/payment/qpay/link/")]/@href'))
                self.assertEqual(link, self._get_link(invoice_id))
                self.assertIn(words, body.text_content())
                picture = body.xpath('//img[contains(@src, "/payment/qpay/link/")]/@src')[0]
                # The browser has no language of its own to say.
                page = self._open(link, PHONE, locale='de-DE')
                self.assertEqual(page.request.get(picture).status, 200)
                self._expect_view(page, 'open')
                heading = page.locator('.o_qpay_sum .o_qpay_label').inner_text()
                self.assertEqual(bool(MONGOLIAN.search(heading)), language == 'mn_MN')
                self._save_screenshot(page, f'page-from-email-{language}')
                qr = self._find_qr(page)
                payment_id = self._pay(page, qr)
                self.assertPaidOnce(invoice_id, qr['id'], payment_id)
                self._expect_receipt(payment_id)

    def _expect_receipt(self, payment_id):
        """The receipt of a payment comes by e-mail, printed."""
        def find():
            return [
                message for message in self.mailbox.find(ADDRESS)
                if payment_id in message.get_body(('html',)).get_content()
            ]
        # It waits for what is printed, and looks again some minutes later.
        self.database.run_after(DUE)
        wait_for(lambda: self.database.query(
            'SELECT 1 FROM qpay_receipt r JOIN qpay_payment p ON p.intent_id = r.intent_id'
            ' WHERE p.qpay_txn_id = %s AND r.made_at IS NOT NULL', payment_id
        ), 'the printed receipt')
        self.database.run_after(DUE)
        wait_for(find, 'the e-mail with the receipt')
        [message] = find()
        [printed] = message.iter_attachments()
        self.assertEqual(printed.get_content_type(), 'application/pdf')
        self.assertTrue(printed.get_content().startswith(b'%PDF'))

    def _set_customer(self, invoice_id, values):
        [invoice] = self.accountant.call('account.move', 'read', [invoice_id], ['partner_id'])
        self.accountant.call('res.partner', 'write', [invoice['partner_id'][0]], values)

    def _send(self, invoice_id):
        """Press "Send QPay link", and "Send" in the dialog that opens; return the e-mail."""
        known = len(self.mailbox.find(ADDRESS))
        action = self.accountant.call('account.move', 'action_send_qpay_link', [invoice_id])
        composer_id = self.accountant.call(
            'mail.compose.message', 'create', {}, context=action['context']
        )
        self.accountant.call(
            'mail.compose.message', 'action_send_mail', [composer_id], context=action['context']
        )
        wait_for(lambda: len(self.mailbox.find(ADDRESS)) > known, 'the e-mail')
        return self.mailbox.find(ADDRESS)[-1]
