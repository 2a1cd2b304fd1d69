"""What the tests of the QPay wire have in common; no Odoo database is needed for them."""

import json
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from decimal import Decimal
from unittest.mock import patch

import requests

from odoo.tests import BaseCase
from odoo.tests.common import _super_send

from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.qpay_api import InvoiceRequest, QPayClient, QPayUnreachable


class MemoryTokens:
    """The simplest token store that a `QPayClient` can work with."""

    def __init__(self):
        self.token = None

    def current(self, log_in, rejected=''):
        if not self.token or self.token.access_token == rejected:
            self.renew(log_in)
        return self.token

    def renew(self, log_in):
        self.token = log_in()
        return self.token


class MemoryOutage:
    """The simplest store of an outage that a `QPayClient` can work with."""

    def __init__(self):
        self.is_known = False
        self.failures = []

    def check(self):
        if self.is_known:
            raise QPayUnreachable(message='known to be silent')

    def begin(self):
        self.is_known = True

    def end(self, failure=''):
        self.is_known = False
        if failure:
            self.fail(failure)

    def fail(self, failure):
        self.failures.append(failure)


class WireCase(BaseCase):
    """A simulator for the class, empty for each test, and a client of its test merchant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = Simulator(settings={'callback_enabled': False})
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.qpay = cls.simulator.control

    def setUp(self):
        super().setUp()
        self.qpay.reset()
        self.qpay.configure(callback_enabled=False)
        self.tokens = MemoryTokens()
        self.client = self._client()

    def _client(self, url=None, password='123456', timeout=20):
        url = self.simulator.url if url is None else url
        return QPayClient(url, 'TEST_MERCHANT', password, self.tokens, timeout=timeout)

    @staticmethod
    def _request(**values):
        return InvoiceRequest(**{
            'invoice_code': 'TEST_INVOICE',
            'sender_invoice_no': 'QR-1',
            'receiver_code': 'terminal',
            'description': 'INV 2026 00001',
            'amount': Decimal('15000.5'),
            'callback_url': 'https://odoo.example.mn/payment/qpay/callback/1-secret',
            **values,
        })

    def _invoice(self, **values):
        return self.client.create_invoice(self._request(**values))

    def _answer(self, endpoint, data, status=200, times=1):
        """Let QPay give an answer that the simulator would not give by itself."""
        self.qpay.inject(
            endpoint, 'status', times=times, status=status, body=json.dumps(data),
            content_type='application/json',
        )

    def _calls(self, endpoint):
        return self.qpay.calls().get(endpoint, 0)


def unused_url():
    """Return an address of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return f'http://127.0.0.1:{probe.getsockname()[1]}'


def real_requests():
    """Send requests as they are: Odoo's tests lengthen timeouts and block other hosts."""
    return patch.object(requests.Session, 'send', _super_send)


def create_certificate(folder, name):
    """Write a certificate that nobody vouches for, and its key; return both paths.

    :param str folder: Where they are written.
    :param str name: Whose it is, for example "DNS:example.mn".
    """
    certificate, key = f'{folder}/certificate.pem', f'{folder}/key.pem'
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
         '-nodes', '-days', '2', '-subj', f'/CN={name.partition(":")[2]}',
         '-addext', f'subjectAltName={name}', '-keyout', key, '-out', certificate],
        check=True, capture_output=True,
    )
    return certificate, key


@contextmanager
def untrusted_https_server(folder):
    """Listen with a certificate that nobody vouches for; give the address and what was read."""
    certificate, key = create_certificate(folder, 'IP:127.0.0.1')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    received = []

    def serve(listener):
        with suppress(OSError):
            connection, _address = listener.accept()
            with connection, context.wrap_socket(connection, server_side=True) as secured:
                received.append(secured.recv(1000))

    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f'https://127.0.0.1:{listener.getsockname()[1]}', received
        finally:
            thread.join()
