"""The wire's VAT receipts: calls, values, and what a failure means for a receipt."""

import logging
import traceback
from datetime import datetime, timezone
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.qpay_api import (
    CITIZEN,
    CITY_TAX,
    COMPANY,
    EBARIMT_V1,
    EBARIMT_V3,
    TAX_TYPE_EXEMPT,
    TAX_TYPE_NO_VAT,
    TAX_TYPE_VAT,
    VAT,
    InvoiceLine,
    LineTax,
    QPayBusy,
    QPayError,
    QPayRefused,
    QPayUnavailable,
    QPayUnknownOutcome,
    QPayUnreachable,
    taxes_inside,
)
from odoo.addons.payment_qpay.qpay_api.parsing import parse_ebarimt
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase, real_requests, unused_url

CREATE_V1, CREATE_V3 = 'POST /v2/ebarimt/create', 'POST /v2/ebarimt_v3/create'
READ, CANCEL = 'GET /v2/ebarimt/{id}', 'DELETE /v2/ebarimt_v3/{id}'
PHONE, REGISTER = '99112233', '5395305'
CODES = {'district_code': '3505', 'classification_code': '0000010'}


class EbarimtWireCase(WireCase):
    """A client, and payments for it to have receipts for."""

    def setUp(self):
        super().setUp()
        self.payment_id = self._pay()

    def _pay(self, amount=None, **values):
        invoice = self._invoice(**values)
        return self.qpay.pay(invoice.invoice_id, amount=amount)['payment_id']

    def _issue(self, receiver_type=CITIZEN, receiver=None, **options):
        return self.client.create_ebarimt(
            self.payment_id, receiver_type, receiver, **{**CODES, **options}
        )

    def _error(self, call, *arguments, **options):
        """Make a call that fails, and return its error."""
        try:
            call(*arguments, **options)
        except QPayError as error:
            return error
        raise AssertionError('the call did not fail')

    def _sent(self, endpoint):
        """Return the body of the last call to an endpoint."""
        return [call for call in self.qpay.calls_log() if call['endpoint'] == endpoint][-1]['body']


