"""The public address that QPay calls takes whatever anybody sends, and as often as they like."""

import http.client
from datetime import timedelta
from urllib.parse import quote, urlsplit

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.flow.test_callback import CallbackCase

CHECK = 'POST /v2/payment/check'
BOUNDARY = 'limit'
METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'LOOK')


def _multipart(*parts):
    return b''.join(
        b'--' + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; ' + part + b'\r\n'
        for part in parts
    ) + f'--{BOUNDARY}--\r\n'.encode()


FORM = 'application/x-www-form-urlencoded'
MULTIPART = f'multipart/form-data; boundary={BOUNDARY}'
# What may stand for the id of a payment in an address.
QUERIES = (
    '', '%00', 'a%00b', '%FF%FE', '%ED%A0%80', '%C3%28', '%F0%9F%92%B0', '%E2%80%AE1', '%0D%0AX:1',
    "'%3B--", '%', '%zz', '+', 'x' * 20000, '0' * 20000, '-1', '1e999', 'NaN', 'null', '%7B%7D',
)
OTHER_QUERIES = (
    'qpay_payment_id=1&qpay_payment_id=2', 'qpay_payment_id[]=1', 'qpay_payment_id[a]=1',
    'qpay_payment_id', '=', '&&&', 'self=1', 'token=x', 'cls=1', 'request=1', 'db=other',
    'debug=%00', 'debug=assets', 'utm_source=%00', 'lang=xx', 'csrf_token=%00', '%00=%00',
    '%FF=%FF', '&'.join(f'k{number}=v' for number in range(2000)),
)
# Bodies with their content type.
BODIES = (
    (FORM, b'qpay_payment_id=%00'), (FORM, b'qpay_payment_id=\x00\xff\xfe'), (FORM, b'\xff' * 999),
    (FORM, b'self=1'), (FORM, b'=' * 5000), (f'{FORM}; charset=utf-16', b'qpay_payment_id=1'),
    (f'{FORM}; charset=none-such', b'qpay_payment_id=1'),
    (MULTIPART, _multipart(b'name="qpay_payment_id"; filename="a.txt"\r\n\r\nfile')),
    (MULTIPART, _multipart(b'name="qpay_payment_id"; filename=""\r\n\r\n')),
    (MULTIPART, _multipart(b'name="qpay_payment_id"\r\n\r\n\x00\xff')),
    (MULTIPART, _multipart(
        b'name="qpay_payment_id"\r\n\r\n1', b'name="qpay_payment_id"; filename="b"\r\n\r\n2',
    )),
    (MULTIPART, _multipart(b'name="self"; filename="c"\r\n\r\n3')),
    (MULTIPART, _multipart(b'name=""\r\nContent-Type: text/plain; charset=no\r\n\r\n4')),
    (MULTIPART, b'no parts at all'), (MULTIPART, b''), ('multipart/form-data', b'no boundary'),
    ('multipart/form-data; boundary=', b'--\r\n'), ('multipart/form-data; boundary=\xe9', b'--'),
    ('application/json', b'{"qpay_payment_id": [1, {"a": null}]}'), ('application/json', b'{'),
    ('application/json', b'\x00\xff'), ('application/json-rpc', b'{"params": [1]}'),
    ('text/xml', b'<a>&b;</a>'), ('\x01', b'x'), ('/', b'x'), ('', b'x' * 100000),
)
HEADERS = (
    {'Content-Length': 'abc'}, {'Content-Length': '-1'}, {'Cookie': 'session_id=\x01\xff'},
    {'Cookie': 'frontend_lang=%00; utm_source=%00'}, {'Accept-Language': '\xff' * 500},
    {'User-Agent': '\xff'}, {'Host': 'elsewhere.example'}, {'X-Forwarded-For': '%00'},
    {'Authorization': 'Bearer \xff'}, {'Range': 'bytes=a-'}, {'If-None-Match': '*'},
)


