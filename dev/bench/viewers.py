"""Many who look at QRs at once: how long a poll takes, and how soon they know that it is paid."""

import contextlib
import json
import random
import statistics
import threading
import time
from urllib.parse import urlsplit

import requests
import websocket
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from odoo.addons.payment_qpay.tests.cases.odoo_server import HOST, OdooServer

from .measure import print_row

VIEWERS = 200
# What a minute brings.
PAYMENTS = 20
_IDLE_VIEWERS = 1
_SECONDS = 60
# What the page and the dialog do that hear the bus.
_POLL_SECONDS = 10
_TIME_LIMIT = 30
_RETRIES = Retry(_TIME_LIMIT, backoff_factor=0.05, allowed_methods=None)
_STACK_BYTES = 256 * 1024


def measure_viewers(bench):
    """Let many watch their QRs while some of them pay, and print what that costs them.

    :param Bench bench: What has the means.
    """
    # Each viewer is a thread, and there is a limit to the memory of all of them.
    threading.stack_size(_STACK_BYTES)
    server = OdooServer(bench.env.cr.dbname, 'bench-viewers', 2, {})
    try:
        server.start()
        intents = [bench.create_open_intent() for _number in range(VIEWERS)]
        bench.env.cr.commit()
        idle = _watch(bench, server, intents[:_IDLE_VIEWERS], payments=0)
        busy = _watch(bench, server, intents, payments=PAYMENTS)
    finally:
        server.kill()
    told = sorted(viewer.told_at - viewer.paid_at for viewer in busy if viewer.paid_at)
    titles = ('polls', 'median', 'p95', 'p95 x alone')
    print_row('who looks at QRs', titles)
    quick = _percentile(idle)
    for viewers in (idle, busy):
        figures = (
            str(len(_polls(viewers))), f'{1000 * statistics.median(_polls(viewers)):.0f} ms',
            f'{1000 * _percentile(viewers):.0f} ms', f'{_percentile(viewers) / quick:.2f}',
        )
        print_row(f'  {len(viewers)} at once', figures)
    print(
        f'  {len(told)} of them paid, one every {_SECONDS / PAYMENTS:.0f} s: they knew after'
        f' {statistics.median(told):.1f} s, the last one after {told[-1]:.1f} s\n'
    )


def _watch(bench, server, intents, payments):
    """Have QRs watched for a minute, while some are paid, and return their viewers.

    :rtype: list[Viewer]
    """
    is_over = threading.Event()
    viewers = [Viewer(server, intent, is_over) for intent in intents]
    with contextlib.ExitStack() as stack:
        for viewer in viewers:
            viewer.start()
            stack.callback(viewer.join)
        stack.callback(is_over.set)
        # Nobody opens 200 pages in the same moment.
        is_over.wait(_POLL_SECONDS)
        for viewer in random.sample(viewers, payments):
            viewer.pay(bench.qpay)
            is_over.wait(_SECONDS / payments)
        is_over.wait(_POLL_SECONDS if payments else _SECONDS)
        for viewer in viewers:
            if viewer.paid_at:
                viewer.wait_until_told()
    return viewers


def _polls(viewers):
    return [seconds for viewer in viewers for seconds in viewer.polls]


def _percentile(viewers):
    return statistics.quantiles(_polls(viewers), n=20)[-1]


def _session():
    """Return what makes a request as a proxy does: each has a connection of its own, which is tried
    again where all of the server's processes are busy.
    """
    session = requests.Session()
    session.headers['Connection'] = 'close'
    session.mount('http://', HTTPAdapter(max_retries=_RETRIES))
    return session


class Viewer(threading.Thread):
    """Whoever has a QR before them: asks every few seconds, and at once when the bus says so.

    :param OdooServer server: The server.
    :param qpay.intent intent: The QR.
    :param Event is_over: When everybody stops.
    """

    def __init__(self, server, intent, is_over):
        super().__init__(daemon=True)
        self.polls = []
        self.paid_at = self.told_at = None
        self.intent_id = intent.id
        self._values = {'intent_id': intent.id, 'access_token': intent.access_token}
        self._invoice_id = intent.qpay_invoice_id
        self._url = server.url
        self._callback_url = server.url + urlsplit(intent._get_callback_url()).path
        self._bus = f'ws://{HOST}:{server.websocket_port}/websocket'
        self._is_over = is_over
        self._known = ''

    def pay(self, qpay, is_announced=True):
        """Pay, and have Odoo called as QPay does; whose call gets lost says so on the page."""
        self.paid_at = time.monotonic()
        payment = qpay.pay(self._invoice_id, callback=False)
        if not is_announced:
            self._values['now'] = True
            return
        with _session() as session:
            session.get(
                self._callback_url, params={'qpay_payment_id': payment['payment_id']},
                timeout=_TIME_LIMIT,
            ).raise_for_status()

    def wait_until_told(self):
        """Wait until the viewer knows that the QR is paid."""
        while not self.told_at:
            if not self.is_alive():
                raise RuntimeError('A viewer was refused: what the others saw says nothing.')
            time.sleep(_POLL_SECONDS / 100)

    def run(self):
        """Ask again and again: when the bus says so, or after a pause."""
        time.sleep(random.uniform(0, _POLL_SECONDS))
        bus = None
        while not self._is_over.is_set() and not self.told_at:
            bus = bus or self._listen()
            self._poll()
            try:
                bus.recv()
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError):
                bus = None

    def _poll(self):
        began = time.monotonic()
        with _session() as session:
            answer = session.post(f'{self._url}/payment/qpay/check', timeout=_TIME_LIMIT, json={
                'jsonrpc': '2.0', 'method': 'call',
                'params': {**self._values, 'known': self._known},
            }).json()['result']
        now = time.monotonic()
        self.polls.append(now - began)
        self._known = answer.get('version', self._known)
        if answer.get('state') == 'paid':
            self.told_at = now

    def _listen(self):
        bus = websocket.create_connection(self._bus, timeout=_TIME_LIMIT)
        bus.send(json.dumps({'event_name': 'subscribe', 'data': {
            'channels': ['payment_qpay.intent/{intent_id}/{access_token}'.format(**self._values)],
            'last': 0,
        }}))
        bus.settimeout(_POLL_SECONDS)
        return bus
