"""The addon cannot be uninstalled while payments would be lost with it."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestUninstall(QPayCommon):

    def _uninstall(self, name='payment_qpay'):
        module = self.env['ir.module.module'].sudo().search([('name', '=', name)])
        module.button_uninstall()
        return module.state

    def test_it_is_refused_while_payments_or_qrs_wait(self):
        bill = self._create_invoice(15000)
        intent = self._create_intent(bill)
        with self.assertRaisesRegex(UserError, '0 payments are not booked, and 1 QRs'):
            self._uninstall()
        receivable = bill.line_ids.account_id.filtered(
            lambda account: account.account_type == 'asset_receivable'
        )
        receivable.active = False
        self._pay_and_settle(intent)
        # It goes with what it is built on, too.
        for name in ('payment_qpay', 'account_payment'):
            with self.assertRaisesRegex(UserError, '1 payments are not booked, and 0 QRs'):
                self._uninstall(name)
        receivable.active = True
        self._ledger(intent).action_settle()
        self.assertEqual(self._uninstall(), 'to remove')

    def test_other_modules_are_odoos_matter(self):
        self._create_intent(self._create_invoice(15000))
        self.assertEqual(self._uninstall('l10n_mn'), 'to remove')
