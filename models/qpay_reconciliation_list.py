import logging
import random
from dataclasses import replace
from datetime import timedelta, timezone

from odoo import fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayError, is_uuid

_logger = logging.getLogger(__name__)

# How exactly the list is asked for one payment.
_MOMENT = timedelta(minutes=1)


class QPayReconciliation(models.Model):
    """What QPay is asked for a comparison."""

    _inherit = 'qpay.reconciliation'

    def _list_payments(self, start, end):
        """Return the payments of QPay's lists: there is one for each invoice code.

        :param datetime start: The beginning of the period, in UTC.
        :param datetime end: The end of the period, in UTC.
        :return: The `Payment` values.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        client = self.provider_id._qpay_client()
        period = const.to_ulaanbaatar(start), const.to_ulaanbaatar(end)
        return [
            payment
            for code in self.provider_id._qpay_invoice_codes()
            for payment in client.list_payments(code, *period).payments
        ]

    def _list_refunds(self, listed_ids):
        """Return earlier payments that may have been refunded since: those whose refund was asked
        for without an answer, and card payments, which people refund in QPay's portal as well. A
        scheduled action reads only as many as it has time for, every time others.

        :param set listed_ids: QPay's ids of the payments that are known already.
        :return: The `Payment` values, and whether QPay has answered.
        :rtype: tuple[list, bool]
        """
        since = fields.Datetime.now() - const.PORTAL_REFUND_PERIOD
        rows = self.env['qpay.payment'].search(
            self._get_ledger_domain()
            & Domain('status', '=', 'paid')
            & Domain('qpay_txn_id', 'not in', list(listed_ids))
            & (
                Domain('refund_transaction_id.state', 'in', ('draft', 'pending'))
                | Domain('payment_type', '=', 'card') & Domain('paid_at', '>=', since)
            ),
            order='paid_at',
        )
        wanted_ids = set(rows.mapped('qpay_txn_id'))
        periods = _get_periods(rows.mapped('paid_at'))
        random.shuffle(periods)
        payments = []
        is_complete = True
        for first, last in periods:
            try:
                payments += self._list_payments(first - _MOMENT, last + _MOMENT)
            except QPayError as error:
                # What is new does not wait for it.
                _logger.warning("QPay's list of earlier payments could not be read: %s.", error)
                is_complete = False
                break
            if not self.env['ir.cron']._commit_progress():
                break
        return [payment for payment in payments if payment.payment_id in wanted_ids], is_complete

    def _with_payment_dates(self, payments, rows):
        """Return payments with the moment they were made where the list does not say it: as the
        ledger knows it, else as QPay says when it is asked.

        :param list payments: The `Payment` values of the list.
        :param qpay.payment rows: Their rows of the ledger.
        :return: The `Payment` values; only what is no money may be undated.
        :rtype: list
        """
        client = self.provider_id._qpay_client()
        moments = {row.qpay_txn_id: row.paid_at.replace(tzinfo=timezone.utc) for row in rows}
        dated = [
            replace(payment, paid_at=payment.paid_at or moments.get(payment.payment_id))
            for payment in payments
        ]
        ledger = self.env['qpay.payment']
        return [
            ledger._with_payment_date(client.date_payment(payment)) if payment.is_money else payment
            for payment in dated
        ]

    def _find_intents(self, payments):
        """Return which QR each payment paid; payments of none are left out.

        :param list payments: `Payment` values of the list.
        :return: The QRs by QPay's id of the payment.
        :rtype: dict
        """
        found = ((payment, self._find_intent(payment)) for payment in payments)
        return {payment.payment_id: intent for payment, intent in found if intent}

    def _find_intent(self, payment):
        """Return the QR that a payment paid; empty if it is none of ours.

        A row of the list carries the text of the QR. What it names beside it is the invoice, or
        only the invoice code (QPay contract §4.3): then QPay is asked for the invoice.

        :param Payment payment: A payment of the list.
        :rtype: qpay.intent
        """
        if intent := self._search_intent(payment.qr_text, payment.invoice_id):
            return intent
        try:
            invoice_id = payment.invoice_id
            if not is_uuid(invoice_id):
                client = self.provider_id._qpay_client()
                invoice_id = client.get_payment(payment.payment_id).invoice_id
            return self._search_intent('', invoice_id) or self._recover_intent(invoice_id)
        except QPayError as error:
            _logger.warning("QPay could not be asked what a payment paid: %s.", error)
            return self.env['qpay.intent']

    def _search_intent(self, qr_text, invoice_id):
        """Return the QR with a text, else of an invoice of QPay's."""
        intents = self.env['qpay.intent']
        for name, value in (('qr_text', qr_text), ('qpay_invoice_id', invoice_id)):
            found = value and intents.search(
                self._get_ledger_domain() & Domain(name, '=', value), limit=1
            )
            if found:
                return found
        return intents

    def _recover_intent(self, invoice_id):
        """Return the QR of an invoice of QPay's whose answer to its creation was lost, and QPay's
        call as well.

        :raise QPayError: If QPay gives no answer.
        """
        intents = self.env['qpay.intent'].search(
            self._get_ledger_domain()
            & Domain('qpay_invoice_id', '=', False) & Domain('create_date', '>=', self.date_from)
        )
        if not intents or not invoice_id:
            return intents.browse()
        number = self.provider_id._qpay_client().get_sender_invoice_no(invoice_id)
        intent = intents.filtered(lambda intent: intent.name == number)
        if intent:
            intent._attach_invoice(invoice_id)
        return intent


def _get_periods(moments):
    """Return the periods that moments fall into, which come in order: those that are close
    together share one.

    :param list moments: The moments.
    :return: The first and last moment of each.
    :rtype: list[tuple]
    """
    periods = []
    for moment in moments:
        if periods and moment - periods[-1][1] <= const.PORTAL_REFUND_GAP:
            periods[-1] = periods[-1][0], moment
        else:
            periods.append((moment, moment))
    return periods
