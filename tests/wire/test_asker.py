"""Several questions to QPay at once: who is asked when, and what holds up whom."""

import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.qpay_api import (
    Asker,
    Breaker,
    PaidQuestion,
    QPayClient,
    QPayRefused,
    QPayUnauthorized,
    QPayUnknownOutcome,
    QPayUnreachable,
    Token,
)
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.wire_case import (
    MemoryOutage,
    MemoryTokens,
    WireCase,
    real_requests,
)

LOG_IN = 'POST /v2/auth/token'
CHECK = 'POST /v2/payment/check'
GET_PAYMENT = 'GET /v2/payment/{id}'
FOREVER = 3600


class KeepingQPay(BaseHTTPRequestHandler):
    """A QPay that keeps connections, which the simulator's server cannot."""

    protocol_version = 'HTTP/1.1'

    def setup(self):
        self.server.connections.append(self.client_address)
        return super().setup()

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        answer = b'{"count": 0, "rows": []}'
        self.send_response(200)
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        """Keep quiet."""


class AskerCase(WireCase):

    AT_ONCE = 3

    def setUp(self):
        super().setUp()
        self.outage = MemoryOutage()
        self.breaker = Breaker(self.AT_ONCE)
        self.asker = self.enterContext(Asker(self.AT_ONCE))
        # Else those that are still held would be waited for.
        self.addCleanup(self.qpay.clear_faults)

    def _get_client(self, simulator=None, tokens=None, **options):
        return QPayClient(
            (simulator or self.simulator).url, 'TEST_MERCHANT', '123456', tokens or self.tokens,
            outage=self.outage, **{'breaker': self.breaker, **options},
        )

    def _create_questions(self, count, client=None):
        """Return questions about invoices that are paid; nobody has called QPay for them yet."""
        client = client or self.client
        questions = []
        for number in range(count):
            invoice = client.create_invoice(self._request(sender_invoice_no=f'QR-{number}'))
            questions.append(PaidQuestion(f'QR-{number}', invoice.invoice_id))
            self.qpay.pay(invoice.invoice_id)
        self.qpay.reset_calls()
        return questions

    def _ask(self, questions, client=None):
        client = client or self._get_client()
        for question in questions:
            self.asker.ask(question, client)

    def _wait_for_all(self, count):
        """Return all questions that were asked, once they are answered."""
        answered = []
        while len(answered) < count:
            answered += self.asker.wait()
        self.assertFalse(self.asker.wait(), 'each is handed out once')
        return answered

    def _wait_for_calls(self, endpoint, number):
        wait_for(lambda: self._calls(endpoint) >= number, f'{number} of {endpoint}')
        self.assertEqual(self._calls(endpoint), number)

    def assert_answered(self, questions):
        for question in questions:
            question.must_be_answered()
            [payment] = question.payments
            self.assertTrue(payment.paid_at)


