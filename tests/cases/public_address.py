"""The address at which the world sees an Odoo, without a way into the world."""

import ssl
import threading
import urllib.error
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from odoo.modules import module
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, _super_send

from odoo.addons.payment_qpay.tests.cases.odoo_server import open_url
from odoo.addons.payment_qpay.tests.cases.wire_case import create_certificate

_HOST = 'odoo.example.mn'
PUBLIC_URL = f'https://{_HOST}'


class PublicAddress:
    """Tests in whose process what is sent to the public address is carried on over HTTP, as by a
    reverse proxy.
    """

    #: Where it is carried on; None for this very Odoo.
    public_target = None
    #: What is answered in place of the status that came back; None for nothing.
    public_status = None

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        url = urlsplit(r.url)
        if not url.hostname.endswith('.example.mn'):
            return super()._request_handler(s, r, **kw)
        test = module.current_test
        r.url = (test.public_target or test.base_url()) + url.path
        with test.allow_requests():
            r.headers['Cookie'] = f'{TEST_CURSOR_COOKIE_NAME}={test.http_request_key}'
            answer = _super_send(s, r, **kw)
        answer.status_code = test.public_status or answer.status_code
        return answer


class ReverseProxy:
    """What stands for the public address between real processes: a proxy with a certificate.

    :param str folder: Where its certificate is written.
    """

    def __init__(self, folder):
        self.certificate, key = create_certificate(folder, f'DNS:{_HOST}')
        #: Where it passes calls on.
        self.target = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile('rb')
                self.wfile = self.connection.makefile('wb', 0)
                # What follows on this connection is the call itself.
                self.close_connection = False

            def do_GET(self):
                try:
                    with open_url(f'{proxy.target}{self.path}') as answer:
                        status, text = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    status, text = error.code, b''
                self.send_response(status)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments):
                """Keep quiet."""

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}'

    @classmethod
    @contextmanager
    def running(cls):
        """Run one within the block."""
        with TemporaryDirectory() as folder:
            proxy = cls(folder)
            thread = threading.Thread(target=proxy._server.serve_forever, daemon=True)
            thread.start()
            try:
                yield proxy
            finally:
                proxy._server.shutdown()
                proxy._server.server_close()
                thread.join()
