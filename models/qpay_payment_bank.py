from odoo import api, fields, models

from odoo.addons.payment_qpay.qpay_api import is_paid_out


class QPayPayment(models.Model):
    """What of the ledger has arrived at the bank."""

    _inherit = 'qpay.payment'

    bank_status = fields.Selection(
        string="Payout",
        help="Whether QPay had paid the money out to the bank when it confirmed the payment. What"
             " is matched with a bank statement has arrived, whatever stands here.",
        selection=[('arrived', "At the bank"), ('expected', "To arrive")],
        compute='_compute_bank_status',
        store=True,
        precompute=True,
    )

    @api.depends('raw_data', 'payment_type')
    def _compute_bank_status(self):
        for payment in self:
            is_arrived = is_paid_out(payment.raw_data or {})
            if is_arrived is None:
                # QPay's list does not say it; bank transfers arrive at once (QPay contract §9.2).
                is_arrived = payment.payment_type == 'p2p'
            payment.bank_status = 'arrived' if is_arrived else 'expected'
