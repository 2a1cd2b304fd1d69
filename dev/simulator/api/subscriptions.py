"""``/v2/subscription`` (QPay contract §4.6)."""
from flask import Blueprint

from .. import shapes
from ..wire import json_answer
from .request import backend, for_merchant

blueprint = Blueprint('subscriptions', __name__, url_prefix='/v2/subscription')


@blueprint.get('/<subscription_id>')
@for_merchant
def read(merchant, subscription_id):
    """Read a subscription."""
    ledger = backend().ledger
    subscription = ledger.subscription(subscription_id, merchant)
    return json_answer(shapes.read_subscription(subscription, merchant, ledger))


@blueprint.delete('/<subscription_id>')
@for_merchant
def stop(merchant, subscription_id):
    """End a subscription."""
    backend().ledger.stop_subscription(subscription_id, merchant)
    return json_answer({})
