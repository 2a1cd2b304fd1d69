import logging

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import run_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import QPayError
from odoo.addons.payment_qpay.reasons import get_reason, get_reason_of

_logger = logging.getLogger(__name__)


class QPayPayment(models.Model):
    """How a row of the ledger is refunded."""

    _inherit = 'qpay.payment'

    is_refund_noticed = fields.Boolean(
        string="Refunded in QPay's Portal", readonly=True, copy=False
    )
    refund_transaction_id = fields.Many2one(
        string="Refund", comodel_name='payment.transaction', readonly=True, copy=False,
        index='btree_not_null',
    )
    refunded_at = fields.Datetime(
        help="When the refund was asked for here, or noticed in QPay's list.",
        readonly=True,
        copy=False,
    )

    def _is_refunded(self):
        """Whether QPay has refunded this payment, be that booked or not."""
        self.ensure_one()
        return self.status == 'refunded' or self.is_refund_noticed

    def _apply_refund(self):
        """Take note that QPay's list shows this payment as refunded.

        A refund that was asked for here and whose outcome was not known is completed; one that
        was made in QPay's own portal waits for a person.

        :return: None
        """
        self.ensure_one()
        if not self.account_payment_id:
            self.write({
                'status': 'refunded',
                'state': 'settled',
                'state_message': get_reason(self.env, 'refunded_before'),
            })
            # Else Odoo would count its document as paid.
            self.transaction_id.filtered(lambda tx: tx.state == 'done').state = 'cancel'
            self.activity_unlink([const.ACTIVITY_TYPE])
            return
        reason = get_reason(self.env, 'refunded_at_qpay')
        if self.refund_transaction_id.state in ('draft', 'pending'):
            try:
                # Where others are in the way, the next comparison finds it again.
                self._book_refund()
                return
            except UserError as error:
                reason = get_reason_of(error)
        self.write({
            'is_refund_noticed': True,
            'refunded_at': self.refunded_at or fields.Datetime.now(),
        })
        self._flag_for_review(reason)

    def _apply_no_refund(self):
        """Take note that QPay's list shows this payment as paid although its refund was asked for
        and the answer was lost: it did not happen, and may be asked for again.

        :return: None
        """
        self.ensure_one()
        self.refund_transaction_id._set_canceled()
        self.refunded_at = False
        self._schedule_activity(
            self.env._("A refund that QPay did not make"),
            self.env._(
                "QPay's list shows that it did not refund this payment. Refund it once more, or"
                " pay it back by a bank transfer."
            ),
        )

    def _is_refunded_at_qpay(self, client):
        """Whether QPay says that it has refunded this payment (QPay contract §4.2, §4.5).

        :param QPayClient client: The client of the payment's account.
        :return: False also where QPay does not answer.
        :rtype: bool
        """
        try:
            return client.get_payment(self.qpay_txn_id).status in const.REFUNDED_STATUSES
        except QPayError as error:
            _logger.warning("QPay could not be asked about %s: %s.", self.qpay_txn_id, error)
            return False

    def _book_refund(self):
        """Book the refund that QPay has made of this payment, in a transaction of its own: whatever
        others change at the same moment, it is not lost.

        Everywhere the QR is locked before its payments, and these before the books.

        :return: Whether it is booked.
        :rtype: bool
        :raise UserError: If there is no journal to book it in.
        """
        self.ensure_one()
        return run_in_new_transaction(self._complete_refund, self.intent_id, self)

    def _complete_refund(self):
        """Book the refund that QPay has made of this payment, unless it is booked already. The
        payment and its QR must be locked.

        :return: None
        :raise UserError: If there is no journal to book it in.
        """
        self.ensure_one()
        if self.status == 'refunded':
            return
        self.provider_id._qpay_check_journal()
        if self.refund_transaction_id.state in (False, 'cancel'):
            self.refund_transaction_id = self.transaction_id._create_child_transaction(
                self.amount, is_refund=True
            )
        # The payment is of the day of the refund, whoever books it, wherever and whenever.
        refund = self.refund_transaction_id._qpay_as_teller().with_context(tz=const.TIMEZONE)
        refund._process(const.PROVIDER_CODE, {
            'reference': refund.reference,
            'qpay_txn_id': self.qpay_txn_id,
            'amount': self.amount,
            'currency_code': self.currency_id.name,
        })
        refund._post_process()
        self.write({'status': 'refunded', 'state': 'settled', 'state_message': False})
        self._as_bookkeeper()._book_fee()
        self.activity_unlink([const.ACTIVITY_TYPE])
        self.intent_id._notify_viewers()

    def _check_no_refund(self):
        """Make sure that QPay has refunded none of these payments, as far as anybody knows, without
        the books showing it yet.

        :raise UserError: If it has, or may have.
        """
        if self.filtered(lambda payment: payment.status == 'paid' and (
            payment.is_refund_noticed
            or payment.refund_transaction_id.state in ('draft', 'pending')
        )):
            raise UserError(self.env._(
                "This payment is already refunded, or is being refunded."
            ))

    def _get_refund_values(self):
        """Return how a refund of this payment is booked: as the payment was, with the value that
        QPay has given back.

        :return: Values of the `account.payment`.
        :rtype: dict
        """
        self.ensure_one()
        paid = self.account_payment_id
        day = const.get_day(self.refunded_at or fields.Datetime.now())
        values = {
            'date': day,
            'amount': paid.amount,
            'currency_id': paid.currency_id.id,
            'destination_account_id': paid.destination_account_id.id,
            # Not who paid it: the credit is the customer's.
            'partner_id': paid.partner_id.id,
        }
        if paid.currency_id not in (self.currency_id, self.company_id.currency_id):
            values['force_balance'] = self._get_value(day)
        return values
