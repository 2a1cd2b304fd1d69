"""The QPay simulator over real HTTP: what merchants see of it."""

import base64
import hashlib
import io
import json
import re
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from PIL import Image

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.simulator import SimulatorError
from odoo.addons.payment_qpay.dev.simulator import emv as simulator_emv
from odoo.addons.payment_qpay.tests.cases.simulator_case import Api, SimulatorCase

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
# Two texts of real QPay invoices (QPay contract §9.3).
SAMPLE_2022 = (
    '0002010102121531279404962794049600022310027138152045734530349654031005802MN5904TEST6011Ulaanbaatar'
    '6244010712345670504test0721qWlrS8_zUpplFJmmfBGXc6304C66D'
)
SAMPLE_2025 = (
    '0002010102121531279404962794049600250110000049327540014A00000084300010108GLMTMNUB0220og_hbJpTUSa_V'
    'iwHjBjf52046010530349654031005802MN5912TESTMERCHANT6011ULAANBAATAR62240720og_hbJpTUSa_ViwHjBjf7106'
    'QPP_QR78157555524441313927902228002016304A3A8'
)


@tagged('post_install', '-at_install')
class TestSimulatorTokens(SimulatorCase):
    """QPay contract §1.2 to §1.5."""

    def test_token(self):
        answer = self.api.log_in()
        token = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            set(token),
            {
                'token_type',
                'refresh_expires_in',
                'refresh_token',
                'access_token',
                'expires_in',
                'scope',
                'not-before-policy',
                'session_state',
            },
        )
        self.assertAlmostEqual(token['expires_in'], time.time() + 86400, delta=5)
        self.assertEqual(token['refresh_expires_in'], token['expires_in'])
        self.assertEqual(
            (
                token['token_type'],
                token['scope'],
                token['not-before-policy'],
                token['session_state'],
            ),
            ('bearer', 'get_token', '0', 'sandbox'),
        )

    def test_expiry_inside_the_token_is_useless(self):
        token = self.api.log_in().json
        claims = token['access_token'].split('.')[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + '=' * (-len(claims) % 4)))
        self.assertEqual(claims['exp'], claims['iat'] + token['expires_in'])

    def test_wrong_password(self):
        answer = Api(self.simulator.url, password='wrong').log_in()
        self.assert_refused(answer, 401, 'AUTHENTICATION_FAILED', 'Нэвтрэх нэр, нууц үг буруу')
        self.assertEqual(
            answer.text,
            '{"error":"AUTHENTICATION_FAILED","message":"Нэвтрэх нэр, нууц үг буруу"}',
        )

    def test_missing_and_broken_credentials(self):
        for authorization in ('Basic', 'Basic ???', 'Bearer x', 'Basic ' + 'bm9jb2xvbg=='):
            answer = self.api.call('POST', '/v2/auth/token', authorization=authorization)
            self.assert_refused(answer, 401, 'AUTHENTICATION_FAILED', 'Нэвтрэх нэр, нууц үг буруу')

    def test_new_token_kills_the_old(self):
        old = self.api.token
        self.api.log_in()
        self.assertNotEqual(old, self.api.token)
        self.assertEqual(self.api.invoice().status, 200)
        self.api.token = old
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')

    def test_another_account_does_not_disturb(self):
        other = Api(self.simulator.url, 'OTHER_MERCHANT', '654321')
        self.assertEqual(other.log_in().status, 200)
        self.assertEqual(self.api.invoice().status, 200)

    def test_several_tokens_when_configured(self):
        self.control.configure(new_token_kills_old=False)
        old = self.api.token
        self.api.log_in()
        self.api.token = old
        self.assertEqual(self.api.invoice().status, 200)

    def test_refresh(self):
        first = self.api.log_in().json
        answer = self.api.call(
            'POST', '/v2/auth/refresh', authorization=f'Bearer {first["refresh_token"]}'
        )
        self.assertEqual(answer.status, 200)
        self.assertEqual(set(answer.json), set(first))
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')
        self.api.token = answer.json['access_token']
        self.assertEqual(self.api.invoice().status, 200)
        again = self.api.call(
            'POST', '/v2/auth/refresh', authorization=f'Bearer {first["refresh_token"]}'
        )
        self.assert_refused(again, 401, 'NO_CREDENDIALS')

    def test_access_token_does_not_refresh(self):
        answer = self.api.call('POST', '/v2/auth/refresh')
        self.assert_refused(answer, 401, 'NO_CREDENDIALS')

    def test_both_spellings(self):
        self.api.token = 'nonsense'
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')
        self.control.configure(credentials_key='NO_CREDENTIALS')
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENTIALS')

    def test_expiry(self):
        self.control.configure(token_lifetime=1)
        token = self.api.log_in().json
        self.assertLessEqual(token['expires_in'], time.time() + 1)
        self.control.configure(clock_skew=2)
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')

    def test_clock_skew_shows_in_date_and_expiry(self):
        self.control.configure(clock_skew=-7200)
        answer = self.api.log_in()
        date = datetime.strptime(answer.headers['Date'], '%a, %d %b %Y %H:%M:%S GMT')
        late = datetime.now(timezone.utc).replace(tzinfo=None) - date
        self.assertAlmostEqual(late.total_seconds(), 7200, delta=5)
        self.assertAlmostEqual(answer.json['expires_in'], time.time() - 7200 + 86400, delta=5)


