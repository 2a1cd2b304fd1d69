from odoo import Command, api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import isolated, lock_in_new_transaction, try_in_savepoint
from odoo.addons.payment_qpay.scheduling import each_in_time


class QPayPayment(models.Model):
    """How QPay's fee of a payment gets into the books."""

    _inherit = 'qpay.payment'

    fee_move_id = fields.Many2one(
        string="Entry of the Fee", comodel_name='account.move', readonly=True, copy=False,
        index='btree_not_null',
    )
    is_fee_waiting = fields.Boolean(
        string="Fee Not Booked",
        help="The fee, or its reversal, could not be booked. It is tried again every day.",
        readonly=True,
        copy=False,
    )

    _fee_waiting_index = models.Index('(id) WHERE is_fee_waiting')
    _fee_unbooked_index = models.Index('(provider_id) WHERE fee_move_id IS NULL AND fee > 0')

    def _book_fee(self):
        """Book QPay's fee, if the provider has an account for it, or reverse it with a refund, so
        that what is open of the payment is what QPay pays out. A fee that cannot be booked waits
        by itself.

        :return: None
        """
        self.ensure_one()
        act = self._get_fee_act()
        reason = act and try_in_savepoint(self.env, act)
        if self.is_fee_waiting and not reason:
            self.is_fee_waiting = False
            try_in_savepoint(self.env, self.activity_unlink, [const.TO_DO_TYPE])
        elif reason and not self.is_fee_waiting:
            self.is_fee_waiting = True
            self._schedule_activity(
                self.env._("QPay's fee waits to be booked"),
                self.env._(
                    "The payment is booked; its fee of %(fee)s is not, or not reversed: %(reason)s"
                    " When the cause is gone, press \"Settle again\", or wait for the next day.",
                    fee=self.currency_id.format(self.fee), reason=reason,
                ),
                const.TO_DO_TYPE,
            )

    def _get_fee_act(self):
        """Return what is to be done about the fee; None if nothing is.

        :rtype: callable
        """
        if self.status == 'refunded':
            is_due = self.fee_move_id and not self.fee_move_id.reversal_move_ids
            return self._reverse_fee if is_due else None
        if self.account_payment_id and self._get_open_fee_items():
            return self._match_fee
        is_due = (
            self.provider_id.qpay_fee_account_id
            and self.account_payment_id
            and not self.fee_move_id
            and not self.currency_id.is_zero(self.fee)
        )
        return self._create_fee_entry if is_due else None

    def _get_open_fee_items(self):
        """Return what of the booked fee is not taken off the payment, which may be another one than
        when the fee was booked.
        """
        account = self.account_payment_id.outstanding_account_id
        return self.fee_move_id.line_ids.filtered(
            lambda item: account.reconcile and item.account_id == account
            and item.parent_state == 'posted' and not item.reconciled
        )

    def _match_fee(self):
        payment = self.account_payment_id
        self._reconcile_outstanding(payment.move_id | self.fee_move_id, payment)

    def _create_fee_entry(self):
        """Book the fee, and take it off from what is open of the payment."""
        payment = self.account_payment_id
        label = self.env._("QPay's fee of %s", self.qpay_txn_id)
        self.fee_move_id = self.env['account.move'].create({
            'move_type': 'entry',
            'journal_id': payment.journal_id.id,
            'date': self._get_payment_date(),
            'ref': label,
            'partner_id': payment.partner_id.id,
            'line_ids': [
                Command.create({
                    'name': f'{label} - {self.document_name or payment.memo}',
                    'partner_id': payment.partner_id.id,
                    'account_id': account.id,
                    'currency_id': self.currency_id.id,
                    'amount_currency': amount,
                })
                for account, amount in (
                    (self.provider_id.qpay_fee_account_id, self.fee),
                    (payment.outstanding_account_id, -self.fee),
                )
            ],
        })
        self.fee_move_id.action_post()
        self._reconcile_outstanding(payment.move_id | self.fee_move_id, payment)

    def _reverse_fee(self):
        """Take the fee back, from what is open of the refund: the payment may be paid out."""
        refund = self.refund_transaction_id.payment_id
        reversal = self.fee_move_id._reverse_moves([{'date': refund.date}])
        reversal.action_post()
        self._reconcile_outstanding(refund.move_id | reversal, refund)

    def _reconcile_outstanding(self, moves, payment):
        account = payment.outstanding_account_id
        if account.reconcile:
            moves.line_ids.filtered(
                lambda line: line.account_id == account and not line.reconciled
            ).reconcile()

    def _book_waiting_fees(self):
        """Book those fees of these payments, which are locked, that wait."""
        for payment in self.filtered('is_fee_waiting'):
            payment._as_bookkeeper()._book_fee()

    @api.model
    def _settle_waiting_fees(self):
        """Book the fees that wait, each in a transaction of its own, while there is time."""
        waiting = self.search([('is_fee_waiting', '=', True)], order='id')
        for payment in each_in_time(self.env, waiting):
            isolated(
                self.env, lambda row: lock_in_new_transaction(row)._book_waiting_fees(), payment
            )
