"""The calls of QPay v2 that the addon makes."""

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from . import parsing
from .errors import QPayRefused, QPayUnauthorized, QPayUnknownOutcome, QPayUnreachable

# Seconds to connect, and to wait for bytes; nobody documents QPay's own limits (§8.1).
TIMEOUT = 20
# The most rows that payment/check and payment/list give in a page (§4.1, §4.3).
PAGE_LIMIT = 100

_NEVER_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.ProxyError,
)


class QPayClient:
    """A merchant's account at one QPay host.

    :param str base_url: The host, without `/v2`.
    :param str username: QPay's user name of the merchant.
    :param str password: QPay's password of the merchant.
    :param tokens: Where the account's one token is kept: an object with
        `current(log_in, rejected='')`, which returns the `Token` to use and logs in if there is
        none but the rejected one, and `renew(log_in)`, which always logs in.
    :param float timeout: Seconds to connect, and to wait for bytes of an answer.
    """

    def __init__(self, base_url, username, password, tokens, timeout=TIMEOUT):
        self._base_url = base_url.rstrip('/')
        self._credentials = (username, password)
        self._tokens = tokens
        self._timeout = timeout

    # === TOKEN === #

    def log_in(self):
        """Log in anew and keep the token (QPay contract §1.2); the earlier one dies (§1.4).

        :return: The new token.
        :rtype: Token
        :raise QPayUnauthorized: If the user name or password is wrong.
        :raise QPayError: See `errors`.
        """
        return self._tokens.renew(self._fetch_token)

    def _fetch_token(self):
        response = self._send('POST', '/v2/auth/token', auth=self._credentials)
        return parsing.parse_token(
            self._decode(response),
            now=datetime.now(timezone.utc),
            server_time=_server_time(response),
        )

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
        payload = {
            'invoice_code': request.invoice_code,
            'sender_invoice_no': request.sender_invoice_no,
            'invoice_receiver_code': request.receiver_code,
            'invoice_description': request.description,
            # A string is the one form that keeps a decimal exact, and QPay takes it (§2.4).
            'amount': str(request.amount),
            'callback_url': request.callback_url,
            'allow_partial': request.allow_partial,
            'allow_exceed': request.allow_exceed,
        }
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

    def list_payments(self, invoice_code, start, end):
        """Read the payments of a period (QPay contract §4.3).

        :param str invoice_code: QPay's code of the merchant's invoices.
        :param datetime start: The beginning of the period, in Ulaanbaatar's time.
        :param datetime end: The end of the period, in Ulaanbaatar's time.
        :return: The payments, whatever their status.
        :rtype: PaymentCheck
        :raise QPayError: See `errors`.
        """
        return self._read_pages('/v2/payment/list', {
            'object_type': 'INVOICE',
            'object_id': invoice_code,
            'start_date': start.strftime('%Y-%m-%d %H:%M:%S'),
            'end_date': end.strftime('%Y-%m-%d %H:%M:%S'),
        })

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

    # === REQUEST HELPERS === #

    def _read_pages(self, path, payload):
        """Read all pages of a list of payments."""
        pages = []
        while not pages or len(parsing.rows_of(pages[-1])) == PAGE_LIMIT:
            offset = {'page_number': len(pages) + 1, 'page_limit': PAGE_LIMIT}
            pages.append(self._call('POST', path, {**payload, 'offset': offset}))
        return parsing.parse_check(pages)

    def _call(self, method, path, payload=None):
        """Make one call with the account's token, logging in again once on a 401 (§1.4)."""
        token = self._tokens.current(self._fetch_token)
        try:
            return self._call_with_token(method, path, payload, token)
        except QPayUnauthorized:
            token = self._tokens.current(self._fetch_token, rejected=token.access_token)
            return self._call_with_token(method, path, payload, token)

    def _call_with_token(self, method, path, payload, token):
        headers = {'Authorization': f'Bearer {token.access_token}'}
        return self._decode(self._send(method, path, json=payload, headers=headers))

    def _send(self, method, path, **options):
        try:
            response = requests.request(
                method,
                self._base_url + path,
                timeout=self._timeout,
                allow_redirects=False,
                **options,
            )
        except requests.RequestException as error:
            # The exceptions' own texts hold addresses and are not for people.
            if _was_never_sent(error):
                raise QPayUnreachable(message='no connection') from error
            raise QPayUnknownOutcome(message='no answer') from error
        if 400 <= response.status_code < 500:
            error_class = QPayUnauthorized if response.status_code == 401 else QPayRefused
            raise error_class(**parsing.parse_error(response.status_code, _json(response)))
        if response.status_code != 200:
            raise QPayUnknownOutcome(**parsing.parse_error(response.status_code, _json(response)))
        return response

    @staticmethod
    def _decode(response):
        data = _json(response)
        if not isinstance(data, dict):
            raise QPayUnknownOutcome(status=response.status_code, message='not a JSON object')
        return data


def _was_never_sent(error):
    """Whether a request failed before it left, so that nothing can have happened at QPay."""
    if isinstance(error, _NEVER_SENT):
        return True
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, ConnectTimeoutError | NewConnectionError | SSLError)


def _json(response):
    try:
        return response.json()
    except requests.JSONDecodeError:
        return None


def _server_time(response):
    try:
        return parsedate_to_datetime(response.headers['Date'])
    except (KeyError, ValueError):
        return None
