"""The QPay simulator over real HTTP: tokens."""

import time
from datetime import datetime, timezone

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.simulator_case import Api, SimulatorCase


@tagged('post_install', '-at_install')
class TestSimulatorTokens(SimulatorCase):
    """QPay contract §1.2 to §1.5."""

    def test_token(self):
        answer = self.api.log_in()
        token = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            set(token),
            {
                'token_type',
                'refresh_expires_in',
                'refresh_token',
                'access_token',
                'expires_in',
                'scope',
                'not-before-policy',
                'session_state',
            },
        )
        self.assertAlmostEqual(token['expires_in'], time.time() + 86400, delta=5)
        self.assertEqual(token['refresh_expires_in'], token['expires_in'])
        self.assertEqual(
            (
                token['token_type'],
                token['scope'],
                token['not-before-policy'],
                token['session_state'],
            ),
            ('bearer', 'get_token', '0', 'sandbox'),
        )

    def test_wrong_password(self):
        answer = Api(self.simulator.url, password='wrong').log_in()
        self.assert_refused(answer, 401, 'AUTHENTICATION_FAILED', 'Нэвтрэх нэр, нууц үг буруу')
        self.assertEqual(
            answer.text,
            '{"error":"AUTHENTICATION_FAILED","message":"Нэвтрэх нэр, нууц үг буруу"}',
        )

    def test_missing_and_broken_credentials(self):
        for authorization in ('Basic', 'Basic ???', 'Bearer x', 'Basic ' + 'bm9jb2xvbg=='):
            answer = self.api.call('POST', '/v2/auth/token', authorization=authorization)
            self.assert_refused(answer, 401, 'AUTHENTICATION_FAILED', 'Нэвтрэх нэр, нууц үг буруу')

    def test_new_token_kills_the_old(self):
        old = self.api.token
        self.api.log_in()
        self.assertNotEqual(old, self.api.token)
        self.assertEqual(self.api.invoice().status, 200)
        self.api.token = old
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')

    def test_another_account_does_not_disturb(self):
        other = Api(self.simulator.url, 'OTHER_MERCHANT', '654321')
        self.assertEqual(other.log_in().status, 200)
        self.assertEqual(self.api.invoice().status, 200)

    def test_several_tokens_when_configured(self):
        self.control.configure(new_token_kills_old=False)
        old = self.api.token
        self.api.log_in()
        self.api.token = old
        self.assertEqual(self.api.invoice().status, 200)

    def test_refresh(self):
        first = self.api.log_in().json
        answer = self.api.call(
            'POST', '/v2/auth/refresh', authorization=f'Bearer {first["refresh_token"]}'
        )
        self.assertEqual(answer.status, 200)
        self.assertEqual(set(answer.json), set(first))
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')
        self.api.token = answer.json['access_token']
        self.assertEqual(self.api.invoice().status, 200)
        again = self.api.call(
            'POST', '/v2/auth/refresh', authorization=f'Bearer {first["refresh_token"]}'
        )
        self.assert_refused(again, 401, 'NO_CREDENDIALS')

    def test_access_token_does_not_refresh(self):
        answer = self.api.call('POST', '/v2/auth/refresh')
        self.assert_refused(answer, 401, 'NO_CREDENDIALS')

    def test_both_spellings(self):
        self.api.token = 'nonsense'
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')
        self.control.configure(credentials_key='NO_CREDENTIALS')
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENTIALS')

    def test_expiry(self):
        self.control.configure(token_lifetime=1)
        token = self.api.log_in().json
        self.assertLessEqual(token['expires_in'], time.time() + 1)
        self.control.configure(clock_skew=2)
        self.assert_refused(self.api.invoice(), 401, 'NO_CREDENDIALS')

    def test_clock_skew_shows_in_date_and_expiry(self):
        self.control.configure(clock_skew=-7200)
        answer = self.api.log_in()
        date = datetime.strptime(answer.headers['Date'], '%a, %d %b %Y %H:%M:%S GMT')
        late = datetime.now(timezone.utc).replace(tzinfo=None) - date
        self.assertAlmostEqual(late.total_seconds(), 7200, delta=5)
        self.assertAlmostEqual(answer.json['expires_in'], time.time() - 7200 + 86400, delta=5)
