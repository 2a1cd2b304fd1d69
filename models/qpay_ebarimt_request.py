import logging

import psycopg2

from odoo import api, fields, models

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.qpay import (
    QPayBusy,
    QPayError,
    QPayRefused,
    QPayUnavailable,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.utils import lock_afresh

_logger = logging.getLogger(__name__)


class QPayEbarimt(models.Model):
    """How QPay is asked to issue and to cancel VAT receipts."""

    _inherit = 'qpay.ebarimt'

    # === ISSUE === #

    def _issue(self):
        """Have QPay issue this receipt (QPay contract §5.2).

        That it is being issued is committed before QPay is asked: a receipt whose answer is lost
        is never asked for again by itself.

        :return: None
        """
        self.ensure_one()
        if not self._claim('to_issue'):
            return
        if problem := self._get_tax_receipt().find_problem():
            self._fail(problem)
            self._finish()
            return
        self.state = 'sending'
        self.env.cr.commit()
        receipt = self._get_tax_receipt()
        try:
            answer = self._get_client().create_ebarimt(
                self.payment_id.qpay_txn_id,
                self.receiver_type.upper(),
                receiver=self.receiver or '',
                district_code=receipt.district_code,
                classification_code=receipt.classification_code,
                generation=self.generation,
            )
        except QPayError as error:
            self._take_error(error)
        else:
            self._take_answer(answer)
        self._finish()

    def _claim(self, state):
        """Take on this receipt, unless another process has, or has done with it.

        :param str state: The state in which there is something to do.
        :return: Whether it is ours.
        :rtype: bool
        """
        is_ours = bool(lock_afresh(self)) and self.state == state
        if is_ours:
            self.attempts += 1
            # Should this process die, the cron finds out that nobody knows what came of it.
            self.next_attempt_at = fields.Datetime.now() + const.EBARIMT_LEASE
        return is_ours

    def _take_answer(self, answer):
        """Store the receipt that QPay has issued.

        :param EbarimtReceipt answer: QPay's answer.
        """
        self.write({
            'state': 'issued',
            'state_message': False,
            'amount': float(answer.amount),
            'vat_amount': float(answer.vat_amount),
            'city_tax_amount': float(answer.city_tax_amount),
            'qpay_ebarimt_id': answer.ebarimt_id,
            'receipt_number': answer.receipt_number,
            # Companies take no part in the lottery.
            'lottery': self.receiver_type == 'citizen' and answer.lottery,
            'qr_data': answer.qr_data,
            'issued_at': fields.Datetime.now(),
            'raw_data': answer.raw,
            'attempts': 0,
            # The payment may have been paid back meanwhile.
            'next_attempt_at': self.is_cancel_wanted and fields.Datetime.now(),
        })
        self.activity_unlink([const.ACTIVITY_TYPE])
        if self.is_cancel_wanted:
            self._trigger_now()

    def _take_error(self, error):
        """Store why QPay has not issued the receipt, and what happens next.

        :param QPayError error: What QPay said, or did not.
        """
        if isinstance(error, QPayBusy | QPayUnreachable):
            self._retry_later(error)
        elif isinstance(error, QPayRefused):
            self._fail(self.provider_id._qpay_explain(error))
        else:
            self._leave_to_person(error)

    def _retry_later(self, error):
        """Try again, later and later, but not for ever.

        :param QPayError error: Why nothing was issued.
        """
        reason = self.provider_id._qpay_explain(error)
        delays = const.EBARIMT_RETRY_DELAYS
        if self.attempts > len(delays):
            self._fail(reason)
            return
        self.write({
            'state': 'to_issue',
            'state_message': reason,
            'next_attempt_at': fields.Datetime.now() + delays[self.attempts - 1],
        })
        self._trigger()

    def _fail(self, reason):
        """Give up, and ask a person to look at it. The payment stays as it is.

        :param str reason: A translated sentence.
        """
        self.write({'state': 'failed', 'state_message': reason, 'next_attempt_at': False})
        self._schedule_activity(self.env._("A VAT receipt was not issued"), reason)

    def _leave_to_person(self, error):
        """Take note that nobody knows whether the receipt was issued: look it up, else ask a
        person. It is never sent a second time by itself.

        :param QPayError error: What kept the answer away.
        """
        _logger.warning("Whether QPay issued VAT receipt %s is not known: %s.", self.id, error)
        reason = self.env._(
            "QPay's answer was lost: look in QPay's portal whether the receipt was issued, and"
            " press the button that says so."
        )
        self.write({'state': 'unknown', 'state_message': reason, 'next_attempt_at': False})
        if not self._look_up():
            self._schedule_activity(self.env._("Was a VAT receipt issued?"), reason)

    def _look_up(self):
        """Ask QPay whether it has issued this receipt (QPay contract §5.1).

        That QPay does not find it proves nothing: not every generation can be asked.

        :return: Whether it has.
        :rtype: bool
        """
        self.ensure_one()
        try:
            answer = self._get_client().get_ebarimt(
                self.qpay_ebarimt_id or self.payment_id.qpay_txn_id, generation=self.generation
            )
        except QPayError as error:
            _logger.info("VAT receipt %s could not be looked up: %s.", self.id, error)
            return False
        self._take_answer(answer)
        return True

    def _confirm_issued(self):
        """Take a person's word that this receipt is issued; nobody knows its numbers."""
        self.write({
            'state': 'issued',
            'state_message': self.env._("Issued, as %s says.", self.env.user.name),
            'amount': self.payment_id.amount,
            'issued_at': fields.Datetime.now(),
            'next_attempt_at': self.is_cancel_wanted and fields.Datetime.now(),
        })
        self.activity_unlink([const.ACTIVITY_TYPE])
        self._trigger_now()

    def _start_again(self):
        """Have these receipts issued from the beginning."""
        self.write({
            'state': 'to_issue',
            'state_message': False,
            'attempts': 0,
            'next_attempt_at': fields.Datetime.now(),
        })
        self.activity_unlink([const.ACTIVITY_TYPE])
        self._trigger_now()

    def _set_receiver(self, kind, number):
        """Issue these receipts, which are not issued yet, to somebody else, or not at all.

        :param str kind: 'citizen', 'company' or 'none'.
        :param str number: The number of the receiver.
        """
        if kind == 'none':
            self._want_cancel()
        else:
            self.write({'receiver_type': kind, 'receiver': number})

    # === CANCEL === #

    def _want_cancel(self):
        """Have these receipts cancelled, because their payments were paid back.

        One that was not issued yet never will be.

        :return: None
        """
        waiting = self.try_lock_for_update(allow_referencing=True).filtered(
            lambda receipt: receipt.state in ('to_issue', 'failed')
        )
        waiting.write({'state': 'cancelled', 'state_message': False, 'next_attempt_at': False})
        waiting.activity_unlink([const.ACTIVITY_TYPE])
        rest = self.filtered(lambda receipt: receipt.state not in ('failed', 'cancelled'))
        rest.is_cancel_wanted = True
        issued = rest.filtered(lambda receipt: receipt.state == 'issued')
        issued.write({'attempts': 0, 'next_attempt_at': fields.Datetime.now()})
        if issued:
            issued._trigger_now()

    def _take_credit_note(self, note, invoice):
        """Take note that an invoice of these receipts is credited.

        :param account.move note: The credit note.
        :param account.move invoice: The invoice, if it is credited in full.
        :return: None
        """
        void = self.filtered(lambda r: invoice and r.payment_id._get_document() == invoice)
        void._want_cancel()
        for receipt in self - void:
            receipt._in_company_language()._schedule_activity(
                self.env._("A VAT receipt has to be corrected"),
                self.env._(
                    "%s credits a part of what this receipt is for. QPay cancels receipts only as a"
                    " whole: please correct it in the tax office's system.", note.name,
                ),
            )

    def _cancel(self):
        """Have QPay cancel this receipt (QPay contract §5.5).

        :return: None
        """
        self.ensure_one()
        if not self._claim('issued'):
            return
        self.env.cr.commit()
        by_payment = self.provider_id.qpay_ebarimt_cancel_by == 'payment'
        receipt_id = self.payment_id.qpay_txn_id if by_payment else self.qpay_ebarimt_id
        try:
            self._get_client().cancel_ebarimt(
                receipt_id, self.env._("Paid back"), generation=self.generation
            )
        except QPayError as error:
            self._take_cancel_error(error)
        else:
            self.write({
                'state': 'cancelled',
                'state_message': False,
                'is_cancel_wanted': False,
                'next_attempt_at': False,
            })
            self.activity_unlink([const.ACTIVITY_TYPE])
        self._finish()

    def _take_cancel_error(self, error):
        """Store why QPay has not cancelled the receipt: to cancel one twice does no harm.

        :param QPayError error: What QPay said, or did not.
        """
        reason = self.provider_id._qpay_explain(error)
        is_final = isinstance(error, QPayRefused)
        delays = const.EBARIMT_RETRY_DELAYS
        if not is_final and self.attempts <= len(delays):
            self.write({
                'state_message': reason,
                'next_attempt_at': fields.Datetime.now() + delays[self.attempts - 1],
            })
            self._trigger()
            return
        self.write({
            'state_message': reason, 'is_cancel_wanted': False, 'next_attempt_at': False,
        })
        self._schedule_activity(self.env._("A VAT receipt was not cancelled"), self.env._(
            "The payment was paid back, but QPay did not cancel its VAT receipt: %s Please cancel"
            " it in the tax office's system.", reason,
        ))

    # === SCHEDULE === #

    @api.model
    def _cron_process(self):
        """Issue and cancel the receipts that are due.

        :return: None
        """
        due = self.search([('next_attempt_at', '<=', fields.Datetime.now())], order='id')
        for number, receipt in enumerate(due, 1):
            try:
                receipt._in_company_language()._process()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Another process is at it.
            except Exception:
                # One receipt that cannot be issued must not hold up the others.
                _logger.exception("VAT receipt %s could not be processed.", receipt.id)
                self.env.cr.rollback()
            self.env['ir.cron']._commit_progress(1, remaining=len(due) - number)

    def _process(self):
        """Do what is due for this receipt."""
        if self.state == 'to_issue':
            self._issue()
        elif self.state == 'sending' and self._claim('sending'):
            # The process that asked QPay has died.
            self._leave_to_person(QPayUnavailable(message='the server was stopped'))
            self._finish()
        elif self.state == 'issued' and self.is_cancel_wanted:
            self._cancel()
        else:
            self.next_attempt_at = False

    def _finish(self):
        """Make known what has become of the receipt."""
        self.intent_id._notify_viewers()
        self.env.cr.commit()

    def _trigger(self):
        self.env.ref('payment_qpay.ir_cron_ebarimt').sudo()._trigger(at=self.next_attempt_at)

    def _trigger_now(self):
        self.env.ref('payment_qpay.ir_cron_ebarimt').sudo()._trigger()

    # === GETTERS === #

    def _get_client(self):
        return self.provider_id._qpay_client(self.environment)

    def _get_tax_receipt(self):
        document = documents.of(self.payment_id._get_document())
        return documents.TaxReceipt(document, self.provider_id)

    def _in_company_language(self):
        return self.with_context(lang=self.company_id.partner_id.lang)

    def _schedule_activity(self, summary, note):
        self.activity_unlink([const.ACTIVITY_TYPE])
        self.activity_schedule(
            const.ACTIVITY_TYPE, summary=summary, note=note,
            user_id=self.payment_id._get_responsible_user().id,
        )
