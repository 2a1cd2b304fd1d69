from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to look after the live QRs of what is paid in another way. """
        partials = super().create(vals_list)
        (partials.debit_move_id | partials.credit_move_id).move_id._qpay_look_after_intents()
        return partials