@tagged('post_install', '-at_install')
class TestEbarimt(EbarimtWireCase):

    def test_receipt_of_a_citizen(self):
        before = datetime.now(timezone.utc)
        receipt = self._issue(receiver=PHONE)
        made, = self.qpay.ebarimts(self.payment_id)
        self.assertEqual(receipt.ebarimt_id, made['ebarimt_id'])
        self.assertEqual(receipt.receipt_number, made['receipt_no'])
        self.assertEqual((receipt.lottery, receipt.qr_data), (made['lottery'], made['qr_data']))
        self.assertEqual((receipt.receiver_type, receipt.receiver), (CITIZEN, PHONE))
        self.assertEqual(receipt.payment_id, self.payment_id)
        self.assertEqual(
            (receipt.amount, receipt.vat_amount, receipt.city_tax_amount),
            (Decimal('15000.50'), Decimal('1363.68'), Decimal(0)),
        )
        self.assertEqual((made['tax_type'], made['district_code']), (TAX_TYPE_VAT, '3505'))
        self.assertTrue(receipt.is_valid)
        self.assertAlmostEqual((receipt.status_at - before).total_seconds(), 0, delta=30)

    def test_citizen_without_a_phone(self):
        receipt = self._issue()
        self.assertTrue(receipt.lottery)
        self.assertEqual(receipt.receiver, '')
        self.assertNotIn('ebarimt_receiver', self._sent(CREATE_V3))

    def test_receipt_of_a_company(self):
        receipt = self._issue(COMPANY, REGISTER)
        self.assertEqual((receipt.receiver_type, receipt.receiver), (COMPANY, REGISTER))
        self.assertEqual(receipt.lottery, '')

    def test_card_payment(self):
        invoice = self._invoice(sender_invoice_no='QR-2')
        payment = self.qpay.pay(invoice.invoice_id, method='CARD')
        self.payment_id = payment['payment_id']
        self.assertEqual(self._issue().payment_id, self.payment_id)

    def test_first_generation(self):
        receipt = self._issue(receiver=PHONE, generation=EBARIMT_V1)
        self.assertEqual(self._sent(CREATE_V1), {
            'payment_id': self.payment_id, 'ebarimt_receiver_type': CITIZEN,
            'ebarimt_receiver': PHONE,
        })
        self.assertEqual(receipt.receipt_number, self.qpay.ebarimts()[0]['receipt_no'])
        self.assertEqual(len(receipt.receipt_number), 33)

    def test_nothing_where_a_receipt_was_to_come_is_unknown(self):
        for endpoint, generation in ((CREATE_V1, EBARIMT_V1), (CREATE_V3, EBARIMT_V3)):
            self._answer(endpoint, {})
            error = self._error(self._issue, generation=generation)
            self.assertIsInstance(error, QPayUnknownOutcome)

    def test_keys_of_the_documents_say_the_same(self):
        receipt = self._issue(COMPANY, REGISTER)
        for keys in ('table', 'both', 'json'):
            with self.subTest(keys=keys):
                self.qpay.configure(ebarimt_keys=keys)
                read = self.client.get_ebarimt(receipt.ebarimt_id)
                self.assertEqual(
                    (read.status, read.receiver_type, read.status_at, read.vat_amount),
                    (receipt.status, receipt.receiver_type, receipt.status_at, receipt.vat_amount),
                )

    def test_cancel_by_either_id(self):
        for generation, setting in (
            (EBARIMT_V1, 'ebarimt_v1_cancel_id'), (EBARIMT_V3, 'ebarimt_v3_cancel_id'),
        ):
            for kind in ('payment', 'receipt'):
                with self.subTest(generation=generation, kind=kind):
                    self.qpay.configure(**{setting: kind})
                    receipt = self._issue(generation=generation)
                    key = self.payment_id if kind == 'payment' else receipt.ebarimt_id
                    self.client.cancel_ebarimt(key, 'Буцаалт', generation=generation)
                    self.assertFalse(self.client.get_ebarimt(receipt.ebarimt_id).is_valid)
        self.assertEqual({made['note'] for made in self.qpay.ebarimts()}, {'Буцаалт'})

    def test_cancellation_that_is_answered_with_nothing(self):
        for answer in ({}, {'status': 'SUCCESS'}):
            self._answer(CANCEL, answer)
            self.client.cancel_ebarimt(self.payment_id, 'Буцаалт')
        self.assertEqual(self._calls(CANCEL), 2)

    def test_odd_ids_stay_one_part_of_the_path(self):
        self._error(self.client.get_ebarimt, '../payment/1?a=b')
        self.assertEqual(self._calls('GET /v2/payment/{id}'), 0)

    def test_company_without_register_is_not_sent(self):
        for receiver_type, receiver in ((COMPANY, None), (COMPANY, ''), ('COMPAYNE', REGISTER)):
            with self.assertRaises(ValueError):
                self._issue(receiver_type, receiver)
        self.assertEqual(self._calls(CREATE_V3), 0)


