from .document import Document
from .tax_receipt import TaxedLine


class SaleOrderDocument(Document):
    """A quotation, a sales order or a shop's order: paid in advance, in full or by a deposit.

    Odoo itself confirms a quotation when what it requires is paid.
    """

    model = 'sale.order'
    object_type = 'booking'
    link_name = 'order'
    transaction_field = 'sale_order_ids'

    @property
    def partner(self):
        """Who pays."""
        return self.records.partner_invoice_id or self.records.partner_id

    def get_maximum_amount(self):
        """Return what is unpaid, in tögrög."""
        return self.records.amount_total - self.records.amount_paid

    def get_default_amount(self):
        """Return what confirms a quotation, else all that is unpaid, in tögrög."""
        return self._get_deposit() or self.get_maximum_amount()

    def get_rest_amount(self, intent):
        """Return what a new QR asks for: what confirms a quotation, whatever it was before."""
        return self._get_deposit() or super().get_rest_amount(intent)

    def get_amount_note(self, amount):
        """Return whether the amount is the deposit that confirms the quotation."""
        total = self.currency.format(self.records.amount_total)
        deposit = self._get_deposit()
        is_all = self.currency.compare_amounts(amount, self.get_maximum_amount()) >= 0
        if is_all or self.currency.compare_amounts(amount, deposit) != 0:
            return super().get_amount_note(amount)
        return self.env._("Deposit; the order's total is %s.", total)

    def get_taxed_lines(self):
        """Return the lines of the order."""
        lines = self.records.order_line.filtered(lambda line: not line.display_type)
        return [TaxedLine.of(line, line.product_uom_qty) for line in lines]

    def _get_obstacle(self):
        order = self.records
        if order.state == 'cancel':
            return self.env._("The order is cancelled.")
        if order.currency_id != self.currency:
            return self.env._("QPay collects tögrög only; this order is in another currency.")
        if self.currency.compare_amounts(order.amount_total, 0) <= 0:
            return self.env._("There is nothing to pay for this order.")
        if self.is_paid():
            return self.env._("The order is already paid.")
        if order.state in ('draft', 'sent') and order.is_expired:
            return self.env._("The quotation has expired.")
        if self._get_open_invoices():
            return self.env._("The order is invoiced: please let the customer pay the invoice.")
        return None

    def get_end_reason(self, intent):
        """Return why a live QR must no longer be paid: the order is cancelled or paid."""
        if self.records.state == 'cancel':
            return self.env._("The order is cancelled.")
        return super().get_end_reason(intent)

    def _get_deposit(self):
        """Return what is missing for the confirmation of a quotation that requires a payment; 0 if
        nothing is.
        """
        order = self.records
        if order.state not in ('draft', 'sent') or order._is_confirmation_amount_reached():
            return 0
        return order._get_prepayment_required_amount() - order.amount_paid

    def _get_open_invoices(self):
        return self.records.sudo().invoice_ids.filtered(
            lambda move: move.state == 'posted'
            and move.move_type == 'out_invoice'
            and not move.currency_id.is_zero(move.amount_residual)
        )
