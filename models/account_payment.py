from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    qpay_txn_id = fields.Char(
        string="QPay Payment", readonly=True, copy=False, index='btree_not_null'
    )

    # === ACTION METHODS === #

    def action_qpay_pay_back(self):
        """Open a payment that registers the bank transfer with which a payment is paid back: QPay
        itself gives back card payments only (QPay contract §4.4).

        :return: The action of the payment's form.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Pay back by transfer"),
            'res_model': self._name,
            'view_mode': 'form',
            'context': {
                'default_payment_type': 'outbound',
                'default_partner_type': 'customer',
                'default_partner_id': self.partner_id.id,
                'default_journal_id': self.journal_id.id,
                'default_currency_id': self.currency_id.id,
                'default_amount': self.amount,
                'default_memo': self.env._("Paid back: %s", self.memo),
            },
        }
