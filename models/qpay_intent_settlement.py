import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.fields import Domain

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.qpay import QPayError, QPayRefused
from odoo.addons.payment_qpay.utils import (
    PATIENCE_SECONDS,
    as_one_run,
    each_in_time,
    lock_afresh,
    wake_cron,
)

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """How QPay is asked what was paid for a QR, how that is recorded, and how the QR ends."""

    _inherit = 'qpay.intent'

    # === CHECK === #

    def _claim_check(self, is_view=False):
        """Reserve one of the calls to QPay that the budget allows for this QR.

        :param bool is_view: Whether somebody is merely looking at the QR.
        :return: Whether QPay may be asked now.
        :rtype: bool
        """
        self.ensure_one()
        is_granted = bool(lock_afresh(self)) and (
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

    def _refresh_for_viewer(self):
        """Do what is due for this QR while somebody looks at it.

        :return: None
        """
        self.ensure_one()
        if self.amount_paid and self._get_recorded_payments() and lock_afresh(self):
            # Whoever has recorded them was kept from booking them.
            self._book_waiting()
        callbacks = self.callback_ids._filter_due()
        is_check_due = self.qpay_invoice_id and self._is_view_check_due()
        # What is due stays so until QPay answers again.
        is_silent = (callbacks or is_check_due) and self._is_account_silent()
        if callbacks and not is_silent:
            callbacks._process()
        elif is_check_due and not is_silent and self._claim_check(is_view=True):
            try:
                self._check()
            except QPayError as error:
                _logger.info("QPay could not be asked about %s: %s.", self.name, error)
        if self._is_payable() and not self.look_ids and self._get_end_reason():
            # Not every document tells by itself that it has changed.
            self._look_soon()

    def _is_account_silent(self):
        """Whether QPay did not answer a moment ago about the account of this QR."""
        return self.provider_id._qpay_is_silent(self.environment)

    def _check(self):
        """Ask QPay what was paid for this QR, and settle it (QPay contract §4.1).

        Nothing is locked while QPay answers. Whoever asks second finds the payments recorded and
        changes nothing. What QPay has said is kept in hand while another process is at this QR.

        :return: Whether what QPay said was taken in; False if another process is at it.
        :rtype: bool
        :raise QPayError: If QPay gives no answer.
        """
        return self._settle(self._ask_unseen_payments())

    def _ask_unseen_payments(self):
        """Ask QPay what was paid for this QR (QPay contract §4.1).

        :return: The verified `Payment` values that are not recorded yet.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        self.ensure_one()
        self.env.cr.commit()
        client = self._get_client()
        payments = client.check_payment(self.qpay_invoice_id).paid_payments
        known_ids = set(self.payment_ids.mapped('qpay_txn_id'))
        unseen = [
            self.env['qpay.payment']._complete(payment, client)
            for payment in payments if payment.payment_id not in known_ids
        ]
        self.env.cr.commit()
        return unseen

    def _settle(self, payments):
        """Record verified payments of this QR, and book those that are not booked yet.

        :param list payments: The verified `Payment` values that are not recorded yet.
        :return: Whether it was done; False if another process holds this QR.
        :rtype: bool
        """
        return self._record(payments) and self._book_waiting() == self

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
            if not lock_afresh(self, PATIENCE_SECONDS):
                return False
            self.env['qpay.payment']._record(self, payments)
            self.env.cr.commit()
        return True

    def _update_state(self):
        """Bring the state in line with the money that arrived.

        :return: The QRs that are paid only now.
        :rtype: qpay.intent
        """
        paid = self.filtered(
            lambda intent: intent.state != 'paid'
            and intent.currency_id.compare_amounts(intent.amount_paid, intent.amount) >= 0
        )
        paid.write({'state': 'paid', 'state_message': False, 'next_look_at': False})
        paid.filtered('is_told')._take_back_question()
        paid.payment_ids._forget_parts()
        return paid

    def _adopt_invoice(self, qpay_payment_id):
        """Find the QPay invoice of this intent when the answer to its creation was lost.

        A callback names a payment, the payment names its invoice, and the invoice must carry our
        own number (QPay contract §3.1, §4.2).

        :param str qpay_payment_id: The payment that a callback named.
        :return: Whether the invoice is known now.
        :rtype: bool
        :raise QPayError: If QPay gives no answer.
        """
        self.ensure_one()
        self.env.cr.commit()
        client = self._get_client()
        try:
            invoice_id = client.get_payment(qpay_payment_id).invoice_id
        except QPayRefused as error:
            if error.key == 'PAYMENT_NOTFOUND':
                return False
            raise
        if not invoice_id or client.get_sender_invoice_no(invoice_id) != self.name:
            return False
        return self._adopt(invoice_id)

    def _adopt(self, invoice_id):
        """Take on the QPay invoice that carries the number of this intent.

        :param str invoice_id: QPay's id of the invoice.
        :return: Whether it is this intent's now; False if another process holds this QR.
        :rtype: bool
        """
        self.ensure_one()
        is_ours = bool(lock_afresh(self, PATIENCE_SECONDS))
        if is_ours and not self.qpay_invoice_id:
            self.qpay_invoice_id = invoice_id
        is_adopted = is_ours and self.qpay_invoice_id == invoice_id
        self.env.cr.commit()
        return is_adopted

    # === END === #

    def _close(self, reason, is_told=False):
        """End this QR: settle what was paid, else cancel it at QPay (QPay contract §3.2).

        Until QPay confirms that it can no longer be paid, it is looked at again.

        :param str reason: Why it ends, for people.
        :param bool is_told: Whether the document tells that somebody has ended it.
        :return: Whether QPay has confirmed the end.
        :rtype: bool
        :raise LockError: If another process is at this QR, which then has not ended here.
        """
        self.ensure_one()
        is_ended, invoice_id = True, self.qpay_invoice_id
        try:
            if invoice_id and not self._is_left_behind():
                self._take_in()
                is_ended = self.state == 'paid' or self._cancel_at_qpay()
        except QPayError as error:
            _logger.warning("QPay did not confirm the end of %s: %s.", self.name, error)
            is_ended = False
        self._must_lock()
        if self.state == 'new':
            self.write({'state': 'cancelled', 'state_message': reason})
            self.transaction_id.filtered(lambda tx: tx.state == 'draft')._set_canceled()
            if is_told:
                self.transaction_id._qpay_log_cancellation()
            self._notify_viewers()
        # QPay's answer to the creation of the QR may have come just now.
        is_ended = is_ended and self.qpay_invoice_id == invoice_id
        self._schedule_look(is_ended)
        self.env.cr.commit()
        return is_ended

    def _take_in(self):
        """Settle what QPay says was paid for this QR.

        :return: None
        :raise LockError: If another process is at this QR.
        :raise QPayError: If QPay gives no answer.
        """
        if not self._check():
            raise self._get_lock_error()

    def _must_lock(self):
        """Lock this QR in a new transaction.

        :raise LockError: If another process is at it.
        """
        if not lock_afresh(self, PATIENCE_SECONDS):
            raise self._get_lock_error()

    @api.model
    def _get_lock_error(self):
        return LockError(self.env._(
            "Another process is booking the payments of this QR. Please try again."
        ))

    def _is_left_behind(self):
        """Whether this is a sandbox QR of a provider that takes real money now: nobody can pay it
        with real money, and the provider's present account is not its own.
        """
        self.ensure_one()
        is_live = self.provider_id._qpay_environment() == 'live'
        return self.environment == 'sandbox' and is_live

    def _cancel_at_qpay(self):
        """Cancel the invoice at QPay.

        :return: Whether it can no longer be paid.
        :rtype: bool
        :raise LockError: If another process is at this QR.
        :raise QPayError: If QPay gives no answer.
        """
        client = self._get_client()
        try:
            client.cancel_invoice(self.qpay_invoice_id)
        except QPayRefused as error:
            if error.key == 'INVOICE_PAID':
                # QPay takes no more for it; what it took must be here before that is believed.
                self._take_in()
                return bool(self.payment_ids)
            return error.key in ('INVOICE_ALREADY_CANCELED', 'INVOICE_NOTFOUND')
        return True

    def _schedule_look(self, is_ended):
        """Plan when this QR, which is locked, is looked at next, if QPay has not confirmed its
        end.
        """
        if is_ended:
            self.next_look_at = False
            self._take_back_question()
            return
        if self.close_attempts >= const.CLOSE_MAX_ATTEMPTS:
            self.next_look_at = False
            self._tell_unconfirmed_end()
            return
        delays = const.CLOSE_RETRY_DELAYS
        delay = delays[min(self.close_attempts, len(delays) - 1)]
        self.next_look_at = fields.Datetime.now() + delay
        self.close_attempts += 1
        self._trigger_look(self.next_look_at)
        self.unconfirmed_since = self.unconfirmed_since or fields.Datetime.now()
        if self.next_look_at - self.unconfirmed_since >= const.TELL_PERIOD:
            self._tell_unconfirmed_end()

    @api.model
    def _trigger_look(self, moment):
        wake_cron(self.env, 'ir_cron_look', moment)

    def _look(self):
        """End this QR if there is a reason to, else look again when it expires.

        :return: None
        :raise LockError: If another process is at this QR.
        """
        self.ensure_one()
        if reason := self._get_end_reason():
            self._close(reason)
        elif self.next_look_at != self.expires_at:
            self._must_lock()
            if self.state == 'new':
                self.next_look_at = self.expires_at

    def _get_end_reason(self):
        """Return why this QR must no longer be paid, for people; empty if it may be.

        :rtype: str
        """
        self.ensure_one()
        if self.state != 'new':
            return self.state_message or self.env._("Ended.")
        if not self.qpay_invoice_id or not self.expires_at:
            return self.env._("QPay's answer never came.")
        if self._is_expired():
            return self.env._("Expired.")
        if self.provider_id.state == 'disabled':
            return self.env._("QPay was switched off.")
        if self.environment != self.provider_id._qpay_environment():
            return self.env._("The provider was switched between sandbox and live.")
        document = documents.of(self._get_document())
        if document.records and not document.may_be_collected_by(self.provider_id.sudo(), False):
            return self.env._("Another account at QPay collects the payment of this document now.")
        return document.get_end_reason(self)

    def _get_document_share(self, amount):
        """Return which amount of the document money of this QR pays, in the document's currency.

        :param float amount: The money, in tögrög.
        :rtype: float
        """
        self.ensure_one()
        return self.document_currency_id.round(self.document_amount * amount / self.amount)

    def _look_soon(self):
        """Have these QRs looked at as soon as this transaction is committed.

        Their rows are left alone: whoever pays or changes a document must not get in the way of a
        settlement, nor the other way round.

        :return: None
        """
        if self:
            self.env['qpay.look'].create([{'intent_id': intent.id} for intent in self])
            self._trigger_look(fields.Datetime.now())

    @api.model
    def _cron_look(self):
        """End the QRs that have expired, those whose document has changed, and those whose end QPay
        has not confirmed yet.

        :return: None
        """
        run = as_one_run(self)
        looks = run.env['qpay.look'].search(Domain.TRUE)
        looks_by_intent = looks.grouped('intent_id')
        due = run.search([('next_look_at', '<=', fields.Datetime.now())], order='next_look_at')
        wanted = looks.intent_id.filtered(lambda intent: intent.state == 'new') | due
        looks.filtered(lambda look: look.intent_id not in wanted).unlink()
        for intent in each_in_time(self.env, wanted):
            intent._look_alone(looks_by_intent.get(intent, looks.browse()))

    def _look_alone(self, looks):
        """Look at this QR, whatever happens.

        :param qpay.look looks: What asked for it.
        """
        if self._is_account_silent():
            # One after the other would wait in vain, and keep the other scheduled actions waiting.
            self._trigger_look(fields.Datetime.now() + const.LOOK_RETRY_DELAY)
            return
        try:
            self._in_company_language()._look()
            looks.unlink()
            self.env.cr.commit()
        except (LockError, psycopg2.OperationalError):
            self.env.cr.rollback()
            self._trigger_look(fields.Datetime.now() + const.LOOK_RETRY_DELAY)
        except Exception:
            # One QR that cannot be ended must not hold up the others.
            self.env.cr.rollback()
            _logger.exception("The QPay QR %s could not be ended.", self.name)
            looks.unlink()
            if lock_afresh(self, PATIENCE_SECONDS):
                self._schedule_look(is_ended=False)
