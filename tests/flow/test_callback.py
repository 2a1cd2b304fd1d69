"""QPay's calls: what is stored and answered, and what becomes of it."""

import logging
from datetime import timedelta

from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'


class CallbackCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self.qpay.reset_calls()

    @property
    def inbox(self):
        return self.env['qpay.callback'].sudo().search([('intent_id', '=', self.intent.id)])

    def _process_after(self, delay):
        """Let the scheduled action process what is due after a time."""
        for callback in self.inbox:
            callback.next_attempt_at -= delay
        self._process_callbacks()

    def assert_nothing_settled(self):
        self.assertEqual(self.bill.amount_residual, 15000)
        self.assertFalse(self._ledger(self.intent))
        self.assertEqual(self.intent.state, 'new')


@tagged('post_install', '-at_install')
class TestCallbackRoute(CallbackCase):

    def test_call_is_stored_and_answered_before_qpay_is_asked(self):
        answer = self._call_back(self.intent, '493622150113497')
        self.assertEqual((answer.status_code, answer.text), (200, 'SUCCESS'))
        self.assertTrue(answer.headers['Content-Type'].startswith('text/plain'))
        self.assertEqual(self.inbox.qpay_payment_id, '493622150113497')
        self.assertEqual(self.inbox.state, 'received')
        self.assertEqual(self.qpay.calls(), {})

    def test_every_method_and_shape_of_a_call_is_answered_alike(self):
        for options in (
            {'method': 'GET'}, {'method': 'POST', 'data': {}},
            {'method': 'POST', 'data': {'qpay_payment_id': 'posted', 'other': 'key'}},
        ):
            with self.subTest(options=options):
                self.assertEqual(self._call_back(self.intent, 'x', **options).text, 'SUCCESS')
        url = f'/payment/qpay/callback/{self.intent.id}-{self.intent.callback_token}'
        answer = self.url_open(url, json={'payment_status': 'PAID'})
        self.assertEqual((answer.status_code, answer.text), (200, 'SUCCESS'))
        self.assertEqual(len(self.inbox), 4)

    def test_call_without_payment_id_finds_the_payment(self):
        payment = self._pay(self.intent)
        self._call_back(self.intent)
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.inbox.state, 'processed')

    def test_wrong_token_is_not_found_and_costs_nothing(self):
        token = self.intent.callback_token
        other = self._create_intent(self._create_invoice())
        self.qpay.reset_calls()
        for path in (
            f'{self.intent.id}-wrong', f'{self.intent.id}-', str(self.intent.id),
            f'{other.id}-{token}',
            f'999999999-{token}', f'-{token}', token, f'{self.intent.id}-{token[:-1]}',
            f'{self.intent.id}-{self.intent.access_token}', f'{self.intent.id}-%C3%B6', 'x-y',
            '99999999999999999999-x', f'{self.intent.id}-{token.swapcase()}',
        ):
            with self.subTest(path=path):
                answer = self.url_open(f'/payment/qpay/callback/{path}?qpay_payment_id=1')
                self.assertEqual(answer.status_code, 404)
                self.assertNotIn('SUCCESS', answer.text)
        self.assertFalse(self.env['qpay.callback'].sudo().search([]))
        self.assertEqual(self.qpay.calls(), {})

    def test_endless_payment_id_is_cut(self):
        self.assertEqual(self._call_back(self.intent, 'x' * 5000).text, 'SUCCESS')
        self.assertEqual(len(self.inbox.qpay_payment_id), 64)

    def test_secrets_in_addresses_are_not_logged(self):
        with self.assertLogs('werkzeug', logging.INFO) as log:
            self._call_back(self.intent, '493622150113497')
            self.url_open(f'/payment/qpay/pay/{self.intent.id}/{self.intent.access_token}')
        text = '\n'.join(log.output)
        self.assertIn('/payment/qpay/callback/[REDACTED]', text)
        self.assertIn(f'/payment/qpay/pay/{self.intent.id}/[REDACTED]', text)
        self.assertNotIn(self.intent.callback_token, text)
        self.assertNotIn(self.intent.access_token, text)

    def test_ended_qr_still_takes_calls(self):
        self.intent.action_cancel()
        payment = self._pay(self.intent)
        self.assertEqual(self._call_back(self.intent, payment['payment_id']).text, 'SUCCESS')
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])