@tagged('post_install', '-at_install')
class TestAnyBytes(CallbackCase):

    def setUp(self):
        super().setUp()
        self.path = f'/payment/qpay/callback/{self.intent.id}-{self.intent.callback_token}'
        self.address = urlsplit(self.base_url())

    def _send(self, method, target, body=None, headers=None):
        """Send bytes that a decent client would not, and return the status."""
        connection = http.client.HTTPConnection(
            self.address.hostname, self.address.port, timeout=30
        )
        # Nothing is looked at before it is sent.
        connection._validate_path = lambda _path: None
        connection._encode_request = lambda request: request.encode('latin-1')
        headers = headers or {}
        connection.putrequest(method, target, skip_host='Host' in headers)
        for name, value in headers.items():
            connection.putheader(name, value.encode('latin-1'))
        if body is not None and 'Content-Length' not in headers:
            connection.putheader('Content-Length', str(len(body)))
        with self.allow_requests(all_requests=True):
            try:
                connection.endheaders(body)
                return connection.getresponse().status
            finally:
                connection.close()

    def assert_answered(self, *request, **options):
        # The next one is not one too many.
        self.inbox.unlink()
        with self.subTest(request=repr((request, options))[:200]):
            self.assertLess(self._send(*request, **options), 500)

    def test_any_bytes_in_the_address(self):
        for value in QUERIES:
            self.assert_answered('GET', f'{self.path}?qpay_payment_id={value}')
            self.assert_answered('POST', f'{self.path}?qpay_payment_id={value}', b'')
        for query in OTHER_QUERIES:
            self.assert_answered('GET', f'{self.path}?{query}')
        for token in (*QUERIES[:12], quote(self.intent.callback_token[:-1] + '\0')):
            self.assert_answered('GET', f'/payment/qpay/callback/{token}?qpay_payment_id=1')
            self.assert_answered('GET', f'/payment/qpay/callback/{self.intent.id}-{token}')
            self.assert_answered('GET', f'{self.path}{token}')

    def test_any_body_and_content_type(self):
        for content_type, body in BODIES:
            self.assert_answered('POST', self.path, body, {'Content-Type': content_type})

    def test_any_method_and_headers(self):
        for method in METHODS:
            self.assert_answered(method, f'{self.path}?qpay_payment_id=1')
        for headers in HEADERS:
            self.assert_answered('GET', f'{self.path}?qpay_payment_id=1', headers=headers)

    def test_what_can_be_stored_is(self):
        for value, stored in (
            ('a%00b', 'ab'), ('x' * 20000, 'x' * 64), ('4936%0A', '4936'), ('%F0%9F%92%B0', '💰'),
        ):
            self._send('GET', f'{self.path}?qpay_payment_id={value}')
            self.assertEqual(self.inbox[0].qpay_payment_id, stored)
        content_type, body = BODIES[7]
        self._send('POST', self.path, body, {'Content-Type': content_type})
        self.assertFalse(self.inbox[0].qpay_payment_id)
        self.assertEqual(len(self.inbox), 5)

    def test_payment_is_found_whatever_the_call_says(self):
        payment = self._pay(self.intent)
        content_type, body = BODIES[7]
        self._send('POST', self.path, body, {'Content-Type': content_type})
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])


