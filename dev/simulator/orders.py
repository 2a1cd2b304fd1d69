"""The body of ``POST /v2/invoice``: its fields and their limits (QPay contract §2)."""
from dataclasses import dataclass
from decimal import Decimal

from .clock import parse_moment
from .errors import FieldRefusal, QPayRefusal
from .schema import Field, as_flag, as_number, check, text
from .tax_invoices import check_tax_invoice
from .taxes import line_amount

_ADDRESS = {
    'city': text(100), 'district': text(100), 'street': text(100), 'building': text(100),
    'address': text(100), 'zipcode': text(20), 'longitude': text(20), 'latitude': text(20),
}
_PARTY = {
    'register': text(20), 'name': text(100), 'email': text(255), 'phone': text(20),
    'address': Field('object', fields=_ADDRESS),
}
_RECEIVER = {**_PARTY, 'address': Field('object', fields={**_ADDRESS, 'address': text(255)})}
_STAFF = {'name': text(100), 'email': text(255), 'phone': text(20)}
_LINE = {
    'sender_product_code': text(45),
    'tax_product_code': text(45),
    'classification_code': text(),
    'barcode': text(45),
    'line_description': text(255, required=True),
    'line_quantity': Field('number', required=True),
    'line_unit_price': Field('number', required=True),
    'note': text(100),
    'discounts': Field('list', fields={
        'discount_code': text(45), 'description': text(100), 'amount': Field('number'),
        'note': text(255),
    }),
    'surcharges': Field('list', fields={
        'surcharge_code': text(45), 'description': text(100), 'amount': Field('number'),
        'note': text(255),
    }),
    'taxes': Field('list', fields={
        'tax_code': text(), 'description': text(100), 'amount': Field('number'), 'note': text(),
    }),
}
_TRANSACTION = {
    'description': text(100),
    'amount': Field('number'),
    'accounts': Field('list', fields={
        'account_number': text(100), 'iban_number': text(100), 'account_name': text(100),
    }),
}
_INVOICE = {
    'invoice_code': text(45, required=True),
    'sender_invoice_no': text(45, required=True, plain=True),
    'invoice_receiver_code': text(45, required=True),
    'invoice_description': text(255, required=True, plain=True),
    'callback_url': Field('url', 255, required=True),
    'sender_branch_code': text(45),
    'sender_branch_data': Field('object', fields=_PARTY),
    'sender_staff_code': text(100),
    'sender_staff_data': Field('object', fields=_STAFF),
    'sender_terminal_code': text(45),
    'sender_terminal_data': Field('any'),
    'invoice_receiver_data': Field('object', fields=_RECEIVER),
    'invoice_due_date': Field('moment'),
    'enable_expiry': Field('flag'),
    'expiry_date': Field('moment'),
    'calculate_vat': Field('flag'),
    'tax_type': text(),
    'tax_customer_code': text(20),
    'line_tax_code': text(20),
    'district_code': text(4),
    'allow_partial': Field('flag'),
    'minimum_amount': Field('number'),
    'allow_exceed': Field('flag'),
    'maximum_amount': Field('number'),
    'note': text(1000),
    'lines': Field('list', fields=_LINE),
    'transactions': Field('list', fields=_TRANSACTION),
}
_AMOUNT_DIGITS = 20


@dataclass
class InvoiceOrder:
    """A checked request for an invoice."""

    invoice_code: str
    sender_invoice_no: str
    description: str
    callback_url: str
    amount: Decimal
    request: dict
    enable_expiry: bool | None = None
    expires_at: float | None = None
    allow_partial: bool = False
    allow_exceed: bool = False
    minimum_amount: Decimal | None = None
    maximum_amount: Decimal | None = None
    is_tax_invoice: bool = False


def read_order(body, merchant, settings):
    """Check a request for an invoice.

    :param dict body: the JSON body, its fractions as Decimal.
    :param Merchant merchant: who asks.
    :param Settings settings: the limits in force.
    :rtype: InvoiceOrder
    :raise FieldRefusal: naming the fields that are missing, too long or of the wrong kind.
    :raise QPayRefusal: INVOICE_CODE_INVALID, INVALID_AMOUNT, MIN_AMOUNT_ERR or MAX_AMOUNT_ERR; see
        also :func:`check_tax_invoice`.
    """
    check(body, _INVOICE, plain_only=settings.refuse_special_characters)
    if body['invoice_code'] not in merchant.invoice_codes:
        raise QPayRefusal('INVOICE_CODE_INVALID')
    is_tax_invoice = body['invoice_code'] in merchant.ebarimt_codes
    if is_tax_invoice:
        check_tax_invoice(body, merchant, settings)
    order = InvoiceOrder(
        invoice_code=body['invoice_code'],
        sender_invoice_no=body['sender_invoice_no'],
        description=body['invoice_description'],
        callback_url=body['callback_url'],
        amount=_amount(body, settings),
        request=body,
        is_tax_invoice=is_tax_invoice,
        enable_expiry=as_flag(body.get('enable_expiry')),
        allow_partial=bool(as_flag(body.get('allow_partial'))),
        allow_exceed=bool(as_flag(body.get('allow_exceed'))),
        minimum_amount=_optional_amount(body, 'minimum_amount'),
        maximum_amount=_optional_amount(body, 'maximum_amount'),
    )
    if body.get('expiry_date'):
        order.expires_at = parse_moment(body['expiry_date'])
    return order


def _amount(body, settings):
    """Return the amount in tögrög: given, or the sum of the lines."""
    if body.get('amount') not in (None, ''):
        amount = as_number(body['amount'])
    elif body.get('lines'):
        amount = sum((line_amount(line) for line in body['lines']), Decimal(0))
    else:
        raise FieldRefusal({'amount': ('REQUIRED', 'Field is required!')})
    if amount is None or amount <= 0 or not _fits(amount):
        raise QPayRefusal('INVALID_AMOUNT')
    if settings.min_amount is not None and amount < Decimal(settings.min_amount):
        raise QPayRefusal('MIN_AMOUNT_ERR')
    if settings.max_amount is not None and amount > Decimal(settings.max_amount):
        raise QPayRefusal('MAX_AMOUNT_ERR')
    return amount


def _fits(amount):
    """Tell whether an amount has at most two decimals and 20 digits."""
    exponent = amount.normalize().as_tuple().exponent
    return exponent >= -2 and amount < Decimal(10) ** (_AMOUNT_DIGITS - 2)


def _optional_amount(body, name):
    return None if body.get(name) in (None, '') else as_number(body[name])
