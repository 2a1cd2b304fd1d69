"""The QPay simulator over real HTTP: VAT receipts."""

import tempfile
import time
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.simulator import Simulator, SimulatorError
from odoo.addons.payment_qpay.tests.cases.simulator_case import Api, Shop
from odoo.addons.payment_qpay.tests.cases.simulator_ebarimt_case import (
    CREATE_V1,
    CREATE_V3,
    LOTTERY,
    EbarimtCase,
)


@tagged('post_install', '-at_install')
class TestSimulatorReceipts(EbarimtCase):
    """QPay contract §5."""

    def test_citizen(self):
        payment_id = self.pay()
        answer = self.ask(payment_id, ebarimt_receiver='99112233')
        receipt = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            (receipt['amount'], receipt['vat_amount'], receipt['city_tax_amount']),
            ('100.00', '9.09', '0.00'),
        )
        self.assertRegex(receipt['ebarimt_lottery'], LOTTERY)
        self.assertEqual(
            (receipt['ebarimt_receiver'], receipt['ebarimt_receiver_phone']),
            ('99112233', '99*12*33'),
        )
        self.assertEqual(
            (receipt['barimt_status'], receipt['ebarimt_bill_type'], receipt['tax_type']),
            ('REGISTERED', '1', '1'),
        )
        self.assertEqual(
            (receipt['g_payment_id'], receipt['paid_by'], receipt['object_type']),
            (payment_id, 'P2P', 'INVOICE'),
        )
        self.assertEqual(receipt['ebarimt_district_code'], '3505')
        self.assertRegex(receipt['ebarimt_receipt_id'], r'^\d{33}$')
        self.assertRegex(receipt['ebarimt_qr_data'], r'^\d{157}$')
        self.assertIs(receipt['status'], True)

    def test_item_and_history(self):
        receipt = self.ask(self.pay(amount=1000)).json
        item, = receipt['barimt_items']
        self.assertEqual(
            (item['unit_price'], item['quantity'], item['amount'], item['vat_amount']),
            ('909.09', '1.00', '1000.00', '90.91'),
        )
        self.assertEqual(item['classification_code'], '0000010')
        history, = receipt['barimt_histories']
        self.assertEqual(history['ebarimt_bill_id'], receipt['ebarimt_receipt_id'])
        self.assertEqual({item['barimt_id'], history['barimt_id']}, {receipt['id']})

    def test_first_generation(self):
        receipt = self.ask(self.pay(), CREATE_V1).json
        self.assertNotIn('ebarimt_receipt_id', receipt)
        self.assertNotIn('merchant_tin', receipt)
        self.assertEqual(receipt['ebarimt_district_code'], '35')
        self.assertRegex(receipt['ebarimt_qr_data'], r'^\d{310}$')
        self.assertRegex(receipt['barimt_histories'][0]['ebarimt_bill_id'], r'^\d{33}$')

    def test_company_has_no_lottery_number(self):
        receipt = self.company(self.pay()).json
        self.assertEqual(
            (receipt['ebarimt_lottery'], receipt['ebarimt_bill_type']), ('', '3')
        )
        self.assertEqual(receipt['ebarimt_receiver'], '5395305')
        self.assertIsNone(receipt['ebarimt_receiver_phone'])

    def test_taxes_of_a_payment(self):
        for settings, amount, vat, city_tax in (
            ({}, '11000', '1000.00', '0.00'),
            ({}, '150.50', '13.68', '0.00'),
            ({'ebarimt_city_tax': True}, '1000', '89.29', '17.86'),
            ({'ebarimt_tax_type': '2'}, '1000', '0.00', '0.00'),
        ):
            with self.subTest(settings=settings, amount=amount):
                self.control.configure(**settings)
                receipt = self.ask(self.pay(amount=amount)).json
                self.assertEqual(
                    (receipt['vat_amount'], receipt['city_tax_amount']), (vat, city_tax)
                )

    def test_keys_of_the_documents(self):
        payment_id = self.pay()
        receipt_id = self.ask(payment_id).json['id']
        names = {
            'ebarimt_receiver_type': 'ebarim_receiver_type',
            'merchant_register_no': 'merchant_register',
            'barimt_status': 'ebarimt_status',
            'barimt_status_date': 'ebarimt_status_date',
        }
        for setting, has_json, has_table in (
            ('json', True, False), ('table', False, True), ('both', True, True),
        ):
            with self.subTest(setting=setting):
                self.control.configure(ebarimt_keys=setting)
                read = self.api.call('GET', f'/v2/ebarimt/{receipt_id}').json
                for name, other in names.items():
                    self.assertEqual((name in read, other in read), (has_json, has_table))

    def test_payment_that_is_none(self):
        self.assert_refused(self.ask('1'), 422, 'PAYMENT_NOTFOUND', 'Төлбөр олдсонгүй')
        invoice_id = self.api.invoice().json['invoice_id']
        for status in ('NEW', 'FAILED', 'PARTIAL', 'REFUNDED'):
            payment = self.control.pay(invoice_id, status=status, callback=False)
            answer = self.ask(payment['payment_id'])
            self.assertEqual(answer.status, 400)
            self.assertEqual(
                answer.text,
                '{"error":"PAYMENT_NOT_PAID","message":"Төлбөр төлөлт хийгдээгүй байна"}',
            )
        self.assertEqual(self.control.ebarimts(), [])

    def test_not_switched_on(self):
        other = Api(self.simulator.url, 'OTHER_MERCHANT', '654321')
        other.log_in()
        foreign = self.pay(merchant=other, invoice_code='OTHER_INVOICE')
        own = self.pay()
        self.assert_refused(self.ask(foreign), 422, 'PAYMENT_NOTFOUND', 'Төлбөр олдсонгүй')
        self.api.token = other.token
        text = 'и-Баримт үүсээгүй байна.'
        self.assert_refused(self.ask(foreign), 400, 'EBARIMT_NOT_REGISTERED', text)
        self.api.log_in()
        self.control.configure(ebarimt_enabled=False)
        self.assert_refused(self.ask(own), 400, 'EBARIMT_NOT_REGISTERED', text)

    def test_receivers(self):
        payment_id = self.pay()
        self.assert_field(
            self.ask(payment_id, ebarimt_receiver_type='COMPAYNE'),
            'ebarimt_receiver_type', 'ENUM',
        )
        self.assert_field(
            self.ask(payment_id, ebarimt_receiver='12345'), 'ebarimt_receiver', 'PATTERN'
        )
        for register in ('', '12345', '12345678', 'АБ123', 'абвгдеж'):
            answer = self.company(payment_id, register)
            self.assert_refused(answer, 400, 'CUSTOMER_REGISTER_INVALID')
        answer = self.company(payment_id, '9999999')
        self.assert_refused(answer, 422, 'CUSTOMER_NOTFOUND', 'Харилцагч бүртгэгдээгүй байна!')
        self.assertEqual(self.control.ebarimts(), [])
        self.assertEqual(self.company(payment_id, 'УБ90010112').status, 200)

    def test_codes(self):
        payment_id = self.pay()
        for name in ('district_code', 'classification_code'):
            self.assert_field(self.ask(payment_id, **{name: None}), name, 'REQUIRED')
        self.assert_field(self.ask(payment_id, district_code='3605'), 'district_code', 'PATTERN')
        for code in ('123', 'abcdefg', '9999999'):
            answer = self.ask(payment_id, classification_code=code)
            self.assert_refused(answer, 400, 'CLASSIFICATION_CODE_INVALID')
        self.control.configure(ebarimt_codes_required=False)
        answer = self.ask(payment_id, district_code=None, classification_code=None)
        self.assertEqual(answer.status, 200)

    def test_second_receipt(self):
        payment_id = self.pay()
        first = self.ask(payment_id).json['id']
        self.assert_refused(self.ask(payment_id), 400, 'EBARIMT_ALREADY_REGISTERED')
        self.control.configure(ebarimt_repeated='same')
        self.assertEqual(self.ask(payment_id).json['id'], first)
        self.control.configure(ebarimt_repeated='another')
        self.assertNotEqual(self.ask(payment_id).json['id'], first)
        self.assertEqual(len(self.control.ebarimts(payment_id)), 2)
        self.assertEqual(self.control.ebarimts('another'), [])

    def test_portal(self):
        payment_id = self.pay()
        made = self.control.issue_ebarimt(payment_id, receiver='99112233')
        self.assertEqual((made['issued_by'], made['receiver']), ('portal', '99112233'))
        self.assert_refused(self.ask(payment_id), 400, 'EBARIMT_ALREADY_REGISTERED')
        with self.assertRaisesRegex(SimulatorError, 'EBARIMT_ALREADY_REGISTERED'):
            self.control.issue_ebarimt(payment_id)
        self.assertEqual(
            self.control.cancel_ebarimt_in_portal(made['ebarimt_id'])['status'], 'CANCELED'
        )
        with self.assertRaisesRegex(SimulatorError, 'EBARIMT_NOT_REGISTERED'):
            self.control.cancel_ebarimt_in_portal(made['ebarimt_id'])
        self.assertEqual(self.ask(payment_id).status, 200)
        self.assertEqual(self.statuses(), ['CANCELED', 'REGISTERED'])

    def test_survives_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            state_file = Path(folder) / 'state'
            with Simulator(state_file=state_file) as simulator:
                api = Api(simulator.url)
                api.log_in()
                invoice_id = api.invoice().json['invoice_id']
                payment_id = simulator.control.pay(invoice_id, callback=False)['payment_id']
                simulator.control.issue_ebarimt(payment_id)
                before = simulator.control.ebarimts()
            with Simulator(state_file=state_file) as simulator:
                self.assertEqual(simulator.control.ebarimts(), before)
                simulator.control.reset()
                self.assertEqual(simulator.control.ebarimts(), [])


