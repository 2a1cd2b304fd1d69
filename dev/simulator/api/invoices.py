"""``/v2/invoice`` (QPay contract §2, §3)."""
from flask import Blueprint, request

from .. import shapes
from ..orders import read_order
from ..wire import json_answer
from .request import backend, for_merchant, json_body

blueprint = Blueprint('invoices', __name__, url_prefix='/v2/invoice')


@blueprint.post('')
@for_merchant
def create(merchant):
    """Create an invoice."""
    state = backend()
    invoice = read_order(json_body(), merchant, state.settings, state.now())
    state.ledger.add_invoice(invoice)
    base_url = request.host_url.rstrip('/')
    return json_answer(shapes.created_invoice(invoice, state.settings, base_url))


@blueprint.get('/<invoice_id>')
@for_merchant
def read(merchant, invoice_id):
    """Read an invoice."""
    state = backend()
    invoice = state.ledger.invoice(invoice_id, merchant)
    return json_answer(shapes.read_invoice(invoice, state.ledger, state.settings))


@blueprint.delete('/<invoice_id>')
@for_merchant
def cancel(merchant, invoice_id):
    """Cancel an invoice; a body is not needed and not looked at."""
    backend().ledger.cancel_invoice(invoice_id, merchant)
    return json_answer({})
