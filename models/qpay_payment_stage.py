from odoo import api, fields, models


class QPayPayment(models.Model):
    """What people see of a payment at a glance: how far it is, and what of it stays."""

    _inherit = 'qpay.payment'

    stage = fields.Selection(
        help="How far the payment is. Refunded money is no income, whether it was settled or not.",
        selection=[
            ('to_settle', "To settle"),
            ('needs_attention', "Needs attention"),
            ('settled', "Settled"),
            ('refunded', "Refunded"),
            ('not_ours', "Not ours"),
        ],
        compute='_compute_stage',
        store=True,
        precompute=True,
    )
    net_amount = fields.Monetary(
        help="The amount without QPay's fee; nothing of what was refunded, or is another shop's.",
        compute='_compute_stage',
        store=True,
        precompute=True,
    )

    @api.depends('state', 'status', 'is_refund_noticed', 'amount', 'fee')
    def _compute_stage(self):
        for payment in self:
            is_refunded = payment.status == 'refunded'
            payment.stage = 'refunded' if is_refunded else payment.state
            is_gone = payment._is_refunded() or payment.state == 'not_ours'
            payment.net_amount = 0 if is_gone else payment.amount - payment.fee
