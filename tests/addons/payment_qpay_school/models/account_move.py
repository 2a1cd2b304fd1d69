from odoo import api, models

from odoo.addons.payment_qpay.documents import InvoiceDocument


class HalfInvoiceDocument(InvoiceDocument):
    """Invoices of which half is proposed, as long as nothing is paid."""

    def get_next_amount(self):
        """Return half of an invoice of which nothing is paid yet."""
        amount, currency = super().get_next_amount(), self.document_currency
        total = sum(self.records.mapped('amount_total'))
        is_untouched = currency.compare_amounts(self.get_owed_amount(), total) == 0
        return currency.round(amount / 2) if is_untouched else amount


class AccountMove(models.Model):
    _inherit = 'account.move'

    @api.model
    def _qpay_document_classes(self):
        return (HalfInvoiceDocument, *super()._qpay_document_classes())
