"""The values of VAT receipts: taxes inside an amount, and what QPay answers."""

from datetime import datetime, timezone
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.qpay_api import (
    CITY_TAX,
    COMPANY,
    VAT,
    InvoiceLine,
    LineTax,
    taxes_inside,
)
from odoo.addons.payment_qpay.qpay_api.parsing import parse_ebarimt
from odoo.addons.payment_qpay.tests.cases.ebarimt_wire_case import PHONE


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
