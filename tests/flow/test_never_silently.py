"""What QPay refuses, does not answer for a day or cannot compare is somebody's matter."""

import os
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import (
    CHECK,
    LIST,
    ReconciliationCase,
)

CANCEL = 'DELETE /v2/invoice/{id}'
CREATE = 'POST /v2/invoice'
REFUSED = {'status': 400, 'body': '{"error": "PERMISSION_DENIED", "message": ""}'}


class SilentCase(ReconciliationCase):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self.qpay.reset_calls()

    def _call_about_payment(self):
        self.payment = self._pay(self.intent)
        self._call_back(self.intent, self.payment['payment_id'])
        return self.intent.callback_ids[:1]

    def _process_after(self, **period):
        """Process the calls some time later, as if they were due then."""
        with freeze_time(fields.Datetime.now() + timedelta(**period)):
            self.intent.callback_ids.sudo().filtered(
                lambda callback: callback.state == 'received'
            ).next_attempt_at = fields.Datetime.now()
            self._process_callbacks()

    def _refuse(self, endpoint, times=1):
        for _number in range(times):
            self.qpay.inject(endpoint, 'status', **REFUSED)


@tagged('post_install', '-at_install')
class TestCallsWithoutAnswer(SilentCase):

    def test_after_a_day_somebody_is_told_and_no_longer_once_it_is_answered(self):
        callback = self._call_about_payment()
        with self._qpay_down():
            self._process_callbacks()
            self.assertFalse(self.intent.activity_ids)
            self._process_after(hours=24)
            self.assertIn(callback.qpay_payment_id, self._note(self.intent))
            self._process_after(hours=30)
            self.assertEqual(len(self.intent.activity_ids), 1)
        self._process_after(hours=40)
        self.assertPaidOnce(self.bill, self.payment['payment_id'])
        self.assertFalse(self.intent.activity_ids)

    def test_refusals_are_told_like_silence(self):
        self._call_about_payment()
        self._refuse(CHECK)
        self._process_after(hours=25)
        self.assertEqual(len(self.intent.activity_ids), 1)

    def test_what_is_given_up_is_not_called_nothing(self):
        callback = self._call_about_payment()
        with self._qpay_down():
            self._process_after(days=15)
        self.assertEqual(callback.state, 'failed')

    def test_what_qpay_does_not_know_is_nothing(self):
        self._call_back(self.intent, 'never-heard-of')
        callback = self.intent.callback_ids
        for _number in range(len(const.CALLBACK_RETRY_DELAYS) + 1):
            self._process_after(minutes=1)
        self.assertEqual(callback.state, 'ignored')
        self.assertFalse(self.intent.activity_ids)


@tagged('post_install', '-at_install')
class TestEndsWithoutAnswer(SilentCase):

    def test_after_a_day_somebody_is_told_and_no_longer_once_it_is_confirmed(self):
        self._refuse(CANCEL, 2)
        self._expire(self.intent)
        self.assertFalse(self.intent.activity_ids)
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self._recheck(self.intent)
        self.assertIn('can no longer be paid', self._note(self.intent))
        self._recheck(self.intent)
        self.assertEqual((self.intent.state, self.intent.recheck_at), ('cancelled', False))
        self.assertFalse(self.intent.activity_ids)

    def test_what_is_given_up_is_told(self):
        self._refuse(CANCEL, const.CLOSE_MAX_ATTEMPTS + 1)
        self._expire(self.intent)
        for _number in range(const.CLOSE_MAX_ATTEMPTS):
            self._recheck(self.intent)
        self.assertFalse(self.intent.recheck_at)
        self.assertEqual(len(self.intent.activity_ids), 1)

    def test_payment_that_comes_after_all_takes_the_question_back(self):
        self._refuse(CANCEL, 2)
        self._expire(self.intent)
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self._recheck(self.intent)
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertFalse(self.intent.activity_ids)

    def test_refused_payers_are_told_about_once(self):
        bills = [self._create_invoice(100) for _number in range(2)]
        for bill in bills:
            self._refuse(CREATE)
            kind, document_id, token = bill.qpay_link.split('/link/')[1].split('/')
            self.authenticate(None, None)
            answer = self.make_jsonrpc_request('/payment/qpay/renew', {
                'kind': kind, 'document_id': int(document_id), 'token': token,
            })
            self.assertFalse(answer['url'])
        self.env.invalidate_all()
        failed = self.env['qpay.intent'].sudo().search([
            ('invoice_ids', 'in', [bill.id for bill in bills]),
        ])
        self.assertEqual(failed.mapped('state'), ['failed', 'failed'])
        self.assertEqual(len(failed.activity_ids), 1)


@tagged('post_install', '-at_install')
class TestComparisonsThatFail(SilentCase):

    def test_third_one_is_told_and_no_longer_once_one_succeeds(self):
        for number in range(1, 8):
            self._refuse(LIST)
            [comparison] = self._reconcile_daily()
            self.assertEqual(comparison.state, 'failed')
            if number == 1:
                comparison.activity_schedule('mail.mail_activity_data_todo', summary="A person's")
            told = self.env['qpay.reconciliation'].search([
                ('activity_ids.summary', '!=', "A person's"), ('activity_ids', '!=', False),
            ])
            self.assertEqual(len(told), number > 2)
        self.assertIn('daily comparisons failed', str(told.activity_ids.note))
        told.with_user(told.activity_ids.user_id).read(['state'])
        self._reconcile_daily()
        self.assertFalse(told.activity_ids)


