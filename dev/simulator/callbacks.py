"""The calls to the merchants' callback URLs (QPay contract §6)."""
import heapq
import http.client
import itertools
import json
import logging
import threading
import time
import uuid
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .model import Callback

_logger = logging.getLogger(__name__)
_MAX_WORKERS = 32
_KEPT_BODY = 500
_SUCCESS = 'SUCCESS'


def merged_url(url, fields):
    """Add fields to a URL's query and leave the merchant's own as it is."""
    parts = urlsplit(url)
    addition = urlencode(fields)
    query = f'{parts.query}&{addition}' if parts.query else addition
    return urlunsplit(parts._replace(query=query))


class CallbackSender:
    """Sends callbacks from threads of its own and remembers how each was answered.

    What was planned and not answered yet when the process ended is sent again when it starts with
    the same state file.
    """

    def __init__(self, settings, lock, store):
        self._settings = settings
        self._lock = lock
        self._store = store
        self._records = {}
        self._due = []
        self._order = itertools.count()
        self._wake = threading.Condition(lock)
        self._workers = set()
        self._idle = 0
        self._running = False

    # -- life

    def start(self):
        """Begin to send."""
        with self._lock:
            self._running = True
            self._due.clear()
            for record in self._records.values():
                if record.state == 'pending':
                    self._push(record)

    def stop(self, patience=2.0):
        """Stop sending; what is under way may finish within ``patience`` seconds."""
        with self._lock:
            self._running = False
            self._wake.notify_all()
            workers = list(self._workers)
        deadline = time.monotonic() + patience
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    # -- planning

    def notify(self, invoice, payment, count=None, delay=None, url=None):
        """Plan the callbacks about a payment.

        :param int count: how often; by default as the settings say.
        :param float delay: seconds until the first; by default as the settings say.
        :param str url: another address than the invoice's.
        :return: the planned callbacks.
        :rtype: list[Callback]
        """
        fields = {'qpay_payment_id': payment.payment_id}
        delay = self._settings.callback_delay if delay is None else delay
        return self.announce(payment, url or invoice.callback_url, fields, delay, count)

    def announce(self, payment, url, fields, delay, count=None):
        """Plan callbacks with any fields, such as those about a payment's VAT receipt.

        :param dict fields: what is added to the query of the merchant's URL.
        :param float delay: seconds until the first.
        :param int count: how often; by default as the settings say.
        :return: the planned callbacks.
        :rtype: list[Callback]
        """
        settings = self._settings
        count = settings.callback_repeats if count is None else count
        with self._lock:
            return [
                self._plan(Callback(
                    callback_id=str(uuid.uuid4()),
                    payment_id=payment.payment_id,
                    invoice_id=payment.invoice_id,
                    url=merged_url(url, fields),
                    method=settings.callback_method,
                    due_at=time.time() + delay + number * settings.callback_repeat_interval,
                ))
                for number in range(count)
            ]

    def records(self):
        """Return all callbacks, in the order in which they were planned."""
        with self._lock:
            return [replace(record) for record in self._records.values()]

    def get(self, callback_ids):
        """Return these callbacks."""
        with self._lock:
            return [replace(self._records[key]) for key in callback_ids if key in self._records]

    def of_invoice(self, invoice_id):
        """Return the callbacks about an invoice's payments."""
        return [record for record in self.records() if record.invoice_id == invoice_id]

    def wait(self, callback_ids, timeout):
        """Wait for at most ``timeout`` seconds until these callbacks have ended; return them."""
        def ended():
            return all(record.state != 'pending' for record in self.get(callback_ids))

        with self._lock:
            self._wake.wait_for(ended, timeout)
        return self.get(callback_ids)

    # -- the state file

    def restore(self, record):
        """Take one callback of the state file."""
        callback = Callback.from_record(record)
        self._records[callback.callback_id] = callback

    def clear(self):
        """Forget all callbacks; those under way are not recorded any more."""
        with self._lock:
            self._records.clear()
            self._due.clear()

    # -- inside

    def _plan(self, record):
        self._records[record.callback_id] = record
        self._store.append('callback', record.to_record())
        self._push(record)
        return record

    def _push(self, record):
        if not self._running:
            return
        heapq.heappush(self._due, (record.due_at, next(self._order), record))
        if self._idle < len(self._due) and len(self._workers) < _MAX_WORKERS:
            worker = threading.Thread(target=self._work, name='qpay-callback', daemon=True)
            self._workers.add(worker)
            worker.start()
        self._wake.notify_all()

    def _work(self):
        while True:
            record = self._next()
            if record is None:
                return
            try:
                outcome = self._send(record)
            except Exception:
                _logger.exception('callback %s could not be sent', record.callback_id)
                outcome = {'error': 'internal error of the simulator'}
            self._conclude(record, outcome)

    def _next(self):
        """Return the next callback when it is due, or None when the sender stops."""
        with self._lock:
            self._idle += 1
            try:
                while self._running:
                    timeout = None
                    if self._due:
                        timeout = self._due[0][0] - time.time()
                        if timeout <= 0:
                            return heapq.heappop(self._due)[2]
                    self._wake.wait(timeout)
                self._workers.discard(threading.current_thread())
                return None
            finally:
                self._idle -= 1

    def _conclude(self, record, outcome):
        with self._lock:
            if record.callback_id not in self._records:
                return
            for name, value in outcome.items():
                setattr(record, name, value)
            record.state = 'sent'
            record.ok = record.status == 200 and record.body == _SUCCESS
            self._store.append('callback', record.to_record())
            if not record.ok and record.attempt <= self._settings.callback_retries:
                self._plan(Callback(
                    callback_id=str(uuid.uuid4()),
                    payment_id=record.payment_id,
                    invoice_id=record.invoice_id,
                    url=record.url,
                    method=record.method,
                    due_at=time.time() + self._settings.callback_retry_interval,
                    attempt=record.attempt + 1,
                ))
            self._wake.notify_all()

    def _send(self, record):
        """Call the merchant and return what is known afterwards."""
        started = time.monotonic()
        outcome = {'sent_at': time.time()}
        parts = urlsplit(record.url)
        secure = parts.scheme == 'https'
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = None
        try:
            connection = kind(parts.hostname, parts.port, timeout=self._settings.callback_timeout)
            connection.request(
                record.method, urlunsplit(('', '', parts.path or '/', parts.query, '')),
                **self._content(record),
            )
            answer = connection.getresponse()
            raw = answer.read(_KEPT_BODY)
            outcome.update(
                status=answer.status, body=raw.decode('utf-8', 'replace'),
                content_type=answer.headers.get('Content-Type'),
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            outcome['error'] = f'{type(error).__name__}: {error}'
        finally:
            if connection:
                connection.close()
        outcome['duration'] = round(time.monotonic() - started, 4)
        return outcome

    def _content(self, record):
        headers = {'User-Agent': 'qPay', 'Accept': '*/*', **(self._settings.callback_headers or {})}
        if record.method == 'GET':
            return {'headers': headers}
        fields = dict(parse_qsl(urlsplit(record.url).query))
        headers['Content-Type'] = 'application/json'
        return {'headers': headers, 'body': json.dumps(fields).encode()}
