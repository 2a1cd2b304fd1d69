"""What the tests of the QPay simulator have in common."""

import base64
import http.client
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

from odoo.tests import BaseCase

from odoo.addons.payment_qpay.dev.simulator import Simulator

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


class Answer:
    """An HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class Api:
    """A merchant's plain HTTP client."""

    def __init__(self, url, username='TEST_MERCHANT', password='123456'):
        self.address = urlsplit(url)
        self.credentials = base64.b64encode(f'{username}:{password}'.encode()).decode()
        self.token = None

    def call(self, method, path, body=None, authorization=None, timeout=20):
        """Send one request; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection(
            self.address.hostname, self.address.port, timeout=timeout
        )
        headers = {}
        if authorization or self.token:
            headers['Authorization'] = authorization or f'Bearer {self.token}'
        if body is not None:
            headers['Content-Type'] = 'application/json'
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def form(self, path, **fields):
        """Submit a form of the bank's pages."""
        connection = http.client.HTTPConnection(
            self.address.hostname, self.address.port, timeout=20
        )
        try:
            connection.request(
                'POST',
                path,
                urlencode(fields),
                {
                    'Content-Type': 'application/x-www-form-urlencoded',
                },
            )
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def log_in(self):
        """Get a token and keep it."""
        answer = self.call('POST', '/v2/auth/token', authorization=f'Basic {self.credentials}')
        if answer.status == 200:
            self.token = answer.json['access_token']
        return answer

    def invoice(self, **fields):
        """Ask for an invoice."""
        return self.call(
            'POST',
            '/v2/invoice',
            {
                'invoice_code': 'TEST_INVOICE',
                'sender_invoice_no': 'S00042',
                'invoice_receiver_code': 'terminal',
                'invoice_description': 'Захиалга S00042',
                'amount': 100,
                'callback_url': 'http://127.0.0.1:9/callback?ref=S00042',
                **fields,
            },
        )

    def check(self, invoice_id, **fields):
        """Ask what was paid."""
        body = {'object_type': 'INVOICE', 'object_id': invoice_id, **fields}
        return self.call('POST', '/v2/payment/check', body)


class _Server(ThreadingHTTPServer):
    """A server that many may call at the same moment."""

    request_queue_size = 128


class Shop:
    """A merchant's callback address that answers what it is told and remembers who called."""

    def __init__(self, answers=((200, b'SUCCESS'),), delay=0):
        self.requests = []
        answers = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):  # noqa: N805 - self is the shop
                size = int(handler.headers.get('Content-Length') or 0)
                body = handler.rfile.read(size)
                self.requests.append((handler.command, handler.path, dict(handler.headers), body))
                time.sleep(delay)
                status, text, *headers = answers.pop(0) if len(answers) > 1 else answers[0]
                handler.send_response(status)
                for header in headers:
                    handler.send_header(*header)
                handler.send_header('Content-Length', str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)

            do_POST = do_GET  # noqa: N815 - the base class wants this name

            def log_message(handler, *_arguments):  # noqa: N805
                """Keep quiet."""

        self.server = _Server(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class SimulatorCase(BaseCase):
    """A simulator for the class, empty for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = Simulator().start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.control = cls.simulator.control

    def setUp(self):
        super().setUp()
        self.control.reset()
        self.api = Api(self.simulator.url)
        self.api.log_in()

    def assert_refused(self, answer, status, key, message=None):
        """Check an answer of the form {error, message}."""
        self.assertEqual((answer.status, answer.json['error']), (status, key))
        self.assertEqual(answer.json['message'], message or key)

    def assert_field(self, answer, field, kind):
        """Check a nested validation answer about one field."""
        self.assertEqual(answer.status, 400)
        self.assertEqual(list(answer.json), ['error'])
        self.assertEqual(answer.json['error'][field]['type'], kind)
        self.assertTrue(answer.json['error'][field]['message'])
