from odoo import api, fields, models


class ProductCategory(models.Model):
    _inherit = 'product.category'

    qpay_classification_code = fields.Char(
        string="Classification Code",
        help="The tax office's code of these products on VAT receipts, seven digits.",
        size=7,
        groups='base.group_user',
    )
    qpay_tax_product_code = fields.Char(
        string="Tax Product Code",
        help="The tax office's code of the reason for which these products bear no VAT.",
        size=45,
        groups='base.group_user',
    )

    @api.constrains('qpay_classification_code')
    def _check_qpay_codes(self):
        for category in self:
            self.env['product.template']._check_qpay_classification(
                category.qpay_classification_code
            )
