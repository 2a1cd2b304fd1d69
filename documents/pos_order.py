from odoo.exceptions import UserError

from odoo.addons.payment_qpay.reasons import get_reason

from .document import Document
from .taxed_line import TaxedLine

# In which a session of the till takes payments.
_OPEN_STATES = ('opening_control', 'opened')


class PosOrderDocument(Document):
    """An order of the till that its customer pays online."""

    transaction_field = 'pos_order_id'

    @property
    def name(self):
        """What the receipt calls it: an unpaid order has no name of its own yet."""
        return self.records.pos_reference or super().name

    def get_transaction_values(self):
        """Return what links a transaction to the order while the till waits for its payment."""
        return super().get_transaction_values() if self._is_open() else {}

    def get_version(self):
        """Return '': who buys is perhaps entered while the order is being paid."""
        return ''

    def get_unpaid_amount(self):
        """Return what is unpaid, in tögrög."""
        return self.records.get_amount_unpaid()

    def get_unpaid_amount_before(self, transaction):
        """Return the same: the till counts what is booked."""
        return self.get_unpaid_amount()

    def get_waiting_amount(self):
        """Return what QPay has confirmed and the till does not know yet."""
        rows = self._find_waiting_rows().filtered(lambda row: not row._is_in_books())
        return sum(rows.mapped('amount'))

    def get_next_amount(self):
        """Return what the till asks for, in tögrög."""
        asked = self.records._get_checked_next_online_payment_amount()
        return min(asked or self.get_owed_amount(), self.get_owed_amount())

    def get_taxed_lines(self):
        """Return the lines of the order."""
        return [
            TaxedLine.of(
                line, line.full_product_name, line.qty, line.price_subtotal_incl,
                line.tax_ids_after_fiscal_position,
            )
            for line in self.records.lines
        ]

    def takes_money(self, day):
        """Whether the till still waits: a closed or paid order takes no further payment."""
        return self._is_open() and self.currency.compare_amounts(self.get_unpaid_amount(), 0) > 0

    def get_transaction_amount(self, amount):
        """Return no more than is unpaid: Odoo closes an order only when exactly that is paid."""
        return min(amount, self.get_unpaid_amount())

    def admit_payment(self):
        """Move an order that is kept for a later day to the session that is open now: the money of
        a closed one is in the books already.

        :raise UserError: If none is open.
        """
        order = self.records
        if not self._is_open() or order.session_id.state in _OPEN_STATES:
            return
        session = order.config_id.session_ids.filtered(
            lambda session: session.state in _OPEN_STATES and not session.rescue
        )[:1]
        if not session:
            raise UserError(get_reason(self.env, 'till_must_open', order.config_id.name))
        order.session_id = session

    def _is_open(self):
        return self.records.state == 'draft'

    def _get_blocking_reason(self):
        if self.records.state == 'cancel':
            return get_reason(self.env, 'order_cancelled')
        if not self._is_open() or self.is_paid():
            return self.get_waiting_reason() or get_reason(self.env, 'order_paid')
        if self.records.session_id.state != 'opened':
            return get_reason(self.env, 'till_closed')
        return None

    def get_closing_reason(self, intent):
        """Return why an open QR must no longer be paid: the order is cancelled or closed."""
        if self.records and not self._is_open():
            return self._get_blocking_reason()
        return super().get_closing_reason(intent)
