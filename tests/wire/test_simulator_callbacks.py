"""The QPay simulator over real HTTP: callbacks."""

import json
import time

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.simulator_case import Shop, SimulatorCase


@tagged('post_install', '-at_install')
class TestSimulatorCallbacks(SimulatorCase):
    """QPay contract §6."""

    def invoice_for(self, shop, path='/callback?ref=S00042'):
        """Create an invoice whose callback goes to a shop."""
        return self.api.invoice(callback_url=shop.url + path).json['invoice_id']

    def test_get_with_merged_query(self):
        with Shop() as shop:
            payment = self.control.pay(self.invoice_for(shop), wait=True)
        method, path, _headers, body = shop.requests[0]
        self.assertEqual(
            (method, path, body),
            ('GET', f'/callback?ref=S00042&qpay_payment_id={payment["payment_id"]}', b''),
        )
        callback = self.control.callbacks()[0]
        self.assertEqual(
            (callback['ok'], callback['status'], callback['body'], callback['state']),
            (True, 200, 'SUCCESS', 'sent'),
        )

    def test_without_a_query(self):
        with Shop() as shop:
            payment = self.control.pay(self.invoice_for(shop, '/callback/token'), wait=True)
        self.assertEqual(
            shop.requests[0][1], f'/callback/token?qpay_payment_id={payment["payment_id"]}'
        )

    def test_query_is_left_as_it_is(self):
        with Shop() as shop:
            self.control.pay(self.invoice_for(shop, '/c?a=%2F+x&a=2&empty='), wait=True)
        self.assertTrue(shop.requests[0][1].startswith('/c?a=%2F+x&a=2&empty=&qpay_payment_id='))

    def test_answers_that_are_not_ok(self):
        answers = [
            (200, b'OK'),
            (200, b'SUCCESS\n'),
            (200, b'"SUCCESS"'),
            (201, b'SUCCESS'),
            (500, b'SUCCESS'),
            (302, b'SUCCESS'),
            (200, b''),
        ]
        with Shop([*answers, (200, b'SUCCESS')]) as shop:
            payment_id = self.control.pay(self.invoice_for(shop), callback=False)['payment_id']
            for status, body in answers:
                callback = self.control.callback(payment_id, wait=True)[0]
                self.assertFalse(callback['ok'])
                self.assertEqual((callback['status'], callback['body']), (status, body.decode()))
            self.assertTrue(self.control.callback(payment_id, wait=True)[0]['ok'])

    def test_nobody_answers(self):
        payment = self.control.pay(self.api.invoice().json['invoice_id'], wait=True)
        callback = self.control.callbacks()[0]
        self.assertEqual(
            (callback['ok'], callback['status'], callback['payment_id']),
            (False, None, payment['payment_id']),
        )
        self.assertIn('ConnectionRefusedError', callback['error'])

    def test_at_once_many(self):
        with Shop(delay=0.2) as shop:
            payment_id = self.control.pay(self.invoice_for(shop), callback=False)['payment_id']
            started = time.monotonic()
            answers = self.control.callback(payment_id, repeat=20, wait=True)
            elapsed = time.monotonic() - started
        self.assertEqual([answer['ok'] for answer in answers], [True] * 20)
        self.assertEqual(len(shop.requests), 20)
        self.assertLess(elapsed, 3.5, 'they were sent one after the other')

    def test_delay_and_repeats(self):
        self.control.configure(callback_delay=0.3, callback_repeats=3, callback_repeat_interval=0.1)
        with Shop() as shop:
            started = time.time()
            self.control.pay(self.invoice_for(shop))
            callbacks = self.control.wait_for_callbacks()
        self.assertEqual(len(shop.requests), 3)
        for number, callback in enumerate(callbacks):
            self.assertGreaterEqual(callback['sent_at'], started + 0.3 + number * 0.1 - 0.01)

    def test_retries(self):
        self.control.configure(callback_retries=3, callback_retry_interval=0.05)
        with Shop([(503, b''), (503, b''), (200, b'SUCCESS')]) as shop:
            self.control.pay(self.invoice_for(shop))
            callbacks = self.control.wait_for_callbacks()
        self.assertEqual(
            [(item['attempt'], item['ok']) for item in callbacks],
            [(1, False), (2, False), (3, True)],
        )

    def test_post(self):
        self.control.configure(callback_method='POST')
        with Shop() as shop:
            payment = self.control.pay(self.invoice_for(shop), wait=True)
        method, _path, _headers, body = shop.requests[0]
        self.assertEqual(method, 'POST')
        self.assertEqual(json.loads(body)['qpay_payment_id'], payment['payment_id'])

    def test_switched_off(self):
        self.control.configure(callback_enabled=False)
        with Shop() as shop:
            self.control.pay(self.invoice_for(shop))
            self.assertEqual(self.control.wait_for_callbacks(), [])
        self.assertEqual(shop.requests, [])

    def test_refund_callback_when_configured(self):
        with Shop() as shop:
            invoice_id = self.invoice_for(shop)
            ids = [
                self.control.pay(invoice_id, method='CARD', callback=False)['payment_id']
                for _ in '12'
            ]
            self.api.call('DELETE', f'/v2/payment/refund/{ids[0]}')
            self.assertEqual(self.control.wait_for_callbacks(), [])
            self.control.configure(refund_callback=True)
            self.api.call(
                'DELETE', f'/v2/payment/refund/{ids[1]}', {'callback_url': f'{shop.url}/refund'}
            )
            self.control.wait_for_callbacks()
        self.assertEqual(
            [request[1] for request in shop.requests], [f'/refund?qpay_payment_id={ids[1]}']
        )
