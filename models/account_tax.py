from odoo import api, fields, models

VAT_PERCENT = 10


class AccountTax(models.Model):
    _inherit = 'account.tax'

    qpay_kind = fields.Selection(
        string="On VAT Receipts",
        help="What this tax is on the VAT receipts that QPay issues.",
        selection=[
            ('vat', "VAT 10 %"),
            ('zero', "VAT 0 %"),
            ('exempt', "Exempt from VAT"),
            ('city', "City tax"),
        ],
        compute='_compute_qpay_kind',
        store=True,
        readonly=False,
    )

    @api.depends('amount', 'amount_type', 'type_tax_use', 'name')
    def _compute_qpay_kind(self):
        """ Propose what the taxes of Mongolia's chart of accounts are. """
        for tax in self:
            is_of_sales = tax.type_tax_use == 'sale' and tax.amount_type == 'percent'
            if tax.qpay_kind or not is_of_sales:
                continue
            if tax.amount == VAT_PERCENT:
                tax.qpay_kind = 'vat'
            elif tax.amount == 0:
                # The chart's own name, in every language.
                is_exempt = 'EXEMPT' in (tax.with_context(lang='en_US').name or '').upper()
                tax.qpay_kind = 'exempt' if is_exempt else 'zero'