@tagged('post_install', '-at_install')
class TestSideBySide(AskerCase):

    def test_as_many_as_allowed_wait_at_once(self):
        questions = self._create_questions(self.AT_ONCE + 2)
        self.qpay.inject(GET_PAYMENT, 'hold', times=None)
        self._ask(questions)

        self._wait_for_calls(GET_PAYMENT, self.AT_ONCE)
        self.assertEqual(self.qpay.calls(), {CHECK: self.AT_ONCE, GET_PAYMENT: self.AT_ONCE})

        self.qpay.clear_faults()
        self.assert_answered(self._wait_for_all(len(questions)))
        self.assertEqual(
            self.qpay.calls(), {CHECK: len(questions), GET_PAYMENT: len(questions)}
        )

    def test_answer_is_handed_out_while_others_are_waited_for(self):
        questions = self._create_questions(self.AT_ONCE)
        self.qpay.inject(GET_PAYMENT, 'hold', times=self.AT_ONCE - 1)
        self._ask(questions)

        self.assert_answered(self.asker.wait())
        self.assertEqual(len(self.qpay.calls_log()), 2 * self.AT_ONCE)

        self.qpay.clear_faults()
        self._wait_for_all(self.AT_ONCE - 1)
        self.assert_answered(questions)

    def test_account_that_does_not_answer_holds_up_no_other(self):
        other = self.enterContext(Simulator(settings={'callback_enabled': False}))
        tokens = MemoryTokens()
        client = self._get_client(other, tokens, breaker=Breaker(self.AT_ONCE))
        invoice = client.create_invoice(self._request())
        other.control.inject(CHECK, 'hold', times=None)
        self.addCleanup(other.control.clear_faults)
        silent = [PaidQuestion('QR', invoice.invoice_id) for _number in range(5)]
        questions = self._create_questions(5)
        self._ask(silent, client)
        self._ask(questions)

        self.assert_answered(self._wait_until_answered(questions))
        self.assertFalse(any(question.payments for question in silent))

        other.control.clear_faults()
        self._wait_until_answered(silent)

    def _wait_until_answered(self, questions):
        answered = []
        while len(answered) < len(questions):
            answered += self.asker.wait()
        self.assertCountEqual(answered, questions)
        return answered

    def test_what_is_not_begun_in_time_is_left(self):
        self.breaker = Breaker(1)
        questions = self._create_questions(3)
        self.qpay.inject(CHECK, 'hold')
        self._ask(questions)
        self._wait_for_calls(CHECK, 1)

        self.asker.stop()
        self.qpay.clear_faults()
        self._wait_for_all(3)
        self.assert_answered([question for question in questions if not question.is_left])
        self.assertEqual([question.is_left for question in questions].count(True), 2)
        self.assertEqual(self._calls(CHECK), 1)

    def test_connections_are_kept(self):
        self.tokens.token = Token('token', datetime.now(timezone.utc) + timedelta(days=1))
        questions = [PaidQuestion('QR', f'invoice-{number}') for number in range(4)]
        with ThreadingHTTPServer(('127.0.0.1', 0), KeepingQPay) as server:
            server.daemon_threads = True
            server.connections = connections = []
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                client = QPayClient(
                    f'http://127.0.0.1:{server.server_port}', 'TEST_MERCHANT', '123456',
                    self.tokens, breaker=Breaker(1),
                )
                self._ask(questions, client)
                self._wait_for_all(4)
            finally:
                # Else its connections would be waited for.
                self.asker.__exit__()
                server.shutdown()
                thread.join()
        self.assertFalse(any(question.error for question in questions))
        self.assertEqual(len(connections), 1)

    def test_bug_is_told_to_whoever_asked(self):
        question, other = self._create_questions(2)
        question.ask = lambda _client: 1 / 0
        self._ask([question, other])
        self._wait_for_all(2)
        with self.assertRaises(ZeroDivisionError):
            question.must_be_answered()
        self.assert_answered([other])


@tagged('post_install', '-at_install')
class TestOneToken(AskerCase):

    def _kill_token(self):
        """Let somebody else log in with the same account: our token is dead, and looks alive."""
        self._get_client(tokens=MemoryTokens(), breaker=None).log_in()
        self.qpay.reset_calls()

    def test_many_questions_log_in_once(self):
        questions = self._create_questions(5)
        self.tokens.token = None
        self._ask(questions)
        self.assert_answered(self._wait_for_all(5))
        self.assertEqual(self._calls(LOG_IN), 1)

    def test_killed_token_is_renewed_once(self):
        questions = self._create_questions(5)
        # All of them are under way with the token that dies.
        self.qpay.inject(GET_PAYMENT, 'hold', times=self.AT_ONCE)
        self._ask(questions)
        self._wait_for_calls(GET_PAYMENT, self.AT_ONCE)
        self._kill_token()
        self.qpay.clear_faults()

        self.assert_answered(self._wait_for_all(5))
        calls = self.qpay.calls()
        self.assertEqual(calls[LOG_IN], 1)
        # What was answered before is not asked again: each goes on where it was.
        self.assertLessEqual(calls[CHECK], 4)

    def test_token_that_is_never_accepted_ends_the_question(self):
        questions = self._create_questions(2)
        self.qpay.inject(CHECK, 'expired_token', times=None)
        self._ask(questions)
        self._wait_for_all(2)
        for question in questions:
            with self.assertRaises(QPayUnauthorized):
                question.must_be_answered()
        self.assertLessEqual(self._calls(CHECK), 4)
        self.assertLessEqual(self._calls(LOG_IN), 2)

    def test_login_that_fails_is_tried_no_more_often_than_before(self):
        questions = self._create_questions(6)
        for fault, options, error_class, at_most in (
            ('drop', {}, QPayUnreachable, 1),
            ('status', {'status': 503}, QPayUnreachable, 3),
        ):
            self.tokens.token, self.breaker = None, Breaker(self.AT_ONCE)
            self.asker = self.enterContext(Asker(self.AT_ONCE))
            self.qpay.reset_calls()
            self.qpay.inject(LOG_IN, fault, times=None, **options)
            with self.subTest(fault=fault):
                self._ask(questions)
                for question in self._wait_for_all(6):
                    self.assertIsInstance(question.error, error_class)
                self.assertEqual(self.qpay.calls(), {LOG_IN: at_most})
            self.qpay.clear_faults()


