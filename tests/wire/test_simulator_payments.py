"""The QPay simulator over real HTTP: payments."""

import re
from datetime import datetime, timedelta, timezone

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.simulator import SimulatorError
from odoo.addons.payment_qpay.tests.cases.simulator_case import UUID, Api, SimulatorCase


@tagged('post_install', '-at_install')
class TestSimulatorPayments(SimulatorCase):
    """QPay contract §4."""

    def setUp(self):
        super().setUp()
        self.invoice_id = self.api.invoice().json['invoice_id']

    def pay(self, **details):
        """Let money arrive without a callback."""
        return self.control.pay(self.invoice_id, callback=False, **details)

    def test_unpaid(self):
        self.assertEqual(self.api.check(self.invoice_id).json, {'count': 0, 'rows': []})
        self.control.configure(paid_amount_when_unpaid=True)
        self.assertEqual(
            self.api.check(self.invoice_id).text, '{"count":0,"paid_amount":0,"rows":[]}'
        )

    def test_transfer_in_check(self):
        payment = self.pay()
        answer = self.api.check(self.invoice_id, offset={'page_number': 1, 'page_limit': 100})
        self.assertTrue(answer.text.startswith('{"count":1,"paid_amount":100,"rows":['))
        row = answer.json['rows'][0]
        self.assertTrue(re.fullmatch(r'\d{15}', payment['payment_id']))
        transfer = row['p2p_transactions'][0]
        self.assertEqual(
            row,
            {
                'payment_id': payment['payment_id'],
                'payment_status': 'PAID',
                'payment_amount': '100.00',
                'trx_fee': '1.00',
                'payment_currency': 'MNT',
                'payment_wallet': 'Хаан банк апп',
                'payment_type': 'P2P',
                'next_payment_date': None,
                'next_payment_datetime': None,
                'card_transactions': [],
                'p2p_transactions': [
                    {
                        'id': transfer['id'],
                        'transaction_bank_code': '050000',
                        'account_bank_code': '050000',
                        'account_bank_name': 'Хаан банк',
                        'account_number': '50*******',
                        'status': 'SUCCESS',
                        'amount': '99.00',
                        'currency': 'MNT',
                        'settlement_status': 'SETTLED',
                    }
                ],
            },
        )

    def test_transfer_in_get(self):
        payment = self.pay()
        read = self.api.call('GET', f'/v2/payment/{payment["payment_id"]}').json
        self.assertEqual(
            (read['payment_fee'], read['transaction_type'], read['object_type'], read['object_id']),
            ('1.00', 'P2P', 'INVOICE', self.invoice_id),
        )
        self.assertTrue(UUID.fullmatch(read['payment_wallet']))
        self.assertTrue(
            re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', read['payment_date'])
        )
        for key in ('trx_fee', 'payment_type'):
            self.assertNotIn(key, read)

    def test_card(self):
        payment = self.pay(method='CARD')
        self.assertTrue(UUID.fullmatch(payment['payment_id']))
        row = self.api.check(self.invoice_id).json['rows'][0]
        self.assertEqual((row['payment_type'], row['p2p_transactions']), ('CARD', []))
        self.assertEqual(
            list(row['card_transactions'][0]),
            [
                'card_type',
                'is_cross_border',
                'amount',
                'currency',
                'date',
                'status',
                'settlement_status',
                'settlement_status_date',
            ],
        )
        self.assertEqual(row['card_transactions'][0]['settlement_status'], 'PENDING')
        read = self.api.call('GET', f'/v2/payment/{payment["payment_id"]}').json
        self.assertEqual(
            list(read['card_transactions'][0]),
            [
                'card_merchant_code',
                'card_terminal_code',
                'card_number',
                'card_type',
                'is_cross_border',
                'transaction_amount',
                'transaction_currency',
                'transaction_date',
                'transaction_status',
                'settlement_status',
                'settlement_status_date',
            ],
        )

    def test_fraction_is_a_number(self):
        self.pay(amount='150.5')
        answer = self.api.check(self.invoice_id)
        self.assertIn('"paid_amount":150.5,', answer.text)
        self.assertEqual(answer.json['rows'][0]['payment_amount'], '150.50')

    def test_only_paid_tograg_counts(self):
        self.pay(amount=60)
        self.pay(amount=40, status='FAILED')
        self.pay(amount=40, currency='USD')
        self.pay(amount=25, fee='0.5')
        answer = self.api.check(self.invoice_id).json
        self.assertEqual((answer['count'], answer['paid_amount']), (4, 85))
        self.assertEqual(
            [
                (row['payment_status'], row['payment_currency'], row['trx_fee'])
                for row in answer['rows']
            ],
            [
                ('PAID', 'MNT', '0.60'),
                ('FAILED', 'MNT', '0.40'),
                ('PAID', 'USD', '0.40'),
                ('PAID', 'MNT', '0.50'),
            ],
        )
        read = self.api.call('GET', f'/v2/invoice/{self.invoice_id}').json
        self.assertEqual(read['invoice_status'], 'OPEN')

    def test_paid_invoice_closes(self):
        self.pay(amount=60)
        self.pay(amount=40)
        read = self.api.call('GET', f'/v2/invoice/{self.invoice_id}').json
        self.assertEqual((read['invoice_status'], len(read['payments'])), ('CLOSED', 2))
        self.control.configure(invoice_payments=False)
        self.assertNotIn('payments', self.api.call('GET', f'/v2/invoice/{self.invoice_id}').json)

    def test_late_money(self):
        self.api.call('DELETE', f'/v2/invoice/{self.invoice_id}')
        self.pay()
        self.assertEqual(self.api.check(self.invoice_id).json['paid_amount'], 100)
        read = self.api.call('GET', f'/v2/invoice/{self.invoice_id}').json
        self.assertEqual(read['invoice_status'], 'CANCELED')

    def test_pages(self):
        paid = [self.pay(amount=amount)['payment_id'] for amount in (10, 20, 30)]
        answer = self.api.check(self.invoice_id, offset={'page_number': 2, 'page_limit': 2}).json
        self.assertEqual((answer['count'], answer['paid_amount']), (3, 60))
        self.assertEqual([row['payment_id'] for row in answer['rows']], paid[2:])
        answer = self.api.check(self.invoice_id, offset={'page_number': 1, 'page_limit': 1000}).json
        self.assertEqual(len(answer['rows']), 3)

    def test_page_below_one(self):
        answer = self.api.check(self.invoice_id, offset={'page_number': 1, 'page_limit': 0})
        self.assertEqual(
            answer.text,
            '{"error":{"page_limit":{"type":"MIN_NUMBER","message":"Number min value [1]!"}}}',
        )
        answer = self.api.check(self.invoice_id, offset={'page_number': 0})
        self.assert_field(answer, 'page_number', 'MIN_NUMBER')

    def test_objects_of_check(self):
        qr_text = self.control.invoices()[0]['qr_text']
        self.pay()
        answer = self.api.check(qr_text, object_type='QR')
        self.assertEqual(answer.json['count'], 1)
        self.assertEqual(self.api.check('any', object_type='ITEM').json['count'], 0)
        answer = self.api.check(self.invoice_id, object_type='ORDER')
        self.assert_refused(answer, 400, 'INVALID_OBJECT_TYPE', 'object_type буруу')
        answer = self.api.check('unknown')
        self.assert_refused(answer, 422, 'INVOICE_NOTFOUND', 'Нэхэмжлэл олдсонгүй')
        self.assert_field(self.api.check(None), 'object_id', 'REQUIRED')

    def test_unknown_payment(self):
        answer = self.api.call('GET', '/v2/payment/1')
        self.assert_refused(answer, 422, 'PAYMENT_NOTFOUND', 'Төлбөр олдсонгүй')

    def test_foreign_payment(self):
        payment_id = self.pay()['payment_id']
        other = Api(self.simulator.url, 'OTHER_MERCHANT', '654321')
        other.log_in()
        self.assertEqual(other.call('GET', f'/v2/payment/{payment_id}').status, 422)
        self.assertEqual(other.check(self.invoice_id).status, 422)
        answer = other.call(
            'POST', '/v2/payment/list', {'object_type': 'INVOICE', 'object_id': 'TEST_INVOICE'}
        )
        self.assertEqual(answer.json['count'], 0)

    def test_visibility_delay(self):
        self.control.configure(visibility_delay=30)
        payment_id = self.pay()['payment_id']
        self.assertEqual(self.api.check(self.invoice_id).json['count'], 0)
        self.assertEqual(self.api.call('GET', f'/v2/payment/{payment_id}').status, 422)
        read = self.api.call('GET', f'/v2/invoice/{self.invoice_id}').json
        self.assertEqual(read['invoice_status'], 'OPEN')
        self.control.configure(clock_skew=31)
        self.assertEqual(self.api.check(self.invoice_id).json['paid_amount'], 100)

    def listed(self, **fields):
        """Ask for the list of the invoice code."""
        return self.api.call(
            'POST',
            '/v2/payment/list',
            {'object_type': 'INVOICE', 'object_id': 'TEST_INVOICE', **fields},
        ).json

    def test_list(self):
        self.assertEqual(self.listed(), {'count': 0, 'rows': []})
        first, second = (self.pay(amount=amount)['payment_id'] for amount in (10, 20))
        answer = self.listed()
        self.assertEqual([row['payment_id'] for row in answer['rows']], [second, first])
        self.assertEqual(
            list(answer['rows'][0]),
            [
                'payment_id',
                'payment_date',
                'payment_status',
                'payment_fee',
                'payment_amount',
                'payment_currency',
                'payment_wallet',
                'payment_name',
                'payment_description',
                'qr_code',
                'paid_by',
                'object_type',
                'object_id',
            ],
        )
        row = answer['rows'][0]
        self.assertEqual(
            (row['payment_amount'], row['payment_fee'], row['paid_by'], row['object_id']),
            ('20.00', '0.20', 'P2P', self.invoice_id),
        )
        self.assertEqual(
            self.listed(offset={'page_number': 2, 'page_limit': 1})['rows'][0]['payment_id'], first
        )

    def test_list_may_name_the_code(self):
        self.control.configure(list_object_id='code')
        self.pay()
        [row] = self.listed()['rows']
        self.assertEqual(row['object_id'], 'TEST_INVOICE')
        self.assertEqual(row['qr_code'], self.control.invoices()[0]['qr_text'])

    def test_list_dates(self):
        self.pay()
        here = datetime.now(timezone(timedelta(hours=8)))
        before, after = here - timedelta(minutes=5), here + timedelta(minutes=5)
        plain = '%Y-%m-%d %H:%M:%S'
        for start, end, count in (
            (before.strftime(plain), after.strftime(plain), 1),
            (before.isoformat(), after.isoformat(), 1),
            (after.strftime(plain), after.strftime(plain), 0),
            (before.strftime(plain), before.strftime(plain), 0),
        ):
            self.assertEqual(self.listed(start_date=start, end_date=end)['count'], count)
        answer = self.api.call(
            'POST',
            '/v2/payment/list',
            {'object_type': 'INVOICE', 'object_id': 'TEST_INVOICE', 'start_date': 'yesterday'},
        )
        self.assert_field(answer, 'start_date', 'DATE')

    def test_list_objects(self):
        other = self.api.invoice().json['invoice_id']
        self.pay()
        self.control.pay(other, callback=False)
        merchant_id = self.simulator.backend.merchants['TEST_MERCHANT'].merchant_id
        self.assertEqual(self.listed(object_type='MERCHANT', object_id=merchant_id)['count'], 2)
        self.assertEqual(self.listed(object_id=other)['count'], 0)
        self.assertEqual(self.listed(object_type='ITEM')['error'], 'INVALID_OBJECT_TYPE')
        foreign = self.listed(object_type='MERCHANT', object_id='somebody')
        self.assertEqual(foreign['error'], 'PERMISSION_DENIED')

    def test_transfer_cannot_be_reversed(self):
        payment_id = self.pay()['payment_id']
        for verb in ('cancel', 'refund'):
            for body in (None, {'note': 'буцаалт'}):
                answer = self.api.call('DELETE', f'/v2/payment/{verb}/{payment_id}', body)
                self.assertEqual(answer.status, 400)
                self.assertEqual(
                    answer.text, '{"error":"PAYMENT_SETTLED","message":"PAYMENT_SETTLED"}'
                )
        self.assertEqual(self.api.check(self.invoice_id).json['paid_amount'], 100)

    def test_card_can_be_reversed_once(self):
        for verb in ('cancel', 'refund'):
            payment_id = self.pay(method='CARD')['payment_id']
            path = f'/v2/payment/{verb}/{payment_id}'
            answer = self.api.call('DELETE', path, {'note': 'буцаалт'})
            self.assertEqual((answer.status, answer.text), (200, '{}'))
            read = self.api.call('GET', f'/v2/payment/{payment_id}').json
            self.assertEqual(read['payment_status'], 'REFUNDED')
            self.assert_refused(self.api.call('DELETE', path), 400, 'PAYMENT_ALREADY_CANCELED')
        self.assertEqual(self.api.check(self.invoice_id).json['paid_amount'], 0)

    def test_reversal_refusals(self):
        payment_id = self.pay(method='CARD', status='FAILED')['payment_id']
        answer = self.api.call('DELETE', f'/v2/payment/refund/{payment_id}')
        self.assert_refused(answer, 400, 'PAYMENT_NOT_PAID', 'Төлбөр төлөлт хийгдээгүй байна')
        answer = self.api.call('DELETE', '/v2/payment/refund/1')
        self.assert_refused(answer, 422, 'PAYMENT_NOTFOUND', 'Төлбөр олдсонгүй')
        answer = self.api.call('DELETE', f'/v2/payment/refund/{payment_id}', {'note': 'n' * 256})
        self.assert_field(answer, 'note', 'MAX_LENGTH')

    def test_refund_in_portal(self):
        payment_id = self.pay()['payment_id']
        self.assertEqual(self.control.refund_in_portal(payment_id)['status'], 'REFUNDED')
        self.assertEqual(
            self.api.check(self.invoice_id).json['rows'][0]['payment_status'], 'REFUNDED'
        )
        self.assertEqual(self.control.callbacks(), [])
        with self.assertRaisesRegex(SimulatorError, 'PAYMENT_ALREADY_CANCELED'):
            self.control.refund_in_portal(payment_id)
