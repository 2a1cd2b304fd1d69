"""The body of ``POST /v2/invoice``: its fields and their limits (QPay contract §2)."""
import secrets
import uuid
from decimal import Decimal

from . import emv
from .clock import parse_moment
from .errors import FieldRefusal, QPayRefusal
from .model import Invoice
from .schema import (
    REQUIRED,
    as_flag,
    as_number,
    check,
    check_plain,
    flag,
    group,
    has_cents_at_most,
    items,
    moment,
    number,
    text,
    url,
)
from .tax_invoices import check_tax_invoice
from .taxes import line_amount

_PARTY = {'register': text(20), 'name': text(100), 'email': text(255), 'phone': text(20)}
_EXTRA = {'description': text(100), 'amount': number, 'note': text(255)}
_LINE = {
    'sender_product_code': text(45),
    'tax_product_code': text(45),
    'classification_code': text(),
    'barcode': text(45),
    'line_description': text(255),
    'line_quantity': number,
    'line_unit_price': number,
    'note': text(100),
    'discounts': items({'discount_code': text(45), **_EXTRA}),
    'surcharges': items({'surcharge_code': text(45), **_EXTRA}),
    'taxes': items({'tax_code': text(), **_EXTRA, 'note': text()}),
}
_REQUIRED = (
    'invoice_code', 'sender_invoice_no', 'invoice_receiver_code', 'invoice_description',
    'callback_url',
)
_INVOICE = {
    'invoice_code': text(45),
    'sender_invoice_no': text(45),
    'invoice_receiver_code': text(45),
    'invoice_description': text(255),
    'callback_url': url,
    'sender_branch_code': text(45),
    'sender_branch_data': group(_PARTY),
    'sender_staff_code': text(100),
    'sender_staff_data': group(_PARTY),
    'sender_terminal_code': text(45),
    'invoice_receiver_data': group(_PARTY),
    'invoice_due_date': moment,
    'enable_expiry': flag,
    'expiry_date': moment,
    'calculate_vat': flag,
    'tax_type': text(),
    'tax_customer_code': text(20),
    'line_tax_code': text(20),
    'district_code': text(4),
    'allow_partial': flag,
    'minimum_amount': number,
    'allow_exceed': flag,
    'maximum_amount': number,
    'note': text(1000),
    'lines': items(_LINE, ('line_description', 'line_quantity', 'line_unit_price')),
}
_LARGEST = Decimal(10) ** 18
_SHORT_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'


def read_order(body, merchant, settings, now):
    """Check a request for an invoice.

    :raise FieldRefusal: naming the fields that are missing, too long or of the wrong kind.
    :raise QPayRefusal: INVOICE_CODE_INVALID, INVALID_AMOUNT, MIN_AMOUNT_ERR or MAX_AMOUNT_ERR; see
        also :func:`check_tax_invoice`.
    """
    check(body, _INVOICE, _REQUIRED)
    if settings.refuse_special_characters:
        check_plain(body, ('sender_invoice_no', 'invoice_description'))
    if body['invoice_code'] not in merchant.invoice_codes:
        raise QPayRefusal('INVOICE_CODE_INVALID')
    is_tax_invoice = body['invoice_code'] in merchant.ebarimt_codes
    if is_tax_invoice:
        check_tax_invoice(body, merchant, settings)
    amount = _amount(body, settings)
    return Invoice(
        invoice_id=str(uuid.uuid4()), merchant=merchant.username,
        invoice_code=body['invoice_code'],
        sender_invoice_no=body['sender_invoice_no'],
        description=body['invoice_description'],
        callback_url=body['callback_url'],
        amount=amount,
        qr_text=emv.build(merchant, amount, secrets.token_urlsafe(15), settings.acquirer),
        short_id=''.join(secrets.choice(_SHORT_ALPHABET) for _ in range(9)), created_at=now,
        request=body, expires_at=_expiry(body, settings, now),
        allow_partial=bool(as_flag(body.get('allow_partial'))),
        allow_exceed=bool(as_flag(body.get('allow_exceed'))),
        minimum_amount=as_number(body.get('minimum_amount')),
        maximum_amount=as_number(body.get('maximum_amount')), is_tax_invoice=is_tax_invoice,
    )


def _amount(body, settings):
    """Return the amount in tögrög: given, or the sum of the lines."""
    if body.get('amount') not in (None, ''):
        amount = as_number(body['amount'])
    elif body.get('lines'):
        amount = sum((line_amount(line) for line in body['lines']), Decimal(0))
    else:
        raise FieldRefusal({'amount': REQUIRED})
    if amount is None or not 0 < amount < _LARGEST or not has_cents_at_most(amount):
        raise QPayRefusal('INVALID_AMOUNT')
    if settings.min_amount is not None and amount < settings.min_amount:
        raise QPayRefusal('MIN_AMOUNT_ERR')
    if settings.max_amount is not None and amount > settings.max_amount:
        raise QPayRefusal('MAX_AMOUNT_ERR')
    return amount


def _expiry(body, settings, now):
    """Return when the invoice expires; without ``enable_expiry`` the date alone says nothing."""
    enabled, lifetime = as_flag(body.get('enable_expiry')), settings.invoice_lifetime
    if enabled and body.get('expiry_date'):
        return parse_moment(body['expiry_date'])
    return None if enabled is False or lifetime is None else now + lifetime
