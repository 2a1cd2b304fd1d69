import logging
from functools import partial

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import check_no_savepoint, lock, run_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import QPayRefused, QPayUnavailable, QPayUnreachable
from odoo.addons.payment_qpay.scheduling import wake_cron

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """How a card payment is refunded at QPay."""

    _inherit = 'payment.transaction'

    def _refund(self, amount_to_refund=None):
        """ Override of `payment` to refuse what QPay cannot refund before anything is sent.

        :param float amount_to_refund: The amount to be refunded.
        :return: The refund transaction.
        :rtype: payment.transaction
        :raise UserError: If QPay cannot refund it, or within a savepoint: this commits.
        """
        if self.provider_code == const.PROVIDER_CODE:
            check_no_savepoint(self.env)
            amount_to_refund = self._qpay_get_refund_amount(amount_to_refund)
            self._qpay_check_refundable(amount_to_refund)
        return super()._refund(amount_to_refund=amount_to_refund)

    def _qpay_get_refund_amount(self, amount):
        """Return which amount in tögrög is to be refunded.

        :param float amount: The amount in the currency of the payment, which is the invoice's;
            None for all.
        :rtype: float
        """
        payment = self.payment_id
        is_full = payment and payment.currency_id.compare_amounts(amount or 0, payment.amount) == 0
        return self._qpay_get_ledger_row().amount if is_full or amount is None else amount

    def _qpay_check_refundable(self, amount):
        """Make sure that QPay can refund this transaction (QPay contract §4.4).

        :param float amount: The amount to be refunded.
        :raise UserError: If not, with the reason.
        """
        self.ensure_one()
        row = self._qpay_get_ledger_row()
        self.provider_id._qpay_check_journal()
        if row.payment_type != 'card':
            raise UserError(self.env._(
                "QPay cannot pay back bank transfers. Please pay the money back by a bank"
                " transfer, and register it with the button \"Pay back by transfer\" of the"
                " payment."
            ))
        if row.currency_id.compare_amounts(amount, row.amount) != 0:
            raise UserError(self.env._(
                "QPay refunds card payments in full only. Please pay a part back by a bank"
                " transfer, and register it with the button \"Pay back by transfer\" of the"
                " payment."
            ))
        if not row._is_in_books():
            raise UserError(self.env._("This payment is not in the books yet."))
        is_under_way = row.refund_transaction_id.state in ('draft', 'pending', 'done')
        if row.status == 'refunded' or is_under_way:
            raise UserError(self.env._(
                "This payment is already refunded, or is being refunded."
            ))
        if self.payment_id and self.payment_id._qpay_get_paid_back_amount():
            raise UserError(self.env._(
                "A part of this payment is already paid back by a bank transfer. Please pay back"
                " the rest in the same way."
            ))

    def _send_refund_request(self):
        """ Override of `payment` to refund a card payment at QPay (QPay contract §4.4).

        The refund is committed before QPay is asked, so that it can never be asked for twice, and
        booked in a transaction of its own, whatever has changed while QPay answered. Where QPay's
        answer is lost, the refund stays pending until QPay's list of payments tells.

        :raise ValidationError: If QPay refuses, or was not reached.
        """
        if self.provider_code != const.PROVIDER_CODE:
            return super()._send_refund_request()
        row = self.source_transaction_id._qpay_get_ledger_row()
        lock(row)
        self.source_transaction_id._qpay_check_refundable(-self.amount)
        row.write({'refund_transaction_id': self.id, 'refunded_at': fields.Datetime.now()})
        self.env.cr.commit()
        if not self._qpay_ask_for_refund(row):
            return self._qpay_leave_pending(self.env._(
                "QPay did not say whether it refunded the payment. Odoo finds out by itself."
            ))
        try:
            if row._book_refund():
                return None
            reason = self.env._(
                "QPay refunded the payment. Odoo books that by itself, because another process is"
                " changing the payment."
            )
        except UserError as error:
            reason = str(error)
        wake_cron(self.env, 'ir_cron_reconcile')
        return self._qpay_leave_pending(reason)

    def _qpay_ask_for_refund(self, row):
        """Ask QPay for this refund.

        :param qpay.payment row: The payment that is refunded.
        :return: Whether QPay has made it; False also where nobody knows.
        :rtype: bool
        :raise ValidationError: If it certainly has not.
        """
        try:
            client = row._get_client()
            client.refund_payment(row.qpay_txn_id, self.reference)
        except (QPayRefused, QPayUnreachable) as error:
            # Somebody may have been faster, in QPay's portal.
            is_done = error.key == 'PAYMENT_ALREADY_CANCELED' and row._is_refunded_at_qpay(client)
            # What is told about it is written with all that has changed in the meantime in view.
            self.env.cr.commit()
            if not is_done:
                raise ValidationError(self.provider_id._qpay_get_error_message(error)) from error
        except QPayUnavailable as error:
            _logger.warning("The outcome of refund %s is not known: %s.", self.reference, error)
            return row._is_refunded_at_qpay(client)
        return True

    def _qpay_leave_pending(self, reason):
        """Leave this refund to the next comparison with QPay's list of payments.

        :param str reason: A translated sentence.
        """
        run_in_new_transaction(partial(self._set_pending, state_message=reason), self)
