"""The wire's VAT receipts: calls and values."""

from datetime import datetime, timezone
from decimal import Decimal

from odoo.tests import tagged

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
    QPayRefused,
    QPayUnknownOutcome,
)
from odoo.addons.payment_qpay.tests.cases.ebarimt_wire_case import (
    CANCEL,
    CREATE_V1,
    CREATE_V3,
    PHONE,
    REGISTER,
    EbarimtWireCase,
)


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
