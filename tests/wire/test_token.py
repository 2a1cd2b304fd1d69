"""The one token of an account: shared by all processes of the database, and never fought over.

These tests use several real connections: within the one transaction of other tests nobody could
be in anybody's way.
"""

import threading
from datetime import datetime, timedelta, timezone

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError
from odoo.modules.registry import Registry
from odoo.tests import tagged
from odoo.tests.common import get_db_name

from odoo.addons.payment_qpay.qpay_api import QPayClient, QPayUnauthorized, QPayUnreachable
from odoo.addons.payment_qpay.tests.cases.wire_case import MemoryTokens, WireCase

LOG_IN = 'POST /v2/auth/token'
CHECK = 'POST /v2/payment/check'


@tagged('post_install', '-at_install')
class TestSharedToken(WireCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.account = f'{cls.simulator.url} TEST_MERCHANT'
        cls.addClassCleanup(cls._forget)

    def setUp(self):
        super().setUp()
        self._forget()
        self.invoice_id = self._invoice().invoice_id
        self.qpay.reset_calls()

    @classmethod
    def _execute(cls, query, *params):
        with cls.registry.cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall() if cr.description else []

    @classmethod
    def _forget(cls):
        cls._execute('DELETE FROM qpay_token WHERE account = %s', cls.account)

    def _expire(self, seconds_left):
        expires_at = datetime.now(timezone.utc) + timedelta(seconds=seconds_left)
        self._execute(
            'UPDATE qpay_token SET expires_at = %s WHERE account = %s',
            expires_at.replace(tzinfo=None), self.account,
        )

    def _stored_tokens(self):
        return self._execute('SELECT access_token FROM qpay_token WHERE account = %s', self.account)

    def _call(self, password='123456'):
        """Ask QPay for something as a process of its own does."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            tokens = env['qpay.token']._for_login(f'{self.simulator.url} TEST_MERCHANT')
        client = QPayClient(self.simulator.url, 'TEST_MERCHANT', password, tokens)
        return client.check_payment(self.invoice_id)

    def _logins(self):
        return self._calls(LOG_IN)

    def _call_together(self, count=8):
        """Let several processes ask QPay at once, and return their errors."""
        start, errors = threading.Barrier(count), []

        def run():
            start.wait(10)
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - the test tells them
                errors.append(error)

        threads = [threading.Thread(target=run) for _number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return errors

    def test_one_login_serves_many_calls(self):
        for _number in range(5):
            self._call()
        self.assertEqual(self._logins(), 1)

    def test_expired_token_is_renewed_before_it_is_used(self):
        for seconds_left in (-3600, 10):
            with self.subTest(seconds_left=seconds_left):
                self._call()
                self._expire(seconds_left)
                self.qpay.reset_calls()
                self._call()
                self._call()
                self.assertEqual(self.qpay.calls(), {LOG_IN: 1, CHECK: 2})

    def test_token_that_another_system_killed_is_renewed_once(self):
        self._call()
        dead = self._stored_tokens()
        self.qpay.reset_calls()
        self.qpay.inject(CHECK, 'expired_token')
        self._call()
        self.assertEqual(self.qpay.calls(), {LOG_IN: 1, CHECK: 2})
        self.assertNotEqual(self._stored_tokens(), dead)

    def test_many_processes_log_in_once_the_first_time(self):
        self.qpay.inject(LOG_IN, 'delay', seconds=0.2)
        self.assertEqual(self._call_together(), [])
        self.assertEqual(self._logins(), 1)
        self.assertEqual(len(self._stored_tokens()), 1)

    def test_many_processes_renew_an_expired_token_once(self):
        self._call()
        self._expire(-1)
        self.qpay.reset_calls()
        self.qpay.inject(LOG_IN, 'delay', seconds=0.2)
        self.assertEqual(self._call_together(), [])
        self.assertEqual(self.qpay.calls(), {LOG_IN: 1, CHECK: 8})

    def test_many_processes_renew_a_killed_token_once(self):
        self._call()
        # Somebody else logs in with the same account: our token is dead, and looks alive.
        QPayClient(self.simulator.url, 'TEST_MERCHANT', '123456', MemoryTokens()).log_in()
        self.qpay.reset_calls()
        self.qpay.inject(LOG_IN, 'delay', seconds=0.2)
        self.assertEqual(self._call_together(), [])
        self.assertEqual(self._logins(), 1)

    def test_request_that_fails_later_does_not_lose_the_token(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            tokens = env['qpay.token']._for_login(f'{self.simulator.url} TEST_MERCHANT')
            QPayClient(self.simulator.url, 'TEST_MERCHANT', '123456', tokens).log_in()
            cr.rollback()
        self._call()
        self.assertEqual(self._logins(), 1)

    def test_login_that_fails_keeps_nothing_and_blocks_nobody(self):
        with self.assertRaises(QPayUnauthorized):
            self._call(password='wrong')
        self.qpay.inject(LOG_IN, 'system_busy')
        with self.assertRaises(QPayUnreachable):
            self._call()
        self.assertFalse(any(token for token, in self._stored_tokens()))
        self._call()

    def test_nobody_reads_tokens(self):
        self._call()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            administrator = env.ref('base.user_admin')
            with self.assertRaises(AccessError):
                env['qpay.token'].with_user(administrator).search([])

