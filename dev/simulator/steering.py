"""``/control``: how tests and the demo steer the simulator. QPay has nothing like it."""
import functools
from dataclasses import asdict
from decimal import Decimal

from flask import Blueprint, jsonify, request

from .api.request import MalformedBody, backend, json_body
from .ebarimt_orders import read_ebarimt_order
from .errors import QPayRefusal
from .model import CITIZEN, METHODS, P2P, PAID, PAYMENT_STATUSES, V3
from .schema import as_number
from .shapes import money

blueprint = Blueprint('steering', __name__, url_prefix='/control')
_WAIT = 60.0


def steers(view):
    """Decorate a view: what it cannot do is answered with 400 and a sentence."""
    @functools.wraps(view)
    def guarded(**values):
        try:
            return jsonify(view(**values))
        except QPayRefusal as refusal:
            return jsonify(error=refusal.key), 404 if refusal.status == 422 else 400
        except (ValueError, KeyError, TypeError, MalformedBody) as error:
            message = f'{error.args[0]} is missing' if isinstance(error, KeyError) else str(error)
            return jsonify(error=message), 400
    return guarded


@blueprint.get('/health')
@steers
def health():
    """Tell that the simulator is there."""
    return {'ok': True}


# -- invoices and payments


@blueprint.get('/invoices')
@steers
def invoices():
    """List the invoices with their payments, oldest first."""
    ledger = backend().ledger
    return [_invoice_row(item, ledger) for item in ledger.invoices(request.args.get('status'))]


@blueprint.post('/cancel')
@steers
def cancel():
    """Cancel an invoice, as the merchant can in QPay's portal."""
    ledger, invoice_id = backend().ledger, json_body()['invoice_id']
    ledger.cancel_invoice(invoice_id)
    return _invoice_row(ledger.invoice(invoice_id), ledger)


@blueprint.post('/pay')
@steers
def pay():
    """Let money arrive for an invoice, whatever its state."""
    body, state = json_body(), backend()
    method, status = body.get('method', P2P), body.get('status', PAID)
    if method not in METHODS:
        raise ValueError(f'method must be one of {", ".join(METHODS)}')
    if status not in PAYMENT_STATUSES:
        raise ValueError(f'status must be one of {", ".join(PAYMENT_STATUSES)}')
    payment, calls = pay_and_notify(
        state, body['invoice_id'], _amount(body, 'amount'), method=method, status=status,
        currency=body.get('currency', 'MNT'), fee=_amount(body, 'fee'),
        callback=body.get('callback', True),
    )
    if body.get('wait'):
        state.callbacks.wait([call.callback_id for call in calls], _WAIT)
    return _payment_row(payment)


def pay_and_notify(state, invoice_id, amount=None, callback=True, **details):
    """Record a payment and plan its callbacks, unless they are switched off.

    :return: the payment and its callbacks.
    """
    payment = state.ledger.pay(invoice_id, amount, **details)
    calls = []
    if callback and state.settings.callback_enabled:
        calls = state.callbacks.notify(state.ledger.invoice(invoice_id), payment)
    return payment, calls


@blueprint.post('/refund')
@steers
def refund():
    """Give a payment back in QPay's portal: nobody is called."""
    return _payment_row(backend().ledger.refund(json_body()['payment_id']))


# -- VAT receipts


@blueprint.get('/ebarimts')
@steers
def ebarimts():
    """List the VAT receipts, oldest first."""
    receipts = backend().ebarimts.receipts(request.args.get('payment_id'))
    return [_ebarimt_row(receipt) for receipt in receipts]


@blueprint.post('/ebarimts')
@steers
def issue_ebarimt():
    """Make a receipt as the payer's bank does: the merchant is not told."""
    body = json_body()
    order = read_ebarimt_order({
        'payment_id': body['payment_id'],
        'ebarimt_receiver_type': body.get('receiver_type', CITIZEN),
        'ebarimt_receiver': body.get('receiver'),
    }, V3, backend().settings)
    return _ebarimt_row(backend().ebarimts.issue(order))