@tagged('post_install', '-at_install')
class TestChangedAccount(SilentCase):

    OTHER = {'qpay_client_id': 'OTHER_MERCHANT', 'qpay_client_secret': '654321',
             'qpay_invoice_code': 'OTHER_INVOICE'}

    def _change_account(self):
        """Let the account change as by the server's environment, which asks nobody."""
        variables = {const.ENVIRONMENT_VARIABLES[name]: value for name, value in self.OTHER.items()}
        patcher = patch.dict(os.environ, variables)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_it_is_refused_while_qrs_can_be_paid(self):
        self._create_intent(self._create_invoice(100))
        with self.assertRaisesRegex(UserError, '^2 QRs'), self.cr.savepoint():
            self.provider.write(self.OTHER)
        self.env.invalidate_all()
        self.assertEqual(self.provider.qpay_client_id, 'TEST_MERCHANT')

    def test_it_is_refused_while_a_call_waits(self):
        self._call_about_payment()
        self.intent.sudo().write({'state': 'cancelled', 'recheck_at': False})
        with self.assertRaisesRegex(UserError, '^1 QRs'), self.cr.savepoint():
            self.provider.write(self.OTHER)

    def test_switched_off_provider_ends_its_qrs_with_the_old_account(self):
        self.provider.state = 'disabled'
        self._recheck()
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self.qpay.invoices()[0]['invoice_status'], 'CANCELED')
        self.provider.write({**self.OTHER, 'state': 'test'})
        fresh = self._create_intent(self.bill)
        self.assertIn('OTHER_MERCHANT', fresh.account)
        self.assertIn('TEST_MERCHANT', self.intent.account)

    def test_same_account_is_no_change(self):
        self.provider.write({'qpay_client_id': 'TEST_MERCHANT'})
        self.provider.qpay_client_secret = 'changed'

    def test_going_live_leaves_sandbox_qrs_behind(self):
        self.provider.write({**self.OTHER, 'state': 'enabled',
                             'qpay_base_url_live': self.simulator.url})
        self._recheck()
        self.assertEqual(self.intent.state, 'cancelled')

    def test_payment_of_the_old_account_is_never_asked_for_at_the_new_one(self):
        self._call_about_payment()
        self._change_account()
        self.qpay.reset_calls()
        self._process_after(hours=24)
        self._expire(self.intent)
        _result, message = self._call_kw(self.intent, 'action_check')
        self.assertIn('earlier account', message)
        self.assertEqual(self.qpay.calls(), {})
        self.assertEqual(len(self.intent.activity_ids), 1)
        self.assertEqual(self.intent.callback_ids.state, 'received')

    def test_other_provider_with_the_old_account_finds_it(self):
        payment = self._pay(self.intent)
        second = self.provider.copy({'company_id': self.company.id, 'name': 'Хуучин'})
        second.write({
            'state': 'test', 'qpay_base_url_sandbox': self.simulator.url,
            **{name: self.provider[name] for name in self.OTHER},
        })
        self.provider.write(self.OTHER)
        self._reconcile(second)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertIn('TEST_MERCHANT', self._ledger(self.intent).sudo().account)
        self.assertEqual(self._reconcile(self.provider).ledger_total, 0)

    def test_refund_is_not_asked_for_at_the_new_one(self):
        self._pay_and_settle(self.intent, method='CARD')
        self._change_account()
        self.qpay.reset_calls()
        row = self._ledger(self.intent)
        refund = row.transaction_id.sudo()._refund()
        self.assertEqual(refund.state, 'error')
        self.assertIn('earlier account', refund.state_message)
        self.assertEqual(self.qpay.calls(), {})


@tagged('post_install', '-at_install')
class TestRefundsInThePortal(SilentCase):

    def _pay_days_ago(self, days, **options):
        with freeze_time(fields.Datetime.now() - timedelta(days=days)):
            payment = self._pay(self.intent, **options)
        self.intent.sudo().last_check_at = False
        self.intent.action_check()
        row = self._ledger(self.intent).filtered(
            lambda row: row.qpay_txn_id == payment['payment_id']
        )
        self.assertLess(row.paid_at, fields.Datetime.now() - timedelta(days=days - 1))
        self.qpay.reset_calls()
        return row

    def test_refund_of_an_earlier_card_payment_is_noticed(self):
        row = self._pay_days_ago(40, method='CARD')
        self.qpay.refund_in_portal(row.qpay_txn_id)
        [comparison] = self._reconcile_daily()
        self.assertTrue(row.is_refund_noticed)
        self.assertEqual((comparison.refunded_count, comparison.matched_count), (1, 0))
        self.assertEqual(self._calls(LIST), 2)

    def test_transfers_and_what_can_no_longer_be_refunded_cost_no_call(self):
        self._pay_days_ago(40)
        self._pay_days_ago(70, method='CARD')
        self._reconcile_daily()
        self.assertEqual(self._calls(LIST), 1)

    def test_payments_close_together_share_a_call(self):
        self._pay_days_ago(40, method='CARD')
        self._pay_days_ago(40, method='CARD')
        self._pay_days_ago(20, method='CARD')
        self.qpay.reset_calls()
        self._reconcile_daily()
        self.assertEqual(self._calls(LIST), 3)

    def test_list_without_an_answer_keeps_no_new_payment_waiting(self):
        self._pay_days_ago(40, method='CARD')
        bill = self._create_invoice(700)
        payment = self._pay(self._create_intent(bill))
        # The first list is answered, the second one is not.
        self.qpay.inject(LIST, 'delay', seconds=0)
        self.qpay.inject(LIST, 'status', status=500)
        with self.assertLogs('odoo.addons.payment_qpay', 'WARNING'):
            [comparison] = self._reconcile_daily()
        self.assertEqual(comparison.state, 'failed')
        self.assertPaidOnce(bill, payment['payment_id'])
        self.assertEqual(self._reconcile_daily()[0].state, 'done')
