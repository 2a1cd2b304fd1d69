"""The QPay simulator over real HTTP: invoices."""

import base64
import io
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from PIL import Image

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.simulator import emv as simulator_emv
from odoo.addons.payment_qpay.tests.cases.simulator_case import UUID, Api, SimulatorCase

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

    def test_wire_details(self):
        answer = self.api.call('GET', '/v2/nothing')
        self.assertEqual(answer.status, 404)
        self.assertIn('Cannot GET /v2/nothing', answer.text)
        answer = self.api.check(self.api.invoice().json['invoice_id'])
        self.assertEqual(answer.text, '{"count":0,"rows":[]}')
        self.assertEqual(len(answer.headers.get_all('Date')), 1)
        self.assertEqual(answer.headers.get_all('Server'), ['nginx/1.28.0'])
        self.assertEqual(answer.headers['Content-Type'], 'application/json; charset=utf-8')
