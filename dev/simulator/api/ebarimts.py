"""``/v2/ebarimt`` and ``/v2/ebarimt_v3``: VAT receipts, in both generations (QPay contract §5)."""
from flask import Blueprint
from werkzeug.exceptions import NotFound

from ..ebarimt_orders import read_ebarimt_order
from ..ebarimt_shapes import written_ebarimt
from ..model import V1, V3
from ..schema import check, text
from ..wire import json_answer
from .request import backend, for_merchant, json_body

blueprint = Blueprint('ebarimts', __name__, url_prefix='/v2')

_CANCELLATION = {'note': text(255)}


@blueprint.post('/ebarimt/create')
@for_merchant
def create_v1(merchant):
    """Make the receipt of a payment; with a ``callback_url`` it is told of later."""
    state = backend()
    order = read_ebarimt_order(json_body(), V1, state.settings)
    receipt = state.ebarimts.issue(order, merchant)
    if not order.callback_url:
        return _answer(receipt)
    if state.settings.callback_enabled:
        state.callbacks.announce(
            state.ledger.payment(receipt.payment_id), order.callback_url,
            {state.settings.ebarimt_callback_parameter: receipt.ebarimt_id},
            delay=state.settings.ebarimt_callback_delay,
        )
    return json_answer({})


@blueprint.post('/ebarimt_v3/create')
@for_merchant
def create_v3(merchant):
    """Make the receipt of a payment."""
    state = backend()
    order = read_ebarimt_order(json_body(), V3, state.settings)
    return _answer(state.ebarimts.issue(order, merchant))


@blueprint.get('/ebarimt/<ebarimt_id>')
@for_merchant
def read_v1(merchant, ebarimt_id):
    """Read a receipt, whichever generation made it."""
    return _answer(backend().ebarimts.read(ebarimt_id, merchant))


@blueprint.get('/ebarimt_v3/<ebarimt_id>')
@for_merchant
def read_v3(merchant, ebarimt_id):
    """Read a receipt, if the settings say that there is such a call."""
    if not backend().settings.ebarimt_v3_read:
        raise NotFound
    return _answer(backend().ebarimts.read(ebarimt_id, merchant))


@blueprint.delete('/ebarimt/<key>')
@for_merchant
def cancel_v1(merchant, key):
    """Cancel a receipt."""
    return _cancel(merchant, key, V1)


@blueprint.delete('/ebarimt_v3/<key>')
@for_merchant
def cancel_v3(merchant, key):
    """Cancel a receipt."""
    return _cancel(merchant, key, V3)


def _cancel(merchant, key, generation):
    body = json_body()
    check(body, _CANCELLATION)
    return _answer(backend().ebarimts.cancel(key, generation, merchant, body.get('note')))


def _answer(receipt):
    state = backend()
    return json_answer(written_ebarimt(
        receipt,
        state.ledger.payment(receipt.payment_id),
        state.ledger.invoice(receipt.invoice_id),
        state.merchants[receipt.merchant],
        state.settings,
    ))
