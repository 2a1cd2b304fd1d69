from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    school_fee_id = fields.Many2one(comodel_name='school.fee', readonly=True)
