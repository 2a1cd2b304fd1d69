"""The calls of QPay v2 and what is read from their answers."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import QPayRefused, QPayUnauthorized, QPayUnknownOutcome
from odoo.addons.payment_qpay.qpay_api.parsing import parse_payment
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase

CHECK = 'POST /v2/payment/check'
LOG_IN = 'POST /v2/auth/token'


@tagged('post_install', '-at_install')
class TestToken(WireCase):

    def test_expiry_is_a_point_in_time_not_a_duration(self):
        with freeze_time('2026-11-02 03:00:00'):
            token = self.client.log_in()
        self.assertEqual(token.expires_at, datetime(2026, 11, 3, 3, tzinfo=timezone.utc))

    def test_expiry_given_as_a_duration_is_understood_too(self):
        self._answer(LOG_IN, {'access_token': 'abc', 'expires_in': 3600})
        remaining = self.client.log_in().expires_at - datetime.now(timezone.utc)
        self.assertAlmostEqual(remaining.total_seconds(), 3600, delta=60)

    def test_expiry_that_makes_no_sense_is_no_answer(self):
        for expires_in in (1736481148000, 10 ** 30, 'tomorrow', None):
            with self.subTest(expires_in=expires_in):
                self._answer(LOG_IN, {'access_token': 'abc', 'expires_in': expires_in})
                with self.assertRaises(QPayUnknownOutcome):
                    self.client.log_in()

    def test_token_tells_the_time_of_the_server(self):
        self.qpay.configure(clock_skew=3600)
        ahead = self.client.log_in().server_time - datetime.now(timezone.utc)
        self.assertAlmostEqual(ahead.total_seconds(), 3600, delta=60)

    def test_wrong_password_is_unauthorized_and_tried_once(self):
        client = self._client(password='wrong')
        with self.assertRaises(QPayUnauthorized) as caught:
            client.check_payment('any')
        self.assertEqual(caught.exception.key, 'AUTHENTICATION_FAILED')
        self.assertEqual(caught.exception.status, 401)
        self.assertEqual(self._calls(LOG_IN), 1)

    def test_one_login_serves_many_calls(self):
        invoice = self._invoice()
        for _number in range(3):
            self.client.check_payment(invoice.invoice_id)
        self.assertEqual(self._calls(LOG_IN), 1)

    def test_token_that_died_is_renewed_and_the_call_replayed(self):
        for key in ('NO_CREDENDIALS', 'NO_CREDENTIALS'):
            with self.subTest(key=key):
                self.qpay.configure(credentials_key=key)
                invoice = self._invoice(sender_invoice_no=key)
                self.qpay.reset_calls()
                self.qpay.inject(CHECK, 'expired_token')
                self.assertFalse(self.client.check_payment(invoice.invoice_id).payments)
                self.assertEqual((self._calls(LOG_IN), self._calls(CHECK)), (1, 2))

    def test_replayed_creation_makes_one_invoice(self):
        self.client.log_in()
        self.qpay.inject('POST /v2/invoice', 'expired_token')
        invoice = self._invoice()
        self.assertEqual([i['invoice_id'] for i in self.qpay.invoices()], [invoice.invoice_id])

    def test_call_is_replayed_only_once(self):
        self.client.log_in()
        self.qpay.reset_calls()
        self.qpay.inject(CHECK, 'expired_token', times=None)
        with self.assertRaises(QPayUnauthorized):
            self.client.check_payment('any')
        self.assertEqual((self._calls(LOG_IN), self._calls(CHECK)), (1, 2))


@tagged('post_install', '-at_install')
class TestInvoice(WireCase):

    def test_qpay_is_asked_for_what_we_want(self):
        invoice = self._invoice()
        made = self.qpay.invoices()[0]
        self.assertEqual(made['invoice_id'], invoice.invoice_id)
        self.assertEqual(made['sender_invoice_no'], 'QR-1')
        self.assertEqual(made['amount'], '15000.50')
        self.assertEqual(made['description'], 'INV 2026 00001')
        self.assertEqual(
            made['callback_url'], 'https://odoo.example.mn/payment/qpay/callback/1-secret'
        )
        self.assertFalse(made['request']['allow_partial'])
        self.assertFalse(made['request']['allow_exceed'])

    def test_answer_has_qr_links_and_no_picture(self):
        invoice = self._invoice()
        self.assertEqual(invoice.qr_text, self.qpay.invoices()[0]['qr_text'])
        self.assertTrue(invoice.short_url.startswith('https://'))
        self.assertEqual(len(invoice.links), 23)
        khan_bank = next(link for link in invoice.links if link.name == 'Khan bank')
        self.assertEqual(khan_bank.link, f'khanbank://q?qPay_QRcode={invoice.qr_text}')
        self.assertNotIn('qr_image', invoice.raw)

    def test_exact_decimal_is_sent(self):
        self._invoice(amount=Decimal('1234567890.07'))
        self.assertEqual(self.qpay.invoices()[0]['amount'], '1234567890.07')

    def test_missing_picture_and_odd_links_do_no_harm(self):
        self._answer('POST /v2/invoice', {
            'invoice_id': 'abc', 'qr_text': '0002', 'new_key': {'of': 'next year'},
            'urls': [{'name': 'A bank'}, None, 'text', {'link': 'ard://q', 'extra': 1}],
        })
        invoice = self._invoice()
        self.assertEqual([link.link for link in invoice.links], ['ard://q'])
        self.assertEqual(invoice.short_url, '')

    def test_answer_without_id_or_qr_is_an_unknown_outcome(self):
        for data in ({}, {'invoice_id': 'abc'}, {'qr_text': '0002'}, {'invoice_id': None}):
            with self.subTest(data=data):
                self._answer('POST /v2/invoice', data)
                with self.assertRaises(QPayUnknownOutcome):
                    self._invoice()

    def test_our_number_can_be_read_back(self):
        invoice = self._invoice()
        self.assertEqual(self.client.get_sender_invoice_no(invoice.invoice_id), 'QR-1')

    def test_cancelled_invoice_is_cancelled_at_qpay(self):
        invoice = self._invoice()
        self.client.cancel_invoice(invoice.invoice_id)
        self.assertEqual(self.qpay.invoices()[0]['invoice_status'], 'CANCELED')

    def test_cancellation_that_cannot_be_says_why(self):
        cancelled = self._invoice(sender_invoice_no='QR-2')
        self.client.cancel_invoice(cancelled.invoice_id)
        paid = self._invoice(sender_invoice_no='QR-3')
        self.qpay.pay(paid.invoice_id)
        for invoice_id, key, status in (
            (cancelled.invoice_id, 'INVOICE_ALREADY_CANCELED', 400),
            (paid.invoice_id, 'INVOICE_PAID', 400),
            ('00000000-0000-0000-0000-000000000000', 'INVOICE_NOTFOUND', 422),
        ):
            with self.subTest(key=key), self.assertRaises(QPayRefused) as caught:
                self.client.cancel_invoice(invoice_id)
            self.assertEqual((caught.exception.key, caught.exception.status), (key, status))

    def test_foreign_id_cannot_reach_another_path(self):
        with self.assertRaises(QPayRefused):
            self.client.get_payment('../invoice/x?y=1#z')
        self.assertNotIn('GET /v2/invoice/{id}', self.qpay.calls())


@tagged('post_install', '-at_install')
class TestPayments(WireCase):

    def test_unpaid_invoice_has_no_payments_with_or_without_paid_amount(self):
        invoice = self._invoice()
        for is_given in (False, True):
            with self.subTest(paid_amount=is_given):
                self.qpay.configure(paid_amount_when_unpaid=is_given)
                check = self.client.check_payment(invoice.invoice_id)
                self.assertEqual((check.payments, check.paid_payments), ((), ()))
                self.assertEqual('paid_amount' in check.raw, is_given)

    def test_bank_transfer_is_read(self):
        invoice = self._invoice()
        paid = self.qpay.pay(invoice.invoice_id, fee='150.01')
        payment, = self.client.check_payment(invoice.invoice_id).paid_payments
        self.assertEqual(payment.payment_id, paid['payment_id'])
        self.assertEqual((payment.amount, payment.fee), (Decimal('15000.50'), Decimal('150.01')))
        self.assertEqual((payment.currency, payment.payment_type), ('MNT', 'P2P'))
        self.assertEqual(payment.wallet, 'Хаан банк апп')
        self.assertIsNone(payment.paid_at)

    def test_card_payment_is_read_with_its_moment(self):
        invoice = self._invoice()
        paid = self.qpay.pay(invoice.invoice_id, method='CARD')
        payment, = self.client.check_payment(invoice.invoice_id).paid_payments
        self.assertEqual((payment.payment_id, payment.payment_type), (paid['payment_id'], 'CARD'))
        age = datetime.now(timezone.utc) - payment.paid_at
        self.assertLess(abs(age), timedelta(minutes=1))

    def test_single_payment_is_read_although_its_keys_differ(self):
        invoice = self._invoice()
        for method in ('P2P', 'CARD'):
            with self.subTest(method=method):
                paid = self.qpay.pay(invoice.invoice_id, method=method, fee='7.5')
                payment = self.client.get_payment(paid['payment_id'])
                self.assertEqual(payment.payment_type, method)
                self.assertEqual(payment.fee, Decimal('7.5'))
                self.assertEqual(payment.invoice_id, invoice.invoice_id)
                self.assertEqual(payment.paid_at.utcoffset(), timedelta(0))
                self.assertTrue(payment.is_money)

    def test_all_pages_are_read(self):
        for count, pages in ((100, 2), (203, 3)):
            with self.subTest(count=count):
                invoice = self._invoice(sender_invoice_no=f'QR-{count}')
                paid_ids = {
                    self.qpay.pay(invoice.invoice_id, amount=10)['payment_id']
                    for _number in range(count)
                }
                self.qpay.reset_calls()
                payments = self.client.check_payment(invoice.invoice_id).paid_payments
                self.assertEqual({payment.payment_id for payment in payments}, paid_ids)
                self.assertEqual(len(payments), count)
                self.assertEqual(self._calls(CHECK), pages)

    def test_payment_shown_on_two_pages_counts_once(self):
        row = {
            'payment_id': '1', 'payment_status': 'PAID', 'payment_amount': '5', 'trx_fee': '0',
            'payment_currency': 'MNT',
        }
        self._answer(CHECK, {'count': 101, 'rows': [{**row, 'payment_id': str(number)}
                                                    for number in range(100)]})
        self._answer(CHECK, {'count': 101, 'rows': [{**row, 'payment_id': '99'}]})
        self.assertEqual(len(self.client.check_payment('any').payments), 100)

    def test_only_paid_tugrik_rows_are_money(self):
        invoice = self._invoice()
        for status in ('NEW', 'FAILED', 'PARTIAL', 'REFUNDED'):
            self.qpay.pay(invoice.invoice_id, status=status)
        self.qpay.pay(invoice.invoice_id, currency='USD')
        check = self.client.check_payment(invoice.invoice_id)
        self.assertEqual(len(check.payments), 5)
        self.assertEqual(check.paid_payments, ())

    def test_amounts_may_be_texts_or_numbers_and_stay_exact(self):
        row = {'payment_id': 1, 'payment_status': 'paid', 'payment_currency': 'mnt', 'unknown': []}
        for amount, expected in (
            ('100.00', '100'), (100, '100'), (150.5, '150.5'), ('0.1', '0.1'), (0.1, '0.1'),
            ('12345678901234.56', '12345678901234.56'),
        ):
            with self.subTest(amount=amount):
                payment = parse_payment({**row, 'payment_amount': amount, 'payment_fee': amount})
                self.assertEqual((payment.amount, payment.fee), (Decimal(expected),) * 2)
                self.assertTrue(payment.is_money)

    def test_row_that_cannot_be_booked_is_no_answer(self):
        row = {
            'payment_id': '1', 'payment_status': 'PAID', 'payment_amount': '5',
            'payment_currency': 'MNT',
        }
        for change in (
            {'payment_id': None}, {'payment_status': ''}, {'payment_amount': 'five'},
            {'payment_amount': None}, {'payment_amount': 'NaN'}, {'payment_amount': 'Infinity'},
        ):
            with self.subTest(change=change), self.assertRaises(QPayUnknownOutcome):
                parse_payment({**row, **change})

    def test_unreadable_moment_is_no_moment(self):
        row = {'payment_id': '1', 'payment_status': 'PAID', 'payment_amount': '5'}
        for text, expected in (
            ('2026-11-01T16:30:00.000Z', datetime(2026, 11, 1, 16, 30, tzinfo=timezone.utc)),
            ('2026-11-02T00:30:00+08:00', datetime(2026, 11, 1, 16, 30, tzinfo=timezone.utc)),
            ('2026-11-01 16:30:00', datetime(2026, 11, 1, 16, 30, tzinfo=timezone.utc)),
            ('yesterday', None), ('', None), (None, None),
        ):
            with self.subTest(text=text):
                self.assertEqual(parse_payment({**row, 'payment_date': text}).paid_at, expected)
