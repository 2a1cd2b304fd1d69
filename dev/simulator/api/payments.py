"""``/v2/payment`` (QPay contract §4)."""
import math
from decimal import Decimal

from flask import Blueprint

from .. import shapes
from ..clock import parse_moment
from ..errors import FieldRefusal, QPayRefusal
from ..schema import as_number, check, moment, text, url
from ..wire import json_answer
from .request import backend, for_merchant, json_body

blueprint = Blueprint('payments', __name__, url_prefix='/v2/payment')

#: The practical cap of a page, whatever the request says.
_PAGE_LIMIT = 100
_OBJECT = {'object_type': text(), 'object_id': text()}


@blueprint.post('/check')
@for_merchant
def check_payment(merchant):
    """Tell what was paid for an invoice."""
    state, body = backend(), json_body()
    check(body, _OBJECT, _OBJECT)
    page = _page(body)
    invoice = _checked_invoice(state.ledger, merchant, body)
    payments = state.ledger.payments_of(invoice, visible_only=True) if invoice else []
    paid = state.ledger.paid_amount(invoice, visible_only=True) if invoice else Decimal(0)
    return json_answer(shapes.checked_payments(payments[page], len(payments), paid, state.settings))


@blueprint.get('/<payment_id>')
@for_merchant
def read_payment(merchant, payment_id):
    """Read one payment."""
    return json_answer(shapes.read_payment(backend().ledger.payment(payment_id, merchant)))


@blueprint.post('/list')
@for_merchant
def list_payments(merchant):
    """List the payments of a merchant, an invoice code or a QR; newest first."""
    state, body = backend(), json_body()
    check(body, {**_OBJECT, 'start_date': moment, 'end_date': moment}, _OBJECT)
    page = _page(body)
    chosen = _listed_payments(state.ledger, merchant, body)
    rows = [
        shapes.listed_payment(*found, state.settings, state.listed.get(found[0].payment_id))
        for found in chosen[page]
    ]
    return json_answer({'count': len(chosen), 'rows': rows})


@blueprint.delete('/cancel/<payment_id>')
@blueprint.delete('/refund/<payment_id>', endpoint='refund')
@for_merchant
def reverse_payment(merchant, payment_id):
    """Give a card payment back in full."""
    state, body = backend(), json_body()
    check(body, {'callback_url': url, 'note': text(255)})
    payment = state.ledger.refund(payment_id, merchant)
    if state.settings.refund_callback and state.settings.callback_enabled:
        state.callbacks.notify(payment, url=body.get('callback_url'))
    return json_answer({})


def _page(body):
    """Return the slice that ``offset`` asks for; without it, the first page."""
    offset = body.get('offset') or {}
    if not isinstance(offset, dict):
        raise FieldRefusal({'offset': ('OBJECT', 'Object is required!')})
    page = _page_member(offset, 'page_number', 1)
    limit = min(_page_member(offset, 'page_limit', _PAGE_LIMIT), _PAGE_LIMIT)
    return slice((page - 1) * limit, page * limit)


def _page_member(offset, name, default):
    value = as_number(default if offset.get(name) is None else offset[name])
    if value is None or value != int(value):
        raise FieldRefusal({name: ('NUMBER', 'Number is required!')})
    if value < 1:
        raise FieldRefusal({name: ('MIN_NUMBER', 'Number min value [1]!')})
    return int(value)


def _checked_invoice(ledger, merchant, body):
    """Return the invoice that a check is about, or None for an item, which nobody can pay here."""
    kind, object_id = body['object_type'], body['object_id']
    if kind == 'INVOICE':
        return ledger.invoice(object_id, merchant)
    if kind == 'QR':
        return ledger.invoice_by('qr_text', object_id, merchant)
    if kind == 'ITEM':
        return None
    raise QPayRefusal('INVALID_OBJECT_TYPE')


def _listed_payments(ledger, merchant, body):
    """Return (payment, invoice) of the whole list."""
    kind, object_id = body['object_type'], body['object_id']
    if kind == 'MERCHANT' and object_id not in (merchant.merchant_id, merchant.username):
        raise QPayRefusal('PERMISSION_DENIED', 403)
    try:
        member = {'MERCHANT': None, 'INVOICE': 'invoice_code', 'QR': 'qr_text'}[kind]
    except KeyError:
        raise QPayRefusal('INVALID_OBJECT_TYPE') from None
    start = parse_moment(body['start_date']) if body.get('start_date') else -math.inf
    end = parse_moment(body['end_date']) if body.get('end_date') else math.inf
    found = [
        (payment, ledger.invoice(payment.invoice_id))
        for payment in ledger.payments_of_merchant(merchant) if start <= payment.paid_at <= end
    ]
    return [
        (payment, invoice) for payment, invoice in found
        if not member or getattr(invoice, member) == object_id
    ]
