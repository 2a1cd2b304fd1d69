"""What the payer reads about how the amount came about."""

from lxml import html

from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.currency_case import CurrencyCase


@tagged('post_install', '-at_install')
class TestAmountNote(CurrencyCase):

    def test_rate_of_an_invoice_in_dollars(self):
        bill = self._bill(100)
        # Before there is a QR, and with it.
        for address in (documents.of(bill).get_link(), self._ask(bill)._get_pay_path()):
            self.assertRegex(
                self._get_note(address), r'^\$ ?100\.00 at the rate of .+: 1 USD = 3,567\.89 ?₮$'
            )

    def test_part_of_an_invoice_in_dollars(self):
        intent = self._create_intent(self._bill(100), 35678.9)
        self.assertRegex(
            self._get_note(intent._get_pay_path()),
            r'^A part of the unpaid 356,789\.00 ?₮\. \$ ?10\.00 at the rate of .+ = 3,567\.89 ?₮$',
        )

    def test_invoice_in_tögrög_needs_no_note(self):
        intent = self._create_intent(self._create_invoice(100))
        self.assertFalse(self._get_note(intent._get_pay_path()))

    def _get_note(self, address):
        """Return the note on the payer's page."""
        self.authenticate(None, None)
        notes = html.fromstring(self.url_open(address).text).xpath(
            "//*[contains(@class, 'o_qpay_amount_note')]"
        )
        return notes and notes[0].text_content().replace('\xa0', ' ') or ''
