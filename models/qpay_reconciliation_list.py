import logging
from dataclasses import replace
from datetime import timedelta, timezone

import pytz

from odoo import models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError

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
        period = _to_ulaanbaatar(start), _to_ulaanbaatar(end)
        return [
            payment
            for code in self.provider_id._qpay_invoice_codes()
            for payment in client.list_payments(code, *period).payments
        ]

    def _list_refunds(self, listed_ids):
        """Return the payments whose refund was asked for without an answer, and that were made
        before the period: one call each and for each invoice code.

        :param set listed_ids: QPay's ids of the payments that are known already.
        :return: The `Payment` values.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        rows = self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('status', '=', 'paid'),
            ('refund_transaction_id.state', 'in', ('draft', 'pending')),
            ('qpay_txn_id', 'not in', list(listed_ids)),
        ])
        return [
            payment
            for row in rows
            for payment in self._list_payments(row.paid_at - _MOMENT, row.paid_at + _MOMENT)
            if payment.payment_id == row.qpay_txn_id
        ]

    def _date(self, payments, rows):
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
            ledger._complete(payment, client) if payment.is_money else payment
            for payment in dated
        ]

    def _find_intents(self, payments):
        """Return which QR each payment paid; payments of none are left out.

        :param list payments: `Payment` values of the list.
        :return: The QRs by QPay's id of the payment.
        :rtype: dict
        """
        providers = self.provider_id._qpay_get_same_account()
        found = ((payment, self._find_intent(payment, providers)) for payment in payments)
        return {payment.payment_id: intent for payment, intent in found if intent}

    def _find_intent(self, payment, providers):
        """Return the QR that a payment paid; empty if it is none of ours.

        :param Payment payment: A payment of the list.
        :param payment.provider providers: The providers that share the list.
        :rtype: qpay.intent
        """
        if not payment.invoice_id:
            return self.env['qpay.intent']
        intents = self.env['qpay.intent'].search([
            ('provider_id', 'in', providers.ids),
            '|', ('qpay_invoice_id', '=', payment.invoice_id),
            '&', ('qpay_invoice_id', '=', False), ('create_date', '>=', self.date_from),
        ])
        intent = intents.filtered(lambda intent: intent.qpay_invoice_id == payment.invoice_id)
        if intent or not intents:
            return intent
        # The answer to its creation may have been lost, and QPay's call as well.
        try:
            number = self.provider_id._qpay_client().get_sender_invoice_no(payment.invoice_id)
        except QPayError as error:
            _logger.warning("QPay could not be asked about a payment's invoice: %s.", error)
            return intent
        intent = intents.filtered(lambda intent: intent.name == number)
        if intent:
            intent._adopt(payment.invoice_id)
        return intent


def _to_ulaanbaatar(moment):
    """Return a naive UTC moment as QPay's list is asked for it: in Ulaanbaatar's time."""
    return moment.replace(tzinfo=timezone.utc).astimezone(pytz.timezone(const.TIMEZONE))
