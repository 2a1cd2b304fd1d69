"""What administrators see of VAT receipts that were not issued."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase


@tagged('post_install', '-at_install')
class TestReceiptHealth(EbarimtCase):

    def _level(self):
        """Return how the one check of VAT receipts ends."""
        self.env.invalidate_all()
        [level] = [
            check.level for check in self.provider._qpay_get_health() if check.key == 'receipts'
        ]
        return level

    def test_receipts_that_are_not_issued(self):
        payment = self._pay_invoice()
        self._issue()
        self.assertEqual(self._level(), 'ok')
        for state in ('failed', 'unknown'):
            with self.subTest(state=state):
                payment.ebarimt_ids.state = state
                self.assertEqual(self._level(), 'warning')
        payment.ebarimt_ids.state = 'issued'
        self.assertEqual(self._level(), 'ok')
