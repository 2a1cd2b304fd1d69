from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    qpay_txn_id = fields.Char(
        string="QPay Payment", readonly=True, copy=False, index='btree_not_null'
    )
