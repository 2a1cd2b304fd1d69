"""How a QR comes into being: which one is shown, and what remains when QPay gives none."""

import json
from datetime import timedelta
from functools import partialmethod
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.simulator import emv
from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.wire_case import real_requests, unused_url

CREATE = 'POST /v2/invoice'
CANCEL = 'DELETE /v2/invoice/{id}'


@tagged('post_install', '-at_install')
class TestQrCreation(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def test_qpay_is_asked_for_the_amount_of_the_invoice(self):
        intent = self._create_intent(self.bill)
        made, = self.qpay.invoices()
        self.assertEqual(made['invoice_id'], intent.qpay_invoice_id)
        self.assertEqual(made['sender_invoice_no'], intent.name)
        self.assertEqual(made['amount'], '15000.00')
        self.assertIn(self.bill.name, made['description'])
        self.assertTrue(made['callback_url'].endswith(f'{intent.id}-{intent.callback_token}'))
        self.assertLessEqual(len(made['callback_url']), 255)

    def test_qr_has_what_its_viewers_need(self):
        with freeze_time(fields.Datetime.now()):
            intent = self._create_intent(self.bill)
            period = intent.expires_at - fields.Datetime.now()
        self.assertEqual(period, timedelta(minutes=const.DEFAULT_QR_MINUTES))
        self.assertEqual((intent.state, intent.environment, intent.object_type),
                         ('new', 'sandbox', 'invoice'))
        self.assertEqual((intent.amount, intent.amount_paid, intent.currency_id),
                         (15000, 0, self.mnt))
        self.assertEqual(intent.partner_id, self.customer)
        self.assertEqual(len(intent.deeplinks), 23)
        self.assertEqual(intent.transaction_id.state, 'draft')
        self.assertEqual(intent.transaction_id.invoice_ids, self.bill)
        self.assertNotIn('qr_image', intent.raw_response)

    def test_asking_again_shows_the_same_qr_without_asking_qpay(self):
        intent = self._create_intent(self.bill)
        self.qpay.reset_calls()
        self.assertEqual(self._create_intent(self.bill), intent)
        self.assertEqual(self._create_intent(self.bill, 15000.004), intent)
        self.assertEqual(self.qpay.calls(), {})

    def test_every_qr_has_its_own_number_and_secrets(self):
        intents = [self._create_intent(self._create_invoice()) for _number in range(3)]
        for name in ('name', 'access_token', 'callback_token', 'qpay_invoice_id'):
            self.assertEqual(len({intent[name] for intent in intents}), 3, name)
        self.assertNotEqual(intents[0].access_token, intents[0].callback_token)

    def test_another_amount_cancels_the_first_qr_at_qpay(self):
        first = self._create_intent(self.bill)
        second = self._create_intent(self.bill, 5000)
        self.assertEqual((first.state, second.state), ('cancelled', 'new'))
        self.assertEqual(first.transaction_id.state, 'cancel')
        self.assertFalse(first.recheck_at)
        self.assertEqual([invoice['invoice_status'] for invoice in self.qpay.invoices()],
                         ['CANCELED', 'OPEN'])

    def test_qrs_of_other_invoices_stay(self):
        other = self._create_intent(self._create_invoice(7000))
        self._create_intent(self.bill)
        self._create_intent(self.bill, 5000)
        self.assertEqual(other.state, 'new')

    def test_expired_qr_makes_room_for_a_new_one(self):
        first = self._create_intent(self.bill)
        first.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        second = self._create_intent(self.bill)
        self.assertNotEqual(second, first)
        self.assertEqual(first.state, 'cancelled')
        self.assertEqual(len(self.qpay.invoices(status='OPEN')), 1)

    def test_cancellation_that_qpay_refuses_is_tried_again_by_the_look(self):
        first = self._create_intent(self.bill)
        self.qpay.inject(CANCEL, 'status', status=403, body='{"error": "PERMISSION_DENIED"}',
                         content_type='application/json')
        second = self._create_intent(self.bill, 5000)
        self.assertEqual((first.state, second.state), ('cancelled', 'new'))
        self.assertEqual(len(self.qpay.invoices(status='OPEN')), 2)
        self.assertGreater(first.recheck_at, fields.Datetime.now())
        self._recheck(first)
        self.assertEqual(len(self.qpay.invoices(status='OPEN')), 1)
        self.assertFalse(first.recheck_at)

    def test_payment_of_a_qr_whose_cancellation_failed_is_not_lost(self):
        first = self._create_intent(self.bill)
        self.qpay.inject(CANCEL, 'system_busy')
        self._create_intent(self.bill, 5000)
        payment = self._pay(first)
        self._recheck(first)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(first.state, 'paid')

    def test_qr_that_has_just_been_paid_is_settled_instead_of_replaced(self):
        first = self._create_intent(self.bill)
        payment = self._pay(first)
        _result, message = self._call_kw(self.bill, 'qpay_create_intent', 5000)
        self.assertIn('just been paid', message)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self.qpay.invoices()), 1)

    def test_only_one_person_at_a_time_makes_a_qr_for_an_invoice(self):
        other_bill = self._create_invoice()
        being_made = self._create_intent(self.bill).copy({
            'name': 'being made', 'res_id': other_bill.id, 'invoice_ids': other_bill.ids,
            'qpay_invoice_id': False,
        })
        document = being_made._get_document()
        self.qpay.reset_calls()
        _result, message = self._call_kw(document, 'qpay_create_intent')
        self.assertIn('being made at this moment', message)
        self.assertEqual(self.qpay.calls(), {})
        # Its process died.
        self._age(being_made, 2 * const.CREATION_PERIOD)
        self.assertEqual(self._create_intent(document).state, 'new')
        self.assertEqual(being_made.state, 'cancelled')

    def test_creation_whose_process_died_is_ended_by_the_look(self):
        dead = self._create_intent(self.bill).copy({
            'name': 'dead', 'res_id': False, 'invoice_ids': self._create_invoice().ids,
        })
        self._recheck(dead)
        self.assertEqual((dead.state, dead.recheck_at), ('cancelled', False))
        self.assertIn('never came', dead.state_message)

    def test_external_system_gets_the_normalised_values(self):
        result, _message = self._call_kw(self.bill, 'qpay_create_intent', 5000)
        intent = self.env['qpay.intent'].sudo().browse(result['intent_id'])
        self.assertEqual(intent._get_document(), self.bill)
        self.assertEqual((result['state'], result['amount'], result['amount_paid']),
                         ('new', 5000, 0))
        self.assertEqual(result['qr_text'], self.qpay.invoices()[0]['qr_text'])


