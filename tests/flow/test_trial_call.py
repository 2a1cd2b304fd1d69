"""Whether the connection test sees that calls to the public address arrive, and what it says."""

from datetime import timedelta
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.models import qpay_trial_call
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.public_address import PUBLIC_URL, PublicAddress
from odoo.addons.payment_qpay.tests.cases.simulator_case import Shop
from odoo.addons.payment_qpay.tests.cases.wire_case import (
    real_requests,
    untrusted_https_server,
    unused_url,
)


@tagged('post_install', '-at_install')
class TestTrialCall(PublicAddress, QPayCommon):

    def setUp(self):
        super().setUp()
        self.provider.qpay_callback_url = PUBLIC_URL
        self.calls = self.env['qpay.trial.call'].sudo()

    def _find_problem(self):
        self.env.invalidate_all()
        return self.provider._qpay_find_problem_of_calls()

    def test_call_that_arrives(self):
        self.assertIsNone(self._find_problem())
        self.assertEqual(self.calls.search([]).mapped('has_arrived'), [True])
        # It is nothing that QPay is asked about.
        self.assertFalse(self.env['qpay.callback'].sudo().search([]))

    def test_whatever_answers_in_its_place(self):
        for status, sentence in (
            (200, 'not this database'), (404, 'not this database'), (405, 'not this database'),
            (301, 'redirects to another'), (308, 'redirects to another'), (401, 'denies access'),
            (403, 'denies access'), (500, 'reverse proxy'), (502, 'reverse proxy'),
        ):
            with self.subTest(status=status), Shop(answers=[(status, b'SUCCESS')]) as shop:
                self.public_target = shop.url
                self.assertIn(sentence, self._find_problem())
                self.assertIn(PUBLIC_URL, self._find_problem())
        self.assertNotIn(True, self.calls.search([]).mapped('has_arrived'))

    def test_redirection_is_not_followed(self):
        """Nobody leads this server to an address of its own network."""
        with Shop() as inner, Shop([(302, b'', ('Location', inner.url))]) as outer:
            self.public_target = outer.url
            self.assertIn('redirects to another', self._find_problem())
        self.assertFalse(inner.requests)

    def test_address_that_is_not_public_is_not_called(self):
        with Shop() as shop:
            for url in (shop.url, shop.url.replace('http', 'https')):
                self.provider.qpay_callback_url = url
                self.assertIn('not public', self._find_problem())
        self.assertFalse(shop.requests)
        self.assertFalse(self.calls.search([]))

    def test_nobody_listens(self):
        self.public_target = unused_url()
        self.assertIn('Could not connect', self._find_problem())

    def test_no_answer_comes(self):
        with Shop(delay=1) as shop, patch.object(const, 'TRIAL_CALL_TIMEOUT', 0.1):
            self.public_target = shop.url
            self.assertIn('no answer within 0.1 seconds', self._find_problem())

    def test_certificate_that_nobody_trusts(self):
        with TemporaryDirectory() as folder, untrusted_https_server(folder) as (url, read):
            with real_requests():
                self.assertEqual(qpay_trial_call._call(url), 'certificate')
            self.assertFalse(read)

    def test_answer_that_is_lost_on_its_way_back(self):
        self.public_status = 502
        self.assertIn('did not come back', self._find_problem())

    def test_call_that_somebody_makes_up(self):
        self._find_problem()
        for token in ('trial-', 'trial-x', 'trial-\udcff', 'trial', f'trial-{"x" * 5000}'):
            with self.subTest(token=token):
                self.assertFalse(self.calls._receive(token))
        self.assertEqual(self.url_open('/payment/qpay/callback/trial-x').status_code, 404)

    def test_calls_are_deleted_in_time(self):
        self._find_problem()
        self.calls._gc_made()
        self.assertTrue(self.calls.search([]))
        self._age(self.calls.search([]), timedelta(days=1, minutes=1))
        self.calls._gc_made()
        self.assertFalse(self.calls.search([]))
