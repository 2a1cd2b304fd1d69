"""The route that dialogs and payers' pages poll: who may ask, and what it costs QPay."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'
KEYS = {
    'intent_id', 'state', 'environment', 'amount', 'amount_paid', 'currency', 'qr_text',
    'qr_image', 'short_url', 'deeplinks', 'pay_url', 'expires_at', 'message',
}


class CheckRouteCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self.qpay.reset_calls()

    def _poll(self, **params):
        answer = self._check_route(
            self.intent.id, access_token=self.intent.access_token, **params
        )
        self.env.invalidate_all()
        return answer['result']


@tagged('post_install', '-at_install')
class TestCheckRoute(CheckRouteCase):

    def assert_forbidden(self, answer):
        """The refusal is the same for all who may not know."""
        self.assertEqual(answer, {
            'jsonrpc': '2.0',
            'id': None,
            'error': {
                'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"},
            },
        })
        self.assertEqual(self.qpay.calls(), {})

    def test_answer_has_exactly_the_normalised_keys(self):
        answer = self._poll()
        self.assertEqual(set(answer), KEYS)
        self.assertEqual(answer['intent_id'], self.intent.id)
        self.assertEqual((answer['state'], answer['environment']), ('new', 'sandbox'))
        self.assertEqual((answer['amount'], answer['amount_paid'], answer['currency']),
                         (15000, 0, 'MNT'))
        self.assertEqual(answer['qr_text'], self.qpay.invoices()[0]['qr_text'])
        self.assertTrue(answer['qr_image'].startswith('iVBOR'))
        self.assertEqual(set(answer['deeplinks'][0]), {'name', 'description', 'logo', 'link'})
        self.assertTrue(answer['expires_at'].endswith('Z'))
        self.assertIn(f'/payment/qpay/pay/{self.intent.id}/', answer['pay_url'])

    def test_nothing_can_be_paid_by_the_answer_once_the_qr_has_ended(self):
        for method in ('action_simulate_payment', 'action_cancel'):
            self.intent = self._create_intent(self._create_invoice())
            with self.subTest(method=method):
                getattr(self.intent.with_user(self.administrator).sudo(False)
                        if method == 'action_simulate_payment' else self.intent, method)()
                answer = self._poll()
                self.assertEqual(set(answer), KEYS)
                self.assertEqual(
                    [answer[key] for key in ('qr_text', 'qr_image', 'short_url', 'deeplinks')],
                    ['', '', '', []],
                )

    def test_signed_in_accountant_needs_no_token(self):
        self.authenticate('qpay_accountant', 'qpay_accountant')
        self.assertEqual(self._check_route(self.intent.id)['result']['state'], 'new')

    def test_who_may_not_know_gets_the_same_answer_as_for_an_unknown_qr(self):
        token = self.intent.access_token
        other = self._create_intent(self._create_invoice())
        self.qpay.reset_calls()
        for intent_id, params in (
            (self.intent.id, {'access_token': 'wrong'}),
            (self.intent.id, {'access_token': ''}),
            (self.intent.id, {}),
            (self.intent.id, {'access_token': other.access_token}),
            (self.intent.id, {'access_token': self.intent.callback_token}),
            (self.intent.id, {'access_token': 'wrong', 'now': True}),
            (999999999, {'access_token': token}),
            (999999999, {}),
            (0, {'access_token': '-'}),
            (-1, {'access_token': token}),
        ):
            with self.subTest(intent_id=intent_id, params=params):
                self.assert_forbidden(self._check_route(intent_id, **params))

    def test_nonsense_gets_the_same_answer(self):
        for intent_id in (None, '', 'abc', [], {}, [1, 2], 1.5, True, '²', '9' * 30, 10 ** 30):
            for token in (None, 5, [], {'a': 1}, 'ө', '\ud800'):
                with self.subTest(intent_id=intent_id, token=token):
                    self.assert_forbidden(self._check_route(intent_id, access_token=token))

    def test_missing_parameters_get_the_same_answer(self):
        answer = self.url_open('/payment/qpay/check', json={'params': {}}).json()
        self.assert_forbidden(answer)

    def test_people_who_may_not_read_the_qr_get_the_same_answer(self):
        other = self.env['res.company'].sudo().create({'name': "Other"})
        self._create_user('employee', "Employee", 'base.group_user')
        self._create_user('client', "Client", 'base.group_portal')
        self._create_user('stranger', "S", 'account.group_account_invoice', company=other)
        for login in ('employee', 'client', 'stranger'):
            with self.subTest(login=login):
                self.authenticate(login, login)
                self.assert_forbidden(self._check_route(self.intent.id))

    def test_trouble_with_qpay_is_told_in_words_of_ours(self):
        for fault in ('garbage', 'system_busy', 'drop'):
            with self.subTest(fault=fault):
                self.intent.last_check_at = False
                self.qpay.inject(CHECK, fault)
                answer = self._poll(now=True)
                self.assertEqual(set(answer), KEYS)
                self.assertEqual(answer['state'], 'new')
                self.assertIn('QPay cannot be used at this moment', answer['message'])
        with self._qpay_down():
            self.intent.last_check_at = False
            answer = self._poll(now=True)
        self.assertIn('QPay cannot be used at this moment', answer['message'])
        self.assertNotIn('127.0.0.1', answer['message'])

    def test_viewer_of_a_qr_that_qpay_does_not_answer_about_keeps_seeing_it(self):
        self.intent.last_check_at = fields.Datetime.now() - timedelta(hours=1)
        self.qpay.inject(CHECK, 'garbage')
        answer = self._poll()
        self.assertEqual((answer['state'], bool(answer['qr_text'])), ('new', True))
        self.assertEqual(self._calls(CHECK), 1)


@tagged('post_install', '-at_install')
class TestCheckBudget(CheckRouteCase):

    def _watch(self, frozen, period, interval=timedelta(seconds=3), **params):
        """Poll as an open dialog does, and return after which seconds QPay was asked."""
        asked, start = [], fields.Datetime.now()
        while fields.Datetime.now() - start < period:
            frozen.tick(interval)
            before = self._calls(CHECK)
            self._poll(**params)
            if self._calls(CHECK) > before:
                asked.append(round((fields.Datetime.now() - start).total_seconds()))
        return asked

    def _expected(self, period, interval):
        """Return after which seconds the budget lets QPay be asked."""
        expected, last = [], 0
        for delay in const.VIEW_CHECK_DELAYS:
            due = last + delay.total_seconds()
            last = int(-(-due // interval) * interval)
            if last <= period:
                expected.append(last)
        return expected

    def test_dialog_open_for_five_minutes_costs_what_the_budget_says(self):
        with freeze_time('2026-11-02 03:00:00') as frozen:
            self.intent = self._create_intent(self._create_invoice())
            self._age(self.intent, timedelta())
            self.qpay.reset_calls()
            asked = self._watch(frozen, timedelta(minutes=5))
        self.assertEqual(asked, self._expected(300, 3))
        self.assertTrue(asked)
        self.assertLessEqual(len(asked), len(const.VIEW_CHECK_DELAYS))
        self.assertEqual(self.qpay.calls(), {CHECK: len(asked)})

    def test_several_viewers_for_an_hour_share_one_budget(self):
        with freeze_time('2026-11-02 03:00:00') as frozen:
            self.intent = self._create_intent(self._create_invoice())
            self._age(self.intent, timedelta())
            self.intent.expires_at += timedelta(hours=3)
            self.qpay.reset_calls()
            asked = self._watch(frozen, timedelta(hours=1), interval=timedelta(seconds=30))
            self._watch(frozen, timedelta(hours=1), interval=timedelta(minutes=5))
        self.assertEqual(asked, self._expected(3600, 30))
        self.assertEqual(self._calls(CHECK), len(const.VIEW_CHECK_DELAYS))

    def test_check_now_asks_at_most_once_in_ten_seconds(self):
        with freeze_time('2026-11-02 03:00:00') as frozen:
            self.intent.last_check_at = False
            self._age(self.intent, timedelta())
            self.assertEqual(self._calls(CHECK), 0)
            self._poll(now=True)
            for _number in range(3):
                frozen.tick(timedelta(seconds=3))
                self._poll(now=True)
            self.assertEqual(self._calls(CHECK), 1)
            frozen.tick(timedelta(seconds=1))
            self._poll(now=True)
            self.assertEqual(self._calls(CHECK), 2)

    def test_check_now_and_the_buttons_of_the_accountant_share_the_limit(self):
        self._poll(now=True)
        self.intent.action_check()
        self.assertEqual(self._calls(CHECK), 1)

    def test_ended_qr_costs_nothing(self):
        self.intent.action_cancel()
        self.qpay.reset_calls()
        self.intent.last_check_at = fields.Datetime.now() - timedelta(days=1)
        self._poll()
        self.assertEqual(self.qpay.calls(), {})

    def test_payment_whose_call_never_came_is_found_by_looking(self):
        # As if it had just been made, however long that takes.
        self._age(self.intent, -const.VIEW_CHECK_DELAYS[0])
        payment = self._pay(self.intent)
        self.assertEqual(self._poll()['state'], 'new')
        self.intent.last_check_at = fields.Datetime.now() - const.VIEW_CHECK_DELAYS[0]
        answer = self._poll()
        self.assertEqual((answer['state'], answer['amount_paid']), ('paid', 15000))
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_payment_whose_call_never_came_is_found_by_check_now(self):
        payment = self._pay(self.intent)
        self.assertEqual(self._poll(now=True)['state'], 'paid')
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_viewer_sees_the_payment_as_soon_as_qpay_has_called(self):
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self.assertEqual(self._poll()['state'], 'paid')
        self.assertEqual(self._calls(CHECK), 1)
        self.assertPaidOnce(self.bill, payment['payment_id'])