@tagged('post_install', '-at_install')
class TestManyCalls(CallbackCase):

    CALLS = 100

    @property
    def triggers(self):
        return self.env['ir.cron.trigger'].sudo().search_count([
            ('cron_id', '=', self.env.ref('payment_qpay.ir_cron_process_callbacks').id),
        ])

    def _flood(self, calls=CALLS):
        for number in range(calls):
            self.assertEqual(self._call_back(self.intent, f'forged-{number}').text, 'SUCCESS')
        self.env.invalidate_all()

    def test_calls_beyond_the_limit_are_counted(self):
        planned = self.triggers
        self._flood()
        self.assertEqual(len(self.inbox), const.CALLBACK_LIMIT + 1)
        self.assertEqual(sum(self.inbox.mapped('call_count')), self.CALLS)
        self.assertLessEqual(self.triggers - planned, const.CALLBACK_LIMIT + 1)

    def test_other_qrs_are_not_limited(self):
        self._flood(const.CALLBACK_LIMIT + 1)
        other = self._create_intent(self._create_invoice())
        self._call_back(other, 'x')
        self.assertEqual(other.sudo().callback_ids.qpay_payment_id, 'x')

    def test_payment_whose_call_was_only_counted_is_booked(self):
        self._flood(const.CALLBACK_LIMIT + 5)
        self._process_callbacks()
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self.assertFalse(self.inbox.filtered(lambda c: c.qpay_payment_id == payment['payment_id']))

        self._process_after(const.CALLBACK_COUNT_PERIOD)

        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_call_while_the_counting_row_is_processed_is_not_lost(self):
        self._flood(const.CALLBACK_LIMIT + 1)
        counting = self.inbox[0]
        counting.next_attempt_at = fields.Datetime.now()
        self.assertIn(counting, self.inbox._claim())
        # QPay has answered that process, and then it is paid.
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self.inbox.filtered(lambda callback: callback.attempts).state = 'ignored'

        self._process_after(const.CALLBACK_COUNT_PERIOD)

        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_limit_ends_by_itself(self):
        self._flood(const.CALLBACK_LIMIT + 1)
        self.inbox.received_at = fields.Datetime.now() - const.CALLBACK_LIMIT_PERIOD
        self._call_back(self.intent, 'later')
        self.assertEqual(self.inbox[0].qpay_payment_id, 'later')


@tagged('post_install', '-at_install')
class TestCleaning(CallbackCase):

    def _clean(self):
        self.env['qpay.callback'].sudo()._gc_finished()
        self.env['qpay.intent'].sudo()._gc_raw_responses()
        self.env.invalidate_all()

    def test_calls_are_deleted_when_they_were_dealt_with_long_ago(self):
        self._call_back(self.intent, '493622150113497')
        self.inbox.received_at -= const.CALLBACK_KEEPING_PERIOD + timedelta(days=1)
        self._clean()
        self.assertEqual(self.inbox.state, 'received', 'what waits is kept')
        self.inbox.state = 'ignored'
        self.inbox.received_at += timedelta(days=2)
        self._clean()
        self.assertTrue(self.inbox, 'it is not old enough')
        self.inbox.received_at -= timedelta(days=2)
        self._clean()
        self.assertFalse(self.inbox)

    def test_answer_to_the_creation_is_forgotten_when_the_qr_ended_long_ago(self):
        self._age(self.intent, const.ANSWER_KEEPING_PERIOD + timedelta(days=1))
        self._clean()
        self.assertTrue(self.intent.raw_response, 'it is open')
        payment = self._pay_and_settle(self.intent)
        self._age(self.intent, const.ANSWER_KEEPING_PERIOD - timedelta(days=1))
        self._clean()
        self.assertTrue(self.intent.raw_response, 'it is not old enough')
        self._age(self.intent, const.ANSWER_KEEPING_PERIOD + timedelta(days=1))
        ledger = self._ledger(self.intent)
        self._age(ledger, 10 * const.ANSWER_KEEPING_PERIOD)
        self._clean()
        self.assertFalse(self.intent.raw_response)
        self.assertTrue(self.intent.qpay_invoice_id)
        self.assertTrue(ledger.raw_data, 'the ledger is kept for ever')
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_qr_that_is_watched_keeps_its_answer(self):
        with self._qpay_down():
            self._call_kw(self.intent, 'action_cancel')
        self.assertTrue(self.intent.recheck_at)
        self._age(self.intent, const.ANSWER_KEEPING_PERIOD + timedelta(days=1))
        self._clean()
        self.assertTrue(self.intent.raw_response)

    def test_odoos_own_vacuum_cleans_up(self):
        self._call_back(self.intent, '493622150113497')
        self.inbox.write({
            'state': 'ignored',
            'received_at': fields.Datetime.now() - const.CALLBACK_KEEPING_PERIOD - timedelta(1),
        })
        cron = self.env.ref('base.autovacuum_job')
        self.env['ir.autovacuum'].sudo().with_context(cron_id=cron.id)._run_vacuum_cleaner()
        self.assertFalse(self.inbox)
