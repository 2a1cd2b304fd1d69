from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

# What QPay reckons with (QPay contract §2.3), in percent.
_RATES = {'vat': 10, 'zero': 0, 'exempt': 0, 'city': 2}


class AccountTax(models.Model):
    _inherit = 'account.tax'

    qpay_kind = fields.Selection(
        string="On VAT Receipts",
        help="What this tax is on the VAT receipts that QPay issues. It issues none with a tax of"
             " which this is not known.",
        selection=[
            ('vat', "VAT 10 %"),
            ('zero', "VAT 0 %"),
            ('exempt', "Exempt from VAT"),
            ('city', "City tax"),
        ],
        compute='_compute_qpay_kind',
        store=True,
        readonly=False,
        copy=False,
    )

    @api.depends('amount', 'amount_type', 'type_tax_use', 'name')
    def _compute_qpay_kind(self):
        """ Propose what the taxes of Mongolia's chart of accounts are. """
        for tax in self:
            if tax.qpay_kind and not tax._has_rate_of(tax.qpay_kind):
                tax.qpay_kind = False  # The tax was changed.
            if tax.qpay_kind or tax.type_tax_use != 'sale':
                continue
            if tax._has_rate_of('vat'):
                tax.qpay_kind = 'vat'
            elif tax._has_rate_of('zero'):
                # The chart's own name, in every language.
                is_exempt = 'EXEMPT' in (tax.with_context(lang='en_US').name or '').upper()
                tax.qpay_kind = 'exempt' if is_exempt else 'zero'

    @api.constrains('qpay_kind', 'amount', 'amount_type')
    def _check_qpay_kind(self):
        for tax in self.filtered('qpay_kind'):
            if not tax._has_rate_of(tax.qpay_kind):
                raise ValidationError(self.env._(
                    "On VAT receipts, VAT is 10 %% or 0 %%, and city tax is 2 %%: \"%s\" has"
                    " another rate.", tax.name,
                ))

    def _has_rate_of(self, kind):
        """Whether this tax can be of a kind.

        :param str kind: One of `qpay_kind`.
        :rtype: bool
        """
        self.ensure_one()
        is_same = float_compare(self.amount, _RATES[kind], precision_digits=4) == 0
        return self.amount_type == 'percent' and is_same
