"""What administrators see of everything around QPay, each trouble provoked."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon, environment
from odoo.addons.payment_qpay.tests.cases.public_address import PUBLIC_URL, PublicAddress


@tagged('post_install', '-at_install')
class TestHealth(PublicAddress, QPayCommon):

    def setUp(self):
        super().setUp()
        self.provider.qpay_callback_url = PUBLIC_URL
        self.actions = self._let_actions_be_on_time()

    def _check(self, key):
        """Return the one check of a key."""
        self.env.invalidate_all()
        check, = (check for check in self.provider._qpay_get_health() if check.key == key)
        return check

    def assert_health(self, key, level, sentence=''):
        check = self._check(key)
        self.assertEqual(check.level, level, check.message)
        self.assertIn(sentence, check.message)

    def test_all_is_well_after_a_payment_as_it_should_be(self):
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        levels = {check.key: check.level for check in self.provider._qpay_get_health()}
        # Without an account for fees, those are what is left to do.
        self.assertEqual(levels.pop('fees'), 'warning')
        self.assertLessEqual({'answers', 'calls', 'actions', 'payments', 'comparisons'}, {*levels})
        self.assertEqual({*levels.values()}, {'ok'})

    def test_calls_that_do_not_arrive(self):
        self._pay(intent := self._create_intent(self._create_invoice()))
        intent._sync_payments()
        self.assert_health('calls', 'danger', '1 of 1')
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        self.assert_health('calls', 'warning', '1 of 2')
        self._age(self._ledger(intent), const.HEALTH_PERIOD + timedelta(minutes=1))
        self.assert_health('calls', 'ok')

    def test_each_payment_of_a_qr_wants_a_call(self):
        self.provider.qpay_allow_partial = True
        intent = self._create_intent(self._create_invoice(15000))
        self._pay_and_settle(intent, amount=5000)
        second = self._pay(intent, amount=4000)
        self._check_route(intent.id, access_token=intent.access_token)
        intent._sync_payments()
        self.assertEqual(len(intent.payment_ids), 2)
        self.assert_health('calls', 'warning', '1 of 2')
        self._call_back(intent, second['payment_id'])
        self.assert_health('calls', 'ok', 'each of the 2')

    def test_call_that_names_no_payment_stands_for_all_of_its_qr(self):
        intent = self._create_intent(self._create_invoice())
        self._pay(intent)
        self._call_back(intent)
        self._process_callbacks()
        self.assert_health('calls', 'ok', 'each of the 1')

    def test_made_up_payments_alarm_nobody(self):
        intent = self._create_intent(self._create_invoice())
        admin = self._create_user(
            'health_admin', "Админ", 'base.group_system', 'account.group_account_invoice'
        )
        intent.with_user(admin).action_simulate_payment()
        self.assertEqual(intent.state, 'paid')
        self.assert_health('calls', 'ok', 'each of the 0')

    def test_the_sandbox_alarms_nobody_in_live(self):
        self.provider.qpay_base_url_live = self.simulator.url
        found, late = (self._create_intent(self._create_invoice()) for _number in range(2))
        self._pay(found)
        found._sync_payments()
        self.provider.state = 'enabled'
        self._pay_and_settle(late)
        self.assertEqual(self._ledger(late).state, 'needs_attention')
        self._age(self._ledger(late), timedelta(minutes=11))
        self.assert_health('calls', 'ok', 'each of the 0')
        self.assert_health('payments', 'ok')

    def test_what_was_last_is_told(self):
        for key, sentence in (
            ('calls', 'last called on'), ('actions', 'last ran on'), ('answers', 'logged in until'),
        ):
            self.assertNotIn(sentence, self._check(key).message)
        self.actions.lastcall = fields.Datetime.now()
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        self.assert_health('calls', 'ok', 'last called on')
        self.assert_health('actions', 'ok', 'last ran on')
        self.assert_health('answers', 'ok', 'logged in until')

    def test_address_that_qpay_cannot_call(self):
        self.provider.qpay_callback_url = 'http://localhost:8069'
        self.assert_health('calls', 'warning', 'http://localhost:8069')

    def test_scheduled_actions_that_stopped(self):
        self.assert_health('actions', 'ok')
        action = self.env.ref('payment_qpay.ir_cron_settle').sudo()
        action.nextcall = fields.Datetime.now() - const.HEALTH_DELAY - timedelta(minutes=1)
        self.assert_health('actions', 'danger', action.name)
        action.nextcall = fields.Datetime.now()
        self.assert_health('actions', 'ok')
        action.active = False
        self.assert_health('actions', 'danger', action.name)

    def test_scheduled_action_that_was_deleted(self):
        self.env.ref('payment_qpay.ir_cron_settle').sudo().unlink()
        self.assert_health('actions', 'danger', 'ir_cron_settle')

    def test_each_scheduled_action_is_watched(self):
        names = self.env['ir.model.data'].sudo().search([
            ('module', '=', 'payment_qpay'), ('model', '=', 'ir.cron'),
        ]).mapped('name')
        self.assertEqual(self.provider._qpay_get_action_names(), set(names))

    def test_payments_that_stay_unsettled(self):
        self._pay_and_settle(intent := self._create_intent(self._create_invoice()))
        self._ledger(intent).state = 'needs_attention'
        self.assert_health('payments', 'ok')
        self._age(self._ledger(intent), timedelta(minutes=11))
        self.assert_health('payments', 'danger', 'minutes: 1')

    def test_qpay_that_does_not_answer(self):
        self._create_intent(self._create_invoice())
        self.assert_health('answers', 'ok')
        self.provider._qpay_get_outage().begin()
        self.assert_health('answers', 'danger', self.simulator.url)

    def test_login_that_qpay_refuses(self):
        self.provider.qpay_client_secret = 'wrong'
        self.provider.action_qpay_test_connection()
        self.assert_health('answers', 'danger', 'refused')
        self.provider.qpay_client_secret = '123456'
        self.provider.action_qpay_test_connection()
        self.assert_health('answers', 'ok')

    def test_trying_a_wrong_password_leaves_the_login_that_works_in_use(self):
        self._create_intent(self._create_invoice())
        self.provider.qpay_client_secret = 'wrong'
        self.provider.action_qpay_test_connection()
        self.qpay.reset_calls()
        self.assertTrue(self._create_intent(self._create_invoice()).qr_text)
        self.assertNotIn('POST /v2/auth/token', self.qpay.calls())

    def test_clock_that_is_wrong(self):
        for skew, level in ((600, 'danger'), (-7200, 'danger'), (60, 'ok')):
            with self.subTest(skew=skew):
                self.qpay.configure(clock_skew=skew)
                self.provider.action_qpay_test_connection()
                self.assert_health('clock', level)

    def test_user_name_that_never_logged_in(self):
        self.provider.qpay_client_id = 'SOMEBODY_NEW'
        self.assert_health('answers', 'warning')

    def test_wrong_environment_of_the_server_is_shown_and_not_in_the_way(self):
        with environment(QPAY_ENV='prod'):
            self.assert_health('answers', 'danger', 'QPAY_ENV')

    def test_comparisons_that_fail(self):
        self.assert_health('comparisons', 'ok')
        values = {
            'provider_id': self.provider.id, 'is_scheduled': True,
            'state': 'failed', 'state_message': "Nobody",
        }
        comparisons = self.env['qpay.reconciliation'].sudo()
        comparisons.create(values)
        self.assert_health('comparisons', 'warning', "Nobody")
        comparisons.create([values] * (const.TELL_FAILED_COMPARISONS - 1))
        self.assert_health('comparisons', 'danger', "Nobody")
        comparisons.create({**values, 'state': 'done'})
        self.assert_health('comparisons', 'ok')
        # Whoever compares by hand sees at once that it failed; it proves nothing.
        comparisons.create({**values, 'is_scheduled': False})
        self.assert_health('comparisons', 'ok')
        self._age(comparisons.search([('state', '=', 'done')]), const.HEALTH_COMPARISON_PERIOD * 2)
        self.assert_health('comparisons', 'danger', 'not been compared')

    def test_comparisons_that_stopped(self):
        late = const.HEALTH_COMPARISON_PERIOD + timedelta(minutes=1)
        comparison = self.env['qpay.reconciliation'].sudo().create({
            'provider_id': self.provider.id, 'state': 'done',
        })
        self.assert_health('comparisons', 'ok')
        self._age(comparison, late)
        self.assert_health('comparisons', 'danger', 'not been compared')

    def test_payments_that_were_never_compared(self):
        self._pay_and_settle(intent := self._create_intent(self._create_invoice()))
        self.assert_health('comparisons', 'ok')
        self._age(self._ledger(intent), const.HEALTH_COMPARISON_PERIOD + timedelta(minutes=1))
        self.assert_health('comparisons', 'danger', 'not been compared')

    def test_the_form_shows_the_worst_first(self):
        self.actions[0].active = False
        self.env.invalidate_all()
        form = Form(self.provider.with_user(self.administrator))
        shown = str(form.qpay_health)
        self.assertIn(self.actions[0].name, shown)
        self.assertLess(shown.index('alert-danger'), shown.index('alert-success'))

    def test_only_administrators_read_it(self):
        with self.assertRaises(AccessError):
            self.provider.sudo(False).with_user(self.accountant).read(['qpay_health'])

    def test_wrong_password_tells_the_administrator_what_to_do(self):
        self.provider.qpay_client_secret = 'wrong'
        message = self.provider.action_qpay_test_connection()['params']['message']
        self.assertIn('Copy both again', message)
        self.assertNotIn('administrator', message)
