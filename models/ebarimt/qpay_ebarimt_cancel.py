from functools import partial

from odoo import models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import EBARIMT_V1, QPayError, QPayRefused
from odoo.addons.payment_qpay.reasons import get_reason


class QPayEbarimt(models.Model):
    """How VAT receipts are cancelled."""

    _inherit = 'qpay.ebarimt'

    def _request_cancellation(self):
        """Have these receipts cancelled, as soon as this transaction is committed.

        :return: None
        """
        wanted = self.filtered(lambda receipt: receipt.state != 'cancelled') - (
            self.filtered('cancellation_ids')
        )
        if wanted:
            self.env['qpay.ebarimt.cancellation'].create([
                {'ebarimt_id': receipt.id} for receipt in wanted
            ])
            self._trigger()

    def _take_credit_note(self, note, invoice):
        """Take note that an invoice of these receipts is credited.

        :param account.move note: The credit note.
        :param account.move invoice: The invoice, if it is credited in full.
        :return: None
        """
        void = self.filtered(lambda r: invoice and r.payment_id._get_invoices() == invoice)
        void._request_cancellation()
        (self - void)._ask_for_correction(self.env._(
            "%s credits a part of what this receipt is for. QPay cancels receipts only as a whole:"
            " please correct it in the tax office's system.", note.name,
        ))

    def _take_pay_back(self, is_all):
        """Take note that the payment of these receipts was paid back by a transfer.

        :param bool is_all: Whether all of it was.
        :return: None
        """
        if is_all:
            self._request_cancellation()
        else:
            self._ask_for_correction(self.env._(
                "A part of the payment was paid back. QPay cancels receipts only as a whole: please"
                " correct this one in the tax office's system."
            ))

    def _ask_for_correction(self, note):
        """Ask a person to correct what these receipts say. That stays to be done when they are
        issued.

        :param str note: A translated sentence.
        """
        for receipt in self.filtered(lambda receipt: receipt.state != 'cancelled'):
            receipt._in_company_language()._schedule_activity(
                self.env._("A VAT receipt has to be corrected"), note, const.TO_DO_TYPE
            )

    def _void(self):
        """Cancel this receipt, which QPay has not issued, and never will.

        :return: None
        """
        self.ensure_one()
        if self._claim(self.state):
            self._set_cancelled()
            self._make_known()

    def _cancel(self):
        """Have QPay cancel this receipt (QPay contract §5.5).

        :return: None
        """
        self.ensure_one()
        if not self._claim('issued'):
            return
        self.env.cr.commit()
        if key := self._get_cancel_key():
            take = self._ask_for_cancellation(key)
        else:
            take = partial(self._give_up_cancelling, get_reason(self.env, 'receipt_number_unknown'))
        self._store_outcome(take)

    def _ask_for_cancellation(self, key):
        """Ask QPay to cancel this receipt.

        :param str key: By what QPay finds it.
        :return: What follows from the answer.
        :rtype: callable
        """
        try:
            self._get_client().cancel_ebarimt(
                key, self.env._("Paid back"), generation=self.generation
            )
        except QPayError as error:
            return partial(self._apply_cancel_error, error)
        return self._set_cancelled

    def _get_cancel_key(self):
        """Return by what QPay finds this receipt: the earlier generation knows its own id only.

        :rtype: str
        """
        is_by_payment = self.provider_id.qpay_ebarimt_cancel_by == 'payment'
        if is_by_payment and self.generation != EBARIMT_V1:
            return self.payment_id.qpay_txn_id
        return self.qpay_ebarimt_id

    def _set_cancelled(self):
        self.write({'state': 'cancelled', 'state_message': False, 'next_attempt_at': False})
        self.cancellation_ids.unlink()
        self.activity_unlink([const.ACTIVITY_TYPE, const.TO_DO_TYPE])

    def _apply_cancel_error(self, error):
        """Store why QPay has not cancelled the receipt: to cancel one twice does no harm.

        :param QPayError error: What QPay said, or did not.
        """
        if error.key == 'EBARIMT_NOT_REGISTERED' and self.attempts > 1:
            # There is no valid one any more: an earlier attempt has done it.
            self._set_cancelled()
        elif isinstance(error, QPayRefused):
            self._give_up_cancelling(self.provider_id._qpay_get_error_message(error))
        else:
            self._cancel_later(self.provider_id._qpay_get_error_message(error))

    def _cancel_later(self, reason):
        """Try again, later and later, but not for ever.

        :param str reason: A translated sentence.
        """
        if delay := self._get_retry_delay():
            self._retry_after(delay, state_message=reason)
        else:
            self._give_up_cancelling(reason)

    def _give_up_cancelling(self, reason):
        """Leave the cancellation to a person.

        :param str reason: A translated sentence.
        """
        self.write({'state_message': reason, 'next_attempt_at': False, 'attempts': 0})
        self.cancellation_ids.unlink()
        self._schedule_activity(self.env._("A VAT receipt was not cancelled"), self.env._(
            "What this VAT receipt is for was paid back or credited, but QPay did not cancel it: %s"
            " Please cancel it in the tax office's system.", reason,
        ))
