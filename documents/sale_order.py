from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.reasons import get_reason

from .document import Document
from .kinds import of
from .taxed_line import TaxedLine
from .version import get_version


class SaleOrderDocument(Document):
    """A quotation, a sales order or a shop's order: paid in advance, in full or by a deposit.

    Odoo itself confirms a quotation when what it requires is paid.
    """

    object_type = 'booking'
    link_name = 'order'
    transaction_field = 'sale_order_ids'
    is_tracked = True

    @property
    def partner(self):
        """Who pays."""
        return self.records.partner_invoice_id or self.records.partner_id

    def get_unpaid_amount(self):
        """Return what is unpaid, in tögrög."""
        order = self.records.sudo()
        # Odoo itself counts the order's own transactions only.
        through_invoices = self._get_settled_amount() + self._get_credit()
        return self.currency.round(order.amount_total - max(order.amount_paid, through_invoices))

    def get_unpaid_amount_before(self, transaction):
        """Return what was unpaid before a transaction of this order was confirmed."""
        order = self.records
        is_counted = transaction.state == 'done' and not transaction.payment_id
        unpaid = self.get_unpaid_amount() + (transaction.amount if is_counted else 0)
        # Odoo does not reckon anew what is paid when a transaction is done.
        order.invalidate_recordset(['amount_paid'])
        return 0 if order.state == 'cancel' else unpaid

    def _is_waiting(self):
        # Odoo counts a confirmed transaction as paid.
        return super()._is_waiting() or any(
            not row._is_in_books() for row in self._find_waiting_rows()
        )

    def get_version(self):
        """Return what stands for what is ordered, for how much."""
        return get_version(self.records, self.records.order_line)

    def get_next_amount(self):
        """Return what confirms a quotation, else all that is unpaid, in tögrög."""
        return self._get_deposit() or self.get_owed_amount()

    def get_rest_amount(self, intent):
        """Return what a new QR asks for: what the earlier one still asked for, and no less than
        what confirms a quotation.
        """
        return max(
            super().get_rest_amount(intent), min(self._get_deposit(), self.get_maximum_amount())
        )

    def get_amount_note(self, amount):
        """Return whether the amount is the deposit that confirms the quotation."""
        total = self.currency.format(self.records.amount_total)
        deposit = self._get_deposit()
        is_all = self.currency.compare_amounts(amount, self.get_maximum_amount()) >= 0
        if is_all or self.currency.compare_amounts(amount, deposit) != 0:
            return super().get_amount_note(amount)
        return self.env._("Deposit; the order's total is %s.", total)

    def takes_money(self, day):
        """Whether money confirms the order or pays it: not a quotation that had expired."""
        return not self._is_expired(day)

    def admit_payment(self):
        """Have it reckoned anew what is paid: Odoo does not when a transaction is done."""
        self.records.invalidate_recordset(['amount_paid'])

    def get_invoiced_amount(self):
        """Return how much of what its transactions have paid is invoiced, in tögrög."""
        order = self.records.sudo()
        confirmed = order.transaction_ids.filtered(lambda tx: tx.state == 'done')
        moves = (order.invoice_ids & confirmed.invoice_ids).filtered(
            lambda move: move.state != 'cancel'
        )
        return self.currency.round(sum(
            -move.direction_sign * move.amount_total * self._get_share(move) for move in moves
        ))

    def get_taxed_lines(self):
        """Return the lines of the order."""
        lines = self.records.order_line.filtered(lambda line: not line.display_type)
        return [
            TaxedLine.of(line, line.name, line.product_uom_qty, line.price_total, line.tax_ids)
            for line in lines
        ]

    def _get_blocking_reason(self):
        order = self.records
        if order.state == 'cancel':
            return get_reason(self.env, 'order_cancelled')
        if order.currency_id != self.currency:
            return get_reason(self.env, 'order_currency')
        if self.currency.compare_amounts(order.amount_total, 0) <= 0:
            return get_reason(self.env, 'order_nothing_to_pay')
        if self.is_paid():
            return self.get_waiting_reason() or get_reason(self.env, 'order_paid')
        if self._is_expired(const.today()):
            return get_reason(self.env, 'order_expired')
        return self._get_invoice_reason() or None

    def get_closing_reason(self, intent):
        """Return why an open QR must be closed: the order is cancelled, paid or invoiced."""
        if self.records.state == 'cancel':
            return get_reason(self.env, 'order_cancelled')
        if self._is_expired(const.today()):
            return get_reason(self.env, 'order_expired')
        return super().get_closing_reason(intent) or self._get_invoice_reason()

    def _is_expired(self, day):
        """Whether this is a quotation whose validity had run out on a day."""
        order = self.records
        is_quotation = order.state in ('draft', 'sent')
        return is_quotation and bool(order.validity_date) and order.validity_date < day

    def _get_deposit(self):
        """Return what is missing for the confirmation of a quotation that requires a payment; 0 if
        nothing is.
        """
        order = self.records
        if order.state not in ('draft', 'sent') or order._is_confirmation_amount_reached():
            return 0
        paid = order.amount_paid + self.get_waiting_amount()
        return max(0, order._get_prepayment_required_amount() - paid)

    def _get_invoice_reason(self):
        """Return why the order is not paid by itself: what is invoiced is paid by the invoice."""
        unpaid = self._get_invoices().filtered(
            lambda move: move.move_type == 'out_invoice'
            and not move.currency_id.is_zero(move.amount_residual)
        )
        if not unpaid:
            return ''
        return of(unpaid).get_waiting_reason() or get_reason(self.env, 'order_invoiced')

    # === WHAT IS PAID === #

    def _get_invoices(self):
        return self.records.sudo().invoice_ids.filtered(lambda move: move.state == 'posted')

    def _get_settled_amount(self):
        """Return what is settled of the order's invoices, in whatever way, less what its credit
        notes have taken back; in tögrög.
        """
        return sum(
            move.currency_id._convert(
                -move.direction_sign * (move.amount_total - move.amount_residual)
                * self._get_share(move),
                self.currency, move.company_id, move.date,
            )
            for move in self._get_invoices()
        )

    def _get_share(self, move):
        """Return which part of an invoice is this order's, from 0 to 1."""
        lines = move.invoice_line_ids.filtered(lambda line: line.display_type == 'product')
        own_lines = lines.filtered(lambda line: self.records in line.sale_line_ids.order_id)
        total = sum(lines.mapped('price_total'))
        return sum(own_lines.mapped('price_total')) / total if total else 0

    def _get_credit(self):
        """Return what the order's own payments have not settled yet, in tögrög."""
        paid = self.records.sudo().transaction_ids.filtered(lambda tx: tx.state == 'done')
        items = paid.payment_id._qpay_get_credit_items()
        return -sum(items.mapped('amount_residual_currency'))
