import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _inherit = 'product.template'

    qpay_classification_code = fields.Char(
        string="Classification Code",
        help="The tax office's code of this product on VAT receipts, seven digits. By default, its"
             " category's or the company's.",
        size=7,
        groups='base.group_user',
    )
    qpay_tax_product_code = fields.Char(
        string="Tax Product Code",
        help="The tax office's code of the reason for which this product bears no VAT. By default,"
             " its category's or the company's.",
        size=45,
        groups='base.group_user',
    )

    @api.constrains('qpay_classification_code')
    def _check_qpay_codes(self):
        for product in self:
            self._check_qpay_classification(product.qpay_classification_code)

    @api.model
    def _check_qpay_classification(self, code):
        """Make sure that a classification code has its form (QPay contract §5.2).

        :param str code: The code, if there is one.
        :raise ValidationError: If it has not.
        """
        if code and not re.fullmatch(r'[0-9]{7}', code):
            raise ValidationError(self.env._("A classification code has seven digits."))

    def _qpay_get_code(self, field_name, company):
        """Return one of the tax office's codes of this product: its own, else that of its
        category or of one above it, else the company's.

        :param str field_name: 'qpay_classification_code' or 'qpay_tax_product_code'.
        :param res.company company: Who sells.
        :rtype: str
        """
        # Who pays, or prints a document, does not read products.
        product = self.sudo()
        category = product.categ_id
        code = product[field_name]
        while not code and category:
            code = category[field_name]
            category = category.parent_id
        return code or company.sudo()[field_name] or ''
