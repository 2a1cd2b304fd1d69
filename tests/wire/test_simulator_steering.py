"""The QPay simulator over real HTTP: faults, settings, starting and stopping."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.dev.simulator import Simulator, SimulatorControl, SimulatorError
from odoo.addons.payment_qpay.tests.cases.simulator_case import Api, Shop, SimulatorCase

DEV = Path(__file__).resolve().parents[2] / 'dev'


@tagged('post_install', '-at_install')
class TestSimulatorSteering(SimulatorCase):
    """Calls, faults, settings."""

    def setUp(self):
        super().setUp()
        self.invoice_id = self.api.invoice().json['invoice_id']
        self.control.reset_calls()

    def test_calls(self):
        self.api.check(self.invoice_id)
        self.api.check(self.invoice_id)
        self.api.call('GET', f'/v2/invoice/{self.invoice_id}')
        self.api.call('GET', '/v2/payment/1')
        self.api.call('DELETE', '/v2/payment/refund/1')
        self.api.call('GET', '/v2/strange')
        self.assertEqual(
            self.control.calls(),
            {
                'POST /v2/payment/check': 2,
                'GET /v2/invoice/{id}': 1,
                'GET /v2/payment/{id}': 1,
                'DELETE /v2/payment/refund/{id}': 1,
                'GET /v2/strange': 1,
            },
        )
        log = self.control.calls_log()
        self.assertEqual(
            (log[0]['status'], log[0]['authorization'], log[0]['body']['object_id']),
            (200, 'Bearer', self.invoice_id),
        )
        self.assertEqual(log[3]['status'], 422)
        self.assertNotIn(self.api.token, json.dumps(log))
        self.control.reset_calls()
        self.assertEqual(self.control.calls(), {})

    def test_invoices(self):
        self.control.pay(self.invoice_id, amount=40, callback=False)
        row = self.control.invoices('OPEN')[0]
        self.assertEqual(
            (row['invoice_id'], row['sender_invoice_no'], row['amount'], row['invoice_status']),
            (self.invoice_id, 'S00042', '100.00', 'OPEN'),
        )
        self.assertEqual(
            [(item['amount'], item['status']) for item in row['payments']], [('40.00', 'PAID')]
        )
        self.assertEqual(self.control.invoices('CLOSED'), [])
        self.control.pay(self.invoice_id, amount=60, callback=False)
        self.assertEqual(len(self.control.invoices('CLOSED')), 1)

    def test_cancel_in_portal(self):
        self.assertEqual(
            self.control.cancel_in_portal(self.invoice_id)['invoice_status'], 'CANCELED'
        )
        with self.assertRaisesRegex(SimulatorError, 'INVOICE_ALREADY_CANCELED'):
            self.control.cancel_in_portal(self.invoice_id)

    def test_mistakes_are_told(self):
        for mistake, message in (
            (lambda: self.control.pay('unknown'), 'INVOICE_NOTFOUND'),
            (lambda: self.control.pay(self.invoice_id, method='CASH'), 'method'),
            (lambda: self.control.pay(self.invoice_id, status='DONE'), 'status'),
            (lambda: self.control.pay(self.invoice_id, amount='1.001'), 'amount'),
            (lambda: self.control.callback('1'), 'PAYMENT_NOTFOUND'),
            (lambda: self.control.inject('POST /v2/invoices', 'drop'), 'unknown endpoint'),
            (lambda: self.control.inject('*', 'explode'), 'unknown fault'),
            (lambda: self.control.inject('*', 'drop', seconds=1), 'seconds'),
            (lambda: self.control.inject('*', 'delay'), 'seconds'),
            (lambda: self.control.configure(colour='red'), 'colour'),
            (lambda: self.control.configure(callback_method='PUT'), 'callback_method'),
            (lambda: self.control.configure(callback_delay='soon'), 'callback_delay'),
            (lambda: self.control.configure(callback_repeats=-1), 'callback_repeats'),
        ):
            with self.assertRaisesRegex(SimulatorError, message):
                mistake()
        self.assertEqual(self.control.faults(), [])

    def test_no_simulator(self):
        with socket.socket() as unused:
            unused.bind(('127.0.0.1', 0))
            nobody = SimulatorControl(f'http://127.0.0.1:{unused.getsockname()[1]}')
            self.assertFalse(nobody.healthy())
        self.assertTrue(self.control.healthy())

    def test_fault_status(self):
        self.control.inject('POST /v2/payment/check', 'status', status=502, body='Bad gateway')
        answer = self.api.check(self.invoice_id)
        self.assertEqual((answer.status, answer.text), (502, 'Bad gateway'))
        self.assertEqual(self.api.check(self.invoice_id).status, 200)

    def test_fault_only_where_ordered(self):
        self.control.inject('POST /v2/invoice', 'system_busy', times=2)
        self.assertEqual(self.api.check(self.invoice_id).status, 200)
        for _time in range(2):
            self.assert_refused(self.api.invoice(), 500, 'SYSTEM_BUSY')
        self.assertEqual(self.api.invoice().status, 200)

    def test_fault_until_cleared(self):
        self.control.inject('*', 'garbage', times=None)
        for _time in range(3):
            answer = self.api.check(self.invoice_id)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.text.startswith('<html>'))
        self.control.clear_faults()
        self.assertEqual(self.api.check(self.invoice_id).json['count'], 0)

    def test_fault_nested_error(self):
        self.control.inject(
            'POST /v2/invoice', 'nested_error', field='callback_url', type='MAX_LENGTH'
        )
        self.assert_field(self.api.invoice(), 'callback_url', 'MAX_LENGTH')

    def test_fault_expired_token(self):
        self.control.inject('POST /v2/payment/check', 'expired_token')
        self.assert_refused(self.api.check(self.invoice_id), 401, 'NO_CREDENDIALS')
        self.assert_refused(self.api.check(self.invoice_id), 401, 'NO_CREDENDIALS')
        self.api.log_in()
        self.assertEqual(self.api.check(self.invoice_id).status, 200)

    def test_fault_drop(self):
        before = len(self.control.invoices())
        self.control.inject('POST /v2/invoice', 'drop')
        self.control.inject('POST /v2/invoice', 'drop', after=True)
        for created in (0, 1):
            with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
                self.api.invoice()
            self.assertEqual(len(self.control.invoices()), before + created)
        entries = self.control.calls_log()
        self.assertEqual(
            [(entry['fault'], entry['status']) for entry in entries], [('drop', None)] * 2
        )

    def test_fault_delay(self):
        self.control.inject('POST /v2/payment/check', 'delay', seconds=0.5)
        started = time.monotonic()
        self.assertEqual(self.api.check(self.invoice_id).status, 200)
        self.assertGreaterEqual(time.monotonic() - started, 0.5)
        self.control.inject('POST /v2/payment/check', 'delay', seconds=2)
        with self.assertRaises(TimeoutError):
            self.api.call('POST', '/v2/payment/check', {}, timeout=0.2)

    def test_fault_hold(self):
        self.control.inject('POST /v2/payment/check', 'hold', times=None)
        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(self.api.check, self.invoice_id) for _number in range(2)]
            while self.control.calls().get('POST /v2/payment/check', 0) < 2:
                self.assertFalse(any(answer.done() for answer in answers))
            self.control.clear_faults()
        self.assertEqual([answer.result().status for answer in answers], [200, 200])

    def test_fault_hold_until_the_simulator_stops(self):
        with Simulator() as simulator, ThreadPoolExecutor(1) as pool:
            simulator.control.inject('POST /v2/auth/token', 'hold')
            answer = pool.submit(Api(simulator.url).log_in)
            while not simulator.control.calls():
                self.assertFalse(answer.done())
            simulator.stop()
            self.assertIsInstance(
                answer.exception(), http.client.RemoteDisconnected | ConnectionResetError
            )

    def test_many_at_once(self):
        def work(number):
            api = Api(self.simulator.url)
            api.token = self.api.token
            created = api.invoice(sender_invoice_no=f'P{number}', amount=number + 1).json
            self.control.pay(created['invoice_id'], callback=False)
            return api.check(created['invoice_id']).json['paid_amount']

        with ThreadPoolExecutor(8) as pool:
            self.assertEqual(list(pool.map(work, range(40))), list(range(1, 41)))
        self.assertEqual(self.control.calls()['POST /v2/invoice'], 40)


@tagged('post_install', '-at_install')
class TestSimulatorLife(BaseCase):
    """Starting, stopping, and what survives."""

    def start_process(self, *arguments):
        """Start the simulator as a process and return it with its URL."""
        process = subprocess.Popen(
            [sys.executable, '-m', 'simulator', *arguments],
            cwd=DEV,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'},
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertRegex(line, r'^listening on http://127\.0\.0\.1:\d+\n$')
        return process, line.split()[-1]

    def test_stop_and_start_again(self):
        with Simulator() as simulator:
            url = simulator.url
            api = Api(url)
            api.log_in()
            invoice_id = api.invoice().json['invoice_id']
            simulator.stop()
            with self.assertRaises(ConnectionRefusedError):
                api.check(invoice_id)
            simulator.start()
            self.assertEqual(simulator.url, url)
            self.assertEqual(api.check(invoice_id).json['count'], 0)

    def test_stop_does_not_wait_for_delayed_requests(self):
        simulator = Simulator().start()
        self.addCleanup(simulator.stop)
        simulator.control.inject('POST /v2/auth/token', 'delay', seconds=30)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(Api(simulator.url).log_in)
            while not simulator.control.calls():
                time.sleep(0.02)
            started = time.monotonic()
            simulator.stop()
            with self.assertRaises((http.client.HTTPException, ConnectionError)):
                waiting.result()
            self.assertLess(time.monotonic() - started, 3)

    def test_port_taken(self):
        with Simulator() as simulator:
            port = urlsplit(simulator.url).port
            with self.assertRaises(OSError):
                Simulator(port).start()
            done = subprocess.run(
                [sys.executable, '-m', 'simulator', '--port', str(port)],
                cwd=DEV,
                capture_output=True,
                text=True,
                timeout=30,
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(port), done.stderr)

    def test_wrong_setting(self):
        done = subprocess.run(
            [sys.executable, '-m', 'simulator', '--set', 'colour=red'],
            cwd=DEV,
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn('colour', done.stderr)

    def test_stops_cleanly(self):
        process, _url = self.start_process()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), 0)

    def test_survives_kill(self):
        with tempfile.TemporaryDirectory() as folder, Shop() as shop:
            state = str(Path(folder, 'state', 'qpay.jsonl'))
            process, url = self.start_process('--state', state, '--set', 'callback_delay=3')
            api, control = Api(url), SimulatorControl(url)
            api.log_in()
            control.configure(fee_rate='0.02')
            first = api.invoice(callback_url=f'{shop.url}/c').json
            second = api.invoice().json
            api.call('DELETE', f'/v2/invoice/{second["invoice_id"]}')
            payment = control.pay(first['invoice_id'])
            before = control.invoices()
            process.kill()
            process.wait()
            self.assertEqual(shop.requests, [], 'the callback was to wait')
            with open(state, 'a', encoding='utf-8') as file:
                file.write('{"kind":"payment","record":{"payment_id"')  # a line that was cut off

            _process, url = self.start_process('--state', state)
            api.address, control = urlsplit(url), SimulatorControl(url)
            self.assertEqual(control.invoices(), before)
            self.assertEqual(control.settings()['fee_rate'], '0.02')
            answer = api.check(first['invoice_id'])
            self.assertEqual(answer.status, 200, 'the token was lost')
            self.assertEqual(answer.json['rows'][0]['payment_id'], payment['payment_id'])
            self.assertTrue(control.wait_for_callbacks()[0]['ok'], 'the callback was lost')
            self.assertEqual(len(shop.requests), 1)
            control.reset()

            self.start_process('--state', state)
            self.assertEqual(control.invoices(), [])
