"""The bodies of the calls about VAT receipts (QPay contract §5.2)."""
import re
from dataclasses import dataclass, field

from .errors import FieldRefusal, QPayRefusal
from .model import CITIZEN, COMPANY, V3
from .schema import check, text, url
from .tax_invoices import check_classification, is_district, is_unknown

_PHONE = re.compile(r'\d{8}')
#: A company's register number, or that of a person who does business.
_REGISTER = re.compile(r'\d{7}|[А-ЯЁӨҮ]{2}\d{8}')
_CREATION = {
    'payment_id': text(),
    'ebarimt_receiver_type': text(),
    'ebarimt_receiver': text(20),
    'callback_url': url,
    'district_code': text(4),
    'classification_code': text(),
}


@dataclass
class EbarimtOrder:
    """A checked request for a receipt."""

    generation: str
    payment_id: str
    receiver_type: str
    receiver: str | None = field(repr=False)
    district_code: str | None = None
    classification_code: str | None = None


def read_ebarimt_order(body, generation, settings):
    """Check a request for a receipt, as far as it can be without its payment.

    :param str generation: v1 or v3; v1 has no codes.
    :raise FieldRefusal: naming the fields that are missing or of the wrong form.
    :raise QPayRefusal: CUSTOMER_REGISTER_INVALID, CUSTOMER_NOTFOUND or
        CLASSIFICATION_CODE_INVALID.
    """
    check(body, _CREATION, ('payment_id', 'ebarimt_receiver_type'))
    order = EbarimtOrder(
        generation, body['payment_id'], body['ebarimt_receiver_type'],
        body.get('ebarimt_receiver') or None,
    )
    _check_receiver(order, settings)
    if generation == V3:
        order.district_code = body.get('district_code') or None
        order.classification_code = body.get('classification_code') or None
        if order.district_code and not is_district(order.district_code):
            raise FieldRefusal({'district_code': ('PATTERN', 'Value is not allowed!')})
        if order.classification_code:
            check_classification(order.classification_code, settings)
    return order


def _check_receiver(order, settings):
    if order.receiver_type not in (CITIZEN, COMPANY):
        raise FieldRefusal({'ebarimt_receiver_type': ('ENUM', 'Value is not allowed!')})
    if order.receiver_type == CITIZEN:
        if order.receiver and not _PHONE.fullmatch(order.receiver):
            raise FieldRefusal({'ebarimt_receiver': ('PATTERN', 'Phone number is required!')})
    elif not _REGISTER.fullmatch(order.receiver or ''):
        raise QPayRefusal('CUSTOMER_REGISTER_INVALID')
    elif is_unknown(order.receiver, settings):
        raise QPayRefusal('CUSTOMER_NOTFOUND', 422)
