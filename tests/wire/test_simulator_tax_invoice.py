"""The QPay simulator over real HTTP: invoices that name their taxes."""

from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.simulator_ebarimt_case import (
    CREATE_V3,
    LOTTERY,
    EbarimtCase,
)


@tagged('post_install', '-at_install')
class TestSimulatorTaxInvoice(EbarimtCase):
    """QPay contract §2.3."""

    def line(self, price='1000.00', quantity='1.00', taxes=None, **fields):
        """Return a line; with taxes, a dictionary of code to amount."""
        return {
            'line_description': 'Будаа',
            'line_quantity': quantity,
            'line_unit_price': price,
            'classification_code': '0111100',
            'taxes': [
                {'tax_code': code, 'description': code, 'amount': amount}
                for code, amount in (taxes or {}).items()
            ],
            **fields,
        }

    def order(self, *lines, **fields):
        """Ask for a tax invoice."""
        return self.api.invoice(**{
            'invoice_code': 'TEST_EB_INVOICE', 'amount': None, 'tax_type': '1',
            'district_code': '0101', 'lines': list(lines), **fields,
        })

    def receipt(self, *lines, amount=None, **fields):
        """Have a tax invoice paid and return its receipt, for which no codes are given."""
        invoice_id = self.order(*lines, **fields).json['invoice_id']
        payment = self.control.pay(invoice_id, amount=amount, callback=False)
        body = {'payment_id': payment['payment_id'], 'ebarimt_receiver_type': 'CITIZEN'}
        return self.api.call('POST', CREATE_V3, body).json

    def test_taxes_that_are_right(self):
        for price, taxes in (
            ('1000', {'VAT': '90.9090'}),
            ('1000', {'VAT': '90.91'}),
            ('1000', {'VAT': 90.909}),
            ('50', {'VAT': '4.5454'}),
            ('11000', {'VAT': '1000.0000'}),
            ('1000', {'VAT': '89.2857', 'CITY_TAX': '17.8571'}),
            ('1000', {'VAT': '89.29', 'CITY_TAX': '17.86'}),
        ):
            with self.subTest(price=price, taxes=taxes):
                self.assertEqual(self.order(self.line(price, taxes=taxes)).status, 200)

    def test_taxes_that_are_wrong(self):
        for price, taxes in (
            ('1000', {'VAT': '100'}),
            ('1000', {'VAT': '90.9091'}),
            ('1000', {'VAT': '90.9'}),
            ('11000', {'VAT': '999.9999'}),
            ('1000', {'VAT': '90.9090', 'CITY_TAX': '17.8571'}),
            ('1000', {'VAT': '89.2857', 'CITY_TAX': '20'}),
            ('1000', {'VAT': '90.9090', 'SALES_TAX': '1'}),
        ):
            with self.subTest(price=price, taxes=taxes):
                answer = self.order(self.line(price, taxes=taxes))
                self.assert_refused(answer, 400, 'VAT_AMOUNT_INVALID')

    def test_each_line_is_checked_by_itself(self):
        right = self.line('1000', taxes={'VAT': '90.9090'})
        self.assertEqual(self.order(right, right).status, 200)
        # The sums agree with the whole, the lines do not.
        moved = self.line('1000', taxes={'VAT': '90.9091'})
        self.assert_refused(self.order(right, moved), 400, 'VAT_AMOUNT_INVALID')
        quantity = self.line('500', '2.00', taxes={'VAT': '90.9090'})
        self.assertEqual(self.order(quantity).status, 200)

    def test_fields_that_are_missing(self):
        line = self.line(taxes={'VAT': '90.9090'})
        self.assert_field(self.order(line, tax_type=None), 'tax_type', 'REQUIRED')
        self.assert_field(self.order(line, tax_type='4'), 'tax_type', 'ENUM')
        self.assert_field(self.order(line, district_code=None), 'district_code', 'REQUIRED')
        for code in ('2101', '35', 'abcd'):
            self.assert_field(self.order(line, district_code=code), 'district_code', 'PATTERN')
        text = 'Нэхэмжлэлийн мөр шаардлагатай'
        self.assert_refused(self.order(), 400, 'INVOICE_LINE_REQUIRED', text)
        self.assert_refused(self.order(amount=100), 400, 'INVOICE_LINE_REQUIRED', text)
        self.control.configure(ebarimt_enabled=False)
        text = 'Нэхэмжлэлийн код буруу'
        self.assert_refused(self.order(line), 400, 'INVOICE_CODE_INVALID', text)

    def test_lines_that_are_wrong(self):
        taxes = {'VAT': '90.9090'}
        for code in (None, '123', '9999999'):
            answer = self.order(self.line(taxes=taxes, classification_code=code))
            self.assert_refused(answer, 400, 'CLASSIFICATION_CODE_INVALID')
        text = 'Үнийн дүн буруу'
        free = self.line('0', taxes={})
        self.assert_refused(self.order(self.line(taxes=taxes), free), 400, 'INVALID_AMOUNT', text)
        answer = self.order(self.line(taxes=taxes), amount=999)
        self.assert_refused(answer, 400, 'INVALID_AMOUNT', text)
        self.assertEqual(self.order(self.line(taxes=taxes), amount='1000.00').status, 200)

    def test_lines_without_vat(self):
        taxed = self.line(taxes={'VAT': '90.9090'})
        text = 'Татварын мөр шаардлагатай'
        self.assert_refused(self.order(taxed, self.line()), 400, 'TAX_LINE_REQUIRED', text)
        exempt = self.line(tax_product_code='305')
        self.assertEqual(self.order(taxed, exempt).status, 200)
        self.control.configure(ebarimt_mixed_lines=False)
        self.assert_refused(self.order(taxed, exempt), 400, 'TAX_LINE_REQUIRED', text)

    def test_invoice_without_vat(self):
        text = 'Татварын бүтээгдэхүүний код шаардлагатай'
        answer = self.order(self.line(), tax_type='2')
        self.assert_refused(answer, 400, 'TAX_PRODUCT_CODE_REQUIRED', text)
        self.control.configure(ebarimt_product_code_required=False)
        self.assertEqual(self.order(self.line(), tax_type='3', calculate_vat=False).status, 200)
        answer = self.order(self.line(taxes={'VAT': '90.9090'}), tax_type='2')
        self.assert_refused(answer, 400, 'VAT_AMOUNT_INVALID')

    def test_receipt_of_the_lines(self):
        receipt = self.receipt(
            self.line(taxes={'VAT': '89.2857', 'CITY_TAX': '17.8571'}),
            self.line(taxes={'VAT': '90.91'}),
            self.line('500.00', '2.00', tax_product_code='305'),
        )
        self.assertEqual(
            (receipt['amount'], receipt['vat_amount'], receipt['city_tax_amount']),
            ('3000.00', '180.20', '17.86'),
        )
        self.assertEqual(
            (receipt['ebarimt_district_code'], receipt['tax_type']), ('0101', '1')
        )
        self.assertEqual(
            [(item['amount'], item['vat_amount']) for item in receipt['barimt_items']],
            [('1000.00', '89.29'), ('1000.00', '90.91'), ('1000.00', '0.00')],
        )

    def test_receipt_without_vat(self):
        receipt = self.receipt(
            self.line(tax_product_code='305'), tax_type='2', calculate_vat=False
        )
        self.assertEqual((receipt['vat_amount'], receipt['tax_type']), ('0.00', '2'))
        self.assertRegex(receipt['ebarimt_lottery'], LOTTERY)

    def test_vat_that_qpay_reckons(self):
        receipt = self.receipt(self.line(), calculate_vat=True)
        self.assertEqual(receipt['vat_amount'], '90.91')

    def test_receipt_is_for_what_was_paid(self):
        third = self.line('100', taxes={'VAT': '9.0909'})
        receipt = self.receipt(third, third, third, amount='100')
        self.assertEqual(
            [item['amount'] for item in receipt['barimt_items']], ['33.33', '33.34', '33.33']
        )
        self.assertEqual(receipt['amount'], '100.00')
        vat = sum(Decimal(item['vat_amount']) for item in receipt['barimt_items'])
        self.assertEqual(receipt['vat_amount'], str(vat))
