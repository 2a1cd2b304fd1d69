"""The e-mail after a payment: once, whole, in the customer's language, and never in the way."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase

DUE = const.EMAIL_RETRY_DELAY + timedelta(seconds=1)


@tagged('post_install', '-at_install')
class TestReceiptEmail(EbarimtCase):

    def setUp(self):
        super().setUp()
        self.customer.email = 'bat@example.mn'
        # Nothing waits for what this machine may not be able to print.
        self.startPatcher(patch.object(
            self.registry['ir.actions.report'], 'get_wkhtmltopdf_state', lambda _self: 'install'
        ))

    def _send(self, after=timedelta()):
        """Let the scheduled action write to customers, some time after it did before."""
        rows = self.env['qpay.payment'].sudo().search([('email_due_at', '!=', False)])
        for row in rows:
            row.email_due_at -= after
        self.env['qpay.payment'].with_user(SUPERUSER_ID)._cron_email()
        self.env.invalidate_all()

    @property
    def mails(self):
        return self.env['mail.mail'].sudo().search([
            ('model', '=', 'qpay.payment'), ('recipient_ids', 'in', self.customer.ids),
        ])

    def test_it_tells_what_was_paid_with_the_vat_receipt(self):
        row = self._pay_invoice()
        self._send()
        self.assertFalse(self.mails, "The VAT receipt is waited for.")

        self._issue()
        self._send(DUE)

        [issued] = self._issued(row)
        mail = self.mails.ensure_one()
        for text in ('11,000.00', row.qpay_txn_id, row.document_name, row.wallet,
                     issued['receipt_no'], issued['lottery']):
            self.assertIn(text, mail.body_html)
        [attached] = mail.attachment_ids
        self.assertEqual(attached.name, f'e-Barimt {issued["receipt_no"]}.png')
        self.assertEqual(attached.raw, base64.b64decode(row.ebarimt_ids.qr_image))

    def test_play_money_is_called_so(self):
        row = self._pay_invoice()
        self._issue()
        self.assertEqual(row.environment, 'sandbox')
        self._send(DUE)
        self.assertIn('SANDBOX', self.mails.ensure_one().body_html)

    def test_real_money_is_not_called_play_money(self):
        row = self._pay_invoice()
        self._issue()
        row.environment = 'live'
        self._send(DUE)
        self.assertNotIn('SANDBOX', self.mails.ensure_one().body_html)

    def test_it_is_sent_once(self):
        self._pay_invoice()
        self._issue()
        for _number in range(3):
            self._send(DUE)
        self.assertEqual(len(self.mails), 1)

    def test_it_speaks_the_customers_language(self):
        self.customer.lang = 'mn_MN'
        template = self.env.ref('payment_qpay.mail_template_qpay_receipt').sudo()
        template.with_context(lang='mn_MN').subject = 'Баримт'
        self._pay_invoice()
        self._issue()
        self._send(DUE)
        self.assertEqual(self.mails.subject, 'Баримт')

    def test_vat_receipt_that_never_comes_is_not_waited_for_for_ever(self):
        row = self._pay_invoice()
        self._age(row, const.EMAIL_PATIENCE + timedelta(minutes=1))
        self._send(DUE)
        self.assertEqual(len(self.mails), 1)
        self.assertNotIn('e-Barimt', self.mails.body_html)

    def test_nobody_is_written_to_without_an_address_or_where_it_is_switched_off(self):
        self.customer.email = False
        self._pay_invoice()
        self.customer.email = 'bat@example.mn'
        self.provider.qpay_email_receipts = False
        row = self._pay_invoice()
        self._issue()
        self._send(DUE)
        self.assertFalse(self.mails)
        self.assertFalse(row.email_due_at)

    def test_payment_of_nobody_is_nobodys_e_mail(self):
        row = self._pay_invoice()
        nobodys = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox', 'qpay_txn_id': 'X',
            'currency_id': self.mnt.id, 'amount': 100, 'paid_at': fields.Datetime.now(),
            'status': 'paid',
        })
        self.assertTrue(row.email_due_at)
        self.assertFalse(nobodys.email_due_at)

    def test_payment_that_is_not_booked_waits_and_is_given_up_in_the_end(self):
        row = self._pay_invoice()
        self._issue()
        row.sudo().state = 'needs_attention'
        self._send(DUE)
        self.assertFalse(self.mails)
        self._age(row, const.EMAIL_PERIOD + timedelta(minutes=1))
        row.sudo().state = 'settled'
        self._send(DUE)
        self.assertFalse(self.mails)
        self.assertFalse(row.email_due_at)

    def test_what_fails_neither_undoes_the_payment_nor_holds_up_others(self):
        row = self._pay_invoice()
        self._issue()
        with (
            patch.object(self.registry['qpay.payment'], '_get_page_url', side_effect=ValueError),
            self.assertLogs('odoo.addons.payment_qpay.models.qpay_payment_email', 'ERROR'),
        ):
            self._send()
        self.assertFalse(self.mails)
        self.assertEqual((row.state, bool(row.account_payment_id)), ('settled', True))

        self._send(DUE)

        self.assertEqual(len(self.mails), 1)