@tagged('post_install', '-at_install')
class TestQrCreationFails(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def assert_nothing_half_made(self, sentence):
        """Ask for a QR: the accountant reads why there is none, and can try again."""
        result, message = self._call_kw(self.bill, 'qpay_create_intent')
        self.assertFalse(result)
        self.assertRegex(message, sentence)
        failed = self.bill.sudo().qpay_intent_ids[:1]
        read = failed.with_context(lang=self.accountant.lang).state_message
        self.assertEqual((failed.state, read), ('failed', message))
        self.assertFalse(failed.qr_text)
        self.assertFalse(self._transactions(self.bill))
        return failed

    def assert_trying_again_works(self):
        result, message = self._call_kw(self.bill, 'qpay_create_intent')
        self.assertIsNone(message)
        self.assertEqual(result['state'], 'new')
        self.assertEqual(self._transactions(self.bill).mapped('state'), ['draft'])
        self.assertEqual(len(set(self.bill.sudo().qpay_intent_ids.mapped('name'))),
                         len(self.bill.sudo().qpay_intent_ids))

    def test_qpay_refuses(self):
        for body, sentence in (
            ({'error': 'INVOICE_CODE_INVALID'}, 'does not know the invoice code'),
            ({'error': 'MIN_AMOUNT_ERR'}, "below QPay's minimum"),
            ({'error': 'SOMETHING_NEW'}, r'refused the request \(SOMETHING_NEW\)'),
            ({'error': {'amount': {'type': 'MAX_NUMBER'}}}, r'\(amount: MAX_NUMBER\)'),
            ({}, r'refused the request \(400\)'),
        ):
            with self.subTest(body=body):
                self.qpay.inject(CREATE, 'status', status=400, body=json.dumps(body),
                                 content_type='application/json')
                self.assert_nothing_half_made(sentence)
                self.assertEqual(self.qpay.invoices(), [])
        self.assert_trying_again_works()

    def test_qpay_gives_no_usable_answer(self):
        for fault in ('system_busy', 'garbage', 'drop'):
            with self.subTest(fault=fault):
                self.qpay.inject(CREATE, fault)
                self.assert_nothing_half_made('did not answer properly')
                self.assertEqual(self.qpay.invoices(), [])
        self.assert_trying_again_works()

    def test_accountant_reads_the_reason_in_mongolian(self):
        self.accountant.lang = 'mn_MN'
        self.qpay.inject(CREATE, 'garbage')
        self.assert_nothing_half_made('[а-яөү]{4}')

    def test_qpay_does_not_accept_the_credentials(self):
        self.provider.qpay_client_secret = 'wrong'
        self.assert_nothing_half_made('user name and password')
        self.provider.qpay_client_secret = '123456'
        self.assert_trying_again_works()

    def test_qpay_is_down(self):
        self.provider.qpay_base_url_sandbox = unused_url()
        self.assert_nothing_half_made('cannot be reached')
        self.provider.qpay_base_url_sandbox = self.simulator.url
        self.assert_trying_again_works()

    def test_qpay_is_silent(self):
        self.qpay.inject(CREATE, 'delay', seconds=0.4)
        hasty = partialmethod(QPayClient.__init__, timeout=0.2)
        with real_requests(), patch.object(QPayClient, '__init__', hasty):
            self.assert_nothing_half_made('did not answer properly')
        # For a minute nobody asks an account that does not answer.
        self.env['qpay.outage'].sudo().search([]).until = fields.Datetime.now()
        self.assert_trying_again_works()

    def test_payment_of_a_qr_whose_answer_was_lost_is_found_by_its_callback(self):
        self.qpay.inject(CREATE, 'drop', after=True)
        lost = self.assert_nothing_half_made('did not answer properly')
        payment = self.qpay.pay(self.qpay.invoices()[0]['invoice_id'])
        self.assertEqual(self._call_back(lost, payment['payment_id']).text, 'SUCCESS')
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(lost.state, 'paid')

    def test_payment_of_another_qr_is_not_taken_for_that_of_a_lost_one(self):
        self.qpay.inject(CREATE, 'drop', after=True)
        lost = self.assert_nothing_half_made('did not answer properly')
        other = self._create_intent(self._create_invoice(15000))
        payment = self._pay(other)
        self._call_back(lost, payment['payment_id'])
        self._process_callbacks()
        self.assertFalse(lost.qpay_invoice_id)
        self.assertFalse(self._ledger(lost))
        self.assertEqual(self.bill.amount_residual, 15000)

    def test_qr_that_asks_for_something_else_is_never_shown(self):
        build = emv.build
        for name, change in (
            ('amount', lambda merchant, amount, *rest: build(merchant, amount + 1, *rest)),
            ('checksum', lambda *values: build(*values)[:-4] + '0000'),
            ('nonsense', lambda *_values: 'https://qpay.mn'),
        ):
            with self.subTest(change=name), patch.object(emv, 'build', change):
                with self.assertLogs('odoo.addons.payment_qpay', 'ERROR'):
                    result, message = self._call_kw(self.bill, 'qpay_create_intent')
                self.assertFalse(result)
                self.assertIn('something else than this amount', message)
                failed = self.bill.sudo().qpay_intent_ids[:1]
                self.assertEqual(failed.state, 'failed')
                self.assertFalse(failed._get_status_payload()['qr_text'])
                self.assertEqual(self._transactions(self.bill).filtered(
                    lambda transaction: transaction.state == 'draft').ids, [])
                self.assertEqual(self.qpay.invoices(status='OPEN'), [])
        self.assertEqual(self._call_kw(self.bill, 'qpay_create_intent')[0]['state'], 'new')
