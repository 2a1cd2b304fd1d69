"""What strangers can have done at QPay, and how long they wait for it."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.models import qpay_outage
from odoo.addons.payment_qpay.tests.cases.wire_case import real_requests
from odoo.addons.payment_qpay.tests.flow.test_pay_page import CREATE
from odoo.addons.payment_qpay.tests.flow.test_renewal import RenewalCase

CHECK = 'POST /v2/payment/check'
CANCEL = 'DELETE /v2/invoice/{id}'
FOREVER = 3600
# How many seconds visitors wait for an answer that never comes, and for one that does.
SHORT, LONG = 2, 60


@tagged('post_install', '-at_install')
class TestQrsOfStrangers(RenewalCase):

    def test_payer_who_is_refused_another_amount_keeps_the_open_qr(self):
        _transaction, open_qr = self._create_form_transaction(invoice_ids=self.bill.ids)
        for number in range(1, const.PUBLIC_QR_LIMIT):
            _transaction, open_qr = self._create_form_transaction(
                invoice_ids=self.bill.ids, amount=15000 - number
            )
        self.qpay.reset_calls()

        refused, none = self._create_form_transaction(invoice_ids=self.bill.ids, amount=100)

        self.assertIn("Too many QRs were asked for", refused.state_message)
        self.assertFalse(none)
        self.assertTrue(open_qr._is_payable())
        self.assertEqual(self.qpay.calls(), {})
        payment = self._pay_and_settle(open_qr)
        self.assertTrue(self._account_payments(payment['payment_id']))

    def test_payer_whose_amount_cannot_be_paid_keeps_the_open_qr(self):
        _transaction, open_qr = self._create_form_transaction(invoice_ids=self.bill.ids)
        refused, none = self._create_form_transaction(invoice_ids=self.bill.ids, amount=20000)
        self.assertTrue(refused.state_message)
        self.assertFalse(none)
        self.assertTrue(open_qr._is_payable())

    def test_strangers_have_so_many_qrs_of_a_provider_made_in_a_minute(self):
        bills = [self._create_invoice(100) for _number in range(const.PUBLIC_QR_PROVIDER_LIMIT + 2)]
        for bill in bills[:const.PUBLIC_QR_PROVIDER_LIMIT]:
            self.assertTrue(self._renew_by_link(bill)['url'])
        # However long that took.
        self._age(self._intents(bills[0].union(*bills)), timedelta())

        refused = self._renew_by_link(bills[-1])

        self.assertEqual(refused['url'], '')
        self.assertIn("try again in a minute", refused['message'])
        self.assertEqual(self._calls(CREATE), const.PUBLIC_QR_PROVIDER_LIMIT)
        # What is there already is shown, and employees are not held up.
        self.assertTrue(self._renew_by_link(bills[0])['url'])
        self.assertTrue(self._create_intent(bills[-2]).qr_text)
        self._age(self._intents(bills[0].union(*bills)), const.PUBLIC_QR_PROVIDER_PERIOD)
        self.assertTrue(self._renew_by_link(bills[-1])['url'])

    def test_what_employees_make_takes_nothing_away_from_payers(self):
        for _number in range(const.PUBLIC_QR_PROVIDER_LIMIT + 1):
            self._create_intent(self._create_invoice(100))
        self.assertTrue(self._renew_by_link(self._create_invoice(100))['url'])


@tagged('post_install', '-at_install')
class TestSilentQPay(RenewalCase):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self.bill)
        self.startPatcher(patch.object(const, 'VISITOR_TIMEOUT', LONG))
        self.startPatcher(real_requests())
        # Delays that are under way end when the simulator stops.
        self.addCleanup(self.simulator.start)
        self.addCleanup(self.simulator.stop)
        self.qpay.reset_calls()

    def _silence(self, *endpoints):
        const.VISITOR_TIMEOUT = SHORT
        for endpoint in endpoints or (CHECK, CREATE, CANCEL):
            self.qpay.inject(endpoint, 'delay', seconds=FOREVER, times=None)

    def _end_silence(self):
        const.VISITOR_TIMEOUT = LONG
        self.qpay.clear_faults()

    def _check_now(self, intent=None):
        """Press "I have paid" as the payer, some time after the last time."""
        intent = intent or self.intent
        intent.last_check_at = False
        return self._check_route(
            intent.id, access_token=intent.access_token, now=True
        )['result']

    @property
    def outage(self):
        self.env.invalidate_all()
        return self.env['qpay.outage'].sudo().search([('until', '!=', False)])

    def _let_outage_end(self):
        self.outage.until = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()

    def test_visitors_do_not_wait_and_the_account_is_asked_once(self):
        self._silence()
        others = [self._create_intent_without_asking() for _number in range(3)]
        for intent in (self.intent, *others, self.intent):
            answer = self._check_now(intent)
            self.assertEqual(answer['state'], 'new')
            self.assertIn("QPay cannot be used at this moment", answer['message'])
        self.assertEqual(self.qpay.calls(), {CHECK: 1})

    def _create_intent_without_asking(self):
        self._end_silence()
        intent = self._create_intent(self._create_invoice(100))
        self.qpay.reset_calls()
        self._silence()
        return intent

    def test_one_visitor_tries_again_after_a_while(self):
        self._silence()
        self._check_now()
        self._let_outage_end()
        self._check_now()
        self.assertGreater(self.outage.until, fields.Datetime.now())
        self._check_now()
        self.assertEqual(self.qpay.calls(), {CHECK: 2})
        self._let_outage_end()
        self._end_silence()
        payment = self._pay(self.intent)
        self.assertEqual(self._check_now()['state'], 'paid')
        self.assertFalse(self.outage)
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_only_one_of_two_tries(self):
        provider = self.provider
        stores = [provider._qpay_get_outage(is_obeyed=True) for _process in range(2)]
        stores[0].begin()
        self._let_outage_end()
        until = stores[1]._read().until
        stores[0].check()
        self.assertFalse(stores[1]._claim(until))
        with self.assertRaises(qpay_outage.QPayUnreachable):
            stores[1].check()

    def test_money_is_found_all_the_same(self):
        self._silence()
        self._check_now()
        self._end_silence()
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        # Whoever looks leaves it to the scheduled action, and costs it no attempt.
        self._check_route(self.intent.id, access_token=self.intent.access_token)
        self.assertEqual(self.intent.callback_ids.sudo().attempts, 0)
        self.assertTrue(self.outage)
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertFalse(self.outage, 'it is over for everybody')

    def test_looking_costs_neither_a_call_nor_the_budget(self):
        self._silence()
        self._check_now()
        self.qpay.reset_calls()
        self.intent.last_check_at -= timedelta(hours=1)
        checks = self.intent.view_checks
        self._check_route(self.intent.id, access_token=self.intent.access_token)
        self.assertEqual(self.intent.view_checks, checks)
        self.assertEqual(self.qpay.calls(), {})

    def test_payer_who_wants_another_qr_keeps_the_one_there_is(self):
        self._silence()
        self._check_now()
        self.qpay.reset_calls()
        intents = self._intents()
        refused, none = self._create_form_transaction_by_request()
        self.assertFalse(none)
        self.assertEqual(self._intents(), intents, 'nothing is left behind')
        self.assertEqual(self.intent.state, 'new')
        self.assertEqual(self.qpay.calls(), {})
        self.assertTrue(refused['message'])

    def _create_form_transaction_by_request(self):
        """Ask for a QR by the link of another invoice."""
        bill = self._create_invoice(300)
        answer = self._renew_by_link(bill)
        return answer, self._intents().filtered(lambda intent: bill in intent.invoice_ids)

    def test_visitor_does_not_wait_for_a_new_qr(self):
        self._silence(CREATE)
        bill = self._create_invoice(300)
        answer = self._renew_by_link(bill)
        self.assertEqual((answer['url'], answer['view']), ('', 'expired'))
        self.assertEqual(self.qpay.calls(), {CREATE: 1})
        self._renew_by_link(bill)
        self.assertEqual(self.qpay.calls(), {CREATE: 1})

    def test_all_calls_of_a_request_together_have_their_time(self):
        """An open QR that is replaced costs a check, a cancellation and a creation."""
        self._silence(CANCEL)
        self._pay(self.intent, amount=100)
        self.intent.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self._renew_intent(self.intent)
        self.assertEqual(self.qpay.calls().get(CREATE, 0), 0)

    def test_scheduled_action_asks_once_for_all_qrs(self):
        self._silence()
        intents = self.intent | self._create_intent_without_asking()
        self._check_now()
        self.qpay.reset_calls()
        intents.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self._recheck(*intents)
        self.assertEqual(self.qpay.calls(), {})
        self.assertEqual(set(intents.mapped('state')), {'new'})
        self._end_silence()
        self._let_outage_end()
        self._recheck(*intents)
        self.assertEqual(set(intents.mapped('state')), {'cancelled'})

    def test_dialog_that_is_open_waits_no_longer_than_a_visitor(self):
        self._silence()
        self.authenticate(self.accountant.login, self.accountant.login)
        self.intent.last_check_at = fields.Datetime.now() - timedelta(hours=1)
        answer = self.make_jsonrpc_request('/payment/qpay/check', {'intent_id': self.intent.id})
        self.assertEqual(answer['state'], 'new')
        self.assertEqual(self.qpay.calls(), {CHECK: 1})
        self.assertTrue(self.outage, "A call that was given up shows that QPay is silent.")

    def test_employees_are_told(self):
        self._silence()
        self._check_now()
        self.intent.last_check_at = False
        _result, message = self._call_kw(self.intent, 'action_check')
        self.assertEqual(message, "QPay cannot be reached. Please try again in a moment.")
        self.assertEqual(self.qpay.calls(), {CHECK: 1})