@tagged('post_install', '-at_install')
class TestSlowedDown(AskerCase):

    AT_ONCE = 4

    def test_account_that_is_down_is_asked_no_more_often_than_before(self):
        for fault, options, at_most in (
            ('drop', {}, 1), ('status', {'status': 503}, 3), ('system_busy', {}, 3),
            ('status', {'status': 429}, 3),
        ):
            questions = self._create_questions(6)
            self.breaker = Breaker(self.AT_ONCE)
            self.asker = self.enterContext(Asker(self.AT_ONCE))
            self.qpay.inject(CHECK, fault, times=None, **options)
            with self.subTest(fault=fault, **options):
                self._ask(questions)
                for question in self._wait_for_all(6):
                    self.assertIsInstance(question.error, QPayUnknownOutcome | QPayUnreachable
                                          | QPayRefused)
                self.assertEqual(self.qpay.calls(), {CHECK: at_most})
            self.qpay.clear_faults()

    def test_account_that_falls_silent_is_asked_no_more(self):
        questions = self._create_questions(2 * self.AT_ONCE)
        [first] = self._create_questions(1)
        self._ask([first])
        self.assert_answered(self._wait_for_all(1))
        self.qpay.reset_calls()
        self.addCleanup(self.simulator.start)
        self.addCleanup(self.simulator.stop)
        self.qpay.inject(CHECK, 'delay', seconds=FOREVER, times=None)

        with real_requests():
            self._ask(questions, self._get_client(timeout=1))
            self._wait_for_all(len(questions))
        self.assertTrue(all(question.error for question in questions))
        self.assertTrue(self.outage.is_known)
        self.assertEqual(self.qpay.calls(), {CHECK: self.AT_ONCE})

    def test_busy_account_is_asked_less_at_once(self):
        first, busy, *questions = self._create_questions(8)
        for question, faults in ((first, ()), (busy, [('status', {'status': 429})])):
            for fault, options in faults:
                self.qpay.inject(CHECK, fault, **options)
            self._ask([question])
            self._wait_for_all(1)
        self.assertIsInstance(busy.error, QPayRefused)

        self.qpay.reset_calls()
        self.qpay.inject(GET_PAYMENT, 'hold', times=None)
        self._ask(questions)
        for asked in (2, 4, 6):
            self._wait_for_calls(GET_PAYMENT, asked)
            self.assertEqual(self._calls(CHECK), asked)
            self.qpay.release()
        self._wait_for_all(len(questions))
        self.assert_answered(questions)

    def test_question_under_way_is_asked_to_its_end(self):
        slow, *others = self._create_questions(2)
        self.qpay.inject(GET_PAYMENT, 'hold')
        self._ask([slow])
        self._wait_for_calls(GET_PAYMENT, 1)
        self.qpay.inject(CHECK, 'drop', times=None)
        self._ask(others)
        self.assertEqual(self.asker.wait(), others)
        self.qpay.release()
        self.assertEqual(self._wait_for_all(1), [slow])
        self.assert_answered([slow])

    def test_known_outage_is_obeyed_and_ended_by_an_answer(self):
        questions = self._create_questions(2)
        self.outage.begin()
        self._ask(questions)
        self._wait_for_all(2)
        self.assertEqual(self.qpay.calls(), {})
        with patch.object(self.outage, 'check'):
            self._ask([self._create_questions(1)[0]])
            self._wait_for_all(1)
        self.assertFalse(self.outage.is_known)


@tagged('post_install', '-at_install')
class TestLostInvoice(AskerCase):
    """The answer to the creation of an invoice was lost; a payment is announced for it."""

    def _pay_lost(self, number='QR-lost'):
        invoice = self.client.create_invoice(self._request(sender_invoice_no=number))
        payment_id = self.qpay.pay(invoice.invoice_id)['payment_id']
        self.qpay.reset_calls()
        return invoice.invoice_id, payment_id

    def _ask_lost(self, *announced_ids):
        question = PaidQuestion('QR-lost', '', announced_ids=announced_ids)
        self._ask([question])
        self._wait_for_all(1)
        question.must_be_answered()
        return question

    def test_invoice_is_found_by_its_payment(self):
        invoice_id, payment_id = self._pay_lost()
        question = self._ask_lost('forged', payment_id)
        self.assertEqual(question.invoice_id, invoice_id)
        self.assert_answered([question])

    def test_invoice_of_another_number_is_not_taken(self):
        _invoice_id, payment_id = self._pay_lost('QR-other')
        question = self._ask_lost(payment_id)
        self.assertFalse(question.invoice_id)
        self.assertFalse(question.payments)
        self.assertNotIn(CHECK, self.qpay.calls())