@blueprint.post('/ebarimts/cancel')
@steers
def cancel_ebarimt():
    """Cancel a receipt in QPay's portal."""
    return _ebarimt_row(backend().ebarimts.cancel_in_portal(json_body()['ebarimt_id']))


# -- callbacks


@blueprint.post('/callback')
@steers
def callback():
    """Send the callback of a payment again, at once."""
    body, state = json_body(), backend()
    payment = state.ledger.payment(body['payment_id'])
    repeat = body.get('repeat', 1)
    if not isinstance(repeat, int) or not 1 <= repeat <= 1000:
        raise ValueError('repeat must be a whole number from 1 to 1000')
    calls = state.callbacks.notify(
        state.ledger.invoice(payment.invoice_id), payment, count=repeat, delay=0,
    )
    identifiers = [call.callback_id for call in calls]
    if body.get('wait'):
        state.callbacks.wait(identifiers, _WAIT)
    return [asdict(call) for call in state.callbacks.get(identifiers)]


@blueprint.get('/callbacks')
@steers
def callbacks():
    """List the callbacks, in the order in which they were planned."""
    return [asdict(record) for record in backend().callbacks.records()]


# -- calls, faults, settings


@blueprint.get('/calls')
@steers
def calls():
    """Count the requests to the API."""
    return backend().calls.counts()


@blueprint.get('/calls/log')
@steers
def calls_log():
    """List the last requests to the API."""
    return backend().calls.entries()


@blueprint.delete('/calls')
@steers
def reset_calls():
    """Count anew."""
    backend().calls.reset()
    return {}


@blueprint.get('/faults')
@steers
def faults():
    """List the faults that are still open."""
    return backend().faults.pending()


@blueprint.post('/faults')
@steers
def inject():
    """Order a fault."""
    body = json_body()
    endpoint, kind = body.pop('endpoint'), body.pop('fault')
    known = backend().endpoints
    if endpoint != '*' and endpoint not in known:
        raise ValueError(f'unknown endpoint {endpoint!r}; known: *, {", ".join(sorted(known))}')
    options = {name: float(v) if isinstance(v, Decimal) else v for name, v in body.items()}
    backend().faults.inject(endpoint, kind, **options)
    return backend().faults.pending()


@blueprint.delete('/faults')
@steers
def clear_faults():
    """Withdraw all faults."""
    backend().faults.clear()
    return {}


@blueprint.get('/settings')
@steers
def settings():
    """Show the settings."""
    return backend().settings.as_dict()


@blueprint.post('/settings')
@steers
def configure():
    """Change settings."""
    values = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in json_body().items()
    }
    backend().configure(values)
    return backend().settings.as_dict()


@blueprint.post('/reset')
@steers
def reset():
    """Forget everything."""
    backend().reset()
    return {}


# -- rows


def _amount(body, name):
    if body.get(name) is None:
        return None
    amount = as_number(body[name])
    if amount is None or amount < 0 or amount.normalize().as_tuple().exponent < -2:
        raise ValueError(f'{name} must be an amount with at most two decimals')
    return amount


def _invoice_row(invoice, ledger):
    return {
        'invoice_id': invoice.invoice_id,
        'merchant': invoice.merchant,
        'invoice_code': invoice.invoice_code,
        'sender_invoice_no': invoice.sender_invoice_no,
        'amount': money(invoice.amount),
        'invoice_status': invoice.status,
        'description': invoice.description,
        'callback_url': invoice.callback_url,
        'qr_text': invoice.qr_text,
        'created_at': invoice.created_at,
        'expires_at': invoice.expires_at,
        'request': invoice.request,
        'payments': [_payment_row(payment) for payment in ledger.payments_of(invoice)],
    }


def _payment_row(payment):
    return {
        'payment_id': payment.payment_id,
        'invoice_id': payment.invoice_id,
        'amount': money(payment.amount),
        'fee': money(payment.fee),
        'currency': payment.currency,
        'method': payment.method,
        'status': payment.status,
        'paid_at': payment.paid_at,
    }


def _ebarimt_row(receipt):
    return {
        **receipt.to_record(),
        **{
            name: money(getattr(receipt, name))
            for name in ('amount', 'vat_amount', 'city_tax_amount')
        },
    }
