from odoo import models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.reasons import get_reason


class QPayPayment(models.Model):
    """What QPay has confirmed and the books do not show yet: it waits to be booked, or to be
    matched with what it pays. Nobody may be asked for it again.
    """

    _inherit = 'qpay.payment'

    def _is_real_money(self):
        """Whether this payment may be booked: one of the sandbox may not, once the provider takes
        real money.

        :rtype: bool
        """
        self.ensure_one()
        return self.environment == 'live' or self.provider_id._qpay_environment() == 'sandbox'

    def _is_waiting(self):
        """Whether the books do not show yet what this payment pays.

        :rtype: bool
        """
        self.ensure_one()
        if not self._is_real_money() or self.is_refund_noticed:
            return False
        return not self._is_in_books() or bool(self._get_credit_items())

    def _group_parts(self):
        """Return these payments by their QR, and each by itself where there is none.

        :rtype: list[qpay.payment]
        """
        own = self.filtered('intent_id')
        return [*own.grouped('intent_id').values(), *(self - own)]

    def _get_waiting_amount(self, currency):
        """Return how much of these payments, of one QR or none, the books do not show yet.

        :param res.currency currency: The currency of what they pay.
        :rtype: float
        """
        unmatched = self.filtered(lambda payment: payment._get_credit_items())
        waiting = self - unmatched
        total = sum(payment._get_credit_amount(currency) for payment in unmatched)
        if waiting.intent_id.document_currency_id == currency:
            # As when they are booked, parts add up.
            booked = waiting._get_settled_parts()
            share = waiting.intent_id._get_document_share(sum((booked | waiting).mapped('amount')))
            return total + share - sum(booked.account_payment_id.mapped('amount'))
        return total + sum(
            payment.currency_id._convert(
                payment.amount, currency, payment.company_id, payment._get_payment_date()
            ) for payment in waiting
        )

    def _get_credit_amount(self, currency):
        """Return how much of this payment, which is booked, pays nothing yet, in a currency."""
        items = self._get_credit_items()
        if items.currency_id == currency:
            return -sum(items.mapped('amount_residual_currency'))
        return items.company_currency_id._convert(
            -sum(items.mapped('amount_residual')), currency, self.company_id,
            self._get_payment_date(),
        )

    def _get_settled_parts(self):
        """Return the other payments of the QR of these that are booked in its document's currency.

        :rtype: qpay.payment
        """
        currency = self.intent_id.document_currency_id
        return (self.intent_id.payment_ids - self).filtered(
            lambda row: row.status == 'paid' and row.account_payment_id.currency_id == currency
        )

    def _get_credit_items(self):
        """Return the customer's items of the booked payment that are matched with nothing yet.

        :rtype: account.move.line
        """
        return self.account_payment_id._qpay_get_credit_items()

    def _get_paid_invoices(self):
        """Return the confirmed invoices that this payment pays, in the order in which it does: of
        the customer whose payment it is.

        :rtype: account.move
        """
        row = self.sudo()
        moves = self._get_linked_invoices().filtered(lambda move: move.state == 'posted')
        if customer := row.account_payment_id.partner_id:
            moves = moves.filtered(lambda move: move.commercial_partner_id == customer)
        return moves.sorted(lambda move: (move.invoice_date_due, move.id))

    def _get_linked_invoices(self):
        """Return the invoices that this payment was made for, themselves or through their order.

        :rtype: account.move
        """
        self.ensure_one()
        row = self.sudo()
        transactions = row.transaction_id | row.intent_id.transaction_id
        return (
            row.intent_id.invoice_ids | row.assigned_invoice_ids | transactions.invoice_ids
        ).filtered(lambda move: move.move_type == 'out_invoice')

    # === WHO ASKS FOR MONEY === #

    def _confirm_transaction(self):
        """Confirm the transaction that this payment pays. Whether it is in the books is another
        matter: Odoo's pages ask the payer for what no confirmed transaction has paid.

        :return: None
        """
        self.ensure_one()
        transaction = self._get_transaction()
        transaction._process(const.PROVIDER_CODE, {
            'reference': transaction.reference,
            'qpay_txn_id': self.qpay_txn_id,
            'amount': transaction.amount,
            'currency_code': self.currency_id.name,
        })
        if transaction.state != 'done':
            raise UserError(transaction.state_message or get_reason(self.env, 'no_payment_created'))

    def _ask_nobody_again(self):
        """Have nobody asked for this payment while it waits for a person: confirm its transaction,
        and end other QRs that still ask for the same.

        :return: None
        """
        self.ensure_one()
        if self.account_payment_id or not self.intent_id or not self._is_real_money():
            return
        self._confirm_transaction()
        # It is post-processed when the payment is booked, and not by Odoo's scheduled action.
        self.transaction_id.is_post_processed = True
        others = documents.of(self._get_document()).find_open_intents() - self.intent_id
        others._enqueue_recheck()
