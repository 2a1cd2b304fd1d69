"""``/control``: how tests and the demo steer the simulator. QPay has nothing like it."""
from collections import Counter
from dataclasses import asdict

from flask import Blueprint

from .api.request import MalformedBody, backend, json_body
from .ebarimt_orders import read_ebarimt_order
from .errors import QPayRefusal
from .model import CITIZEN, METHODS, P2P, PAID, PAYMENT_STATUSES, V3, Callback
from .schema import as_number, has_cents_at_most
from .shapes import money
from .wire import json_answer

blueprint = Blueprint('steering', __name__, url_prefix='/control')
_WAIT = 60.0
#: Kind of fault to its options; the README says what they do.
FAULTS = {
    'delay': {'seconds', 'after'},
    'hold': {'after'},
    'drop': {'after'},
    'status': {'status', 'body', 'content_type', 'after'},
    'garbage': {'body', 'after'},
    'expired_token': set(),
    'system_busy': {'after'},
    'nested_error': {'field', 'type', 'message'},
}


@blueprint.post('/<name>')
def steer(name):
    """Call a method of :class:`Steering`; what it cannot do is answered with 400 and a sentence."""
    try:
        if name.startswith('_'):
            raise AttributeError(name)
        body = json_body()
        method = getattr(Steering(backend()), name)
        return json_answer(method(*body['arguments'], **body['options']))
    except QPayRefusal as refusal:
        return refusal.key, 400
    except (ValueError, KeyError, TypeError, AttributeError, MalformedBody) as error:
        return str(error), 400