@tagged('post_install', '-at_install')
class TestCallbackProcessing(CallbackCase):

    def test_call_while_qpay_is_down_is_settled_when_qpay_is_back(self):
        payment = self._pay(self.intent)
        with self._qpay_down():
            self.assertEqual(self._call_back(self.intent, payment['payment_id']).text, 'SUCCESS')
            self._process_callbacks()
            self.assertEqual(self.inbox.state, 'received')
            self.assertIn('cannot be reached', self.inbox.message)
        self._process_callbacks()
        self.assertEqual(self.inbox.state, 'received', 'it is not due yet')
        self._process_after(const.CALLBACK_RETRY_DELAYS[0])
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.inbox.state, 'processed')

    def test_what_came_of_a_call_is_read_in_the_language_of_the_reader(self):
        self._call_back(self.intent, '493622150113497')
        self._process_callbacks()
        self.assertEqual(self.inbox.message, "QPay does not show the payment yet.")
        self.assertRegex(self.inbox.with_context(lang='mn_MN').message, '[а-яөү]{4}')

    def test_call_is_kept_for_days_while_qpay_gives_no_answer(self):
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self.qpay.inject(CHECK, 'system_busy', times=None)
        for _number in range(3 * len(const.CALLBACK_RETRY_DELAYS)):
            self._process_after(const.CALLBACK_RETRY_DELAYS[-1])
        self.assertEqual(self.inbox.state, 'received')
        self.qpay.clear_faults()
        self._process_after(const.CALLBACK_RETRY_DELAYS[-1])
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_call_is_given_up_when_qpay_was_silent_for_too_long(self):
        self._call_back(self.intent, '493622150113497')
        self.qpay.inject(CHECK, 'system_busy', times=None)
        self.inbox.received_at -= const.CALLBACK_RETRY_PERIOD + timedelta(minutes=1)
        self._process_callbacks()
        self.assertEqual(self.inbox.state, 'failed')
        self.assertIn('did not answer properly', self.inbox.message)

    def test_payment_that_is_not_visible_yet_is_settled_later(self):
        self.qpay.configure(visibility_delay=5)
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assert_nothing_settled()
        self.assertIn('does not show the payment yet', self.inbox.message)
        self.qpay.configure(clock_skew=10)
        self._process_after(const.CALLBACK_RETRY_DELAYS[0])
        self.assertPaidOnce(self.bill, payment['payment_id'])

    @freeze_time('2026-11-02 03:00:00')
    def test_announced_payment_that_never_shows_costs_a_fixed_number_of_calls(self):
        self._call_back(self.intent, '493622150113497')
        for delay in (timedelta(), *const.CALLBACK_RETRY_DELAYS):
            self._process_after(delay - timedelta(seconds=2) if delay else delay)
            if delay:
                asked = self._calls(CHECK)
                self._process_after(timedelta())
                self.assertEqual(self._calls(CHECK), asked, 'asked too early')
                self._process_after(timedelta(seconds=3))
        self.assertEqual(self.inbox.state, 'ignored')
        self._process_after(timedelta(days=30))
        self.assertEqual(self.qpay.calls(), {CHECK: 1 + len(const.CALLBACK_RETRY_DELAYS)})
        self.assert_nothing_settled()

    def test_payment_called_and_processed_ten_times_is_booked_once(self):
        payment = self._pay(self.intent)
        for _number in range(10):
            self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        for _number in range(10):
            self._process_callbacks()
            self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self._ledger(self.intent)), 1)
        self.assertEqual(len(self._transactions(self.bill)), 1)
        self.assertLessEqual(set(self.inbox.mapped('state')), {'processed', 'duplicate'})
        self.assertEqual(self._calls(CHECK), 1)

    def test_call_about_a_known_payment_does_not_ask_qpay(self):
        payment = self._pay_and_settle(self.intent)
        self.qpay.reset_calls()
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(self.inbox[0].state, 'duplicate')
        self.assertEqual(self.qpay.calls(), {})

    def test_person_processes_a_given_up_call_again(self):
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self.inbox.state = 'ignored'
        self._process_callbacks()
        self.assert_nothing_settled()
        _result, message = self._call_kw(self.inbox, 'action_process')
        self.assertIsNone(message)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self._call_kw(self.inbox, 'action_process')
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_call_that_another_process_has_taken_on_is_left_to_it(self):
        self._call_back(self.intent, 'x')
        self.assertTrue(self.inbox._claim())
        self.assertFalse(self.inbox._claim())
        self._process_callbacks()
        self.assertEqual(self.qpay.calls(), {})
        # That process died.
        self._process_after(const.CALLBACK_LEASE)
        self.assertEqual(self._calls(CHECK), 1)


