"""The example configuration of nginx before a real Odoo with worker processes."""

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

import psutil
import requests
import websocket

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ADMIN
from odoo.addons.payment_qpay.dev.stack.ports import free_port
from odoo.addons.payment_qpay.tests.cases.odoo_server import HOST
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

EXAMPLE = Path(__file__).parents[2] / 'deploy/nginx.conf'
NAME = 'odoo.example.mn'
# Around the example, what Debian's own configuration has.
FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    types {{ text/css css; application/javascript js; }}
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@tagged('post_install', '-at_install')
class TestBehindNginx(RealServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port, cls.plain_port = free_port(), free_port()
        cls.url = f'https://{HOST}:{cls.port}'
        cls._make_certificate()
        cls._write_configuration()
        cls._start_nginx()

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        return super()._start_server(node, program, {'ODOO_PROXY_MODE': '1', **(environment or {})})

    @classmethod
    def _make_certificate(cls):
        subprocess.run([
            'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
            '-subj', f'/CN={NAME}', '-addext', f'subjectAltName=DNS:{NAME},IP:{HOST}',
            '-keyout', cls.folder / 'site.key', '-out', cls.folder / 'site.pem',
        ], check=True, capture_output=True)

    @classmethod
    def _write_configuration(cls):
        """Replace the example's ports and paths, and nothing else."""
        site = EXAMPLE.read_text(encoding='utf-8')
        for example, ours in {
            '127.0.0.1:8069': f'{HOST}:{cls.server.port}',
            '127.0.0.1:8072': f'{HOST}:{cls.server.websocket_port}',
            'listen 80;': f'listen {HOST}:{cls.plain_port};',
            'listen 443 ssl': f'listen {HOST}:{cls.port} ssl',
            '/etc/ssl/certs/odoo.example.mn.pem': str(cls.folder / 'site.pem'),
            '/etc/ssl/private/odoo.example.mn.key': str(cls.folder / 'site.key'),
        }.items():
            assert site.count(example) == 1, example
            site = site.replace(example, ours)
        (cls.folder / 'site.conf').write_text(site, encoding='utf-8')
        frame = FRAME.format(folder=cls.folder)
        if os.geteuid() == 0:
            frame = 'user root;\n' + frame
        (cls.folder / 'nginx.conf').write_text(frame, encoding='utf-8')

    @classmethod
    def _start_nginx(cls):
        command = [
            os.environ['QPAY_DEV_NGINX'],
            '-e', cls.folder / 'error.log', '-c', cls.folder / 'nginx.conf',
        ]
        checked = subprocess.run([*command, '-t'], check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        cls.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.terminate)
        wait_for(cls._answers, 'an answer of nginx')

    @classmethod
    def _answers(cls):
        try:
            return cls._ask('/web/health').ok
        except requests.ConnectionError:
            return False

    @classmethod
    def _ask(cls, path, **headers):
        """Ask as the public does: by https, and with the certificate checked."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(
                f'{cls.url}{path}', headers={'Host': NAME, **headers},
                verify=cls.folder / 'site.pem', timeout=60,
            )

    def test_nothing_listens_on_other_addresses(self):
        nginx = psutil.Process(self.process.pid)
        listening = {
            connection.laddr for process in (nginx, *nginx.children())
            for connection in process.connections('inet')
            if connection.status == psutil.CONN_LISTEN
        }
        self.assertEqual(listening, {(HOST, self.port), (HOST, self.plain_port)})

    def test_call_of_qpay_gets_through_and_its_payment_is_booked(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'], callback=False)
        [(token,)] = self.database.query(
            'SELECT callback_token FROM qpay_intent WHERE id = %s', qr['intent_id']
        )

        answer = self._ask(f'/payment/qpay/callback/{qr["intent_id"]}-{token}')

        self.assertEqual(answer.status_code, 200)
        self._wait_until_paid(qr['invoice_id'])

    def test_websocket_opens(self):
        opened = websocket.create_connection(
            f'wss://{HOST}:{self.port}/websocket', host=NAME, origin=f'https://{NAME}',
            sslopt={'cert_reqs': ssl.CERT_NONE},
        )
        self.addCleanup(opened.close)
        self.assertEqual(opened.status, 101)

    def test_odoo_knows_that_it_is_reached_by_https(self):
        admin = self.server.log_in(ADMIN['login'], ADMIN['password'])
        admin.call('ir.config_parameter', 'set_param', 'web.base.url.freeze', False)

        # Odoo's address is the one by which an administrator signs in.
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f'{self.url}/web/session/authenticate', headers={'Host': NAME}, timeout=60,
                verify=self.folder / 'site.pem', json={'params': {
                    'db': self.database.name, 'login': ADMIN['login'],
                    'password': ADMIN['password'],
                }},
            )

        self.assertEqual(
            admin.call('ir.config_parameter', 'get_param', 'web.base.url'), f'https://{NAME}'
        )
        self.assertRegex(answer.headers['Set-Cookie'], re.compile('session_id=.*; secure', re.I))
        self.assertIn('Strict-Transport-Security', answer.headers)

    def test_scripts_come_packed(self):
        login = self._ask('/web/login')
        [address] = set(re.findall(r'/web/assets/[^"]+frontend_minimal[^"]*\.js', login.text))
        answer = self._ask(address, **{'Accept-Encoding': 'gzip'})
        self.assertEqual(answer.headers.get('Content-Encoding'), 'gzip')

    def test_list_of_databases_is_closed(self):
        self.assertEqual(self._ask('/web/database/manager').status_code, 404)

    def test_http_becomes_https(self):
        answer = requests.get(
            f'http://{HOST}:{self.plain_port}/odoo', headers={'Host': NAME},
            allow_redirects=False, proxies={'http': ''}, timeout=60,
        )
        self.assertEqual(answer.headers['Location'], f'https://{NAME}/odoo')
