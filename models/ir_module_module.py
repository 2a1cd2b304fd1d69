from odoo import models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const


class IrModuleModule(models.Model):
    _inherit = 'ir.module.module'

    def button_uninstall(self):
        """ Override of `base` to lose no payment that is not in the books yet. """
        # Odoo refuses all others.
        if self.env.is_admin() and 'payment_qpay' in (
            self | self.downstream_dependencies()
        ).mapped('name'):
            self._qpay_check_uninstallable()
        return super().button_uninstall()

    def _qpay_check_uninstallable(self):
        """Make sure that nothing is lost with the ledger and the QRs.

        :raise UserError: If payments are not booked, or QRs can still be paid.
        """
        waiting = self.env['qpay.payment'].sudo().search([
            ('state', 'in', const.UNSETTLED_STATES),
        ]).filtered(lambda payment: payment._is_real_money() and not payment.is_unmatched)
        open_count = self.env['qpay.intent'].sudo().search_count([
            '|', ('state', '=', 'new'), ('recheck_at', '!=', False),
        ])
        if waiting or open_count:
            raise UserError(self.env._(
                "QPay cannot be uninstalled yet: %(payments)s payments are not booked, and"
                " %(qrs)s QRs can still be paid. Please book the payments, and switch the"
                " providers off, so that Odoo ends the QRs.",
                payments=len(waiting),
                qrs=open_count,
            ))
