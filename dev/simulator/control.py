"""The client for steering a running simulator; standard library only."""
import json
import time
import urllib.error
import urllib.request


class SimulatorError(Exception):
    """The simulator refused a request or could not be reached; the message says why."""


class SimulatorControl:
    """Steers a simulator. Amounts are tögrög: given as int, str or Decimal, returned as text."""

    def __init__(self, base_url, timeout=90):
        """Remember where the simulator is.

        :param str base_url: such as ``http://127.0.0.1:8100``, without ``/v2``.
        :param float timeout: seconds for each request.
        """
        self.base_url = base_url.rstrip('/')
        self._timeout = timeout

    # -- invoices and payments

    def invoices(self, status=None):
        """List the invoices, oldest first.

        :param str status: OPEN, CLOSED or CANCELED; None for all.
        :return: dicts with invoice_id, sender_invoice_no, amount, invoice_status, description,
            callback_url, qr_text, request, payments and more.
        :rtype: list[dict]
        """
        return self._call('GET', f'/invoices?status={status}' if status else '/invoices')

    def pay(self, invoice_id, amount=None, method='P2P', callback=True, status='PAID',
            currency='MNT', fee=None, wait=False):
        """Let money arrive for an invoice, also for one that is paid, expired or cancelled.

        :param amount: by default the amount of the invoice.
        :param str method: P2P or CARD.
        :param bool callback: also call the merchant back.
        :param str status: NEW, FAILED, PAID, PARTIAL or REFUNDED.
        :param fee: by default ``fee_rate`` of the amount.
        :param bool wait: return only when the callbacks were answered (at most 60 s).
        :return: the payment: payment_id, amount, fee, currency, method, status, paid_at.
        :rtype: dict
        :raise SimulatorError: for an unknown invoice or a wrong value.
        """
        return self._call('POST', '/pay', {
            'invoice_id': invoice_id, 'amount': _plain(amount), 'method': method,
            'callback': callback, 'status': status, 'currency': currency, 'fee': _plain(fee),
            'wait': wait,
        })

    def refund_in_portal(self, payment_id):
        """Give a payment back without telling anybody; it becomes REFUNDED.

        :raise SimulatorError: it is unknown, not paid or given back already.
        """
        return self._call('POST', '/refund', {'payment_id': payment_id})

    def cancel_in_portal(self, invoice_id):
        """Cancel an invoice without telling anybody.

        :raise SimulatorError: it is unknown, paid or cancelled already.
        """
        return self._call('POST', '/cancel', {'invoice_id': invoice_id})

    # -- VAT receipts

    def ebarimts(self, payment_id=None):
        """List the VAT receipts, oldest first: also the cancelled ones and those made twice.

        :param str payment_id: only the receipts of this payment.
        :return: dicts with ebarimt_id, receipt_no, payment_id, invoice_id, generation, status
            (REGISTERED or CANCELED), issued_by (merchant or portal), receiver_type, receiver,
            amount, vat_amount, city_tax_amount, tax_type, district_code, lottery, qr_data, items,
            note, created_at, cancelled_at.
        :rtype: list[dict]
        """
        query = f'?payment_id={payment_id}' if payment_id else ''
        return self._call('GET', f'/ebarimts{query}')

    def issue_ebarimt(self, payment_id, receiver_type='CITIZEN', receiver=None):
        """Make a receipt as the payer's bank or somebody in the portal does: nobody is told.

        :return: the receipt, as in :meth:`ebarimts`.
        :raise SimulatorError: the payment is unknown, not paid or has a receipt already.
        """
        body = {'payment_id': payment_id, 'receiver_type': receiver_type, 'receiver': receiver}
        return self._call('POST', '/ebarimts', body)

    def cancel_ebarimt_in_portal(self, ebarimt_id):
        """Cancel a receipt without telling anybody.

        :raise SimulatorError: it is unknown or cancelled already.
        """
        return self._call('POST', '/ebarimts/cancel', {'ebarimt_id': ebarimt_id})

    # -- callbacks

    def callback(self, payment_id, repeat=1, wait=False):
        """Send the callback of a payment again, ``repeat`` times at once.

        :param bool wait: return only when all were answered (at most 60 s).
        :return: these callbacks, as in :meth:`callbacks`.
        :rtype: list[dict]
        """
        body = {'payment_id': payment_id, 'repeat': repeat, 'wait': wait}
        return self._call('POST', '/callback', body)

    def callbacks(self):
        """List all callbacks: url, method, state (pending or sent), status, body, content_type,
        error, attempt, and ``ok``, which is true only for 200 and exactly ``SUCCESS``.

        :rtype: list[dict]
        """
        return self._call('GET', '/callbacks')

    def wait_for_callbacks(self, timeout=30):
        """Wait until no callback is pending and return all.

        :param float timeout: seconds.
        :raise SimulatorError: when some are still pending then.
        """
        deadline = time.monotonic() + timeout
        while True:
            callbacks = self.callbacks()
            pending = sum(callback['state'] == 'pending' for callback in callbacks)
            if not pending:
                return callbacks
            if time.monotonic() > deadline:
                raise SimulatorError(f'{pending} callbacks are still pending after {timeout} s')
            time.sleep(0.05)

    # -- calls

    def calls(self):
        """Return how often each endpoint was called: ``'POST /v2/payment/check'`` to a number.

        :rtype: dict[str, int]
        """
        return self._call('GET', '/calls')

    def calls_log(self):
        """Return the last requests: endpoint, path, body, authorization (Basic, Bearer or null),
        fault, status (null: no answer), time and duration.

        :rtype: list[dict]
        """
        return self._call('GET', '/calls/log')

    def reset_calls(self):
        """Count anew."""
        self._call('DELETE', '/calls')

    # -- faults and settings

    def inject(self, endpoint, fault, times=1, **options):
        """Order a fault for the next requests to an endpoint; several orders are served in turn.

        :param str endpoint: such as ``POST /v2/invoice``, ``GET /v2/payment/{id}``, or ``*`` for
            any.
        :param str fault: delay (seconds), drop, status (status, body, content_type), garbage
            (body), expired_token, system_busy or nested_error (field, type, message). With
            after=True the work is done first, except with expired_token and nested_error.
        :param times: for how many requests; None: until :meth:`clear_faults`.
        :raise SimulatorError: for a wrong name or option.
        """
        body = {'endpoint': endpoint, 'fault': fault, 'times': times, **options}
        return self._call('POST', '/faults', body)

    def faults(self):
        """List the faults that are still open."""
        return self._call('GET', '/faults')

    def clear_faults(self):
        """Withdraw all faults."""
        self._call('DELETE', '/faults')

    def configure(self, **settings):
        """Change settings; the README lists them.

        :return: all settings.
        :rtype: dict
        :raise SimulatorError: for an unknown name or a wrong value; then nothing is changed.
        """
        return self._call('POST', '/settings', settings)

    def settings(self):
        """Return all settings."""
        return self._call('GET', '/settings')

    def reset(self):
        """Forget all invoices, payments, callbacks, calls, faults, tokens and changed settings."""
        self._call('POST', '/reset', {})

    def healthy(self):
        """Tell whether a simulator answers there."""
        try:
            return self._call('GET', '/health') == {'ok': True}
        except SimulatorError:
            return False

    # -- inside

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            f'{self.base_url}/control{path}', method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={'Content-Type': 'application/json'},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SimulatorError(_reason(error)) from error
        except (OSError, ValueError) as error:
            message = f'{self.base_url} does not answer as a simulator: {error}'
            raise SimulatorError(message) from error


def _plain(amount):
    return None if amount is None else str(amount)


def _reason(error):
    try:
        return json.load(error)['error']
    except (ValueError, KeyError):
        return f'HTTP {error.code}'
