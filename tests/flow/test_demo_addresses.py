"""The demonstration's simulator is at another port than the last time, with all that it knows."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.seed import move_simulator
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestDemoAddresses(QPayCommon):

    def test_open_and_paid_qrs_stay_known(self):
        paid_before, paid_after = (self._create_invoice(amount) for amount in (7000, 8000))
        intent = self._create_intent(paid_after)
        self._pay_and_settle(self._create_intent(paid_before))

        # Another address of the same server.
        move_simulator(self.provider, self.simulator.url.replace('127.0.0.1', '127.0.0.2'))
        move_simulator(self.provider, self.simulator.url)
        self._pay_and_settle(intent)

        self.assertEqual(paid_after.payment_state, 'paid')
        self.assertEqual(self.env['qpay.payment'].search_count([
            ('account', '=', self.provider._qpay_account()),
        ]), 2)
