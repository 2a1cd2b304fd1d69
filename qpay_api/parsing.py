"""From QPay's JSON to typed values.

QPay sends the same quantity as a string in one place and as a number in another, under one key
in one call and under another key elsewhere (QPay contract §4.1 to §4.3). Whatever is read here
accepts each of them and ignores keys that it does not know.
"""

import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from .errors import QPayUnknownOutcome
from .values import BankLink, EbarimtReceipt, Invoice, Payment, PaymentCheck, Token

# Times below this are durations: no token can have expired in 2001.
_EARLIEST_TIMESTAMP = 1_000_000_000

# The apps whose ids are known; those of others are no names to show.
_WALLETS = {
    '0fc9b71c-cd87-4ffd-9cac-2279ebd9deb0': 'Хаан банк апп',
    'KKTT': 'qPay wallet',
}


def parse_token(data, now, server_time=None):
    """Read the answer to auth/token (QPay contract §1.2).

    :param dict data: The decoded JSON.
    :param datetime now: The current time, aware, for the accounts that answer with a duration.
    :param datetime server_time: The time that QPay's server gave for its answer, aware.
    :return: The token.
    :rtype: Token
    :raise QPayUnknownOutcome: If the answer holds no usable token.
    """
    access_token = _text(data, 'access_token', required=True)
    expires_in = _decimal(data, 'expires_in')
    try:
        if expires_in < _EARLIEST_TIMESTAMP:
            expires_at = now + timedelta(seconds=float(expires_in))
        else:
            expires_at = datetime.fromtimestamp(int(expires_in), timezone.utc)
    except (OSError, OverflowError, ValueError) as error:
        raise QPayUnknownOutcome(message='no time expires_in in the answer') from error
    return Token(access_token, expires_at, server_time)


def parse_invoice(data):
    """Read the answer to the creation of an invoice (QPay contract §2.5).

    :param dict data: The decoded JSON.
    :return: The invoice.
    :rtype: Invoice
    :raise QPayUnknownOutcome: If the answer lacks the invoice's id or its QR text.
    """
    links = data.get('urls')
    return Invoice(
        invoice_id=_text(data, 'invoice_id', required=True),
        qr_text=_text(data, 'qr_text', required=True),
        short_url=_text(data, 'qPay_shortUrl', 'qpay_short_url'),
        links=tuple(
            BankLink(*(_text(link, key) for key in ('name', 'description', 'logo', 'link')))
            for link in (links if isinstance(links, list) else [])
            if isinstance(link, dict) and is_app_link(link.get('link'))
        ),
        # QPay's picture is 10 kB of what can be drawn from the text.
        raw={key: value for key, value in data.items() if key != 'qr_image'},
    )


def parse_payment(row):
    """Read one payment of payment/check, payment/{id} or payment/list (QPay contract §4).

    :param dict row: The decoded JSON.
    :return: The payment.
    :rtype: Payment
    :raise QPayUnknownOutcome: If the row lacks what money cannot be booked without.
    """
    if not isinstance(row, dict):
        raise QPayUnknownOutcome(message='a payment that is not an object')
    return Payment(
        payment_id=_text(row, 'payment_id', required=True),
        status=_text(row, 'payment_status', required=True).upper(),
        amount=_decimal(row, 'payment_amount'),
        fee=_decimal(row, 'trx_fee', 'payment_fee', default=Decimal(0)),
        currency=_text(row, 'payment_currency').upper(),
        payment_type=_text(row, 'payment_type', 'transaction_type', 'paid_by').upper(),
        wallet=_wallet(row),
        paid_at=_payment_time(row),
        invoice_id=_text(row, 'object_id') if row.get('object_type') == 'INVOICE' else '',
        raw=row,
        description=_text(row, 'payment_description'),
        qr_text=_text(row, 'qr_code'),
    )


def is_paid_out(row):
    """Whether QPay says of a payment that it is settled with the merchant's bank (QPay contract
    §9.2). What it is paid with says so, account by account and card by card; payment/list does not.

    :param dict row: The decoded JSON of the payment.
    :return: None where the call does not say.
    :rtype: bool | None
    """
    legs = [
        leg for key in ('p2p_transactions', 'card_transactions')
        for leg in (row.get(key) if isinstance(row.get(key), list) else [])
        if isinstance(leg, dict) and leg.get('settlement_status')
    ]
    return all(leg['settlement_status'] == 'SETTLED' for leg in legs) if legs else None


def _wallet(row):
    """Return with which app was paid: *check* says its name, the other answers its id."""
    wallet = _text(row, 'payment_wallet')
    return _WALLETS.get(wallet, '' if is_uuid(wallet) else wallet)


def parse_check(pages):
    """Read the pages of an answer to payment/check or payment/list (QPay contract §4.1, §4.3).

    :param list pages: The decoded JSON of each page, in order.
    :return: The payments of all pages, each once.
    :rtype: PaymentCheck
    :raise QPayUnknownOutcome: If a page has no rows or a row cannot be read.
    """
    payments = {}
    for page in pages:
        for row in rows_of(page):
            payment = parse_payment(row)
            payments[payment.payment_id] = payment
    return PaymentCheck(
        tuple(payments.values()), {**pages[-1], 'rows': [p.raw for p in payments.values()]}
    )


