"""A QPay that takes a connection and then says nothing."""

import socket
import threading
import time
from contextlib import contextmanager

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import (
    QPayClient,
    QPayRefused,
    QPayUnknownOutcome,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.tests.cases.wire_case import (
    MemoryOutage,
    WireCase,
    real_requests,
    unused_url,
)

CHECK = 'POST /v2/payment/check'
LOG_IN = 'POST /v2/auth/token'
# Far longer than anybody waits: QPay does not answer before the test is over.
FOREVER = 3600


@tagged('post_install', '-at_install')
class TestPatience(WireCase):

    def setUp(self):
        super().setUp()
        self.invoice_id = self._invoice().invoice_id
        self.outage = MemoryOutage()
        # Delays that are under way end when the simulator stops.
        self.addCleanup(self.simulator.start)
        self.addCleanup(self.simulator.stop)
        self.qpay.reset_calls()

    def _impatient(self, seconds=2, url=None):
        return QPayClient(
            url or self.simulator.url, 'TEST_MERCHANT', '123456', self.tokens,
            outage=self.outage, deadline=time.monotonic() + seconds,
        )

    def test_call_ends_though_no_answer_comes(self):
        self.qpay.inject(CHECK, 'delay', seconds=FOREVER)
        with real_requests(), self.assertRaises(QPayUnknownOutcome):
            self._impatient().check_payment(self.invoice_id)
        self.assertTrue(self.outage.is_known)

    def test_login_ends_though_no_answer_comes(self):
        self.tokens.token = None
        self.qpay.inject(LOG_IN, 'delay', seconds=FOREVER)
        with real_requests(), self.assertRaises(QPayUnreachable):
            self._impatient().check_payment(self.invoice_id)
        self.assertTrue(self.outage.is_known)
        self.assertEqual(self.qpay.calls(), {LOG_IN: 1})

    def test_nothing_is_sent_when_no_time_is_left(self):
        with self.assertRaises(QPayUnreachable):
            self._impatient(seconds=0).check_payment(self.invoice_id)
        self.assertEqual(self.qpay.calls(), {})
        self.assertFalse(self.outage.is_known, 'that says nothing about QPay')

    def test_silent_account_is_not_asked(self):
        self.outage.begin()
        with self.assertRaises(QPayUnreachable):
            self._impatient(seconds=30).check_payment(self.invoice_id)
        self.assertEqual(self.qpay.calls(), {})

    def test_what_ends_at_once_is_no_silence(self):
        for fault in ('drop', 'garbage', 'status'):
            self.qpay.inject(CHECK, fault)
            with self.subTest(fault=fault), self.assertRaises(QPayUnknownOutcome):
                self._impatient(seconds=30).check_payment(self.invoice_id)
            self.assertFalse(self.outage.is_known)
        with self.assertRaises(QPayRefused):
            self._impatient(seconds=30).check_payment('')
        with self.assertRaises(QPayUnreachable):
            self._impatient(seconds=30, url=unused_url()).check_payment(self.invoice_id)
        self.assertFalse(self.outage.is_known)

    def test_answer_whose_rest_never_comes_is_silence(self):
        with self._half_an_answer() as url, real_requests(), self.assertRaises(QPayUnknownOutcome):
            self._impatient(url=url).check_payment(self.invoice_id)
        self.assertTrue(self.outage.is_known)

    @contextmanager
    def _half_an_answer(self):
        """Listen as a QPay that begins to answer; it does not go on before the test is over."""
        is_over = threading.Event()

        def serve(listener):
            connection, _address = listener.accept()
            with connection:
                connection.recv(10000)
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{')
                is_over.wait()

        with socket.create_server(('127.0.0.1', 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener,))
            thread.start()
            try:
                yield f'http://127.0.0.1:{listener.getsockname()[1]}'
            finally:
                is_over.set()
                thread.join()
