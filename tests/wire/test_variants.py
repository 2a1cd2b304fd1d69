"""What QPay writes now one way, now another, is read the same (QPay contract §12)."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import check_invoice_qr
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase


@tagged('post_install', '-at_install')
class TestVariants(WireCase):

    def test_short_link_has_two_names(self):
        for key in ('qPay_shortUrl', 'qpay_short_url'):
            with self.subTest(key=key):
                self.qpay.configure(short_url_key=key)
                self.assertTrue(self._invoice().short_url.startswith('https://sandbox-s.qpay.mn/'))

    def test_apps_may_have_no_logo(self):
        self.qpay.configure(empty_logos=True)
        links = self._invoice().links
        self.assertEqual(len(links), 23)
        self.assertEqual({link.logo for link in links}, {''})

    def test_expiry_may_be_a_duration(self):
        self.qpay.configure(token_expiry='duration')
        token = self.client.log_in()
        lifetime = token.expires_at - datetime.now(timezone.utc)
        self.assertLess(abs(lifetime - timedelta(days=1)), timedelta(minutes=5))

    def test_qr_of_every_acquirer_is_checked(self):
        for acquirer in ('GLMT', 'CAXB', 'TDBM', 'none'):
            with self.subTest(acquirer=acquirer):
                self.qpay.configure(acquirer=acquirer)
                check_invoice_qr(self._invoice().qr_text, Decimal('15000.5'))

    def test_our_number_is_read_whether_payments_are_shown_or_not(self):
        invoice = self._invoice()
        self.qpay.pay(invoice.invoice_id, callback=False)
        for is_shown in (True, False):
            with self.subTest(is_shown=is_shown):
                self.qpay.configure(invoice_payments=is_shown)
                self.assertEqual(self.client.get_sender_invoice_no(invoice.invoice_id), 'QR-1')
