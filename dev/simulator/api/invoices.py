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
    order = read_order(json_body(), merchant, state.settings)
    invoice = state.ledger.create_invoice(merchant, order)
    shape = shapes.created_invoice(invoice, state.settings, request.host_url.rstrip('/'))
    if invoice.subscription_id:
        subscription = state.ledger.subscription(invoice.subscription_id, merchant)
        shape['subscription'] = shapes.created_subscription(subscription, merchant)
    return json_answer(shape)


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
