from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to look after the open QRs of what is paid in another way, and
        notice what is matched again.
        """
        partials = super().create(vals_list)
        # Whoever pays need not be allowed to see all that is paid.
        moves = (partials.debit_move_id | partials.credit_move_id).sudo().move_id
        moves._qpay_recheck_intents()
        moves.origin_payment_id._qpay_find_rows(is_unmatched=True)._notice_matched()
        return partials

    def unlink(self):
        """ Override of `account` to notice what is no longer matched. """
        # Only what was taken off the customer's side of a payment.
        payments = (self.debit_move_id | self.credit_move_id).sudo().filtered(
            lambda item: item.account_id == item.move_id.origin_payment_id.destination_account_id
        ).move_id.origin_payment_id
        result = super().unlink()
        payments._qpay_find_rows(state='settled', status='paid')._notice_unmatched()
        return result