@tagged('post_install', '-at_install')
class TestSimulatorReceiptLife(EbarimtCase):
    """Reading, cancelling, receipts that come later, and what goes wrong (§5.1, §5.4, §5.5)."""

    def setUp(self):
        super().setUp()
        self.payment_id = self.pay()

    def issue(self, path=CREATE_V3):
        """Make the receipt and return its id."""
        return self.ask(self.payment_id, path).json['id']

    def test_read(self):
        receipt_id = self.issue()
        not_found = self.api.call('GET', f'/v2/ebarimt/{self.payment_id}')
        self.assert_refused(not_found, 422, 'BARIMT_NOT_FOUND')
        for setting, ids in (
            ('receipt', [receipt_id]), ('payment', [self.payment_id]),
            ('both', [receipt_id, self.payment_id]),
        ):
            self.control.configure(ebarimt_read_id=setting)
            for key in (receipt_id, self.payment_id):
                with self.subTest(setting=setting, key=key):
                    answer = self.api.call('GET', f'/v2/ebarimt/{key}')
                    self.assertEqual(answer.status, 200 if key in ids else 422)

    def test_reading_in_v3_is_documented_nowhere(self):
        receipt_id = self.issue()
        answer = self.api.call('GET', f'/v2/ebarimt_v3/{receipt_id}')
        self.assertEqual(answer.status, 404)
        self.assertIn('Cannot GET', answer.text)
        self.control.configure(ebarimt_v3_read=True)
        read = self.api.call('GET', f'/v2/ebarimt_v3/{receipt_id}')
        self.assertEqual(read.json['id'], receipt_id)

    def test_ids_that_cancel(self):
        for path, setting in (
            (CREATE_V1, 'ebarimt_v1_cancel_id'), (CREATE_V3, 'ebarimt_v3_cancel_id'),
        ):
            base = path.removesuffix('/create')
            for value, by_receipt, by_payment in (
                ('receipt', True, False), ('payment', False, True), ('both', True, True),
            ):
                self.control.configure(**{setting: value})
                for is_receipt, accepted in ((True, by_receipt), (False, by_payment)):
                    with self.subTest(path=path, value=value, is_receipt=is_receipt):
                        receipt_id = self.issue(path)
                        key = receipt_id if is_receipt else self.payment_id
                        answer = self.api.call('DELETE', f'{base}/{key}', {'note': 'буцаалт'})
                        if accepted:
                            self.assertEqual(answer.json['barimt_status'], 'CANCELED')
                            self.assertEqual(answer.json['note'], 'буцаалт')
                        else:
                            self.assert_busy(answer)
                            self.control.cancel_ebarimt_in_portal(receipt_id)

    def test_defaults_of_cancelling(self):
        receipt_id = self.issue(CREATE_V1)
        self.assert_busy(self.api.call('DELETE', f'/v2/ebarimt/{self.payment_id}'))
        self.assertEqual(self.api.call('DELETE', f'/v2/ebarimt/{receipt_id}').status, 200)
        receipt_id = self.issue()
        self.assert_busy(self.api.call('DELETE', f'/v2/ebarimt_v3/{receipt_id}'))
        path = f'/v2/ebarimt_v3/{self.payment_id}'
        self.assertEqual(self.api.call('DELETE', path).status, 200)
        self.assertEqual(self.statuses(), ['CANCELED', 'CANCELED'])
        again = self.api.call('DELETE', path)
        self.assert_refused(again, 400, 'EBARIMT_NOT_REGISTERED', 'и-Баримт үүсээгүй байна.')

    def test_refused_cancellations(self):
        self.issue()
        path = f'/v2/ebarimt_v3/{self.payment_id}'
        self.control.configure(ebarimt_cancel_note_required=True)
        self.assert_field(self.api.call('DELETE', path), 'note', 'REQUIRED')
        self.assert_field(self.api.call('DELETE', path, {'note': 'n' * 256}), 'note', 'MAX_LENGTH')
        self.control.configure(ebarimt_cancel_supported=False)
        answer = self.api.call('DELETE', path, {'note': 'буцаалт'})
        self.assert_refused(
            answer, 400, 'EBARIMT_CANCEL_NOTSUPPERDED',
            'qPay үйлчилгээ и-баримтыг цуцлах боломжгүй байна.',
        )
        self.assertEqual(self.statuses(), ['REGISTERED'])

    def test_nobody_is_called_back(self):
        with Shop() as shop:
            for path in (CREATE_V1, CREATE_V3):
                answer = self.ask(self.pay(), path, callback_url=f'{shop.url}/ebarimt')
                self.assertRegex(answer.json['ebarimt_lottery'], LOTTERY)
            self.assertEqual(self.control.wait_for_callbacks(), [])
        self.assertEqual(shop.requests, [])

    def test_busy_several_times(self):
        self.control.inject(f'POST {CREATE_V3}', 'system_busy', times=3)
        for _time in range(3):
            self.assert_busy(self.ask(self.payment_id))
        self.assertEqual(self.control.ebarimts(), [])
        self.assertEqual(self.ask(self.payment_id).status, 200)

    def test_answers_that_are_lost(self):
        for fault, options in (
            ('drop', {}), ('system_busy', {}), ('garbage', {}), ('status', {'status': 504}),
        ):
            for after in (False, True):
                with self.subTest(fault=fault, after=after):
                    payment_id = self.pay()
                    self.control.inject(f'POST {CREATE_V3}', fault, after=after, **options)
                    if fault == 'drop':
                        with self.assertRaises(ConnectionError):
                            self.ask(payment_id)
                    else:
                        self.ask(payment_id)
                    self.assertEqual(len(self.control.ebarimts(payment_id)), int(after))

    def test_late_answer(self):
        self.control.inject(f'POST {CREATE_V3}', 'delay', seconds=0.3, after=True)
        started = time.monotonic()
        self.assertEqual(self.ask(self.payment_id).status, 200)
        self.assertGreaterEqual(time.monotonic() - started, 0.3)
        self.assertEqual(self.statuses(), ['REGISTERED'])

    def test_bank_page_shows_it(self):
        self.ask(self.payment_id, ebarimt_receiver='99112233')
        made = self.control.ebarimts()[0]
        page = self.api.call('GET', f'/bank/{made["invoice_id"]}').text
        for wanted in ('и-Баримт', made['lottery'], made['receipt_no'], 'Бүртгэгдсэн'):
            self.assertIn(wanted, page)
        self.control.cancel_ebarimt_in_portal(made['ebarimt_id'])
        self.assertIn('Цуцлагдсан', self.api.call('GET', f'/bank/{made["invoice_id"]}').text)
