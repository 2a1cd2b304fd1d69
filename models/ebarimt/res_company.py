import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment_qpay import const


class ResCompany(models.Model):
    _inherit = 'res.company'

    qpay_district = fields.Selection(
        string="Province or District",
        help="Where the company sells, for its VAT receipts.",
        selection=[(code, name) for code, name in const.EBARIMT_DISTRICTS.items()],
    )
    qpay_khoroo = fields.Char(
        string="Sum or Khoroo",
        help="The number of the sum or khoroo, for example 05.",
        size=2,
    )
    qpay_classification_code = fields.Char(
        string="Default Classification Code",
        help="The tax office's code of what the company mostly sells, seven digits. Products and"
             " categories may have their own.",
        size=7,
    )
    qpay_tax_product_code = fields.Char(
        string="Default Tax Product Code",
        help="The tax office's code of the reason for which what the company sells bears no VAT.",
        size=45,
    )

    @api.constrains('qpay_khoroo', 'qpay_classification_code')
    def _check_qpay_codes(self):
        for company in self:
            if company.qpay_khoroo and not re.fullmatch(r'[0-9]{1,2}', company.qpay_khoroo):
                raise ValidationError(self.env._("The sum or khoroo is a number of two digits."))
            self.env['product.template']._check_qpay_classification(
                company.qpay_classification_code
            )

    def _qpay_get_district_code(self):
        """Return the code of the place where the company sells (QPay contract §5.6).

        :return: Four digits; '' if it is not known.
        :rtype: str
        """
        self.ensure_one()
        is_known = self.qpay_district and self.qpay_khoroo
        return f'{self.qpay_district}{self.qpay_khoroo.zfill(2)}' if is_known else ''
