"""The printed receipt: made once, by the scheduled action, and kept."""

from datetime import timedelta
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.flow.test_pay_page import PayPageCase


@tagged('post_install', '-at_install')
class TestPrintedReceipt(PayPageCase):

    def setUp(self):
        super().setUp()
        self.provider.qpay_allow_partial = True
        self.intent = self._create_intent(self.bill)
        self._pay_and_settle(self.intent, amount=9000)
        self.path = f'/payment/qpay/receipt/{self.intent.id}/{self.intent.access_token}'

    @property
    def receipts(self):
        self.env.invalidate_all()
        return self.env['qpay.receipt'].sudo().search([('intent_id', '=', self.intent.id)])

    def _make(self):
        self.env['qpay.receipt'].sudo()._cron_make()

    def _open_text(self):
        """Open the receipt, and return its text and whether the page comes back by itself."""
        answer = self._open(self.path)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        self.assertEqual(answer.headers['Referrer-Policy'], 'no-referrer')
        return html.fromstring(answer.content).text_content(), 'Refresh' in answer.headers

    def test_page_comes_back_until_it_is_made(self):
        for _number in range(3):
            text, comes_back = self._open_text()
            self.assertTrue(comes_back)
            self.assertIn("Your receipt is being made", text)
        self.assertEqual(len(self.receipts), 1)
        self.assertFalse(self.receipts.made_at)

        self._make()

        text, comes_back = self._open_text()
        self.assertFalse(comes_back)
        self.assertIn('9,000', text)

    def test_it_is_made_once(self):
        self._open_text()
        self._make()
        made_at = self.receipts.made_at = fields.Datetime.now() - timedelta(hours=1)
        self._make()
        self._open_text()
        self._make()
        self.assertEqual(self.receipts.made_at, made_at)

    def test_two_requests_at_once_have_one_made(self):
        self._open_text()
        self.receipts.copy()
        self.assertEqual(len(self.receipts), 2)
        self._make()
        self.assertTrue(self.receipts.ensure_one().made_at)

    def test_further_payment_has_another_receipt(self):
        self._open_text()
        self._make()
        self._pay_and_settle(self.intent, amount=6000)
        self.assertTrue(self._open_text()[1])
        self._make()
        text, _comes_back = self._open_text()
        self.assertIn('9,000', text)
        self.assertIn('6,000', text)

    def test_receipt_of_what_has_changed_meanwhile_is_not_made(self):
        self._open_text()
        self._pay_and_settle(self.intent, amount=6000)
        self._make()
        self.assertFalse(self.receipts)

    def test_payer_reads_a_page_when_nothing_can_be_printed(self):
        self._open_text()
        self.receipts.attempts = const.RECEIPT_MAX_ATTEMPTS
        self._make()
        self.assertFalse(self.receipts.made_at)
        text, comes_back = self._open_text()
        self.assertFalse(comes_back)
        self.assertIn('9,000', text)

    def test_payer_reads_a_page_when_it_takes_too_long(self):
        self._open_text()
        self._age(self.receipts, const.RECEIPT_PERIOD + timedelta(seconds=1))
        text, comes_back = self._open_text()
        self.assertFalse(comes_back)
        self.assertIn('9,000', text)

    def test_nobody_else_reads_the_stored_document(self):
        self._open_text()
        self._make()
        attachment = self.env['ir.attachment'].sudo().search([
            ('res_model', '=', 'qpay.receipt'), ('res_id', '=', self.receipts.id),
            ('res_field', '=', 'document'),
        ])
        self.assertTrue(attachment)
        for user in (self.env.ref('base.public_user'), self.accountant):
            with self.assertRaises(AccessError):
                attachment.sudo(False).with_user(user).read(['raw'])
        self.authenticate(None, None)
        self.assertEqual(self.url_open(f'/web/content/{attachment.id}').status_code, 404)

    def test_old_ones_are_deleted_and_made_again(self):
        self._open_text()
        self._make()
        self._age(self.receipts, const.RECEIPT_KEEPING_PERIOD + timedelta(days=1))
        self.env['qpay.receipt'].sudo()._gc_old()
        self.assertFalse(self.receipts)
        self.assertTrue(self._open_text()[1])
        self._make()
        self.assertFalse(self._open_text()[1])

    def test_printer_that_fails_is_tried_again(self):
        self._open_text()
        failing = patch.object(
            self.registry['ir.actions.report'], '_render_qweb_pdf', _fail_to_print
        )
        with failing, self.assertNoLogs('odoo.addons.payment_qpay', 'ERROR'):
            for _attempt in range(const.RECEIPT_MAX_ATTEMPTS - 1):
                self._make()
        self.assertFalse(self.receipts.made_at)

        self._make()
        self.assertTrue(self.receipts.made_at)


def _fail_to_print(report, *_args, **_options):
    raise UserError(report._description)
