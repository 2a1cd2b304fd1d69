import logging

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, lock_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import PaidQuestion, QPayError

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """How QPay is asked what was paid for a QR, and how that gets into the ledger and the books."""

    _inherit = 'qpay.intent'

    # === SYNC === #

    def _claim_check(self, is_view=False):
        """Reserve one of the calls to QPay that the budget allows for this QR.

        :param bool is_view: Whether somebody is merely looking at the QR.
        :return: Whether QPay may be asked now.
        :rtype: bool
        """
        self.ensure_one()
        is_granted = bool(lock_in_new_transaction(self)) and (
            self._is_view_check_due() if is_view else self._is_check_due()
        )
        if is_granted:
            self.write({
                'last_check_at': fields.Datetime.now(),
                'view_checks': self.view_checks + is_view,
            })
        self.env.cr.commit()
        return is_granted

    def _is_check_due(self):
        now = fields.Datetime.now()
        return not self.last_check_at or now - self.last_check_at >= const.CHECK_INTERVAL

    def _is_view_check_due(self):
        if self.state != 'new' or self.view_checks >= len(const.VIEW_CHECK_DELAYS):
            return False
        waited = fields.Datetime.now() - (self.last_check_at or self.create_date)
        return waited >= const.VIEW_CHECK_DELAYS[self.view_checks]

    def _refresh_for_viewer(self, with_document=True):
        """Do what is due for this QR while somebody looks at it.

        :param bool with_document: Whether to look at its document, too.
        :return: None
        """
        self.ensure_one()
        self = self.with_context(qpay_is_looking=True)
        if self.amount_paid and self._get_pending_payments() and lock_in_new_transaction(self):
            # Whoever has recorded them was kept from booking them.
            self._settle_pending()
        callbacks = self.callback_ids._filter_due()
        is_check_due = self.qpay_invoice_id and self._is_view_check_due()
        # What is due stays so until QPay answers again.
        is_silent = (callbacks or is_check_due) and self._is_account_silent()
        if callbacks and not is_silent:
            callbacks._process()
        elif is_check_due and not is_silent and self._claim_check(is_view=True):
            try:
                self._sync_payments()
            except QPayError as error:
                _logger.info("QPay could not be asked about %s: %s.", self.name, error)
        is_looked_at = with_document and self._is_payable() and not self.recheck_ids
        if is_looked_at and self._get_closing_reason():
            # Not every document tells by itself that it has changed.
            self._enqueue_recheck()

    def _is_account_silent(self):
        """Whether QPay did not answer a moment ago about the account of this QR."""
        return self.provider_id._qpay_is_silent(self.environment)

    def _sync_payments(self, payments=None):
        """Ask QPay what was paid for this QR, record it, and settle it (QPay contract §4.1).

        Nothing is locked while QPay answers. Whoever asks second finds the payments recorded and
        changes nothing. What QPay has said is kept in hand while another process is at this QR.

        :param list payments: The verified `Payment` values that are not recorded yet, where QPay
            has said them already.
        :return: Whether what QPay said is recorded and settled; False if another process is at it.
        :rtype: bool
        :raise QPayError: If QPay gives no answer.
        """
        if payments is None:
            payments = self._fetch_new_payments()
        return self._record(payments) and self._settle_pending() == self

    def _fetch_new_payments(self):
        """Ask QPay what was paid for this QR (QPay contract §4.1).

        :return: The verified `Payment` values that are not recorded yet.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        self.ensure_one()
        self.env.cr.commit()
        question = self._get_question()
        question.ask(self._get_client())
        unseen = self._get_paid(question)
        self.env.cr.commit()
        return unseen

    def _get_question(self, announced_ids=()):
        """Return the question what was paid for this QR, as far as it is not recorded yet.

        :param list announced_ids: The payments by which its invoice is found if the answer to the
            creation was lost.
        :rtype: PaidQuestion
        """
        return PaidQuestion(
            self.name, self.qpay_invoice_id or '', self.payment_ids.mapped('qpay_txn_id'),
            filter(None, announced_ids),
        )

    def _filter_listable(self):
        """Return those of these QRs for which a short list of payments can answer: it must show
        all that may have been paid since they were made.

        :rtype: qpay.intent
        """
        since = fields.Datetime.now() - const.LIST_PERIOD
        return self.filtered(
            lambda intent: intent.qr_text and intent.create_date >= since and not intent.payment_ids
        )

    @api.model
    def _get_paid(self, question):
        """Return the verified `Payment` values that answer a question.

        :rtype: list
        """
        ledger = self.env['qpay.payment']
        return [ledger._with_payment_date(payment) for payment in question.payments]

    def _record(self, payments):
        """Record verified payments of this QR.

        The record is committed before the booking starts, so that a fault in the books cannot
        lose the money that QPay has confirmed.

        :param list payments: The verified `Payment` values that are not recorded yet.
        :return: Whether it was done; False if another process holds this QR.
        :rtype: bool
        """
        self.ensure_one()
        if payments:
            if not lock_in_new_transaction(self, LOCK_TIMEOUT):
                return False
            self.env['qpay.payment']._record(self, payments)
            self.env.cr.commit()
        return True

    def _update_state(self):
        """Bring the state in line with the money that arrived.

        :return: The QRs that are paid only now.
        :rtype: qpay.intent
        """
        paid = self.filtered(lambda intent: intent.state != 'paid' and intent._has_full_amount())
        paid.write({'state': 'paid', 'state_message': False, 'recheck_at': False})
        paid.filtered('is_notified')._clear_activity()
        paid.payment_ids._clear_partial_activities()
        return paid

    def _has_full_amount(self):
        """Whether all that this QR asks for has arrived, be it settled yet or not.

        :rtype: bool
        """
        self.ensure_one()
        return self.currency_id.compare_amounts(self.amount_paid, self.amount) >= 0

    def _adopt_invoice_of(self, question):
        """Make the QPay invoice that a question has found this QR's own, if the answer to its
        creation was lost.

        :param PaidQuestion question: The question, which is answered.
        :return: Whether the question is about the invoice of this QR.
        :rtype: bool
        """
        if question.is_found:
            return self._attach_invoice(question.invoice_id)
        return bool(question.invoice_id)

    def _attach_invoice(self, invoice_id):
        """Take on the QPay invoice that carries the number of this intent.

        :param str invoice_id: QPay's id of the invoice.
        :return: Whether it is this intent's now; False if another process holds this QR.
        :rtype: bool
        """
        self.ensure_one()
        is_ours = bool(lock_in_new_transaction(self, LOCK_TIMEOUT))
        if is_ours and not self.qpay_invoice_id:
            self.qpay_invoice_id = invoice_id
        is_adopted = is_ours and self.qpay_invoice_id == invoice_id
        self.env.cr.commit()
        return is_adopted
