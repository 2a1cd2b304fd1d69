from odoo import models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay.reasons import get_reason


class AccountMove(models.Model):
    """The discounts for early payment that payments of QPay earn."""

    _inherit = 'account.move'

    def _is_eligible_for_early_payment_discount(self, currency, reference_date):
        """ Override of `account` to grant no discount beside the one of `_qpay_get_discount_items`:
        while it creates the payment of a transaction, Odoo asks by the day and the time zone of
        whoever books it, and takes only one journal item of each kind.
        """
        if self.env.context.get('qpay_is_discount_decided'):
            return False
        return super()._is_eligible_for_early_payment_discount(currency, reference_date)

    # === WHAT AN AMOUNT EARNS === #

    def _qpay_find_discounted(self, amount, day=None):
        """Return those of these invoices whose discount an amount earns: with their discounts, it
        pays all that is owed of all of these invoices.

        :param float amount: The amount, in the currency of the invoices.
        :param date day: The day of the payment; by default it is taken for early enough.
        :rtype: account.move
        """
        invoices = self.filtered(lambda move: move._qpay_may_earn_discount(day))
        owed = sum(self.mapped('amount_residual')) - invoices._qpay_get_discount()
        is_earned = invoices and self.currency_id.compare_amounts(amount, owed) == 0
        return invoices if is_earned else self.browse()

    def _qpay_may_earn_discount(self, day):
        """Whether the payment of this invoice earns a discount on a day. Other than Odoo, this does
        not mind that parts were paid before, if that was by QPay, and in time as well.
        """
        self.ensure_one()
        if self.state != 'posted' or not self.invoice_payment_term_id.early_discount:
            return False
        items = self._qpay_get_term_items()
        partials = items.matched_credit_ids | items.matched_debit_ids
        if not partials:
            return bool(items) and bool(
                self._is_eligible_for_early_payment_discount(self.currency_id, day)
            )
        parts = ((partials.credit_move_id | partials.debit_move_id) - items).filtered(
            # Odoo books exchange differences beside the payments.
            lambda part: part.move_id not in partials.exchange_move_id
        )
        last_day = items[0].discount_date
        return bool(last_day) and all(part.payment_id.qpay_txn_id for part in parts) and (
            not day or max(day, *parts.payment_id.mapped('date')) <= last_day
        )

    def _qpay_get_discount(self):
        """Return by how much the discounts of these invoices lower what is to be paid."""
        return sum(
            item.amount_currency - item.discount_amount_currency
            for item in self._qpay_get_term_items()
        )

    def _qpay_get_term_items(self):
        return self.line_ids.filtered(lambda line: line.display_type == 'payment_term')

    # === HOW IT IS BOOKED === #

    def _qpay_get_discount_items(self, amount, day):
        """Return the journal items of the discounts that a payment of these invoices earns.

        :param float amount: The amount of the payment, in the currency of the invoices.
        :param date day: The day of the payment.
        :return: The values of the items; none if the payment earns no discount.
        :rtype: list
        :raise UserError: If the company has no account for them.
        """
        invoices = self._qpay_find_discounted(amount, day)
        if not invoices:
            return []
        if not invoices.company_id.account_journal_early_pay_discount_loss_account_id:
            raise UserError(get_reason(
                self.env, 'no_discount_account', invoices.company_id.display_name
            ))
        items = invoices._qpay_get_term_items()
        with items._qpay_as_unpaid():
            items_by_kind = self._get_invoice_counterpart_amls_for_early_payment_discount(
                [{'aml': item} for item in items],
                sum(item.balance - item.discount_balance for item in items),
            )
        return [values for kind in items_by_kind.values() for values in kind]

