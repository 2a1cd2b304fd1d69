"""Who is told that something around QPay does not work, how often, and when it is over."""

from datetime import timedelta

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon
from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.public_address import PUBLIC_URL, PublicAddress


class WatchdogCase(PublicAddress, QPayCommon):

    def setUp(self):
        super().setUp()
        # Nothing is wrong to begin with.
        self.provider.write({
            'qpay_callback_url': PUBLIC_URL,
            'qpay_responsible_id': self.administrator.id,
            'qpay_fee_account_id': self.company_data['default_account_expense'].id,
        })
        self._let_actions_be_on_time()
        self.provider.action_qpay_test_connection()
        self._watch()
        self.assertFalse(self._health().problems)

    def _watch(self, times=1):
        for _time in range(times):
            self.env.invalidate_all()
            self.env['qpay.health'].with_user(SUPERUSER_ID)._cron_watch()

    def _health(self):
        return self.env['qpay.health'].sudo().search([('provider_id', '=', self.provider.id)])

    def _activities(self):
        return self._health().activity_ids

    def assert_told(self, sentence):
        """Exactly one person is told, once, however often is looked."""
        self._watch(4)
        activity, = self._activities()
        self.assertEqual(activity.user_id, self.administrator)
        self.assertIn(sentence, activity.note)
        return activity

    def assert_over(self):
        self._watch()
        self.assertFalse(self._activities())
        self.assertFalse(self._health().problems)


@tagged('post_install', '-at_install')
class TestWatchdog(WatchdogCase):

    def test_calls_that_do_not_arrive(self):
        self._pay(intent := self._create_intent(self._create_invoice()))
        intent._sync_payments()
        self.assert_told('1 of 1')
        self._age(self._ledger(intent), const.HEALTH_PERIOD + timedelta(minutes=1))
        # By then, it has been compared, too.
        self.env['qpay.reconciliation'].sudo().create({
            'provider_id': self.provider.id, 'state': 'done',
        })
        self.assert_over()

    def test_scheduled_action_that_stopped(self):
        action = self.env.ref('payment_qpay.ir_cron_settle').sudo()
        action.nextcall = fields.Datetime.now() - const.HEALTH_DELAY - timedelta(minutes=1)
        self.assert_told(action.name)
        action.nextcall = fields.Datetime.now()
        self.assert_over()

    def test_login_that_qpay_refuses(self):
        self.provider.qpay_client_secret = 'wrong'
        self.provider.action_qpay_test_connection()
        self.assert_told('refused the user name and password')
        self.provider.qpay_client_secret = '123456'
        self.provider.action_qpay_test_connection()
        self.assert_over()

    def test_qpay_that_does_not_answer(self):
        outage = self.provider._qpay_get_outage()
        outage.begin()
        self.assert_told('did not answer')
        self.env['qpay.outage'].sudo().search([]).unlink()
        self.assert_over()

    def test_payments_that_stay_unsettled(self):
        self._pay_and_settle(intent := self._create_intent(self._create_invoice()))
        self._ledger(intent).state = 'needs_attention'
        self._age(self._ledger(intent), timedelta(minutes=11))
        self.assert_told('minutes: 1')
        self._ledger(intent).state = 'settled'
        self.assert_over()

    def test_comparison_that_failed(self):
        comparisons = self.env['qpay.reconciliation'].sudo()
        values = {
            'provider_id': self.provider.id, 'is_scheduled': True,
            'state': 'failed', 'state_message': "Nobody",
        }
        comparisons.create(values)
        self.assert_told("Nobody")
        comparisons.create({**values, 'state': 'done'})
        self.assert_over()

    def test_fees_that_are_booked_nowhere(self):
        account = self.provider.qpay_fee_account_id
        self.provider.qpay_fee_account_id = False
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        self.assert_told('fees are not booked')
        self.provider.qpay_fee_account_id = account
        self.assert_over()

    def test_trouble_of_one_look_is_told_to_nobody(self):
        self.provider._qpay_get_outage().begin()
        self._watch()
        self.assertEqual(self._health().problems, {'answers': False})
        self.assertFalse(self._activities())
        self.env['qpay.outage'].sudo().search([]).unlink()
        self.assert_over()

    def test_activity_that_somebody_has_done_does_not_come_back(self):
        self.provider._qpay_get_outage().begin()
        self.assert_told('did not answer').action_done()
        self._watch(3)
        self.assertFalse(self._activities())

    def test_one_activity_tells_of_all(self):
        self.provider._qpay_get_outage().begin()
        self.assert_told('did not answer')
        action = self.env.ref('payment_qpay.ir_cron_settle').sudo()
        action.active = False
        self.assertIn('did not answer', self.assert_told(action.name).note)
        # What is over is not told any longer, while the other lasts.
        self.env['qpay.outage'].sudo().search([]).unlink()
        self._watch()
        self.assertNotIn('did not answer', self._activities().note)
        self.assertIn(action.name, self._activities().note)

    def test_provider_that_is_switched_off_is_nobodys_matter(self):
        self.provider._qpay_get_outage().begin()
        self.assert_told('did not answer')
        self.provider.state = 'disabled'
        self.assert_over()

    def test_administrator_is_told_where_the_responsible_person_is_none(self):
        self.provider.qpay_responsible_id = self.accountant
        self.provider._qpay_get_outage().begin()
        self._watch(2)
        self.assertTrue(self._activities().user_id.has_group('base.group_system'))

    def test_one_who_leaves_hands_it_on(self):
        self.provider._qpay_get_outage().begin()
        self.assert_told('did not answer')
        self.administrator.action_archive()
        self.assertNotEqual(self._activities().user_id, self.administrator)
        self.assertTrue(self._activities().user_id.has_group('base.group_system'))


@tagged('post_install', '-at_install')
class TestAlertEmail(WatchdogCase, MailCommon):

    def _get_alerts(self):
        """Let something go wrong, look several times, and return the e-mails to the address."""
        with self.mock_mail_gateway():
            self.provider._qpay_get_outage().begin()
            self._watch(4)
        return [mail for mail in self._mails if 'ops@example.mn' in mail['email_to']]

    def test_one_email_says_what_to_do_and_leads_there(self):
        self.provider.qpay_alert_email = 'ops@example.mn'
        mail, = self._get_alerts()
        self.assertIn(self.provider.name, mail['subject'])
        self.assertIn('check that this server reaches', mail['body'])
        self.assertIn('/mail/view', mail['body'])

    def test_nobody_gets_one_without_an_address(self):
        self.assertFalse(self._get_alerts())
