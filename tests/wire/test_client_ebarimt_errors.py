"""What a failure of QPay's VAT receipts means for a receipt."""

import logging
import traceback
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import (
    CITIZEN,
    COMPANY,
    EBARIMT_V3,
    QPayBusy,
    QPayRefused,
    QPayUnavailable,
    QPayUnknownOutcome,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.tests.cases.ebarimt_wire_case import (
    CODES,
    CREATE_V3,
    PHONE,
    REGISTER,
    EbarimtWireCase,
)
from odoo.addons.payment_qpay.tests.cases.wire_case import real_requests, unused_url


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
