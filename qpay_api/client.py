"""The calls of QPay v2 that the addon makes."""

import logging
from dataclasses import replace
from urllib.parse import quote

from . import parsing
from .connection import Connection
from .errors import QPayBusy, QPayError, QPayUnknownOutcome
from .payloads import ebarimt_payload, invoice_payload
from .values import CITIZEN, COMPANY, EBARIMT_V1, EBARIMT_V3

_logger = logging.getLogger(__name__)

# The most rows that payment/check and payment/list give in a page (§4.1, §4.3).
PAGE_LIMIT = 100

_EBARIMT_PATHS = {EBARIMT_V1: '/v2/ebarimt', EBARIMT_V3: '/v2/ebarimt_v3'}


class QPayClient(Connection):
    """A merchant's account at one QPay host, see `Connection`."""

    # === INVOICES === #

    def create_invoice(self, request):
        """Create an invoice with its QR (QPay contract §2).

        QPay has no idempotency key: after a `QPayUnknownOutcome` the invoice may exist, and it
        cannot be looked up.

        :param InvoiceRequest request: What to ask for.
        :return: The invoice.
        :rtype: Invoice
        :raise QPayError: See `errors`.
        """
        payload = invoice_payload(request)
        return parsing.parse_invoice(self._call('POST', '/v2/invoice', payload))

    def get_sender_invoice_no(self, invoice_id):
        """Read which of our numbers an invoice carries (QPay contract §3.1).

        :param str invoice_id: QPay's id of the invoice.
        :return: The number; '' if it has none.
        :rtype: str
        :raise QPayError: See `errors`.
        """
        data = self._call('GET', f'/v2/invoice/{quote(invoice_id, safe="")}')
        return str(data.get('sender_invoice_no') or '')

    def cancel_invoice(self, invoice_id):
        """Cancel an invoice, so that its QR can no longer be paid (QPay contract §3.2).

        :param str invoice_id: QPay's id of the invoice.
        :return: None
        :raise QPayRefused: With the key INVOICE_PAID or INVOICE_ALREADY_CANCELED, among others.
        :raise QPayError: See `errors`.
        """
        self._call('DELETE', f'/v2/invoice/{quote(invoice_id, safe="")}')

    # === PAYMENTS === #

    def check_payment(self, invoice_id):
        """Read all payments of an invoice (QPay contract §4.1).

        :param str invoice_id: QPay's id of the invoice.
        :return: The payments, whatever their status.
        :rtype: PaymentCheck
        :raise QPayError: See `errors`.
        """
        return self._read_pages('/v2/payment/check', {
            'object_type': 'INVOICE',
            'object_id': invoice_id,
        })

    def get_payment(self, payment_id):
        """Read one payment with its date and the invoice that it paid (QPay contract §4.2).

        :param str payment_id: QPay's id of the payment.
        :return: The payment.
        :rtype: Payment
        :raise QPayError: See `errors`.
        """
        return parsing.parse_payment(self._call('GET', f'/v2/payment/{quote(payment_id, safe="")}'))

    def date_payment(self, payment):
        """Read when a payment was made, which payment/check does not say of every kind (§4.1).

        :param Payment payment: The payment, as checked.
        :return: The payment; without its moment if QPay does not tell.
        :rtype: Payment
        """
        if payment.paid_at:
            return payment
        try:
            return replace(payment, paid_at=self.get_payment(payment.payment_id).paid_at)
        except QPayError as error:
            _logger.warning("QPay did not date payment %s: %s.", payment.payment_id, error)
            return payment

    def list_payments(self, invoice_code, start, end):
        """Read the payments of a period (QPay contract §4.3).

        :param str invoice_code: QPay's code of the merchant's invoices.
        :param datetime start: The beginning of the period, in Ulaanbaatar's time.
        :param datetime end: The end of the period, in Ulaanbaatar's time.
        :return: The payments, whatever their status.
        :rtype: PaymentCheck
        :raise QPayError: See `errors`.
        """
        return self._read_pages('/v2/payment/list', _list_payload(invoice_code, start, end))

    def list_rows(self, invoice_code, start, end, max_calls):
        """Read the payments of a short period in few calls (QPay contract §4.3).

        :param str invoice_code: QPay's code of the merchant's invoices.
        :param datetime start: The beginning of the period, in Ulaanbaatar's time.
        :param datetime end: The end of the period, in Ulaanbaatar's time.
        :param int max_calls: How many calls are worth while.
        :return: The rows as QPay writes them: one that cannot be read spoils no other.
        :rtype: list
        :raise QPayUnknownOutcome: If these do not give all of them.
        :raise QPayError: See `errors`.
        """
        payload, rows = _list_payload(invoice_code, start, end), []
        for number in range(1, max_calls + 1):
            page = self._call('POST', '/v2/payment/list', {**payload, 'offset': _page(number)})
            found, count = parsing.rows_of(page), page.get('count')
            rows += found
            if len(rows) == count or count is None and len(found) < PAGE_LIMIT:
                return rows
            is_too_long = isinstance(count, int) and count > max_calls * PAGE_LIMIT
            if is_too_long or len(found) < PAGE_LIMIT:
                break
        raise QPayUnknownOutcome(message='not all payments of the list')

    def refund_payment(self, payment_id, note):
        """Refund a card payment in full (QPay contract §4.4).

        :param str payment_id: QPay's id of the payment.
        :param str note: What the refund is for, at most 255 characters.
        :return: None
        :raise QPayRefused: With the key PAYMENT_SETTLED for bank transfers, among others.
        :raise QPayError: See `errors`.
        """
        path = f'/v2/payment/refund/{quote(payment_id, safe="")}'
        self._call('DELETE', path, {'note': note})

    # === VAT RECEIPTS === #

    def create_ebarimt(self, payment_id, receiver_type, receiver=None, district_code=None,
                       classification_code=None, generation=EBARIMT_V3):
        """Have the VAT receipt of a payment made (QPay contract §5.2 to §5.4).

        After a `QPayUnknownOutcome` the receipt may exist: asking again may make a second one.

        :param str payment_id: QPay's id of the payment.
        :param str receiver_type: `CITIZEN` or `COMPANY`.
        :param str receiver: The citizen's phone number, or the company's register number.
        :param str district_code: Four digits (§5.6); v3 only.
        :param str classification_code: Seven digits; v3 only.
        :param str generation: `EBARIMT_V3` or `EBARIMT_V1`.
        :return: The receipt.
        :rtype: EbarimtReceipt
        :raise ValueError: If there is no such receiver.
        :raise QPayBusy: If the tax system is busy; the same call may be made again later.
        :raise QPayRefused: With the key PAYMENT_NOT_PAID, among others.
        :raise QPayError: See `errors`.
        """
        if receiver_type not in (CITIZEN, COMPANY) or receiver_type == COMPANY and not receiver:
            raise ValueError('a receipt is for a citizen, or for a company with its register')
        payload = ebarimt_payload(payment_id, receiver_type, receiver, generation, {
            'district_code': district_code,
            'classification_code': classification_code,
        })
        return parsing.parse_ebarimt(self._call_ebarimt('POST', generation, 'create', payload))

    def get_ebarimt(self, ebarimt_id, generation=EBARIMT_V1):
        """Read a VAT receipt (QPay contract §5.1).

        Only v1 is known to have this call, and to take the receipt's id. Whether it also takes a
        payment's id, or shows what v3 made, nobody knows: that QPay finds nothing by another id
        does not prove that there is no receipt.

        :param str ebarimt_id: QPay's id of the receipt.
        :param str generation: `EBARIMT_V1` or `EBARIMT_V3`.
        :return: The receipt.
        :rtype: EbarimtReceipt
        :raise QPayRefused: With the key BARIMT_NOT_FOUND and status 422 if there is none by this
            id; with status 404 and no key if QPay has no such call.
        :raise QPayError: See `errors`.
        """
        return parsing.parse_ebarimt(
            self._call_ebarimt('GET', generation, quote(ebarimt_id, safe=''))
        )

    def cancel_ebarimt(self, ebarimt_id, note, generation=EBARIMT_V3):
        """Cancel a VAT receipt (QPay contract §5.5).

        :param str ebarimt_id: The id that the account takes: the payment's or the receipt's.
        :param str note: Why, at most 255 characters; some accounts insist on it.
        :param str generation: `EBARIMT_V3` or `EBARIMT_V1`.
        :return: None
        :raise QPayBusy: If the tax system is busy, or QPay knows no receipt by this id.
        :raise QPayRefused: With the key EBARIMT_CANCEL_NOTSUPPERDED, among others.
        :raise QPayError: See `errors`.
        """
        self._call_ebarimt('DELETE', generation, quote(ebarimt_id, safe=''), {'note': note})

    # === REQUEST HELPERS === #

    def _call_ebarimt(self, method, generation, path, payload=None):
        """Make a call about VAT receipts, telling "busy" from an unknown outcome."""
        receiver = (payload or {}).get('ebarimt_receiver')
        try:
            return self._call(method, f'{_EBARIMT_PATHS[generation]}/{path}', payload)
        except QPayError as error:
            kind = QPayBusy if error.key == 'SYSTEM_BUSY' else type(error)
            # Errors get logged, and QPay may quote what it complains about.
            key, message = (
                text.replace(receiver, '***') if receiver else text
                for text in (error.key, error.message)
            )
            raise kind(key, error.status, message, error.fields) from None

    def _read_pages(self, path, payload):
        """Read all pages of a list of payments. The first one that is not full is the last.

        :raise QPayUnknownOutcome: If a page repeats what was read, and there is more: whoever does
            not turn the pages would be asked for ever.
        """
        pages, known = [], 0
        while True:
            payload['offset'] = _page(len(pages) + 1)
            pages.append(self._call('POST', path, payload))
            check = parsing.parse_check(pages)
            is_new = len(check.payments) > known
            if len(parsing.rows_of(pages[-1])) != PAGE_LIMIT:
                return check
            if not is_new:
                return parsing.must_be_all(check)
            known = len(check.payments)


def _list_payload(invoice_code, start, end):
    return {
        'object_type': 'INVOICE',
        'object_id': invoice_code,
        'start_date': start.strftime('%Y-%m-%d %H:%M:%S'),
        'end_date': end.strftime('%Y-%m-%d %H:%M:%S'),
    }


def _page(number):
    return {'page_number': number, 'page_limit': PAGE_LIMIT}
