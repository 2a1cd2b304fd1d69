from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.reasons import get_reason

from .document import Document
from .kinds import of
from .taxed_line import TaxedLine
from .version import get_version


class InvoiceDocument(Document):
    """One customer invoice, or several of one customer in one currency."""

    link_name = 'invoice'
    transaction_field = 'invoice_ids'
    is_payable_together = True

    @property
    def company(self):
        """The company that is paid."""
        return self.records.company_id[:1]

    def get_intent_values(self, amount):
        """Return the invoices as well, and what the amount is in their currency."""
        return {
            **super().get_intent_values(amount),
            'invoice_ids': [Command.set(self.records.ids)],
            'document_currency_id': self.records.currency_id.id,
            'document_amount': self._from_mnt(amount),
        }

    @property
    def document_currency(self):
        """The currency of the invoices."""
        return self.records.currency_id[:1]

    # === WHAT IS OWED === #

    def get_unpaid_amount(self):
        """Return what the books show as unpaid, in the invoices' currency."""
        return sum(self.records.mapped('amount_residual'))

    def get_waiting_amount(self):
        """Return what of these invoices is paid by money that the books do not show on them yet,
        in the invoices' currency.
        """
        unpaid = {}
        for rows in self._find_waiting_rows()._group_parts():
            amount = rows._get_waiting_amount(self.document_currency)
            moves = rows[0]._get_paid_invoices().filtered(
                lambda move: move.currency_id == self.document_currency
            )
            last_day = max(row._get_payment_date() for row in rows)
            is_all = moves._qpay_find_discounted(amount, last_day)
            for move in moves:
                left = unpaid.setdefault(move, move.amount_residual)
                part = left if is_all else min(left, amount)
                unpaid[move] -= part
                amount = max(0, amount - part)
        return sum(
            move.amount_residual - left for move, left in unpaid.items() if move in self.records
        )

    def get_version(self):
        """Return what stands for what is sold by the invoices, for how much."""
        return ' '.join(
            get_version(move, move.line_ids.filtered(
                lambda line: line.display_type == 'product'
            )) for move in self.records.sorted('id')
        )

    def get_waiting_reason(self):
        """Return that nothing more is owed although the books do not show it yet."""
        reason = super().get_waiting_reason()
        # Payers' pages act as the system.
        is_employees = not self.env.su and self.env.user._is_internal()
        if reason and is_employees and any(
            row._is_in_books() for row in self._find_waiting_rows()
        ):
            return get_reason(self.env, 'not_matched')
        return reason

    def get_next_amount(self):
        """Return what is due next: an installment, what an early payment costs, or all that is
        unpaid.
        """
        if len(self.records) == 1:
            return self.get_next_payment()[0]
        owed = self.get_owed_amount()
        if self.get_waiting_amount():
            return owed
        discounted = self.records.filtered(
            lambda move: move._qpay_may_earn_discount(const.today())
        )
        return owed - discounted._qpay_get_discount()

    def get_asked_amount(self, intent):
        """Return what a QR still asks for, in the invoices' currency."""
        return intent.document_amount - intent._get_document_share(intent.amount_paid)

    def get_next_payment(self):
        """Return what is due next of one invoice, in its own currency, and by when.

        :rtype: tuple[float, date]
        """
        records = self.records.with_context(tz=const.TIMEZONE)
        values = records._get_invoice_next_payment_values()
        if records._qpay_may_earn_discount(const.today()):
            amount = records.amount_residual - records._qpay_get_discount()
            day = records._qpay_get_term_items()[0].discount_date
        else:
            amount, day = values.get('next_amount_to_pay'), values.get('next_due_date')
        owed = self.get_owed_amount()
        amount = (amount or owed) - (self.records.amount_residual - owed)
        return amount if amount > 0 else owed, day or self.records.invoice_date_due

    def get_rest_amount(self, intent):
        """Return what a new QR is to ask for in place of an earlier one, in tögrög: no less than
        what is due once the discount has ended that the earlier one took off.
        """
        if self._is_discount_over(self.get_asked_amount(intent)):
            return self.get_default_amount()
        return super().get_rest_amount(intent)

    def get_amount_note(self, amount):
        """Return which part of what is owed an amount is, and the rate it was reckoned with."""
        notes = super().get_amount_note(amount), self.get_rate_text(amount)
        return ' '.join(filter(None, notes))

    def is_paid(self):
        """Whether nothing is owed any more because it was paid."""
        is_confirmed = all(move.state == 'posted' for move in self.records)
        return bool(self.records) and is_confirmed and self.document_currency.is_zero(
            self.get_owed_amount()
        )

    def _get_blocking_reason(self):
        own_reasons = filter(None, map(self._get_blocking_reason_of, self.records))
        if reason := next(own_reasons, None):
            return reason
        reason = self._get_blocking_reason_together()
        # It names accounts, which are none of the payers' business.
        return reason and self.env['payment.provider']._qpay_get_public_message(reason)

    def _get_blocking_reason_together(self):
        if len(self.records.commercial_partner_id) != 1 or len(self.records.company_id) != 1:
            return get_reason(self.env, 'several_customers')
        if len(self.records.currency_id) != 1:
            return get_reason(self.env, 'several_currencies')
        return self.get_account_blocking_reason()

    def get_account_blocking_reason(self):
        """Return why one payment cannot close all of the invoices, for people; None if it can: a
        payment is booked on one receivable account.

        :rtype: str
        """
        items = self.records._qpay_get_term_items().filtered(lambda item: not item.reconciled)
        other = items.filtered(lambda item: item.account_id != items[0].account_id)[:1]
        if not other:
            return None
        return get_reason(
            self.env, 'several_accounts', invoice=items[0].move_id.name,
            account=items[0].account_id.display_name, other_invoice=other.move_id.name,
            other_account=other.account_id.display_name,
        )

    def check_together(self):
        """Make sure that one payment can close all of the invoices."""
        if reason := self._get_blocking_reason_together():
            raise UserError(self.env['payment.provider']._qpay_get_public_message(reason))

    def _get_blocking_reason_of(self, move):
        if move.move_type != 'out_invoice':
            return get_reason(self.env, 'no_customer_invoice')
        if move.state == 'draft':
            return get_reason(self.env, 'invoice_draft')
        if move.state == 'cancel':
            return get_reason(self.env, 'invoice_cancelled')
        if move.currency_id.is_zero(move.amount_residual):
            return get_reason(self.env, 'invoice_paid')
        document = self if move == self.records else of(move)
        if reason := document.get_waiting_reason():
            return reason
        if not self._has_rate(move):
            return get_reason(self.env, 'no_rate', currency=move.currency_id.name)
        return None

    def get_closing_reason(self, intent):
        """Return why an open QR must no longer be paid: what it asks for is no longer owed."""
        if not self.records or any(move.state != 'posted' for move in self.records):
            return get_reason(self.env, 'invoice_unconfirmed')
        if change := self.get_change(intent):
            return change
        if reason := self._get_blocking_reason_together():
            return self.env['payment.provider']._qpay_get_public_message(reason)
        still_asked, owed = self.get_asked_amount(intent), self.get_owed_amount()
        if self.document_currency.compare_amounts(still_asked, owed) > 0:
            return get_reason(self.env, 'invoice_paid_or_changed')
        if self._is_discount_over(still_asked):
            return get_reason(self.env, 'discount_over')
        return ''

    def _is_discount_over(self, amount):
        """Whether an amount of the invoices is what they cost before their discount ended."""
        return bool(
            self.records._qpay_find_discounted(amount)
            and not self.records._qpay_find_discounted(amount, const.today())
        )

    def is_surplus(self, row):
        """Return that nothing is too much yet: what is booked tells it by its items."""
        return False

    def _get_intent_domain(self):
        return [('invoice_ids', 'in', self.records.ids)]

    def _get_row_domains(self):
        return [
            *super()._get_row_domains(), Domain('assigned_invoice_ids', 'in', self.records.ids),
        ]

    # === VAT RECEIPT === #

    def get_taxed_lines(self):
        """Return the lines of the invoices."""
        lines = self.records.invoice_line_ids.filtered(lambda line: line.display_type == 'product')
        open_parts = {move: self._get_open_part(move) for move in self.records}
        return [
            TaxedLine.of(
                line, line.name, line.quantity, line.price_total, line.tax_ids,
                open_parts[line.move_id],
            )
            for line in lines
        ]

    @staticmethod
    def _get_open_part(move):
        """Return which part of an invoice is still owed.

        :rtype: Decimal
        """
        total = Decimal(str(move.amount_total))
        return Decimal(str(move.amount_residual)) / total if total else Decimal(0)

    def has_unclear_rest(self):
        """Whether one of the invoices is credited in part."""
        return any(note.state == 'posted' for note in self.records.reversal_move_ids)

    # === CURRENCY === #

    def get_rate_text(self, amount=None):
        """Return the day's rate for people; '' for invoices in tögrög."""
        currency = self.records.currency_id
        if currency == self.currency:
            return ''
        if amount is None:
            amount = self.get_maximum_amount()
        return self.env._(
            "%(amount)s at the rate of %(date)s: 1 %(currency)s = %(rate)s",
            amount=currency.format(self._from_mnt(amount)),
            date=format_date(self.env, const.today()),
            currency=currency.name,
            rate=self.currency.format(self._to_mnt(1)),
        )

    def _has_rate(self, move):
        """Whether an invoice's currency can be turned into tögrög: it is, or has a rate."""
        currencies = (move.currency_id | self.currency) - move.company_currency_id
        return move.currency_id == self.currency or all(
            currency.with_company(move.company_id).rate_ids for currency in currencies
        )

    def _to_mnt(self, amount):
        """Return an amount of the invoices' currency in tögrög, at the day's rate.

        :param float amount: The amount in the invoices' currency.
        :rtype: float
        """
        return self.records.currency_id._convert(
            amount, self.currency, self.company, const.today()
        )

    def _from_mnt(self, amount):
        """Return which amount of the invoices an amount in tögrög pays: all that is owed for all
        that is owed, and what is due for what is due, to the last cent.

        :param float amount: The amount in tögrög.
        :rtype: float
        """
        if self.records.currency_id == self.currency:
            return amount
        if self.currency.compare_amounts(amount, self.get_maximum_amount()) == 0:
            return self.get_owed_amount()
        if self.currency.compare_amounts(amount, self.get_default_amount()) == 0:
            return self.get_next_amount()
        return self.currency._convert(
            amount, self.records.currency_id, self.company, const.today()
        )
