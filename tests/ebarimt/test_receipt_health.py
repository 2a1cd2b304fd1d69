"""What administrators see of VAT receipts that were not issued."""

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase


@tagged('post_install', '-at_install')
class TestReceiptHealth(EbarimtCase):

    def setUp(self):
        super().setUp()
        self._let_actions_be_on_time()

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

    def test_somebody_is_told_and_it_is_over_by_itself(self):
        payment = self._pay_invoice()
        self._issue()
        payment.ebarimt_ids.state = 'failed'
        self.assertIn('VAT receipts were not issued', self._watch().note)
        payment.ebarimt_ids.state = 'issued'
        self.assertNotIn('VAT receipts', self._watch().note or '')

    def _watch(self):
        """Look as often as it takes, and return what somebody is told."""
        for _time in range(2):
            self.env.invalidate_all()
            self.env['qpay.health'].with_user(SUPERUSER_ID)._cron_watch()
        return self.env['qpay.health'].sudo().search([
            ('provider_id', '=', self.provider.id),
        ]).activity_ids
