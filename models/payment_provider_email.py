from odoo import fields, models


class PaymentProvider(models.Model):
    _inherit = 'payment.provider'

    qpay_email_receipts = fields.Boolean(
        string="E-mail Receipts",
        help="Customers who have an e-mail address get one after each payment, in their language:"
             " with the receipt, and with the VAT receipt if QPay issues one.",
        default=True,
    )
