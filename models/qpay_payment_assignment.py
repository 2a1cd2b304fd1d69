from odoo import Command, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import (
    LOCK_TIMEOUT,
    check_no_savepoint,
    lock_in_new_transaction,
)


class QPayPayment(models.Model):
    """Whose a payment is of which no QR tells: a person says so, and may have been wrong."""

    _inherit = 'qpay.payment'

    def action_take_back(self):
        """Take back whose payment this is: undo in the books what was booked for the wrong
        customer, and ask anew; this commits.

        :return: The action of the dialog in which a person says whose it is.
        :rtype: dict
        :raise UserError: If something else was done with the payment since, or within a savepoint.
        """
        self.ensure_one()
        check_accountant(self)
        check_no_savepoint(self.env)
        self.account_payment_id.check_access('write')
        payment = self.sudo()
        if lock_in_new_transaction(payment, LOCK_TIMEOUT) != payment:
            raise payment.intent_id._get_lock_error()
        payment._check_assignment()
        payment._take_back_assignment()
        return self.action_assign()

    def _check_assignment(self):
        """Make sure that the assignment of this payment can be taken back.

        :raise UserError: If not, with the reason.
        """
        if self.intent_id or not self.assigned_partner_id:
            raise UserError(self.env._("Nobody has said whose payment this is."))
        self._check_no_refund()
        booked = self.account_payment_id
        if self.status != 'paid' or booked and booked._qpay_get_paid_back_amount():
            raise UserError(self.env._("This payment is paid back, wholly or in part."))
        if self._get_matched_moves() - self.fee_move_id:
            raise UserError(self.env._(
                "This payment is matched with the bank statement. Please undo that first."
            ))

    def _get_matched_moves(self):
        """Return the journal entries with which the money of this payment is matched.

        :rtype: account.move
        """
        booked = self.account_payment_id
        items = booked.move_id.line_ids.filtered(
            lambda item: item.account_id == booked.outstanding_account_id
        )
        matched = items.matched_debit_ids.debit_move_id | items.matched_credit_ids.credit_move_id
        return matched.move_id

    def _take_back_assignment(self):
        """Take this payment out of the books, and leave it to a person again. What was booked
        stays to be seen, as cancelled.
        """
        former, transaction, fee_entry = (
            self.account_payment_id, self.transaction_id, self.fee_move_id
        )
        self._tell_about_taking_back()
        self._let_go_of_payment()
        former.action_cancel()
        fee_entry.button_cancel()
        # Else the pages of the wrong customer would count it as paid.
        transaction.write({'state': 'cancel', 'invoice_ids': [Command.clear()]})
        self.write({
            'assigned_partner_id': False,
            'assigned_invoice_ids': [Command.clear()],
            'transaction_id': False,
            'fee_move_id': False,
            'is_fee_waiting': False,
            'is_unmatched': False,
            'discrepancy': False,
        })
        self._ask_whose()

    def _tell_about_taking_back(self):
        """Write down, where people look, who has taken back what."""
        self.message_post(body=self.env._(
            "Taken back: this is not %(customer)s's payment. %(documents)s",
            customer=self.assigned_partner_id.name, documents=self.document_name or '',
        ))
        for record in (*self.account_payment_id, *self.assigned_invoice_ids):
            record.message_post(body=self.env._(
                "The QPay payment %s was assigned wrongly, and is taken back.", self.qpay_txn_id
            ))
