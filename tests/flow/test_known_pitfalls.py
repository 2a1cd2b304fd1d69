"""What other integrations of QPay get wrong. Each flaw and the tests that keep us from it:

===============================================================  ==================================
Flaw                                                             Tests
===============================================================  ==================================
no payment method, no redirect form: the QR can never render     TestInstallation, TestRivals
no hooks, no neutralization                                      TestInstallation
one anonymous call costs a call to QPay per open transaction     TestRivals
any row counts as paid: no status, currency or amount            TestSettlement, TestOtherAmounts
the status of the last row wins                                  TestRivals
QPay's invoice is closed, so it is paid                          TestSettlement (given back)
the amount asked for is booked instead of what arrived           TestOtherAmounts
the invoice's amount in another currency is sent as tögrög       TestQrRefused
a credit note charges the customer                               TestQrRefused
paid only by a message: no payment, no reconciliation            TestSettlement
QPay's answer is ignored and nothing happens                     TestSettlement
exception texts reach the browser                                TestCheckRoute, TestConnectionTest
the check route can be asked by anybody                          TestCheckRoute
tokens live in the process, never expire, or are new every call  TestSharedToken, TestToken
a token of one account is used for another                       TestRivals
the callback takes POST only                                     TestCallbackRoute
the callback's address can be guessed                            TestCallbackRoute
the callback's address is not the one that QPay was given        TestRivals
what the callback says is believed                               TestForgedCallbacks
a payment is not bound to its invoice                            TestForgedCallbacks
the payment's id is checked as if it were the invoice's          TestRivals
SUCCESS before anything is stored, or an error when unpaid       TestCallbackRoute
a callback is marked as a duplicate before the books have it     TestFaultyBooks (process died)
callback, poll and cron race                                     the tests with real servers
a cancellation that failed is forgotten                          TestQrEnd, TestQrCreation
cancelling does nothing at QPay                                  TestQrEnd
a new QPay invoice at each look; the earlier one is lost         TestQrCreation, TestRivals
credentials in clear where anybody reads them, for all companies TestProviderSettings, TestRivals
answers, tokens and credentials in the log                       TestRivals, TestCallbackRoute
no time-out; certificates are not verified                       TestWireErrors
amounts are floats                                               TestPayments, TestInvoice
only the production address                                      TestProviderSettings
===============================================================  ==================================
"""

import logging
from urllib.parse import urlsplit

from odoo import Command
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'


@tagged('post_install', '-at_install')
class TestRivals(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def test_payer_who_chooses_qpay_is_sent_to_the_page_with_the_qr(self):
        transaction = self.env['payment.transaction'].sudo().create({
            'provider_id': self.provider.id,
            'payment_method_id': self.env.ref('payment_qpay.payment_method_qpay').id,
            'reference': 'portal-1',
            'amount': 15000,
            'currency_id': self.mnt.id,
            'partner_id': self.customer.id,
            'operation': 'online_redirect',
            'invoice_ids': [Command.set(self.bill.ids)],
        })
        html = transaction._get_processing_values()['redirect_form_html']
        intent = self.bill.sudo().qpay_intent_ids
        self.assertEqual(intent.transaction_id, transaction)
        self.assertIn(f'/payment/qpay/pay/{intent.id}/{intent.access_token}', html)
        self.assertEqual(transaction.state, 'draft')

    def test_one_call_asks_qpay_about_one_qr_only(self):
        intents = [self._create_intent(self._create_invoice()) for _number in range(4)]
        self.qpay.reset_calls()
        self._call_back(intents[0], 'x')
        self._process_callbacks()
        self.assertEqual(self.qpay.calls(), {CHECK: 1})

    def test_row_that_failed_after_the_paid_one_changes_nothing(self):
        intent = self._create_intent(self.bill)
        paid = self._pay(intent)
        self._pay(intent, status='FAILED')
        self._call_back(intent, paid['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(self.bill, paid['payment_id'])

    def test_address_that_qpay_was_given_is_the_one_that_works(self):
        intent = self._create_intent(self.bill)
        address = urlsplit(self.qpay.invoices()[0]['callback_url'])
        payment = self._pay(intent)
        answer = self.url_open(f'{address.path}?qpay_payment_id={payment["payment_id"]}')
        self.assertEqual((answer.status_code, answer.text), (200, 'SUCCESS'))
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_qpay_is_asked_about_our_invoice_not_about_what_a_call_names(self):
        intent = self._create_intent(self.bill)
        self._call_back(intent, '493622150113497')
        self._process_callbacks()
        asked = [
            call['body'] for call in self.qpay.calls_log() if call['endpoint'] == CHECK
        ]
        self.assertEqual([body['object_id'] for body in asked], [intent.qpay_invoice_id])
        self.assertEqual([body['object_type'] for body in asked], ['INVOICE'])

    def test_looking_at_the_page_makes_no_new_qr(self):
        intent = self._create_intent(self.bill)
        self.qpay.reset_calls()
        for _number in range(3):
            answer = self.url_open(f'/payment/qpay/pay/{intent.id}/{intent.access_token}')
            self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.qpay.calls(), {})
        self.assertEqual(self.bill.sudo().qpay_intent_ids, intent)

    def test_each_company_collects_with_its_own_account(self):
        other_company = self.env['res.company'].sudo().create({'name': "Other"})
        other = self.provider.copy({'company_id': other_company.id})
        other.write({
            'state': 'test',
            'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321',
            'qpay_invoice_code': 'OTHER_INVOICE',
            'qpay_base_url_sandbox': self.simulator.url,
        })
        ours = self._create_intent(self.bill)
        qpay_client = other._qpay_client()
        self.assertEqual(ours.provider_id, self.provider)
        # The other company's account cannot see our invoice: it uses another token.
        with self.assertRaisesRegex(Exception, 'INVOICE_NOTFOUND'):
            qpay_client.check_payment(ours.qpay_invoice_id)
        payment = self._pay_and_settle(ours)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self.env['qpay.token'].sudo().search([])), 2)

    def test_nothing_secret_is_logged_on_the_way_to_a_payment(self):
        log = _Log(ignored=self.base_url())
        loggers = [logging.getLogger(name) for name in (
            'odoo.addons.payment_qpay', 'odoo.addons.payment', 'werkzeug', 'urllib3', 'requests',
        )]
        for logger in loggers:
            self.addCleanup(logger.setLevel, logger.level)
            logger.setLevel(logging.DEBUG)
            logger.addHandler(log)
            self.addCleanup(logger.removeHandler, log)
        self.qpay.inject(CHECK, 'system_busy')
        intent = self._create_intent(self.bill)
        payment = self._pay(intent)
        self._check_route(intent.id, access_token=intent.access_token, now=True)
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        text = '\n'.join(log.lines)
        self.assertIn('POST /v2/payment/check', text)
        token = self.env['qpay.token'].sudo().search([]).access_token
        for name, secret in (
            ('password', '123456'), ('token', token), ('QR', intent.qr_text),
            ('access token', intent.access_token), ('callback token', intent.callback_token),
        ):
            self.assertNotIn(secret, text, name)


class _Log(logging.Handler):
    """Keeps what is logged, but for the lines of the test's own client."""

    def __init__(self, ignored):
        super().__init__(logging.DEBUG)
        self._ignored = ignored
        self.lines = []

    def emit(self, record):
        if self._ignored not in record.getMessage():
            self.lines.append(record.getMessage())
