"""``/v2/payment`` (QPay contract §4)."""
import math
from decimal import Decimal

from flask import Blueprint

from .. import shapes
from ..clock import parse_moment
from ..errors import FieldRefusal, QPayRefusal
from ..schema import Field, as_page_member, check, text
from ..wire import json_answer
from .request import backend, for_merchant, json_body

blueprint = Blueprint('payments', __name__, url_prefix='/v2/payment')

#: The practical cap of a page, whatever the request says.
_PAGE_LIMIT = 100
_OBJECT = {'object_type': text(required=True), 'object_id': text(required=True)}
_LIST = {
    **_OBJECT,
    'start_date': Field('moment'),
    'end_date': Field('moment'),
    'merchant_branch_code': text(),
    'merchant_terminal_code': text(),
    'merchant_staff_code': text(),
}
_REVERSAL = {'callback_url': Field('url', 255), 'note': text(255)}
_INVOICE_FILTERS = {
    'merchant_branch_code': 'sender_branch_code',
    'merchant_terminal_code': 'sender_terminal_code',
    'merchant_staff_code': 'sender_staff_code',
}


@blueprint.post('/check')
@for_merchant
def check_payment(merchant):
    """Tell what was paid for an invoice."""
    state, body = backend(), json_body()
    check(body, _OBJECT)
    page = _page(body)
    with state.lock:
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
    check(body, _LIST)
    page = _page(body)
    with state.lock:
        chosen = _listed_payments(state.ledger, merchant, body)
        rows = [shapes.listed_payment(*found, state.settings) for found in chosen[page]]
    return json_answer({'count': len(chosen), 'rows': rows})


@blueprint.delete('/cancel/<payment_id>')
@blueprint.delete('/refund/<payment_id>', endpoint='refund')
@for_merchant
def reverse_payment(merchant, payment_id):
    """Give a card payment back in full."""
    state, body = backend(), json_body()
    check(body, _REVERSAL)
    payment = state.ledger.refund_by_merchant(payment_id, merchant)
    if state.settings.refund_callback and state.settings.callback_enabled:
        invoice = state.ledger.invoice(payment.invoice_id)
        state.callbacks.notify(invoice, payment, url=body.get('callback_url'))
    return json_answer({})


def _page(body):
    """Return the slice that ``offset`` asks for; without it, the first page."""
    offset = body.get('offset')
    if offset is not None and not isinstance(offset, dict):
        raise FieldRefusal({'offset': ('OBJECT', 'Object is required!')})
    number = as_page_member(offset or {}, 'page_number', 1)
    limit = min(as_page_member(offset or {}, 'page_limit', _PAGE_LIMIT), _PAGE_LIMIT)
    return slice((number - 1) * limit, number * limit)


def _checked_invoice(ledger, merchant, body):
    """Return the invoice that a check is about, or None for an item, which nobody can pay here."""
    kind, object_id = body['object_type'], body['object_id']
    if kind == 'INVOICE':
        return ledger.invoice(object_id, merchant)
    if kind == 'QR':
        return ledger.invoice_by_qr(object_id, merchant)
    if kind == 'ITEM':
        return None
    raise QPayRefusal('INVALID_OBJECT_TYPE')


def _listed_payments(ledger, merchant, body):
    """Return (payment, invoice) of the whole list."""
    kind, object_id = body['object_type'], body['object_id']
    if kind not in ('MERCHANT', 'INVOICE', 'QR'):
        raise QPayRefusal('INVALID_OBJECT_TYPE')
    if kind == 'MERCHANT' and object_id not in (merchant.merchant_id, merchant.username):
        raise QPayRefusal('PERMISSION_DENIED', 403)
    start = parse_moment(body['start_date']) if body.get('start_date') else -math.inf
    end = parse_moment(body['end_date']) if body.get('end_date') else math.inf
    chosen = []
    for payment in ledger.payments_of_merchant(merchant):
        invoice = ledger.invoice(payment.invoice_id)
        if kind == 'INVOICE' and invoice.invoice_code != object_id:
            continue
        if kind == 'QR' and invoice.qr_text != object_id:
            continue
        if not start <= payment.paid_at <= end:
            continue
        if any(body.get(name) and invoice.request.get(field) != body[name]
               for name, field in _INVOICE_FILTERS.items()):
            continue
        chosen.append((payment, invoice))
    return chosen
