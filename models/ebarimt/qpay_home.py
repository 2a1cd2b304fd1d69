from odoo import api, models
from odoo.fields import Domain


class QPayHome(models.AbstractModel):
    """VAT receipts that failed, on the accountants' page."""

    _inherit = 'qpay.home'

    @api.model
    def _get_waiting(self, counted):
        """ Override of `payment_qpay` to add the VAT receipts that were not issued. """
        return [
            *super()._get_waiting(counted),
            self._count(
                'receipts', self.env._("VAT receipts that failed"), 'qpay.ebarimt',
                counted & Domain('state', 'in', ('failed', 'unknown')), is_bad=True,
            ),
        ]