@tagged('post_install', '-at_install')
class TestForgedCallbacks(CallbackCase):

    def test_nothing_that_a_call_says_settles_anything(self):
        url = f'/payment/qpay/callback/{self.intent.id}-{self.intent.callback_token}'
        forged = {
            'payment_status': 'PAID', 'status': 'PAID', 'amount': '15000',
            'invoice_id': self.intent.qpay_invoice_id, 'paid_amount': '15000',
            'rows[0][payment_status]': 'PAID', 'qpay_payment_id': '493622150113497',
        }
        self.url_open(url, params=forged)
        self.url_open(url, data=forged)
        self.url_open(url, json={**forged, 'count': 1, 'rows': [forged]})
        self._process_callbacks()
        self.assertEqual(self._calls(CHECK), 1)
        self.assert_nothing_settled()

    def test_payment_of_another_invoice_settles_nothing(self):
        other = self._create_intent(self._create_invoice(15000))
        payment = self._pay(other)
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assert_nothing_settled()
        # Nor does the forged call keep the payment from its own invoice.
        self._call_back(other, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(other._get_document(), payment['payment_id'])
        self._process_after(timedelta(days=1))
        self.assert_nothing_settled()

    def test_payment_of_another_merchant_settles_nothing(self):
        ours = self.intent.qpay_invoice_id
        self.intent.qpay_invoice_id = '00000000-0000-0000-0000-000000000000'
        self.qpay.pay(ours)
        self._call_back(self.intent, 'x')
        self._process_callbacks()
        self.assert_nothing_settled()

    def test_call_about_an_unpaid_qr_settles_nothing(self):
        self._call_back(self.intent, self.intent.qpay_invoice_id)
        self._process_callbacks()
        self.assert_nothing_settled()


@tagged('post_install', '-at_install')
class TestInboxAccess(CallbackCase):

    def test_accountants_of_another_company_see_nothing(self):
        payment = self._pay_and_settle(self.intent)
        other = self.env['res.company'].sudo().create({'name': "Other"})
        stranger = self._create_user(
            'stranger', "Stranger", 'account.group_account_invoice', company=other
        )
        for records in (self.intent, self.inbox, self._ledger(self.intent).sudo()):
            with self.subTest(model=records._name):
                model = self.env[records._name].sudo(False)
                self.assertIn(records, model.with_user(self.accountant).search([]))
                self.assertFalse(model.with_user(stranger).search([]))
                with self.assertRaises(AccessError):
                    records.sudo(False).with_user(stranger).read(['display_name'])
        for action in (self.intent.sudo(False).with_user(stranger).action_check,
                       self.inbox.sudo(False).with_user(stranger).action_process,
                       self._ledger(self.intent).sudo(False).with_user(stranger).action_settle):
            with self.assertRaises(AccessError):
                action()
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_only_administrators_delete_and_nobody_else_writes(self):
        self._pay_and_settle(self.intent)
        for records in (self.inbox, self._ledger(self.intent)):
            as_accountant = records.sudo(False).with_user(self.accountant)
            with self.subTest(model=records._name):
                for operation in ('write', 'create', 'unlink'):
                    self.assertFalse(as_accountant.has_access(operation), operation)
                as_administrator = records.sudo(False).with_user(self.administrator)
                self.assertTrue(as_administrator.has_access('unlink'))

    def test_accountants_do_not_read_what_qpay_proves_itself_with(self):
        with self.assertRaises(AccessError):
            self.intent.sudo(False).with_user(self.accountant).read(['callback_token'])

    def test_inbox_tells_when_qpay_called(self):
        self._call_back(self.intent, 'x')
        age = fields.Datetime.now() - self.inbox.received_at
        self.assertLess(age, timedelta(minutes=1))
        self.assertEqual(self.inbox.document_name, self.bill.display_name)
        self.assertEqual(self.inbox.with_user(SUPERUSER_ID).company_id, self.company)
