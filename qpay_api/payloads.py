"""What we send to QPay: the bodies of the calls that say more than an id."""

from .tax import CITY_TAX, TAX_TYPE_VAT, VAT
from .values import EBARIMT_V3

_TAX_NAMES = {VAT: 'НӨАТ', CITY_TAX: 'НХАТ'}


def invoice_payload(request):
    """Write the body of the creation of an invoice (QPay contract §2).

    :param InvoiceRequest request: What to ask for.
    :rtype: dict
    """
    payload = {
        'invoice_code': request.invoice_code,
        'sender_invoice_no': request.sender_invoice_no,
        'invoice_receiver_code': request.receiver_code,
        'invoice_description': request.description,
        'callback_url': request.callback_url,
        'allow_partial': request.allow_partial,
        'allow_exceed': request.allow_exceed,
    }
    if request.lines:
        # QPay sums the lines up; an amount beside them could only contradict (§2.2).
        payload['lines'] = [_line_payload(line) for line in request.lines]
    else:
        # A string is the one form that keeps a decimal exact, and QPay takes it (§2.4).
        payload['amount'] = str(request.amount)
    if request.tax_type:
        payload |= {'tax_type': request.tax_type, 'district_code': request.district_code}
        if request.tax_type != TAX_TYPE_VAT:
            payload['calculate_vat'] = False
    if request.tax_customer_code:
        payload['tax_customer_code'] = request.tax_customer_code
    return payload


def ebarimt_payload(payment_id, receiver_type, receiver, generation, codes):
    """Write the body of the creation of a VAT receipt (QPay contract §5.2).

    :param dict codes: The codes that v3 wants, by QPay's names.
    :rtype: dict
    """
    return _without_empty({
        'payment_id': payment_id,
        'ebarimt_receiver_type': receiver_type,
        'ebarimt_receiver': receiver,
        **(codes if generation == EBARIMT_V3 else {}),
    })


def _line_payload(line):
    return _without_empty({
        'tax_product_code': line.tax_product_code,
        'classification_code': line.classification_code,
        'line_description': line.description,
        'line_quantity': f'{line.quantity:.2f}',
        'line_unit_price': f'{line.unit_price:.2f}',
        'taxes': [
            {
                'tax_code': tax.code,
                'description': _TAX_NAMES[tax.code],
                'amount': f'{tax.amount:.4f}',
            }
            for tax in line.taxes
        ],
    })


def _without_empty(payload):
    return {name: value for name, value in payload.items() if value}
