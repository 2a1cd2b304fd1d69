from odoo import fields, models


class AccountPayment(models.Model):
    """The VAT receipts of payments, and what becomes of them when a payment is paid back."""

    _inherit = 'account.payment'

    qpay_ebarimt_ids = fields.Many2many(
        string="VAT Receipts",
        comodel_name='qpay.ebarimt',
        compute='_compute_qpay_ebarimt_ids',
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    # === COMPUTE METHODS === #

    def _compute_qpay_ebarimt_ids(self):
        rows = self.env['qpay.payment'].search([('account_payment_id', 'in', self.ids)])
        receipts = {row.account_payment_id: row.ebarimt_ids for row in rows}
        for payment in self:
            payment.qpay_ebarimt_ids = receipts.get(payment._origin)

    # === ACTION METHODS === #

    def action_post(self):
        """ Override of `account` to look after the VAT receipts of what is paid back. """
        result = super().action_post()
        self._qpay_sync_receipts()
        return result

    # === BUSINESS METHODS === #

    def _qpay_sync_receipts(self):
        """Have the VAT receipts of the payments that these transfers pay back cancelled, or where
        only a part is paid back, a person asked to correct them.

        :return: None
        """
        for paid in self.qpay_paid_back_id:
            amount = paid._qpay_get_paid_back_amount()
            paid.sudo().qpay_ebarimt_ids._take_pay_back(
                is_all=paid.currency_id.compare_amounts(amount, paid.amount) >= 0
            )
