import logging
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.fields import Domain

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, isolated, lock_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import QPayError, QPayRefused
from odoo.addons.payment_qpay.reasons import get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run, each_in_time, wake_cron

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """How a QR is closed: it expires, is cancelled or replaced, or its document changes."""

    _inherit = 'qpay.intent'

    def _close(self, reason, is_notified=False):
        """End this QR: settle what was paid, else cancel it at QPay (QPay contract §3.2).

        Until QPay confirms that it can no longer be paid, it is rechecked.

        :param str reason: Why it ends, for people.
        :param bool is_notified: Whether the document tells that somebody has ended it.
        :return: Whether QPay has confirmed the end.
        :rtype: bool
        :raise LockError: If another process is at this QR, which then has not ended here.
        """
        self.ensure_one()
        is_ended, invoice_id = True, self.qpay_invoice_id
        try:
            if invoice_id and not self._is_left_behind():
                self._sync_or_raise()
                is_ended = self.state == 'paid' or self._cancel_at_qpay()
        except QPayError as error:
            _logger.warning("QPay did not confirm the end of %s: %s.", self.name, error)
            is_ended = False
        self._lock_or_raise()
        if self.state == 'new':
            self.write({'state': 'cancelled', 'state_message': reason})
            self.transaction_id.filtered(lambda tx: tx.state == 'draft')._set_canceled()
            if is_notified:
                self.transaction_id._qpay_log_cancellation()
            self._notify_viewers()
        # QPay's answer to the creation of the QR may have come just now.
        is_ended = is_ended and self.qpay_invoice_id == invoice_id
        self._schedule_recheck(is_ended)
        self.env.cr.commit()
        return is_ended

    def _sync_or_raise(self):
        """Settle what QPay says was paid for this QR.

        :return: None
        :raise LockError: If another process is at this QR.
        :raise QPayError: If QPay gives no answer.
        """
        if not self._sync_payments():
            raise self._get_lock_error()

    def _lock_or_raise(self):
        """Lock this QR in a new transaction.

        :raise LockError: If another process is at it.
        """
        if not lock_in_new_transaction(self, LOCK_TIMEOUT):
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
                self._sync_or_raise()
                return bool(self.payment_ids)
            return error.key in ('INVOICE_ALREADY_CANCELED', 'INVOICE_NOTFOUND')
        return True

    def _schedule_recheck(self, is_ended):
        """Plan when this QR, which is locked, is rechecked, if QPay has not confirmed its end."""
        if is_ended:
            self.recheck_at = False
            self._clear_activity()
            return
        if self.close_attempts >= const.CLOSE_MAX_ATTEMPTS:
            self.recheck_at = False
            self._notify_unconfirmed_close()
            return
        delays = const.CLOSE_RETRY_DELAYS
        delay = delays[min(self.close_attempts, len(delays) - 1)]
        self.recheck_at = fields.Datetime.now() + delay
        self.close_attempts += 1
        self._trigger_recheck(self.recheck_at)
        self.unconfirmed_since = self.unconfirmed_since or fields.Datetime.now()
        if self.recheck_at - self.unconfirmed_since >= const.TELL_PERIOD:
            self._notify_unconfirmed_close()

    @api.model
    def _trigger_recheck(self, moments):
        wake_cron(self.env, 'ir_cron_recheck', moments)

    def _close_if_due(self):
        """Close this QR if there is a reason to, else recheck it when it expires.

        :return: None
        :raise LockError: If another process is at this QR.
        """
        self.ensure_one()
        if reason := self._get_closing_reason():
            self._close(reason)
        elif self.recheck_at != self.expires_at:
            self._lock_or_raise()
            if self.state == 'new':
                self.recheck_at = self.expires_at

    def _get_closing_reason(self):
        """Return why this QR must no longer be paid, for people; empty if it may be.

        :rtype: str
        """
        self.ensure_one()
        if self.state != 'new':
            return self.state_message or get_reason(self.env, 'ended')
        if not self.qpay_invoice_id or not self.expires_at:
            return get_reason(self.env, 'answer_never_came')
        if self._is_expired():
            return get_reason(self.env, 'expired')
        if self.provider_id.state == 'disabled':
            return get_reason(self.env, 'switched_off')
        if self.environment != self.provider_id._qpay_environment():
            return get_reason(self.env, 'environment_switched')
        document = documents.of(self._get_document())
        if document.records and not document.may_be_collected_by(self.provider_id.sudo(), False):
            return get_reason(self.env, 'other_account')
        return document.get_closing_reason(self)

    def _enqueue_recheck(self):
        """Have these QRs rechecked as soon as this transaction is committed.

        Their rows are left alone: whoever pays or changes a document must not get in the way of a
        settlement, nor the other way round. Those that are paid in full end by themselves, in the
        transaction that settles their payments.

        :return: None
        """
        unpaid = self.filtered(lambda intent: not intent._has_full_amount())
        if unpaid:
            self.env['qpay.intent.recheck'].create([{'intent_id': intent.id} for intent in unpaid])
            self._trigger_recheck(fields.Datetime.now())

    @api.model
    def _cron_recheck(self):
        """End the QRs that have expired, those whose document has changed, and those whose end QPay
        has not confirmed yet.

        :return: None
        """
        run = as_one_run(self)
        rechecks = run.env['qpay.intent.recheck'].search(Domain.TRUE)
        rechecks_by_intent = rechecks.grouped('intent_id')
        due = run.search([('recheck_at', '<=', fields.Datetime.now())], order='recheck_at')
        wanted = rechecks.intent_id.filtered(lambda intent: intent.state == 'new') | due
        rechecks.filtered(lambda recheck: recheck.intent_id not in wanted).unlink()
        for intent in each_in_time(self.env, wanted):
            intent._recheck_one(rechecks_by_intent.get(intent, rechecks.browse()))

    def _recheck_one(self, rechecks):
        """Recheck this QR, whatever happens.

        :param qpay.intent.recheck rechecks: What asked for it.
        """
        if self._is_account_silent():
            # One after the other would wait in vain, and keep the other scheduled actions waiting.
            self._recheck_later()
            return
        isolated(
            self.env, self._recheck, rechecks,
            on_contention=self._recheck_later,
            on_failure=partial(self._schedule_failed_recheck, rechecks),
        )

    def _recheck(self, rechecks):
        self._in_company_language()._close_if_due()
        rechecks.unlink()

    def _recheck_later(self):
        self._trigger_recheck(fields.Datetime.now() + const.RECHECK_RETRY_DELAY)

    def _schedule_failed_recheck(self, rechecks):
        """Plan when this QR is rechecked that could not be: it must not come up again at once."""
        rechecks.unlink()
        if lock_in_new_transaction(self, LOCK_TIMEOUT):
            self._schedule_recheck(is_ended=False)