class Steering:
    """What :class:`SimulatorControl` can ask for.

    Amounts are tögrög: numbers or texts in requests, texts with two decimals in answers.
    """

    def __init__(self, state):
        self._state = state

    # -- invoices and payments

    def invoices(self, status=None):
        """List the invoices with their payments, oldest first.

        :param str status: OPEN, CLOSED or CANCELED; None for all.
        """
        return [self._invoice_row(item) for item in self._state.ledger.invoices(status)]

    def cancel_in_portal(self, invoice_id):
        """Cancel an invoice without telling anybody."""
        return self._invoice_row(self._state.ledger.cancel_invoice(invoice_id))

    def pay(self, invoice_id, amount=None, method=P2P, callback=True, status=PAID,
            currency='MNT', fee=None, wait=False):
        """Let money arrive for an invoice, also for one that is paid, expired or cancelled.

        :param amount: by default the amount of the invoice.
        :param str method: P2P or CARD.
        :param bool callback: also call the merchant back.
        :param str status: NEW, FAILED, PAID, PARTIAL or REFUNDED.
        :param fee: by default ``fee_rate`` of the amount.
        :param bool wait: return only when the callbacks were answered (at most 60 s).
        """
        for name, value, allowed in (
            ('method', method, METHODS), ('status', status, PAYMENT_STATUSES),
        ):
            if value not in allowed:
                raise ValueError(f'{name} must be one of {", ".join(allowed)}')
        payment, calls = pay_and_notify(
            self._state, invoice_id, _amount('amount', amount), callback, method=method,
            status=status, currency=currency, fee=_amount('fee', fee),
        )
        if wait:
            self._state.callbacks.wait(calls, _WAIT)
        return _payment_row(payment)

    def refund_in_portal(self, payment_id):
        """Give a payment back without telling anybody; it becomes REFUNDED."""
        return _payment_row(self._state.ledger.refund(payment_id))

    def change_listed(self, payment_id, /, **changes):
        """Let the list show a payment otherwise than the other calls do, by the fields of its row.

        :param changes: the values of the fields; None: the row does not have the field.
        """
        self._state.listed[self._state.ledger.payment(payment_id).payment_id] = changes

    # -- VAT receipts

    def ebarimts(self, payment_id=None):
        """List the VAT receipts, oldest first: also the cancelled ones and those made twice.

        :param str payment_id: only the receipts of this payment.
        """
        return [_ebarimt_row(item) for item in self._state.ebarimts.receipts(payment_id)]

    def issue_ebarimt(self, payment_id, receiver_type=CITIZEN, receiver=None):
        """Make a receipt as the payer's bank or somebody in the portal does: nobody is told."""
        order = read_ebarimt_order({
            'payment_id': payment_id,
            'ebarimt_receiver_type': receiver_type,
            'ebarimt_receiver': receiver,
        }, V3, self._state.settings)
        return _ebarimt_row(self._state.ebarimts.issue(order))

    def cancel_ebarimt_in_portal(self, ebarimt_id):
        """Cancel a receipt without telling anybody."""
        return _ebarimt_row(self._state.ebarimts.cancel_in_portal(ebarimt_id))

    # -- callbacks

    def callback(self, payment_id, repeat=1, wait=False):
        """Send the callback of a payment again, ``repeat`` times at once.

        :param bool wait: return only when all were answered (at most 60 s).
        """
        payment = self._state.ledger.payment(payment_id)
        calls = self._state.callbacks.notify(payment, count=repeat, delay=0)
        if wait:
            self._state.callbacks.wait(calls, _WAIT)
        return [asdict(call) for call in calls]

    def callbacks(self):
        """List all callbacks, in the order in which they were planned."""
        return [asdict(call) for call in self._state.store.all(Callback).values()]

    def wait_for_callbacks(self, timeout=30):
        """Wait until no callback is pending, also of those that are planned meanwhile; list all."""
        is_quiet = self._state.lock.wait_for(
            lambda: all(call['state'] != 'pending' for call in self.callbacks()), float(timeout),
        )
        if not is_quiet:
            raise ValueError(f'callbacks are still pending after {timeout} s')
        return self.callbacks()

    # -- calls, faults, settings

    def calls(self):
        """Count the requests to each endpoint: ``'POST /v2/payment/check'`` to a number."""
        return Counter(call['endpoint'] for call in self._state.calls)

    def calls_log(self):
        """List the requests: endpoint, path, body, authorization (Basic, Bearer or null),
        fault, status (null: no answer), time and duration.
        """
        return self._state.calls

    def reset_calls(self):
        """Count anew."""
        self._state.calls.clear()

    def inject(self, endpoint, fault, times=1, **options):
        """Order a fault for the next requests to an endpoint; several orders are served in turn.

        :param str endpoint: such as ``POST /v2/invoice``, ``GET /v2/payment/{id}``, or ``*``.
        :param str fault: a key of ``FAULTS``.
        :param times: for how many requests; None: until :meth:`clear_faults`.
        """
        known = self._state.endpoints
        if endpoint not in {'*', *known}:
            raise ValueError(f'unknown endpoint {endpoint!r}; known: *, {", ".join(sorted(known))}')
        if fault not in FAULTS:
            raise ValueError(f'unknown fault {fault!r}; known: {", ".join(FAULTS)}')
        if strange := set(options) - FAULTS[fault]:
            raise ValueError(f'{fault} does not take {", ".join(sorted(strange))}')
        if fault == 'delay' and 'seconds' not in options:
            raise ValueError('delay needs seconds')
        self._state.faults.append(
            {'endpoint': endpoint, 'fault': fault, 'times': times, **options}
        )

    def faults(self):
        """List the faults that are still open."""
        return self._state.faults

    def release(self):
        """Let the requests go on that the fault ``hold`` keeps without an answer."""
        self._state.release()

    def clear_faults(self):
        """Withdraw all faults, and let go on what is held."""
        self._state.clear_faults()

    def configure(self, **settings):
        """Change settings and return all; for a wrong one nothing is changed."""
        self._state.configure(settings)
        return self.settings()

    def settings(self):
        """Return all settings."""
        return self._state.settings.as_dict()

    def reset(self):
        """Forget all invoices, payments, callbacks, calls, faults, tokens and changed settings."""
        self._state.reset()

    def healthy(self):
        """Tell that the simulator is there."""
        return True

    def _invoice_row(self, invoice):
        payments = self._state.ledger.payments_of(invoice)
        return {
            **invoice.to_record(),
            'amount': money(invoice.amount),
            'invoice_status': invoice.status,
            'payments': [_payment_row(payment) for payment in payments],
        }


def pay_and_notify(state, invoice_id, amount=None, callback=True, **details):
    """Record a payment and plan its callbacks, unless they are switched off."""
    payment = state.ledger.pay(invoice_id, amount, **details)
    is_told = callback and state.settings.callback_enabled
    return payment, state.callbacks.notify(payment) if is_told else []


def _amount(name, value):
    if value is None:
        return None
    amount = as_number(value)
    if amount is None or amount < 0 or not has_cents_at_most(amount):
        raise ValueError(f'{name} must be an amount with at most two decimals')
    return amount


def _payment_row(payment):
    return {
        **payment.to_record(), 'amount': money(payment.amount), 'fee': money(payment.fee),
    }


def _ebarimt_row(receipt):
    return receipt.to_record() | {
        name: money(getattr(receipt, name)) for name in ('amount', 'vat_amount', 'city_tax_amount')
    }
