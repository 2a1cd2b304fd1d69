from odoo import api, models


class AccountTax(models.Model):
    _inherit = 'account.tax'

    @api.model
    def _prepare_down_payment_lines(
        self, base_lines, company, amount_type, amount, *args, **kwargs
    ):
        """ Override of `account` to invoice of an order that QPay pays in parts what the earlier
        parts have not paid: Odoo makes each invoice of all that is paid so far.
        """
        invoiced = self.env.context.get('qpay_invoiced_amount', 0)
        if amount_type == 'fixed' and company.currency_id.compare_amounts(amount, invoiced) > 0:
            amount -= invoiced
        return super()._prepare_down_payment_lines(
            base_lines, company, amount_type, amount, *args, **kwargs
        )
