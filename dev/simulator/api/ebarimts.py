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


@blueprint.post('/ebarimt/create', defaults={'generation': V1})
@blueprint.post('/ebarimt_v3/create', defaults={'generation': V3})
@for_merchant
def create(merchant, generation):
    """Make the receipt of a payment."""
    state = backend()
    order = read_ebarimt_order(json_body(), generation, state.settings)
    return _answer(state.ebarimts.issue(order, merchant))


@blueprint.get('/ebarimt/<key>', defaults={'generation': V1})
@blueprint.get('/ebarimt_v3/<key>', defaults={'generation': V3})
@for_merchant
def read(merchant, key, generation):
    """Read a receipt, whichever generation made it; by v3 only if the settings say so."""
    state = backend()
    if generation == V3 and not state.settings.ebarimt_v3_read:
        raise NotFound
    return _answer(state.ebarimts.read(key, merchant))


@blueprint.delete('/ebarimt/<key>', defaults={'generation': V1})
@blueprint.delete('/ebarimt_v3/<key>', defaults={'generation': V3})
@for_merchant
def cancel(merchant, key, generation):
    """Cancel a receipt."""
    body = json_body()
    check(body, {'note': text(255)})
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
