"""How a QR ends: by its expiry or by a person, with QPay's consent or without."""


from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CANCEL = 'DELETE /v2/invoice/{id}'
CHECK = 'POST /v2/payment/check'


@tagged('post_install', '-at_install')
class TestQrEnd(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self.qpay.reset_calls()

    def _status_at_qpay(self):
        return self.qpay.invoices()[0]['invoice_status']

    # === EXPIRY === #

    def test_look_leaves_a_valid_qr_alone(self):
        self._recheck()
        self.assertEqual(self.intent.state, 'new')
        self.assertEqual(self.qpay.calls(), {})

    def test_expired_qr_is_checked_once_and_cancelled_at_qpay(self):
        self._expire(self.intent)
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self.intent.transaction_id.state, 'cancel')
        self.assertEqual(self._status_at_qpay(), 'CANCELED')
        self.assertEqual(self.qpay.calls(), {CHECK: 1, CANCEL: 1})
        self._recheck()
        self.assertEqual(self.qpay.calls(), {CHECK: 1, CANCEL: 1})

    def test_payment_at_the_last_moment_is_settled_instead(self):
        payment = self._pay(self.intent)
        self._expire(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')
        self.assertFalse(self.intent.recheck_at)
        self.assertEqual(self._calls(CANCEL), 0)

    def test_payment_between_check_and_cancellation_is_settled(self):
        # QPay does not show the payment to the check, yet refuses to cancel: INVOICE_PAID.
        self.qpay.configure(visibility_delay=3600)
        payment = self._pay(self.intent)
        self._expire(self.intent)
        self.assertFalse(self._ledger(self.intent))
        self.assertGreater(self.intent.recheck_at, fields.Datetime.now())
        self.qpay.configure(visibility_delay=0, clock_skew=3700)
        self._recheck(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')
        self.assertFalse(self.intent.recheck_at)

    def test_qr_that_was_cancelled_in_the_portal_is_not_asked_about_again(self):
        self.qpay.cancel_in_portal(self.intent.qpay_invoice_id)
        self._expire(self.intent)
        self.assertEqual((self.intent.state, self.intent.recheck_at), ('cancelled', False))
        self.assertEqual(self.qpay.calls(), {CHECK: 1, CANCEL: 1})

    def test_end_is_tried_again_ever_less_often_while_qpay_is_down(self):
        with self._qpay_down(), freeze_time(fields.Datetime.now()):
            self._expire(self.intent)
            self.assertEqual(self.intent.state, 'cancelled')
            for delay in (*const.CLOSE_RETRY_DELAYS[1:], const.CLOSE_RETRY_DELAYS[-1]):
                self._recheck(self.intent)
                wait = self.intent.recheck_at - fields.Datetime.now()
                self.assertEqual(wait, delay)
        self._recheck(self.intent)
        self.assertEqual(self._status_at_qpay(), 'CANCELED')
        self.assertFalse(self.intent.recheck_at)

    def test_one_qr_that_cannot_be_ended_does_not_hold_up_the_others(self):
        other = self._create_intent(self._create_invoice())
        self.qpay.inject(CHECK, 'garbage')
        (self.intent | other).write({
            'expires_at': '2026-01-01 00:00:00', 'recheck_at': '2026-01-01 00:00:00',
        })
        self._recheck()
        self.assertEqual({self.intent.state, other.state}, {'cancelled'})
        self.assertEqual(len(self.qpay.invoices(status='CANCELED')), 1)

    def test_money_after_the_end_is_booked_all_the_same(self):
        self._expire(self.intent)
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        ledger = self._ledger(self.intent)
        self.assertEqual(ledger.state, 'settled')
        self.assertNotEqual(ledger.transaction_id, self.intent.transaction_id)
        self.assertEqual(ledger.transaction_id.state, 'done')

    # === BY A PERSON === #

    def test_accountant_cancels_a_qr(self):
        _result, message = self._call_kw(self.intent, 'action_cancel')
        self.assertIsNone(message)
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self._status_at_qpay(), 'CANCELED')

    def test_cancelling_a_qr_that_was_paid_settles_it(self):
        payment = self._pay(self.intent)
        self._call_kw(self.intent, 'action_cancel')
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')

    def test_cancellation_that_qpay_did_not_confirm_says_so_and_is_watched(self):
        self.qpay.inject(CANCEL, 'drop')
        _result, message = self._call_kw(self.intent, 'action_cancel')
        self.assertIn('did not confirm', message)
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertTrue(self.intent.recheck_at)
        self._recheck(self.intent)
        self.assertEqual(self._status_at_qpay(), 'CANCELED')

    def test_cancelling_twice_asks_qpay_once(self):
        self.intent.action_cancel()
        self.intent.action_cancel()
        self.assertEqual(self._calls(CANCEL), 1)

    def test_auditor_may_look_but_not_act(self):
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        intent = self.intent.sudo(False).with_user(auditor)
        self.assertEqual(intent.state, 'new')
        for action in (intent.action_cancel, intent.action_check):
            with self.subTest(action=action.__name__), self.assertRaises(AccessError):
                action()
        self.assertEqual(self.qpay.calls(), {})

    def test_accountant_may_not_write_or_delete(self):
        intent = self.intent.sudo(False).with_user(self.accountant)
        with self.assertRaises(AccessError):
            intent.state = 'paid'
        with self.assertRaises(AccessError):
            intent.unlink()

    # === CHECK NOW === #

    def test_accountant_finds_a_payment_by_checking(self):
        payment = self._pay(self.intent)
        _result, message = self._call_kw(self.intent, 'action_check')
        self.assertIsNone(message)
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_check_asks_qpay_at_most_once_in_ten_seconds(self):
        for _number in range(5):
            self.intent.action_check()
        self.assertEqual(self._calls(CHECK), 1)
        self.intent.last_check_at -= const.CHECK_INTERVAL
        self.intent.action_check()
        self.assertEqual(self._calls(CHECK), 2)

    def test_check_that_fails_says_why(self):
        self.qpay.inject(CHECK, 'system_busy')
        _result, message = self._call_kw(self.intent, 'action_check')
        self.assertIn('did not answer properly', message)
        self.assertEqual(self.intent.state, 'new')
