"""What a failed call means for the money: refused, unknown outcome or never sent."""

import tempfile

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import (
    QPayError,
    QPayRefused,
    QPayUnauthorized,
    QPayUnavailable,
    QPayUnknownOutcome,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.tests.cases.wire_case import (
    WireCase,
    real_requests,
    untrusted_https_server,
    unused_url,
)

CREATE = 'POST /v2/invoice'


@tagged('post_install', '-at_install')
class TestWireErrors(WireCase):

    def setUp(self):
        super().setUp()
        self.client.log_in()

    def _fail(self, client=None):
        """Ask for an invoice, and return the error."""
        try:
            (client or self.client).create_invoice(self._request())
        except QPayError as error:
            return error
        raise AssertionError('the call did not fail')

    # === REFUSED === #

    def test_refusal_keeps_key_status_and_sentence(self):
        self._answer(CREATE, {'error': 'INVALID_AMOUNT', 'message': 'Үнийн дүн буруу'}, status=400)
        error = self._fail()
        self.assertIsInstance(error, QPayRefused)
        self.assertNotIsInstance(error, QPayUnauthorized)
        self.assertEqual(error.key, 'INVALID_AMOUNT')
        self.assertEqual(error.status, 400)
        self.assertEqual(error.message, 'Үнийн дүн буруу')

    def test_every_4xx_is_a_refusal(self):
        for status in (400, 403, 404, 409, 422, 429):
            with self.subTest(status=status):
                self._answer(CREATE, {'error': 'SOME_KEY'}, status=status)
                error = self._fail()
                self.assertIsInstance(error, QPayRefused)
                self.assertEqual((error.key, error.status, error.message), ('SOME_KEY', status, ''))

    def test_nested_refusal_names_the_fields(self):
        self.qpay.inject(CREATE, 'nested_error', field='sender_invoice_no', type='MAX_LENGTH')
        error = self._fail()
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual(error.fields, {'sender_invoice_no': 'MAX_LENGTH'})
        self.assertEqual(error.key, 'VALIDATION_ERROR')
        self.assertIn('sender_invoice_no', str(error))

    def test_odd_error_bodies_are_read_as_well_as_they_can(self):
        for body in (None, [], 'text', {}, {'error': None}, {'error': {'amount': 'bad'}},
                     {'error': ['a', 'b'], 'message': {'x': 1}}, {'error': {'amount': None}}):
            with self.subTest(body=body):
                self._answer(CREATE, body, status=400)
                self.assertIsInstance(self._fail(), QPayRefused)

    def test_refusal_without_json_is_a_refusal(self):
        self.qpay.inject(CREATE, 'status', status=403, body='<html>Forbidden</html>')
        error = self._fail()
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual((error.key, error.status), ('', 403))

    def test_real_field_limit_is_a_refusal(self):
        with self.assertRaises(QPayRefused) as caught:
            self._invoice(sender_invoice_no='N' * 46)
        self.assertEqual(caught.exception.fields, {'sender_invoice_no': 'MAX_LENGTH'})

    # === UNKNOWN OUTCOME === #

    def assert_unknown(self, error, status=0):
        self.assertIsInstance(error, QPayUnknownOutcome)
        self.assertIsInstance(error, QPayUnavailable)
        self.assertNotIsInstance(error, QPayRefused | QPayUnreachable)
        self.assertEqual(error.status, status)

    def test_connection_lost_after_sending_is_unknown_because_qpay_may_have_acted(self):
        self.qpay.inject(CREATE, 'drop', after=True)
        self.assert_unknown(self._fail())
        self.assertEqual(len(self.qpay.invoices()), 1)

    def test_connection_lost_before_qpay_acted_is_unknown_too(self):
        self.qpay.inject(CREATE, 'drop')
        self.assert_unknown(self._fail())
        self.assertEqual(self.qpay.invoices(), [])

    def test_server_errors_are_unknown(self):
        for status in (500, 502, 503, 504):
            with self.subTest(status=status):
                self.qpay.inject(CREATE, 'status', status=status, body='<html>')
                self.assert_unknown(self._fail(), status)

    def test_busy_system_is_unknown_and_keeps_its_key(self):
        self.qpay.inject(CREATE, 'system_busy')
        error = self._fail()
        self.assert_unknown(error, 500)
        self.assertEqual(error.key, 'SYSTEM_BUSY')

    def test_garbage_is_unknown(self):
        for body in ('<html>It works!</html>', '', '[]', '"text"', 'null', '12', '{"a":'):
            with self.subTest(body=body):
                self.qpay.inject(CREATE, 'garbage', body=body)
                self.assert_unknown(self._fail(), 200)

    def test_redirection_is_not_followed_with_the_token(self):
        self.qpay.inject(CREATE, 'status', status=302, body='')
        self.assert_unknown(self._fail(), 302)

    def test_missing_rows_are_not_read_as_nothing_paid(self):
        for data in ({}, {'count': 0}, {'rows': None}, {'rows': {}}):
            with self.subTest(data=data):
                self._answer('POST /v2/payment/check', data)
                with self.assertRaises(QPayUnknownOutcome):
                    self.client.check_payment('any')

    def test_silence_is_unknown(self):
        self.qpay.inject(CREATE, 'delay', seconds=0.3)
        with real_requests():
            self.assert_unknown(self._fail(self._client(timeout=0.1)))

    # === UNREACHABLE === #

    def test_call_whose_login_gets_no_answer_was_never_sent(self):
        self.tokens.token = None
        self.qpay.reset_calls()
        self.qpay.inject('POST /v2/auth/token', 'drop')
        self.assertIsInstance(self._fail(), QPayUnreachable)
        self.assertEqual(self._calls(CREATE), 0)

    def test_nobody_listening_is_unreachable(self):
        error = self._fail(self._client(unused_url()))
        self.assertIsInstance(error, QPayUnreachable)
        self.assertNotIsInstance(error, QPayUnknownOutcome)

    def test_address_that_is_none_is_unreachable(self):
        for url in ('', 'merchant.qpay.mn', 'http://', 'ftp://merchant.qpay.mn', 'http://[::1'):
            with self.subTest(url=url), real_requests():
                self.assertIsInstance(self._fail(self._client(url)), QPayUnreachable)

    def test_server_that_nobody_vouches_for_gets_no_credentials(self):
        with (
            tempfile.TemporaryDirectory() as folder,
            untrusted_https_server(folder) as (url, received),
            real_requests(),
        ):
            error = self._fail(self._client(url, timeout=5))
        self.assertIsInstance(error, QPayUnreachable)
        self.assertEqual(received, [])

    def test_errors_hold_neither_address_nor_credentials(self):
        errors = [self._fail(self._client(unused_url()))]
        self.qpay.inject(CREATE, 'drop')
        errors.append(self._fail())
        for error in errors:
            for secret in ('127.0.0.1', '123456', 'TEST_MERCHANT', self.tokens.token.access_token):
                self.assertNotIn(secret, str(error))
