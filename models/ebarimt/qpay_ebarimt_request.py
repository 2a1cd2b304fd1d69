import logging
from datetime import timezone
from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import (
    isolated,
    lock_in_new_transaction,
    run_in_new_transaction,
)
from odoo.addons.payment_qpay.qpay_api import (
    CITIZEN,
    COMPANY,
    QPayBusy,
    QPayError,
    QPayRefused,
    QPayUnavailable,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.reasons import get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run, each_in_time

_logger = logging.getLogger(__name__)

_KINDS = {CITIZEN: 'citizen', COMPANY: 'company'}


class QPayEbarimt(models.Model):
    """How QPay is asked to issue VAT receipts, and when."""

    _inherit = 'qpay.ebarimt'

    # === ISSUE === #

    def _issue(self):
        """Have QPay issue this receipt (QPay contract §5.2).

        That it is being issued is committed before QPay is asked: a receipt whose answer is lost
        is never asked for again by itself. What can fail before that comes before that.

        :return: None
        """
        self.ensure_one()
        try:
            client = self._get_client()
            client.get_token()
        except QPayError as error:
            if self._claim('to_issue'):
                self._store_outcome(partial(self._apply_refusal, error))
            return
        if not self._claim('to_issue'):
            return
        payment = self.payment_id
        if problem := payment._find_ebarimt_problem(self.receiver_type, self.receiver):
            self._set_failed(problem)
            self._make_known()
            return
        request = self._get_request()
        self.state = 'sending'
        self.env.cr.commit()
        try:
            answer = client.create_ebarimt(**request)
        except QPayError as error:
            if _tells_that_nothing_was_issued(error):
                self._store_outcome(partial(self._apply_refusal, error))
            else:
                self._resolve_unknown(error)
        else:
            self._store_outcome(partial(self._set_issued, answer))

    def _claim(self, state):
        """Take on this receipt, unless another process has, or has done with it.

        :param str state: The state in which there is something to do.
        :return: Whether it is ours; its row is then locked.
        :rtype: bool
        """
        if not lock_in_new_transaction(self):
            self._pause()
            return False
        if self.state != state:
            return False
        # Should this process die, the cron finds out that nobody knows what came of it.
        self._begin_attempt(const.EBARIMT_LEASE)
        return True

    def _store_outcome(self, take):
        """Store what QPay has said, which must not be lost: whatever others have changed while it
        answered, it is stored on top of that.

        :param callable take: Stores it.
        """
        run_in_new_transaction(take, self)
        self._make_known()

    def _make_known(self):
        """Make known what has become of the receipt."""
        self.intent_id._notify_viewers()
        self.env.cr.commit()

    def _get_request(self):
        """Return what QPay is told.

        :return: The arguments of `QPayClient.create_ebarimt`.
        :rtype: dict
        """
        receipt = self.payment_id._get_tax_receipt()
        return {
            'payment_id': self.payment_id.qpay_txn_id,
            'receiver_type': self.receiver_type.upper(),
            'receiver': self.receiver or '',
            'district_code': receipt.district_code,
            'classification_code': receipt.classification_code,
            'generation': self.generation,
        }

    # === WHAT QPAY SAID === #

    def _set_issued(self, answer):
        """Store the receipt that QPay has issued, to whom QPay says.

        :param EbarimtReceipt answer: QPay's answer.
        """
        kind = _KINDS.get(answer.receiver_type, self.receiver_type)
        moment = answer.status_at and answer.status_at.astimezone(timezone.utc).replace(tzinfo=None)
        self.write({
            'state': 'issued',
            'state_message': False,
            'receiver_type': kind,
            'receiver': answer.receiver or self.receiver,
            'amount': float(answer.amount),
            'vat_amount': float(answer.vat_amount),
            'city_tax_amount': float(answer.city_tax_amount),
            'qpay_ebarimt_id': answer.ebarimt_id,
            'receipt_number': answer.receipt_number,
            # Organisations take no part in the lottery.
            'lottery': kind == 'citizen' and answer.lottery,
            'qr_data': answer.qr_data,
            'issued_at': moment or fields.Datetime.now(),
            'raw_data': answer.raw,
        })
        self._end_attempts()

    def _apply_refusal(self, error):
        """Store why QPay has not issued the receipt, and what happens next.

        :param QPayError error: What QPay said, or did not.
        """
        if self.state not in ('to_issue', 'sending'):
            return  # A person has decided in the meantime.
        reason = self.provider_id._qpay_get_error_message(error)
        delay = not isinstance(error, QPayRefused) and self._get_retry_delay()
        if delay:
            self._retry_after(delay, state='to_issue', state_message=reason)
        else:
            self._set_failed(reason)

    def _set_failed(self, reason):
        """Give up, and ask a person to look at it. The payment stays as it is.

        :param str reason: A translated sentence.
        """
        self.write({'state': 'failed', 'state_message': reason, 'next_attempt_at': False})
        self._schedule_activity(self.env._("A VAT receipt was not issued"), reason)

    def _resolve_unknown(self, error):
        """Look this receipt up, because nobody knows whether QPay has issued it; else ask a person.
        It is never sent a second time by itself.

        :param QPayError error: What kept the answer away.
        """
        _logger.warning("Whether QPay issued VAT receipt %s is not known: %s.", self.id, error)
        # To know that is worth one more call, even if QPay is down.
        if answer := as_one_run(self)._retrieve():
            self._store_outcome(partial(self._set_issued, answer))
        else:
            self._store_outcome(partial(self._set_unknown, self._get_doubt(error)))

    def _get_doubt(self, error):
        """Return what a person is asked to find out.

        :param QPayError error: What kept the answer away.
        :rtype: str
        """
        if error.key == 'EBARIMT_ALREADY_REGISTERED':
            return get_reason(self.env, 'receipt_known_at_qpay')
        return get_reason(self.env, 'receipt_answer_lost')

    def _set_unknown(self, reason):
        """Have a person say whether QPay has issued this receipt.

        :param str reason: A translated sentence.
        """
        if self.state == 'sending':
            self.write({'state': 'unknown', 'state_message': reason, 'next_attempt_at': False})
            self._schedule_activity(self.env._("Was a VAT receipt issued?"), reason)

    def _retrieve(self):
        """Ask QPay whether it has issued this receipt (QPay contract §5.1).

        That QPay does not find it proves nothing: not every generation can be asked. One that was
        cancelled, or that is another payment's, is not this one.

        :return: The receipt; None if QPay does not show it.
        :rtype: EbarimtReceipt
        """
        self.ensure_one()
        payment_id = self.payment_id.qpay_txn_id
        try:
            answer = self._get_client().get_ebarimt(
                self.qpay_ebarimt_id or payment_id, generation=self.generation
            )
        except QPayError as error:
            _logger.info("VAT receipt %s could not be looked up: %s.", self.id, error)
            return None
        return answer if answer.is_valid and answer.payment_id == payment_id else None

    # === WHAT PEOPLE SAY === #

    def _confirm_issued(self):
        """Take a person's word that this receipt is issued; nobody knows its numbers."""
        self.write({
            'state': 'issued',
            'state_message': get_reason(self.env, 'receipt_issued_as_said', self.env.user.name),
            'amount': self.payment_id.amount,
            'issued_at': fields.Datetime.now(),
        })
        self._end_attempts()

    def _requeue(self):
        """Have these receipts issued from the beginning, to what is known of their customers now
        where nobody said a number.
        """
        for receipt in self.filtered(lambda r: r.receiver_type == 'company' and not r.receiver):
            kind, number = receipt.payment_id._get_partner()._qpay_get_receiver()
            receipt.receiver = kind == 'company' and number
        self._retry_after(state='to_issue', state_message=False, attempts=0)
        self.activity_unlink([const.ACTIVITY_TYPE])

    def _try_for_other_receiver(self):
        """Try these receipts again if they have failed, because their payer has corrected whom they
        are for; not more often than Odoo tries by itself. Of mere credit a person decides.
        """
        for receipt in self.filtered(lambda receipt: receipt.state == 'failed'):
            has_tries_left = receipt._get_retry_delay() is not None
            if has_tries_left and not receipt.payment_id._find_credit():
                receipt._retry_after(state='to_issue', state_message=False)

    # === SCHEDULE === #

    @api.model
    def _cron_process(self):
        """Issue and cancel the receipts that are due.

        :return: None
        """
        due = as_one_run(self).search(self._get_due_domain(), order='id')
        for receipt in each_in_time(self.env, due):
            receipt = receipt._in_company_language()
            isolated(
                self.env, receipt._process,
                on_contention=receipt._pause,
                # It must not come up again and again.
                on_failure=partial(receipt._store_outcome, receipt._give_up),
            )

    @api.model
    def _get_due_domain(self):
        is_due = super()._get_due_domain()
        is_to_cancel = Domain('cancellation_ids', '!=', False)
        return (
            Domain('state', 'in', ('to_issue', 'sending')) & is_due
            | Domain('state', 'in', ('to_issue', 'failed')) & is_to_cancel
            | Domain('state', '=', 'issued') & is_to_cancel
            & (is_due | Domain('next_attempt_at', '=', False))
        )

    def _process(self):
        """Do what is due for this receipt."""
        if self.provider_id._qpay_is_silent(self.environment):
            # One after the other would wait in vain.
            self._pause()
        elif self.state in ('to_issue', 'failed') and self.cancellation_ids:
            self._void()
        elif self.state == 'to_issue':
            self._issue()
        elif self.state == 'sending' and self._claim('sending'):
            # The process that asked QPay has died.
            self.env.cr.commit()
            self._resolve_unknown(QPayUnavailable(message='the server was stopped'))
        elif self.state == 'issued' and self.cancellation_ids:
            self._cancel()

    def _give_up(self):
        """Leave to a person what failed unexpectedly."""
        reason = get_reason(self.env, 'unexpected')
        if self.state == 'to_issue':
            self._set_failed(reason)
        elif self.state == 'issued':
            self._give_up_cancelling(reason)
        else:
            self._set_unknown(self._get_doubt(QPayUnavailable()))

    def _end_attempts(self):
        """Take note that the receipt is issued. It may have to be cancelled already."""
        self.write({'attempts': 0, 'next_attempt_at': False})
        self.activity_unlink([const.ACTIVITY_TYPE])
        if self.cancellation_ids:
            self._trigger()

    @api.model
    def _pause(self):
        """Have what is due looked at a little later."""
        self._trigger(fields.Datetime.now() + const.EBARIMT_PAUSE)

    # === GETTERS === #

    def _get_client(self):
        return self.payment_id._get_client()


def _tells_that_nothing_was_issued(error):
    """Whether an error means that QPay has not issued the receipt.

    :param QPayError error: What QPay said, or did not.
    :rtype: bool
    """
    is_said = isinstance(error, QPayBusy | QPayUnreachable | QPayRefused)
    return is_said and error.key != 'EBARIMT_ALREADY_REGISTERED'
