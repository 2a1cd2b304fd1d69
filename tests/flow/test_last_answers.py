"""When QPay last answered, and when and why a call last failed, is kept and shown."""

from contextlib import suppress
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayError, QPayUnauthorized
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.wire_case import unused_url

LIST = 'POST /v2/payment/list'
CHECK = 'POST /v2/payment/check'


@tagged('post_install', '-at_install')
class TestLastAnswers(QPayCommon):

    def setUp(self):
        super().setUp()
        self.env['qpay.outage'].sudo().search([]).unlink()

    @property
    def known(self):
        """What is known of the account that the provider has now."""
        self.env.invalidate_all()
        account = self.provider._qpay_get_login_key()
        return self.env['qpay.outage'].sudo().search([('account', '=', account)])

    def _ask(self):
        """Ask QPay something, and return whether it answered."""
        try:
            self.provider._qpay_client().list_payments(
                'TEST_INVOICE', fields.Datetime.now(), fields.Datetime.now()
            )
        except QPayError:
            return False
        return True

    def _age_known(self, period):
        """Let what is known have happened so long ago."""
        for row in self.known:
            for name in ('answered_at', 'failed_at'):
                row[name] = row[name] and row[name] - period
        self.env.flush_all()

    def assert_shown(self, level, *sentences):
        self.env.invalidate_all()
        check, = (
            check for check in self.provider._qpay_get_health() if check.key == 'answers'
        )
        self.assertEqual(check.level, level, check.message)
        for sentence in sentences:
            self.assertIn(sentence, check.message)
        return check.message

    def test_answer_is_shown(self):
        self.assertTrue(self._ask())
        self.assertNotIn('failed', self.assert_shown('ok', 'QPay last answered on'))

    def test_each_failure_is_told_in_words_until_qpay_answers(self):
        for fault, level, failure, words in (
            ('garbage', 'warning', 'error', 'an error of its own'),
            ('system_busy', 'warning', 'error', 'an error of its own'),
            ('drop', 'danger', 'unreachable', 'No connection'),
        ):
            with self.subTest(fault=fault):
                self.qpay.inject(LIST, fault)
                self.assertFalse(self._ask())
                self.assertEqual(self.known.failure, failure)
                self.assert_shown(level, 'when it was last asked', 'A call last failed on', words)
                self.assertTrue(self._ask())
                self.assert_shown('ok', 'QPay last answered on', 'A call last failed on', words)

    def test_silence(self):
        self.assertTrue(self._ask())
        self.provider._qpay_get_outage().begin()
        self.assertEqual(self.known.failure, 'silent')
        self.assert_shown('danger', 'QPay last answered on', 'did not answer in time')

    def test_qpay_where_nobody_listens(self):
        self.assertTrue(self._ask())
        with self._qpay_down():
            self.assertFalse(self._ask())
        self.assert_shown('danger', self.simulator.url, 'No connection')

    def test_refused_login(self):
        self.assertTrue(self._ask())
        self.provider.qpay_client_secret = 'wrong'
        with suppress(QPayUnauthorized):
            self.provider._qpay_client().log_in()
        self.assertEqual(self.known.failure, 'refused')
        self.assert_shown('danger', 'refused the user name', 'QPay last answered on')

    def test_token_that_has_died_and_refusals_are_no_failures(self):
        self.qpay.inject(LIST, 'expired_token')
        self.assertTrue(self._ask())
        with suppress(QPayError):
            self.provider._qpay_client().check_payment('nothing')
        self.assertFalse(self.known.failed_at)

    def test_questions_side_by_side_count_too(self):
        self._call_back(intent := self._create_intent(self._create_invoice()), 'x')
        self._age_known(timedelta(hours=1))
        before = self.known.answered_at
        self._process_callbacks()
        self.assertGreater(self.known.answered_at, before)
        self.assertFalse(self.known.failed_at)
        self._call_back(intent, 'y')
        self.qpay.inject(CHECK, 'system_busy', times=None)
        self._process_callbacks()
        self.assertEqual(self.known.failure, 'error')

    def test_it_is_written_once_a_minute_or_when_it_changes(self):
        self._ask()
        first = self.known.answered_at
        for _call in range(3):
            self._ask()
        self.assertEqual(self.known.answered_at, first)
        self._age_known(const.NOTE_INTERVAL + timedelta(seconds=1))
        self._ask()
        self.assertGreater(self.known.answered_at, first)

        self.qpay.inject(LIST, 'system_busy', times=None)
        self._ask()
        failed_at = self.known.failed_at
        self._ask()
        self.assertEqual(self.known.failed_at, failed_at)
        self.qpay.clear_faults()
        answered_at = self.known.answered_at
        self._ask()
        self.assertGreater(self.known.answered_at, answered_at)

    def test_each_account_has_its_own(self):
        self.assertTrue(self._ask())
        self.provider.qpay_base_url_sandbox = unused_url()
        self.assertFalse(self.known)
        self.assertFalse(self._ask())
        self.assertFalse(self.known.answered_at)
        self.provider.qpay_base_url_sandbox = self.simulator.url
        self.assert_shown('ok')
