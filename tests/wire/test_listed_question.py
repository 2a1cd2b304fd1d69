"""What a row of QPay's list must show so that a QR need not be asked about."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import ListedQuestion, PaidQuestion, QPayUnknownOutcome
from odoo.addons.payment_qpay.qpay_api.client import PAGE_LIMIT
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase

LIST = 'POST /v2/payment/list'
AMOUNT = Decimal('15000.5')


@tagged('post_install', '-at_install')
class TestListedQuestion(WireCase):

    def setUp(self):
        super().setUp()
        self.invoice = self.client.create_invoice(self._request())

    def _list(self, *codes, max_calls=1):
        now = datetime.now(timezone(timedelta(hours=8)))
        hour = timedelta(hours=1)
        question = ListedQuestion(codes or ['TEST_INVOICE'], now - hour, now + hour, max_calls)
        question.ask(self.client)
        return question

    def _is_answered(self, listed, known_ids=(), announced_ids=()):
        question = PaidQuestion('QR-1', self.invoice.invoice_id, known_ids, announced_ids)
        is_answered = question.take_answer_of(listed, self.invoice.qr_text, AMOUNT)
        self.assertEqual(is_answered, bool(question.payments))
        return is_answered

    def test_clear_row_answers(self):
        payment = self.qpay.pay(self.invoice.invoice_id)
        self.assertTrue(self._is_answered(self._list(), announced_ids=[payment['payment_id']]))
        self.assertTrue(self._is_answered(self._list('OTHER_INVOICE', 'TEST_INVOICE')))

    def test_row_of_another_qr_does_not(self):
        other = self.client.create_invoice(self._request(sender_invoice_no='QR-2'))
        self.qpay.pay(other.invoice_id)
        self.assertFalse(self._is_answered(self._list()))

    def test_payment_that_was_announced_must_be_shown(self):
        self.qpay.pay(self.invoice.invoice_id)
        self.assertFalse(self._is_answered(self._list(), announced_ids=['another']))

    def test_qr_with_known_payments_is_asked_about(self):
        payment = self.qpay.pay(self.invoice.invoice_id)
        self.assertFalse(self._is_answered(self._list(), known_ids=[payment['payment_id']]))

    def test_payments_must_add_up_to_what_was_asked_for(self):
        for amount in (Decimal('15000'), Decimal('15001')):
            self.qpay.reset()
            self.tokens.token = None
            self.invoice = self.client.create_invoice(self._request())
            self.qpay.pay(self.invoice.invoice_id, amount=amount)
            self.assertFalse(self._is_answered(self._list()))
        self.qpay.pay(self.invoice.invoice_id)
        self.assertFalse(self._is_answered(self._list()), 'paid twice')

    def test_one_row_that_cannot_be_read_spoils_no_other(self):
        other = self.client.create_invoice(self._request(sender_invoice_no='QR-2'))
        self.qpay.change_listed(
            self.qpay.pay(other.invoice_id)['payment_id'], payment_amount='much'
        )
        self.qpay.pay(self.invoice.invoice_id)
        self.assertTrue(self._is_answered(self._list()))

    def test_row_that_cannot_be_read_spoils_its_qr(self):
        self.qpay.pay(self.invoice.invoice_id)
        self.qpay.change_listed(
            self.qpay.pay(self.invoice.invoice_id)['payment_id'], payment_id=None
        )
        self.assertFalse(self._is_answered(self._list()))

    def test_rows_that_are_no_rows_are_nobodys(self):
        for body in ('{"count": 2, "rows": [7, null]}', '{"rows": [[], {"qr_code": {}}]}'):
            self.qpay.inject(LIST, 'status', status=200, body=body)
            self.assertFalse(self._is_answered(self._list()))

    def test_page_that_does_not_show_all_is_no_answer(self):
        for body in (
            '{"count": 3, "rows": [7, null]}', '{"count": 0, "rows": [7]}', '{"count": 0}',
            json.dumps({'rows': [None] * PAGE_LIMIT}),
        ):
            self.qpay.inject(LIST, 'status', status=200, body=body)
            with self.assertRaises(QPayUnknownOutcome):
                self._list()

    def test_pages_are_read_as_far_as_it_is_worth_while(self):
        paid = self.invoice
        other = self.client.create_invoice(self._request(sender_invoice_no='QR-2'))
        self.qpay.pay(paid.invoice_id)
        for _number in range(PAGE_LIMIT - 1):
            self.qpay.pay(other.invoice_id, amount=1)
        self.qpay.reset_calls()
        self.assertTrue(self._is_answered(self._list()))
        self.qpay.pay(other.invoice_id, amount=1)
        self.assertTrue(self._is_answered(self._list(max_calls=3)))
        self.assertEqual(self.qpay.calls(), {LIST: 3})
        # QPay says at once that it is not.
        for _number in range(PAGE_LIMIT):
            self.qpay.pay(other.invoice_id, amount=1)
        self.qpay.reset_calls()
        with self.assertRaises(QPayUnknownOutcome):
            self._list(max_calls=2)
        self.assertEqual(self.qpay.calls(), {LIST: 1})
