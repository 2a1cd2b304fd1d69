"""QPay's list of payments may name the invoice code where others read the invoice's id."""

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.reconciliation_case import (
    GET_INVOICE,
    LIST,
    ReconciliationCase,
)

GET_PAYMENT = 'GET /v2/payment/{id}'


@tagged('post_install', '-at_install')
class TestRowsThatNameTheCode(ReconciliationCase):

    def setUp(self):
        super().setUp()
        self.qpay.configure(list_object_id='code')
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)

    def test_payment_is_recognised_by_the_text_of_its_qr(self):
        self._expire(self.intent)
        payment = self._pay(self.intent)
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.recovered_count, result.unknown_count), (1, 0))
        self.assertEqual(self.qpay.calls(), {LIST: 1})
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._ledger(self.intent).discrepancy, 'late')

    def test_payment_without_text_is_asked_for_once(self):
        payment = self._pay(self.intent)
        # The text may have been stored otherwise than the list has it.
        self.intent.sudo().qr_text = 'otherwise'
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.recovered_count, result.unknown_count), (1, 0))
        self.assertEqual(self.qpay.calls(), {LIST: 1, GET_PAYMENT: 1})
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.qpay.reset_calls()
        self._reconcile()
        self.assertEqual(self.qpay.calls(), {LIST: 1})

    def test_payment_of_nobodys_is_asked_for_once(self):
        payment = self._pay_nobody()
        self.assertEqual(self._reconcile().unknown_count, 1)
        self.assertEqual(self._row(payment).state, 'needs_attention')
        self.assertEqual(self.qpay.calls(), {LIST: 1, GET_PAYMENT: 1})
        self._reconcile()
        self.assertEqual(self.qpay.calls(), {LIST: 2, GET_PAYMENT: 1})

    def test_qr_whose_answer_was_lost_is_found_by_our_number(self):
        bill = self._create_invoice(700)
        self.qpay.inject('POST /v2/invoice', 'drop', after=True)
        self._call_kw(bill, 'qpay_create_intent')
        payment = self.qpay.pay(self.qpay.invoices()[-1]['invoice_id'])
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.recovered_count, result.unknown_count), (1, 0))
        self.assertEqual(self.qpay.calls(), {LIST: 1, GET_PAYMENT: 1, GET_INVOICE: 1})
        self.assertPaidOnce(bill, payment['payment_id'])

    def test_payment_that_qpay_does_not_describe_waits_for_a_person(self):
        payment = self._pay(self.intent)
        self.intent.sudo().qr_text = 'otherwise'
        self.qpay.inject(GET_PAYMENT, 'status', status=500)
        self.assertEqual(self._reconcile().unknown_count, 1)
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        paid_at = self._ledger(self.intent).paid_at
        self.assertLessEqual(paid_at.replace(microsecond=0), fields.Datetime.now())