@tagged('post_install', '-at_install')
class TestSimulatorInvoices(SimulatorCase):
    """QPay contract §2, §3, §7 and §9.3."""

    def test_create(self):
        answer = self.api.invoice()
        invoice = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            set(invoice), {'invoice_id', 'qr_text', 'qr_image', 'qPay_shortUrl', 'urls'}
        )
        self.assertTrue(UUID.fullmatch(invoice['invoice_id']))
        self.assertTrue(invoice['qPay_shortUrl'].startswith('https://sandbox-s.qpay.mn/'))
        self.assertEqual(len(invoice['urls']), 23)
        self.assertEqual(
            invoice['urls'][1],
            {
                'name': 'Khan bank',
                'description': 'Хаан банк',
                'logo': 'https://qpay.mn/q/logo/khanbank.png',
                'link': f'khanbank://q?qPay_QRcode={invoice["qr_text"]}',
            },
        )
        image = Image.open(io.BytesIO(base64.b64decode(invoice['qr_image'], validate=True)))
        self.assertEqual((image.format, image.size), ('PNG', (300, 300)))

    def test_qr_text(self):
        tags = simulator_emv.parse(self.api.invoice(amount=15000).json['qr_text'])
        self.assertEqual(
            (tags['01'], tags['53'], tags['54'], tags['58'], tags['59'], tags['71']),
            ('12', '496', '15000', 'MN', 'TESTMERCHANT', 'QPP_QR'),
        )
        token = simulator_emv.parse(self.api.invoice(amount='99.50').json['qr_text'])
        self.assertEqual(token['54'], '99.50')
        self.assertNotEqual(token['62'], tags['62'])
        self.assertEqual(token['62'][:4], '0720')
        self.assertTrue(token['27'].endswith('0220' + token['62'][4:]))

    def test_check_sum_of_real_qr_texts(self):
        for sample in (SAMPLE_2022, SAMPLE_2025):
            self.assertEqual(simulator_emv.parse(sample)['54'], '100')
            with self.assertRaises(simulator_emv.EmvError):
                simulator_emv.parse(sample.replace('5403100', '5403101'))

    def test_same_text_as_qpay(self):
        merchant = self.simulator.backend.merchants['TEST_MERCHANT']
        self.assertEqual(simulator_emv.build(merchant, 100, 'og_hbJpTUSa_ViwHjBjf'), SAMPLE_2025)

    def test_tags_of_other_acquirers(self):
        for acquirer, name, scheme in (
            ('GLMT', 'GLMTMNUB', '22'), ('CAXB', 'CAXBMNUB', '35'), ('TDBM', 'TDBMMNUB', None),
            ('none', None, None),
        ):
            self.control.configure(acquirer=acquirer)
            tags = simulator_emv.parse(self.api.invoice().json['qr_text'])
            self.assertEqual((tags['54'], tags.get('79')), ('100', scheme))
            self.assertEqual('27' in tags, name is not None)
            self.assertIn(f'0108{name}' if name else '', tags.get('27', ''))

    def test_kinds_of_amount(self):
        for sent, wanted in (
            (100, '100.00'),
            (100.0, '100.00'),
            (100.5, '100.50'),
            ('250.00', '250.00'),
            ('1e2', '100.00'),
        ):
            invoice_id = self.api.invoice(amount=sent).json['invoice_id']
            read = self.api.call('GET', f'/v2/invoice/{invoice_id}').json
            self.assertEqual(read['total_amount'], wanted)

    def test_wrong_amounts(self):
        for amount in (0, -1, '0', 'abc', '1.001', True, [100], 10**19, 'NaN', 'Infinity'):
            answer = self.api.invoice(amount=amount)
            self.assert_refused(answer, 400, 'INVALID_AMOUNT', 'Үнийн дүн буруу')
        self.assert_field(self.api.invoice(amount=None), 'amount', 'REQUIRED')

    def test_amount_limits(self):
        self.control.configure(min_amount='10', max_amount='1000')
        self.assert_refused(self.api.invoice(amount=9.99), 400, 'MIN_AMOUNT_ERR')
        self.assert_refused(self.api.invoice(amount=1000.01), 400, 'MAX_AMOUNT_ERR')
        self.assertEqual(self.api.invoice(amount=10).status, 200)

    def test_amount_of_lines(self):
        lines = [
            {
                'line_description': 'Ном',
                'line_quantity': '2.00',
                'line_unit_price': '1000.00',
                'discounts': [{'description': 'Хямдрал', 'amount': 500}],
            },
            {'line_description': 'Дэвтэр', 'line_quantity': 1, 'line_unit_price': 250.5},
        ]
        invoice_id = self.api.invoice(amount=None, lines=lines).json['invoice_id']
        read = self.api.call('GET', f'/v2/invoice/{invoice_id}').json
        self.assertEqual((read['total_amount'], len(read['lines'])), ('1750.50', 2))

    def test_required_fields(self):
        for field in (
            'invoice_code',
            'sender_invoice_no',
            'invoice_receiver_code',
            'invoice_description',
            'callback_url',
        ):
            for empty in (None, ''):
                self.assert_field(self.api.invoice(**{field: empty}), field, 'REQUIRED')
        answer = self.api.call('POST', '/v2/invoice', {})
        self.assertEqual(len(answer.json['error']), 5)

    def test_field_limits(self):
        url = 'https://shop.example/'
        for field, limit, fill in (
            ('sender_invoice_no', 45, 'S'),
            ('invoice_receiver_code', 45, 'r'),
            ('invoice_description', 255, 'ө'),
            ('sender_branch_code', 45, 'b'),
            ('sender_staff_code', 100, 's'),
            ('note', 1000, 'n'),
        ):
            self.assertEqual(self.api.invoice(**{field: fill * limit}).status, 200, field)
            self.assert_field(self.api.invoice(**{field: fill * (limit + 1)}), field, 'MAX_LENGTH')
        self.assertEqual(self.api.invoice(callback_url=url.ljust(255, 'x')).status, 200)
        self.assert_field(
            self.api.invoice(callback_url=url.ljust(256, 'x')), 'callback_url', 'MAX_LENGTH'
        )

    def test_wrong_kinds(self):
        self.assert_field(self.api.invoice(sender_invoice_no=42), 'sender_invoice_no', 'STRING')
        self.assert_field(self.api.invoice(callback_url='shop'), 'callback_url', 'URL')
        self.assert_field(self.api.invoice(allow_partial='maybe'), 'allow_partial', 'BOOLEAN')
        self.assert_field(self.api.invoice(expiry_date='soon'), 'expiry_date', 'DATE')
        self.assert_field(self.api.invoice(lines='none'), 'lines', 'ARRAY')
        self.assert_field(
            self.api.invoice(invoice_receiver_data='me'), 'invoice_receiver_data', 'OBJECT'
        )
        self.assert_field(
            self.api.invoice(invoice_receiver_data={'phone': '9' * 21}),
            'invoice_receiver_data.phone',
            'MAX_LENGTH',
        )
        self.assert_field(
            self.api.invoice(
                lines=[{'line_quantity': 1, 'line_unit_price': 'x', 'line_description': 'a'}]
            ),
            'lines[0].line_unit_price',
            'NUMBER',
        )

    def test_special_characters_when_configured(self):
        self.assertEqual(self.api.invoice(invoice_description='50% & <b>').status, 200)
        self.control.configure(refuse_special_characters=True)
        answer = self.api.invoice(invoice_description='50% & <b>')
        self.assert_field(answer, 'invoice_description', 'SPECIAL_CHARACTER')
        self.assertEqual(
            self.api.invoice(invoice_description='Нэхэмжлэл INV/2026/00001').status, 200
        )

    def test_invoice_code(self):
        for code in ('NOBODYS', 'OTHER_INVOICE'):
            answer = self.api.invoice(invoice_code=code)
            self.assert_refused(answer, 400, 'INVOICE_CODE_INVALID', 'Нэхэмжлэлийн код буруу')

    def test_repeated_number(self):
        self.assertEqual([self.api.invoice().status for _time in range(2)], [200, 200])
        self.control.configure(unique_sender_invoice_no=True)
        self.assertEqual(self.api.invoice().status, 409)
        self.assertEqual(self.api.invoice(sender_invoice_no='S00043').status, 200)

    def test_malformed_body(self):
        for body in (b'{"amount":', b'[]', b'{"amount": NaN}'):
            answer = self.api.call('POST', '/v2/invoice', body)
            self.assertEqual(answer.status, 400)
            self.assertIn('SyntaxError', answer.text)

    def test_empty_picture_and_own_short_address(self):
        self.control.configure(empty_qr_image=True, short_url_base='')
        invoice = self.api.invoice().json
        self.assertEqual(invoice['qr_image'], '')
        self.assertTrue(invoice['qPay_shortUrl'].startswith(f'{self.simulator.url}/s/'))
        answer = self.api.call('GET', urlsplit(invoice['qPay_shortUrl']).path)
        self.assertEqual(answer.headers['Location'], f'/bank/{invoice["invoice_id"]}')

    def test_read(self):
        invoice_id = self.api.invoice(amount=10).json['invoice_id']
        read = self.api.call('GET', f'/v2/invoice/{invoice_id}').json
        created = read.pop('expiry_date')
        # A recorded answer of production, September 2026, with this invoice's own words.
        self.assertEqual(list(read.items()), list({
            'invoice_id': invoice_id,
            'invoice_status': 'OPEN',
            'sender_invoice_no': 'S00042',
            'invoice_description': 'Захиалга S00042',
            'invoice_due_date': None,
            'enable_expiry': False,
            'allow_partial': False,
            'minimum_amount': '0.00',
            'allow_exceed': False,
            'maximum_amount': '0.00',
            'total_amount': '10.00',
            'gross_amount': 10,
            'tax_amount': 0,
            'surcharge_amount': 0,
            'discount_amount': 0,
            'callback_url': 'http://127.0.0.1:9/callback?ref=S00042',
            'lines': [{
                'tax_product_code': None,
                'line_description': 'Захиалга S00042',
                'line_quantity': '1.00',
                'line_unit_price': '10.00',
                'note': '',
                'discounts': [],
                'surcharges': [],
                'taxes': [],
            }],
            'transactions': [],
            'inputs': [],
        }.items()))
        # The invoice does not expire, and yet has a date: its creation.
        age = datetime.now(timezone.utc) - datetime.fromisoformat(created)
        self.assertLess(abs(age), timedelta(minutes=1))

    def test_read_what_was_sent(self):
        sent = {
            'sender_branch_code': 'B1',
            'sender_branch_data': {'register': '1234567', 'address': {'city': 'Улаанбаатар'}},
            'note': 'тэмдэглэл',
            'lines': [{'line_description': 'Ном', 'line_quantity': 1, 'line_unit_price': 100}],
        }
        invoice_id = self.api.invoice(
            **sent, allow_partial=True, minimum_amount=10
        ).json['invoice_id']
        read = self.api.call('GET', f'/v2/invoice/{invoice_id}').json
        self.assertEqual({name: read[name] for name in sent}, sent)
        self.assertEqual((read['allow_partial'], read['minimum_amount']), (True, '10.00'))

    def test_cancel(self):
        invoice_id = self.api.invoice().json['invoice_id']
        answer = self.api.call('DELETE', f'/v2/invoice/{invoice_id}')
        self.assertEqual((answer.status, answer.text), (200, '{}'))
        read = self.api.call('GET', f'/v2/invoice/{invoice_id}').json
        self.assertEqual(read['invoice_status'], 'CANCELED')
        answer = self.api.call('DELETE', f'/v2/invoice/{invoice_id}', {})
        self.assertEqual(answer.status, 400)
        self.assertEqual(
            answer.text,
            '{"error":"INVOICE_ALREADY_CANCELED","message":"Нэхэмжлэл цуцлагдсан байна"}',
        )

    def test_cancel_paid(self):
        invoice_id = self.api.invoice().json['invoice_id']
        self.control.pay(invoice_id, amount=40, callback=False)
        answer = self.api.call('DELETE', f'/v2/invoice/{invoice_id}')
        self.assert_refused(answer, 400, 'INVOICE_PAID', 'Нэхэмжлэл төлөгдсөн')

    def test_unknown_and_foreign(self):
        invoice_id = self.api.invoice().json['invoice_id']
        other = Api(self.simulator.url, 'OTHER_MERCHANT', '654321')
        other.log_in()
        for api, wanted in ((self.api, 'unknown'), (other, invoice_id)):
            for method in ('GET', 'DELETE'):
                answer = api.call(method, f'/v2/invoice/{wanted}')
                self.assert_refused(answer, 422, 'INVOICE_NOTFOUND', 'Нэхэмжлэл олдсонгүй')

    def test_subscription(self):
        answer = self.api.invoice(allow_subscribe=True)
        self.assert_field(answer, 'subscription_interval', 'PATTERN')
        created = self.api.invoice(
            allow_subscribe=True,
            subscription_interval='1M',
            subscription_webhook='https://shop.example/s',
        ).json
        path = f'/v2/subscription/{created["subscription"]["id"]}'
        read = self.api.call('GET', path).json
        self.assertEqual(
            (read['g_invoice_id'], read['interval'], read['is_active'], read['payments']),
            (created['invoice_id'], '1M', True, []),
        )
        self.assertEqual(self.api.call('DELETE', path).text, '{}')
        self.assertFalse(self.api.call('GET', path).json['is_active'])
        self.assertEqual(self.api.call('GET', '/v2/subscription/unknown').status, 422)

    def test_wire_details(self):
        answer = self.api.call('GET', '/v2/nothing')
        self.assertEqual(answer.status, 404)
        self.assertIn('Cannot GET /v2/nothing', answer.text)
        answer = self.api.check(self.api.invoice().json['invoice_id'])
        self.assertEqual(answer.text, '{"count":0,"rows":[]}')
        # Express's ETag of exactly this body: its length and its SHA-1.
        self.assertEqual(answer.headers['ETag'], 'W/"15-' + _sha1(answer.text) + '"')
        self.assertEqual(answer.headers['X-Powered-By'], 'Express')
        self.assertEqual(len(answer.headers.get_all('Date')), 1)
        self.assertEqual(answer.headers.get_all('Server'), ['nginx/1.28.0'])
        self.assertEqual(answer.headers['Content-Type'], 'application/json; charset=utf-8')


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
        branch = self.api.invoice(sender_branch_code='B1').json['invoice_id']
        self.pay()
        self.control.pay(branch, callback=False)
        merchant_id = self.simulator.backend.merchants['TEST_MERCHANT'].merchant_id
        self.assertEqual(self.listed(object_type='MERCHANT', object_id=merchant_id)['count'], 2)
        self.assertEqual(self.listed(merchant_branch_code='B1')['count'], 1)
        self.assertEqual(self.listed(object_id=branch)['count'], 0)
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


def _sha1(text):
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()[
        :27
    ]