def is_uuid(text):
    """Whether a text has the form of QPay's ids.

    :param str text: The text.
    :rtype: bool
    """
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def rows_of(page):
    """Return the rows of one page of payments.

    :param dict page: The decoded JSON.
    :return: The rows.
    :rtype: list
    :raise QPayUnknownOutcome: If the page has no list of rows: no answer is not "nothing paid".
    """
    rows = page.get('rows')
    if not isinstance(rows, list):
        raise QPayUnknownOutcome(message='no list of payments in the answer')
    return rows


def must_be_all(check):
    """Make sure that payments are as many as QPay counts (QPay contract §4.1, §4.3).

    :param PaymentCheck check: What was read.
    :return: The same.
    :rtype: PaymentCheck
    :raise QPayUnknownOutcome: If there are more, or QPay does not say how many there are.
    """
    count = check.raw.get('count')
    if isinstance(count, int) and count <= len(check.payments):
        return check
    raise QPayUnknownOutcome(message='a page of the list of payments was repeated')


def parse_ebarimt(data):
    """Read a VAT receipt, with the keys of QPay's JSON or of its documents (QPay contract §5.3).

    :param dict data: The decoded JSON.
    :return: The receipt.
    :rtype: EbarimtReceipt
    :raise QPayUnknownOutcome: If the answer lacks the receipt's id, status, amount or VAT.
    """
    histories = data.get('barimt_histories')
    first = histories[0] if isinstance(histories, list) and histories else {}
    return EbarimtReceipt(
        ebarimt_id=_text(data, 'id', required=True),
        receipt_number=(
            _text(data, 'ebarimt_receipt_id')
            or _text(first if isinstance(first, dict) else {}, 'ebarimt_bill_id')
        ),
        status=_text(data, 'barimt_status', 'ebarimt_status', required=True).upper(),
        status_at=_moment(
            _text(data, 'barimt_status_date', 'ebarimt_status_date', 'created_date')
        ),
        payment_id=_text(data, 'g_payment_id'),
        receiver_type=_text(data, 'ebarimt_receiver_type', 'ebarim_receiver_type').upper(),
        amount=_decimal(data, 'amount'),
        vat_amount=_decimal(data, 'vat_amount'),
        city_tax_amount=_decimal(data, 'city_tax_amount', default=Decimal(0)),
        receiver=_text(data, 'ebarimt_receiver'),
        lottery=_text(data, 'ebarimt_lottery'),
        qr_data=_text(data, 'ebarimt_qr_data'),
        raw=data,
    )


def parse_error(status, data):
    """Read an error body: a key, or an object by field (QPay contract §7.1 and §7.2).

    :param int status: The HTTP status.
    :param data: The decoded JSON, or None where the body is none.
    :return: The arguments of a `QPayError`.
    :rtype: dict
    """
    data = data if isinstance(data, dict) else {}
    error = data.get('error')
    if isinstance(error, dict):
        fields = {
            name: str(detail.get('type', '')) if isinstance(detail, dict) else str(detail)
            for name, detail in error.items()
        }
        message = ', '.join(f'{name}: {key}' for name, key in fields.items())
        return {
            'key': 'VALIDATION_ERROR', 'status': status, 'message': message, 'fields': fields,
        }
    return {'key': str(error or ''), 'status': status, 'message': str(data.get('message') or '')}


def is_app_link(link):
    """Whether a link opens an app or a page: what QPay sends must not run a script in ours.

    :param link: The link as QPay sent it.
    :rtype: bool
    """
    scheme, separator, _rest = str(link or '').strip().lower().partition(':')
    is_scheme = bool(separator) and scheme.replace('-', '').isalnum()
    return is_scheme and scheme not in ('javascript', 'data', 'vbscript')


def _payment_time(row):
    """Return when a payment was made, aware and in UTC, or None.

    Only payment/{id} and payment/list date every payment; payment/check dates those by card.
    """
    legs = row.get('card_transactions')
    leg = legs[0] if isinstance(legs, list) and legs and isinstance(legs[0], dict) else {}
    return _moment(row.get('payment_date') or leg.get('date') or leg.get('transaction_date'))


def _moment(text):
    """Return a time as QPay writes it, aware and in UTC, or None if it is none."""
    if not text:
        return None
    try:
        # Python 3.10 does not read the Z.
        moment = datetime.fromisoformat(str(text).replace('Z', '+00:00'))
    except ValueError:
        return None
    # All of QPay's times were seen with a zone; one without is taken for UTC like the others.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)


def _text(data, *keys, required=False):
    value = next((data[key] for key in keys if data.get(key) not in (None, '')), '')
    if required and not value:
        raise QPayUnknownOutcome(message=f'no {keys[0]} in the answer')
    return str(value)


def _decimal(data, *keys, default=None):
    value = next((data[key] for key in keys if data.get(key) not in (None, '')), default)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal('NaN')
    if not number.is_finite():
        raise QPayUnknownOutcome(message=f'no number {keys[0]} in the answer')
    return number
