from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.reasons import get_reason


class QPayPayment(models.Model):
    """What happens in the books after a payment was settled: it may be lost, or no longer be
    matched with what it paid.
    """

    _inherit = 'qpay.payment'

    is_unmatched = fields.Boolean(
        string="No Longer Matched",
        help="Somebody unreconciled the payment from what it had paid.",
        readonly=True,
        copy=False,
    )

    def _is_in_books(self):
        """Whether the payment that Odoo made of this one is there, and confirmed.

        :rtype: bool
        """
        self.ensure_one()
        payment = self.account_payment_id
        return payment.state in ('in_process', 'paid') and payment.move_id.state == 'posted'

    @api.model
    def _get_books_domain(self):
        """Return which payments are in the books: see `_is_in_books`.

        :rtype: Domain
        """
        return Domain('account_payment_id', 'any', [
            ('state', 'in', ('in_process', 'paid')), ('move_id.state', '=', 'posted'),
        ])

    # === WHAT IS MATCHED === #

    def _notice_unmatched(self):
        """Ask a person about settled payments that were taken off what they had paid.

        :return: None
        """
        for payment in self.filtered(lambda payment: payment._get_credit_items()):
            payment.is_unmatched = True
            payment._flag_for_review(get_reason(self.env, 'unmatched'))

    def _notice_matched(self):
        """Clear activities of payments that are matched again.

        :return: None
        """
        self.filtered(lambda payment: not payment._get_credit_items())._end_question()

    def _match_again(self):
        """Match payments with what they pay, as when they were settled. What is over stays the
        customer's credit.

        :return: None
        """
        for payment in self:
            for items in payment._get_credit_items().grouped('account_id').values():
                owed = payment._get_paid_invoices().line_ids.filtered(
                    lambda line, account=items.account_id: line.account_id == account
                    and line.display_type == 'payment_term' and not line.reconciled
                )
                (items | owed).reconcile()
        self._end_question()

    def _end_question(self):
        self.is_unmatched = False
        # Whose refund is noticed, that is still a person's matter.
        settled = self.filtered(lambda payment: not payment.is_refund_noticed)
        settled.write({'state': 'settled', 'state_message': False})
        settled.activity_unlink([const.ACTIVITY_TYPE])

    # === WHAT IS LOST === #

    def _notice_lost(self):
        """Have settled payments settled again whose payment in the books is gone.

        :return: The payments of which that is true.
        :rtype: qpay.payment
        """
        lost = self.filtered(
            lambda payment: payment.state == 'settled' and not payment._is_in_books()
            and not payment.refund_transaction_id
        )
        for payment in lost:
            payment._let_go_of_payment()
            payment._flag_for_review(get_reason(self.env, 'lost_in_books'))
        return lost

    def _let_go_of_payment(self):
        """Make room in the books for another payment in place of one that does not count."""
        self.ensure_one()
        former = self.account_payment_id
        self.account_payment_id = self.transaction_id.payment_id = False
        former.qpay_txn_id = False
        # Else it would still close what it had paid, and take up what is booked of the fee.
        former.move_id.line_ids.remove_move_reconcile()
        if former.state == 'draft':
            former.action_cancel()
