from odoo import fields, models


class PaymentRefundWizard(models.TransientModel):
    _inherit = 'payment.refund.wizard'

    # The wizard's amounts are those of the payment, which for an invoice in another currency is not
    # in the transaction's.
    currency_id = fields.Many2one(related='payment_id.currency_id', related_sudo=False)
