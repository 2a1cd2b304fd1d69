"""Which lists of QPay are compared: those of all invoice codes, and accounts that several share."""

import json

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import (
    GET_INVOICE,
    LIST,
    ReconciliationCase,
)
from odoo.addons.payment_qpay.tests.flow.test_companies import CompaniesCase

GET_PAYMENT = 'GET /v2/payment/{id}'


@tagged('post_install', '-at_install')
class TestInvoiceCodes(ReconciliationCase, EbarimtCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE',
            'qpay_ebarimt_mode': 'with_invoice',
        })
        cls.company.qpay_tax_product_code = '305'

    def test_payment_under_the_code_for_vat_receipts_is_recovered(self):
        taxed, plain = self._create_taxed_invoice(), self._create_invoice(500)
        intents = self._create_intent(taxed) | self.env['qpay.intent'].sudo()._request(
            plain, 500, self.provider, self.customer, receiver=('none', '')
        )
        codes = [invoice['invoice_code'] for invoice in self.qpay.invoices()]
        self.assertEqual(codes, ['TEST_EB_INVOICE', 'TEST_INVOICE'])
        payments = [self._pay(intent)['payment_id'] for intent in intents]
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual(
            (result.recovered_count, result.unknown_count, result.qpay_total, result.ledger_total),
            (2, 0, 11500, 11500),
        )
        self.assertEqual(self.qpay.calls(), {LIST: 2})
        for invoice, payment_id in zip(taxed | plain, payments, strict=True):
            self.assertPaidOnce(invoice, payment_id)

    def test_refund_in_the_portal_under_that_code_is_noticed(self):
        row = self._pay_invoice(method='CARD')
        self.qpay.refund_in_portal(row.qpay_txn_id)
        self.assertEqual(self._reconcile().refunded_count, 1)
        self.assertTrue(row.is_refund_noticed)


@tagged('post_install', '-at_install')
class TestListThatSaysLess(ReconciliationCase):

    def _list_without_dates(self, *payments):
        """Let QPay's next list say nothing of when its payments were made."""
        self.qpay.inject(LIST, 'status', status=200, body=json.dumps({
            'count': len(payments),
            'rows': [
                {
                    'payment_id': payment['payment_id'], 'payment_status': 'PAID',
                    'payment_amount': payment['amount'], 'payment_fee': '0',
                    'payment_currency': 'MNT', 'paid_by': 'P2P',
                    'object_type': 'INVOICE', 'object_id': payment['invoice_id'],
                }
                for payment in payments
            ],
        }))

    def test_undated_payment_is_dated_by_asking_for_it(self):
        intents = [self._create_intent(self._create_invoice(amount)) for amount in (15000, 300)]
        payments = [self._pay(intent) for intent in intents]
        self._list_without_dates(*payments)
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.state, result.recovered_count), ('done', 2))
        self.assertEqual((result.qpay_total, result.ledger_total), (15300, 15300))
        self.assertEqual(self.qpay.calls(), {LIST: 1, GET_PAYMENT: 2})
        for intent, payment in zip(intents, payments, strict=True):
            self.assertPaidOnce(intent.invoice_ids, payment['payment_id'])
            self.assertNotEqual(self._ledger(intent).paid_at, self._ledger(intent).create_date)

        # What the ledger knows is not asked for again.
        self._list_without_dates(*payments)
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.matched_count, result.qpay_total), (2, 15300))
        self.assertEqual(self.qpay.calls(), {LIST: 1})


@tagged('post_install', '-at_install')
class TestSharedAccount(CompaniesCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls._create_other_company()
        cls.other_provider = cls._create_provider(cls.other_company, merchant='TEST')

    def _pay_lost_qr(self):
        """Return the QR of this company whose answer was lost, and its payment, which the other
        company's list of payments has shown first.
        """
        invoice = self._create_invoice(15000)
        self.qpay.inject('POST /v2/invoice', 'drop', after=True)
        self._call_kw(invoice, 'qpay_create_intent')
        payment = self.qpay.pay(self.qpay.invoices()[0]['invoice_id'])
        self.qpay.inject(GET_INVOICE, 'system_busy')
        self.assertEqual(self._reconcile(self.other_provider).unknown_count, 1)
        return invoice.qpay_intent_ids.sudo(), payment

    def test_payment_that_the_other_provider_saw_first_is_booked_once(self):
        intent, payment = self._pay_lost_qr()
        row = self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])])
        self.assertEqual(row.provider_id, self.other_provider)
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(
            self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])]), row
        )
        self.assertEqual((row.state, row.provider_id), ('settled', self.provider))
        self.assertEqual((row.intent_id, row.company_id), (intent, self.company))
        self.assertPaidOnce(intent.invoice_ids, payment['payment_id'])

    def test_payment_that_was_assigned_there_is_not_booked_here(self):
        intent, payment = self._pay_lost_qr()
        row = self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])])
        row.sudo().assigned_partner_id = self.customer
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(
            self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])]), row
        )
        self.assertFalse(self._account_payments(payment['payment_id']))

    def test_database_refuses_a_payment_that_another_provider_of_the_account_has(self):
        intent = self._create_intent(self._create_invoice(15000))
        self._pay_and_settle(intent)
        row = self._ledger(intent).sudo()
        with (
            mute_logger('odoo.sql_db'),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            row.copy({
                'provider_id': self.other_provider.id, 'environment': 'sandbox', 'status': 'paid',
                'qpay_txn_id': row.qpay_txn_id, 'currency_id': self.mnt.id, 'amount': 15000,
                'paid_at': row.paid_at,
            })
