"""The calls to the merchants' callback URLs (QPay contract §6)."""
import http.client
import json
import threading
import time
import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .model import Callback

_KEPT_BODY = 500
_PATIENCE_SECONDS = 2
_TIMEOUT_SECONDS = 30


class CallbackSender:
    """Sends each callback from a thread of its own and remembers how it was answered.

    What was planned and not answered yet when the process ended is sent again when it starts with
    the same state file.
    """

    def __init__(self, backend):
        self._backend = backend
        self._timers = set()
        self._running = False

    # -- life

    def start(self):
        """Begin to send."""
        self._running = True
        for callback in self._all().values():
            if callback.state == 'pending':
                self._schedule(callback)

    def stop(self):
        """Stop sending; what is under way may finish within a moment."""
        with self._backend.lock:
            self._running = False
            timers, self._timers = self._timers, set()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for timer in timers:
            timer.cancel()
            timer.join(max(0.0, deadline - time.monotonic()))

    # -- planning

    def notify(self, payment, count=None, delay=None, url=None):
        """Plan the callbacks about a payment.

        :param int count: how often; by default as the settings say.
        :param float delay: seconds until the first; by default as the settings say.
        :param str url: another address than the invoice's.
        """
        settings = self._backend.settings
        url = url or self._backend.ledger.invoice(payment.invoice_id).callback_url
        first = time.time() + (settings.callback_delay if delay is None else delay)
        return [
            self._plan(payment, _with_payment(url, payment.payment_id),
                       first + number * settings.callback_repeat_interval)
            for number in range(settings.callback_repeats if count is None else count)
        ]

    def wait(self, callbacks, timeout):
        """Wait for at most ``timeout`` seconds until these callbacks have ended."""
        self._backend.lock.wait_for(
            lambda: all(callback.state != 'pending' for callback in callbacks), timeout,
        )

    # -- inside

    def _all(self):
        return self._backend.store.all(Callback)

    def _plan(self, payment, url, due_at, attempt=1):
        callback = Callback(
            callback_id=str(uuid.uuid4()), payment_id=payment.payment_id,
            invoice_id=payment.invoice_id, url=url, due_at=due_at, attempt=attempt,
            method=self._backend.settings.callback_method,
        )
        self._backend.store.save(callback)
        if self._running:
            self._schedule(callback)
        return callback

    def _schedule(self, callback):
        timer = threading.Timer(max(0.0, callback.due_at - time.time()), self._send, [callback])
        timer.name, timer.daemon = 'qpay-callback', True
        self._timers.add(timer)
        timer.start()

    def _send(self, callback):
        outcome = _call(callback)
        settings = self._backend.settings
        with self._backend.lock:
            self._timers.discard(threading.current_thread())
            vars(callback).update(outcome, state='sent')
            callback.ok = callback.status == 200 and callback.body == 'SUCCESS'
            self._backend.lock.notify_all()
            if callback.callback_id not in self._all():
                return  # everything was forgotten meanwhile
            self._backend.store.save(callback)
            if not callback.ok and callback.attempt <= settings.callback_retries:
                due_at = time.time() + settings.callback_retry_interval
                self._plan(callback, callback.url, due_at, callback.attempt + 1)


def _with_payment(url, payment_id):
    """Add the payment to a URL's query and leave the merchant's own as it is."""
    parts = urlsplit(url)
    query = urlencode({'qpay_payment_id': payment_id})
    return urlunsplit(parts._replace(query=f'{parts.query}&{query}' if parts.query else query))


def _call(callback):
    """Call the merchant and return what is known afterwards."""
    started = time.monotonic()
    outcome = {'sent_at': time.time()}
    parts = urlsplit(callback.url)
    kind = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
    headers, body = {'User-Agent': 'qPay', 'Accept': '*/*'}, None
    if callback.method == 'POST':
        headers['Content-Type'] = 'application/json'
        body = json.dumps(dict(parse_qsl(parts.query)))
    connection = None
    try:
        connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
        path = urlunsplit(('', '', parts.path or '/', parts.query, ''))
        connection.request(callback.method, path, body, headers)
        answer = connection.getresponse()
        outcome.update(
            status=answer.status, body=answer.read(_KEPT_BODY).decode('utf-8', 'replace'),
            content_type=answer.headers.get('Content-Type'),
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        outcome['error'] = f'{type(error).__name__}: {error}'
    finally:
        if connection:
            connection.close()
    return outcome | {'duration': round(time.monotonic() - started, 4)}