@tagged('post_install', '-at_install')
class TestEbarimtErrors(EbarimtWireCase):

    def assert_unknown(self, error):
        self.assertIsInstance(error, QPayUnknownOutcome)
        self.assertNotIsInstance(error, QPayBusy | QPayRefused | QPayUnreachable)

    # === REFUSED === #

    def test_payment_that_is_not_paid(self):
        invoice = self._invoice(sender_invoice_no='QR-2')
        self.payment_id = self.qpay.pay(invoice.invoice_id, status='FAILED')['payment_id']
        error = self._error(self._issue)
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual((error.key, error.status), ('PAYMENT_NOT_PAID', 400))

    def test_wrong_register_number(self):
        for register, key, status in (
            ('12345', 'CUSTOMER_REGISTER_INVALID', 400), ('9999999', 'CUSTOMER_NOTFOUND', 422),
        ):
            error = self._error(self._issue, COMPANY, register)
            self.assertIsInstance(error, QPayRefused)
            self.assertEqual((error.key, error.status), (key, status))
        self.assertEqual(self.qpay.ebarimts(), [])

    def test_refused_field_is_named(self):
        error = self._error(self._issue, district_code='9905')
        self.assertEqual(error.fields, {'district_code': 'PATTERN'})

    def test_second_receipt_is_refused(self):
        self._issue()
        self.assertIsInstance(self._error(self._issue), QPayRefused)
        self.assertEqual(len(self.qpay.ebarimts()), 1)

    def test_not_switched_on(self):
        self.qpay.configure(ebarimt_enabled=False)
        error = self._error(self._issue)
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual(error.key, 'EBARIMT_NOT_REGISTERED')

    def test_cancelling_is_not_supported(self):
        self._issue()
        self.qpay.configure(ebarimt_cancel_supported=False)
        error = self._error(self.client.cancel_ebarimt, self.payment_id, 'Буцаалт')
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual(error.key, 'EBARIMT_CANCEL_NOTSUPPERDED')

    def test_receipt_that_is_not_found(self):
        self._issue()
        error = self._error(self.client.get_ebarimt, self.payment_id)
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual((error.key, error.status), ('BARIMT_NOT_FOUND', 422))

    def test_call_that_qpay_does_not_have(self):
        receipt = self._issue()
        error = self._error(
            self.client.get_ebarimt, receipt.ebarimt_id, generation=EBARIMT_V3
        )
        self.assertIsInstance(error, QPayRefused)
        self.assertEqual((error.key, error.status), ('', 404))

    # === BUSY === #

    def test_busy_three_times_then_issued(self):
        self.qpay.inject(CREATE_V3, 'system_busy', times=3)
        for _time in range(3):
            error = self._error(self._issue)
            self.assertIsInstance(error, QPayBusy)
            self.assertIsInstance(error, QPayUnavailable)
            self.assertNotIsInstance(error, QPayUnknownOutcome | QPayRefused)
            self.assertEqual((error.key, error.status, error.message), ('SYSTEM_BUSY', 500, ''))
        self.assertTrue(self._issue().is_valid)
        self.assertEqual(len(self.qpay.ebarimts()), 1)

    def test_cancelling_by_an_id_that_qpay_does_not_know(self):
        receipt = self._issue()
        error = self._error(self.client.cancel_ebarimt, receipt.ebarimt_id, 'Буцаалт')
        self.assertIsInstance(error, QPayBusy)

    # === UNKNOWN === #

    def test_outcome_is_unknown_whether_qpay_acted_or_not(self):
        for after in (False, True):
            for fault, options in (
                ('drop', {}), ('garbage', {}), ('status', {'status': 502}),
                ('status', {'status': 500, 'body': '{"error":"TypeError"}'}),
            ):
                with self.subTest(after=after, fault=fault, **options):
                    number = f'QR-{after}-{fault}-{len(self.qpay.invoices())}'
                    self.payment_id = self._pay(sender_invoice_no=number)
                    self.qpay.inject(CREATE_V3, fault, after=after, **options)
                    self.assert_unknown(self._error(self._issue))
                    self.assertEqual(len(self.qpay.ebarimts(self.payment_id)), int(after))

    def test_silence_then_found_by_what_qpay_can_be_asked(self):
        self.qpay.inject(CREATE_V3, 'delay', seconds=5, after=True)
        with real_requests():
            impatient = self._client(timeout=1)
            error = self._error(impatient.create_ebarimt, self.payment_id, CITIZEN, **CODES)
        self.assert_unknown(error)
        made, = self.qpay.ebarimts()
        self.assertEqual(self.client.get_ebarimt(made['ebarimt_id']).lottery, made['lottery'])
        self.assertEqual(
            self._error(self.client.get_ebarimt, self.payment_id).key, 'BARIMT_NOT_FOUND'
        )
        self.qpay.configure(ebarimt_read_id='both')
        found = self.client.get_ebarimt(self.payment_id)
        self.assertEqual((found.ebarimt_id, found.is_valid), (made['ebarimt_id'], True))

    def test_answers_that_lack_what_a_receipt_needs(self):
        whole = {
            'id': 'a', 'barimt_status': 'REGISTERED', 'amount': '100.00', 'vat_amount': '9.09',
        }
        self._answer(CREATE_V3, whole)
        self.assertEqual(self._issue().vat_amount, Decimal('9.09'))
        for name, value in (
            ('id', None), ('barimt_status', ''), ('amount', 'many'), ('vat_amount', None),
            ('vat_amount', 'NaN'),
        ):
            with self.subTest(name=name, value=value):
                self._answer(CREATE_V3, {**whole, name: value})
                self.assert_unknown(self._error(self._issue))

    def test_nobody_listening_is_unreachable(self):
        error = self._error(
            self._client(unused_url()).create_ebarimt, self.payment_id, CITIZEN, **CODES
        )
        self.assertIsInstance(error, QPayUnreachable)

    # === WHAT IS PRIVATE === #

    def test_receipt_tells_nothing_private_of_itself(self):
        receipt = self._issue(receiver=PHONE)
        for secret in (PHONE, receipt.lottery, receipt.qr_data):
            self.assertTrue(secret)
            self.assertNotIn(secret, f'{receipt!r} {receipt}')

    def test_error_does_not_quote_the_receiver(self):
        for answer in (
            {'error': 'CUSTOMER_REGISTER_INVALID', 'message': f'{REGISTER} буруу'},
            {'error': f'{REGISTER} IS WRONG'},
            {'error': {'ebarimt_receiver': {'type': 'PATTERN', 'message': REGISTER}}},
        ):
            for status in (400, 500):
                with self.subTest(answer=answer, status=status):
                    self._answer(CREATE_V3, answer, status=status)
                    error = self._error(self._issue, COMPANY, REGISTER)
                    text = ''.join(traceback.format_exception(error))
                    self.assertNotIn(REGISTER, f'{error!r} {error.fields} {text}')

    def test_nothing_private_is_logged(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger(__name__).info('one line at least')
            receipt = self._issue(COMPANY, REGISTER)
            self.client.cancel_ebarimt(self.payment_id, 'Буцаалт')
            self._error(self._issue, COMPANY, 'ZZ1234567')
        text = '\n'.join(logs.output)
        for secret in (REGISTER, 'ZZ1234567', receipt.qr_data):
            self.assertNotIn(secret, text)


@tagged('post_install', '-at_install')
class TestTaxInvoice(EbarimtWireCase):

    def _line(self, total='1000', tax_codes=(VAT,), **values):
        return InvoiceLine.for_total(**{
            'description': 'Будаа', 'total': Decimal(total), 'classification_code': '0111100',
            'tax_codes': tax_codes, **values,
        })

    def _tax_invoice(self, *lines, **values):
        return self._invoice(**{
            'invoice_code': 'TEST_EB_INVOICE', 'sender_invoice_no': 'QR-2',
            'amount': sum(line.amount for line in lines), 'tax_type': TAX_TYPE_VAT,
            'district_code': '3505', 'lines': lines, **values,
        })

    def _receipt(self, *lines, amount=None, **values):
        invoice = self._tax_invoice(*lines, **values)
        payment = self.qpay.pay(invoice.invoice_id, amount=amount)
        return self.client.create_ebarimt(payment['payment_id'], CITIZEN)

    def test_qpay_is_told_what_is_taxed(self):
        self._tax_invoice(
            self._line(tax_codes=(VAT, CITY_TAX)),
            self._line('1500', (), quantity=Decimal(3), tax_product_code='305'),
            tax_customer_code=REGISTER,
        )
        sent = self._sent('POST /v2/invoice')
        self.assertNotIn('amount', sent)
        self.assertNotIn('calculate_vat', sent)
        self.assertEqual((sent['tax_type'], sent['district_code']), ('1', '3505'))
        self.assertEqual(sent['tax_customer_code'], REGISTER)
        self.assertEqual(sent['lines'], [
            {
                'classification_code': '0111100', 'line_description': 'Будаа',
                'line_quantity': '1.00',
                'line_unit_price': '1000.00',
                'taxes': [
                    {'tax_code': 'VAT', 'description': 'НӨАТ', 'amount': '89.2857'},
                    {'tax_code': 'CITY_TAX', 'description': 'НХАТ', 'amount': '17.8571'},
                ],
            },
            {
                'tax_product_code': '305', 'classification_code': '0111100',
                'line_description': 'Будаа', 'line_quantity': '3.00', 'line_unit_price': '500.00',
            },
        ])
        self.assertEqual(self.qpay.invoices()[-1]['amount'], '2500.00')

    def test_plain_invoice_says_nothing_of_tax(self):
        sent = self._sent('POST /v2/invoice')
        self.assertEqual(sent['amount'], '15000.5')
        for name in ('tax_type', 'district_code', 'lines', 'calculate_vat', 'tax_customer_code'):
            self.assertNotIn(name, sent)

    def test_invoice_without_vat(self):
        for tax_type in (TAX_TYPE_NO_VAT, TAX_TYPE_EXEMPT):
            with self.subTest(tax_type=tax_type):
                receipt = self._receipt(
                    self._line(tax_codes=(), tax_product_code='305'), tax_type=tax_type
                )
                self.assertIs(self._sent('POST /v2/invoice')['calculate_vat'], False)
                self.assertEqual(receipt.vat_amount, Decimal(0))
                self.assertEqual(self.qpay.ebarimts()[-1]['tax_type'], tax_type)

    def test_qpay_accepts_the_taxes_of_any_amount(self):
        amounts = ('0.01', '0.11', '1', '50', '99.99', '1100', '11000', '22000', '1234567.89')
        for codes in ((VAT,), (VAT, CITY_TAX)):
            lines = [self._line(amount, codes) for amount in amounts]
            with self.subTest(codes=codes):
                receipt = self._receipt(*lines)
                items = receipt.raw['barimt_items']
                self.assertEqual(receipt.amount, sum(map(Decimal, amounts)))
                self.assertEqual(
                    receipt.vat_amount, sum(Decimal(item['vat_amount']) for item in items)
                )
                for line, item in zip(lines, items, strict=True):
                    self.assertAlmostEqual(
                        line.taxes[0].amount, Decimal(item['vat_amount']), delta=Decimal('0.0051')
                    )

    def test_part_payment_has_a_receipt_for_what_was_paid(self):
        receipt = self._receipt(
            self._line(), self._line(tax_codes=(), tax_product_code='305'), amount='500'
        )
        self.assertEqual(
            (receipt.amount, receipt.vat_amount), (Decimal(500), Decimal('22.73'))
        )

    def test_taxes_and_codes_that_qpay_refuses(self):
        for values, key in (
            ({'classification_code': '9999999'}, 'CLASSIFICATION_CODE_INVALID'),
            ({'tax_codes': ()}, 'TAX_LINE_REQUIRED'),
        ):
            with self.assertRaises(QPayRefused) as caught:
                self._tax_invoice(self._line(**values))
            self.assertEqual(caught.exception.key, key)

    def test_request_that_does_not_fit_together_is_not_sent(self):
        self.qpay.reset_calls()
        line = self._line()
        for values, text in (
            ({'amount': Decimal('999.99')}, 'sum'),
            ({'lines': ()}, 'sum'),
            ({'tax_type': '4'}, 'tax type'),
            ({'tax_type': ''}, 'tax type'),
            ({'tax_type': TAX_TYPE_EXEMPT}, 'without VAT'),
            ({'district_code': ''}, 'district'),
            ({'district_code': '350'}, 'district'),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValueError, text):
                self._tax_invoice(line, **{'amount': Decimal(1000), **values})
        self.assertEqual(self._calls('POST /v2/invoice'), 0)

    def test_request_does_not_show_the_register(self):
        request = self._request(tax_customer_code=REGISTER)
        self.assertNotIn(REGISTER, repr(request))


@tagged('post_install', '-at_install')
class TestTaxes(BaseCase):

    def test_taxes_are_cut_not_rounded(self):
        for gross, codes, expected in (
            ('1000', (VAT,), {VAT: '90.9090'}),
            ('1000', (VAT, CITY_TAX), {VAT: '89.2857', CITY_TAX: '17.8571'}),
            ('50', (VAT,), {VAT: '4.5454'}),
            ('11000', (VAT,), {VAT: '1000'}),
            ('22000', (VAT,), {VAT: '2000'}),
            ('1120', (CITY_TAX, VAT), {VAT: '100', CITY_TAX: '20'}),
            ('1020', (CITY_TAX,), {CITY_TAX: '20'}),
            ('99999999999999.99', (VAT,), {VAT: '9090909090909.0900'}),
            ('1000', (), {}),
            ('0', (VAT,), {VAT: '0'}),
        ):
            with self.subTest(gross=gross, codes=codes):
                taxes = taxes_inside(Decimal(gross), codes)
                self.assertEqual(taxes, {code: Decimal(text) for code, text in expected.items()})

    def test_what_is_no_tax_or_price(self):
        with self.assertRaisesRegex(ValueError, 'SALES_TAX'):
            taxes_inside(Decimal(1), ('SALES_TAX',))
        with self.assertRaisesRegex(ValueError, 'negative'):
            taxes_inside(Decimal(-1), (VAT,))

    def test_line_keeps_the_total_whatever_the_quantity(self):
        for total, quantity, expected in (
            ('1000', '2', ('2', '500')),
            ('1000', '3', ('1', '1000')),
            ('99.99', '1.5', ('1.5', '66.66')),
            ('10', '1.125', ('1', '10')),
            ('10', '-1', ('1', '10')),
            ('0.01', '5', ('1', '0.01')),
        ):
            with self.subTest(total=total, quantity=quantity):
                line = InvoiceLine.for_total(
                    'Будаа', Decimal(total), '0111100', Decimal(quantity), (VAT,)
                )
                self.assertEqual(
                    (line.quantity, line.unit_price), tuple(map(Decimal, expected))
                )
                self.assertEqual(line.amount, Decimal(total))

    def test_line_that_qpay_would_refuse(self):
        good = {
            'description': 'Будаа', 'quantity': Decimal(1), 'unit_price': Decimal(1000),
            'classification_code': '0111100', 'taxes': (LineTax(VAT, Decimal('90.9090')),),
        }
        self.assertEqual(InvoiceLine(**good).amount, Decimal(1000))
        for values, text in (
            ({'description': ''}, 'description'),
            ({'description': 'а' * 256}, 'description'),
            ({'unit_price': Decimal(0)}, 'unit_price'),
            ({'unit_price': Decimal('0.001')}, 'unit_price'),
            ({'quantity': Decimal(-1)}, 'quantity'),
            ({'classification_code': '123'}, 'classification'),
            ({'tax_product_code': '3' * 46}, 'code'),
            ({'taxes': (LineTax(VAT, Decimal('90.91')),)}, 'taxes'),
            ({'taxes': (LineTax(VAT, Decimal('90.9090')), LineTax(CITY_TAX, Decimal(1)))}, 'taxes'),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValueError, text):
                InvoiceLine(**{**good, **values})
        with self.assertRaisesRegex(ValueError, 'SALES_TAX'):
            LineTax('SALES_TAX', Decimal(1))


@tagged('post_install', '-at_install')
class TestReceiptParsing(BaseCase):

    def test_published_sample(self):
        """The receipt of QPay's documents (QPay contract §5.3)."""
        receipt = parse_ebarimt({
            'id': 'f699a4be-4cc7-4153-8dbc-942c80b61c6d', 'ebarimt_by': 'QPAY',
            'ebarimt_receiver_type': 'CITIZEN', 'ebarimt_receiver': PHONE,
            'ebarimt_district_code': '27', 'g_payment_id': '493622150113497',
            'amount': '100.00', 'vat_amount': '9.09', 'city_tax_amount': '0.00',
            'ebarimt_qr_data': '1048679142', 'ebarimt_lottery': 'CK 59114203', 'note': None,
            'barimt_status': 'REGISTERED', 'barimt_status_date': '2024-05-14T01:56:49.724Z',
            'tax_type': '1', 'status': True, 'barimt_transactions': [],
            'barimt_histories': [{'ebarimt_bill_id': '000005395305001240514800802007009'}],
        })
        self.assertEqual(receipt.receipt_number, '000005395305001240514800802007009')
        self.assertEqual((receipt.amount, receipt.vat_amount), (Decimal(100), Decimal('9.09')))
        self.assertEqual(
            receipt.status_at, datetime(2024, 5, 14, 1, 56, 49, 724000, tzinfo=timezone.utc)
        )
        self.assertTrue(receipt.is_valid)

    def test_numbers_missing_keys_and_odd_histories(self):
        data = {
            'id': 7, 'ebarimt_status': 'canceled', 'amount': 100, 'vat_amount': 9.09,
            'g_payment_id': 493622150113497, 'ebarim_receiver_type': 'company',
            'ebarimt_lottery': None, 'ebarimt_status_date': 'yesterday',
        }
        for histories in (None, [], {}, 'text', [None], [{}], [{'ebarimt_bill_id': None}]):
            with self.subTest(histories=histories):
                receipt = parse_ebarimt({**data, 'barimt_histories': histories})
                self.assertEqual((receipt.ebarimt_id, receipt.payment_id), ('7', '493622150113497'))
                self.assertEqual((receipt.receipt_number, receipt.lottery), ('', ''))
                self.assertEqual(receipt.vat_amount, Decimal('9.09'))
                self.assertEqual(receipt.city_tax_amount, Decimal(0))
                self.assertEqual(receipt.receiver_type, COMPANY)
                self.assertFalse(receipt.is_valid)
                self.assertIsNone(receipt.status_at)

    def test_receipt_of_another_status_is_not_valid(self):
        for status in ('NEW', 'CANCELED', 'CANCELLED'):
            receipt = parse_ebarimt({
                'id': 'a', 'barimt_status': status, 'amount': 1, 'vat_amount': 0,
            })
            self.assertFalse(receipt.is_valid)
