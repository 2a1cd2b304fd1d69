"""Does the connection test see that calls arrive: between real processes, over a reverse proxy."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ADMIN
from odoo.addons.payment_qpay.tests.cases.public_address import PUBLIC_URL, ReverseProxy
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase


class TrialCallCase(RealServerCase):

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        cls.proxy = cls.enterClassContext(ReverseProxy.running())
        server = super()._start_server(node, program, {
            'QPAY_CALLBACK_URL': PUBLIC_URL,
            'https_proxy': cls.proxy.url,
            'REQUESTS_CA_BUNDLE': cls.proxy.certificate,
            **(environment or {}),
        })
        cls.proxy.target = server.url
        cls.administrator = server.log_in(ADMIN['login'], ADMIN['password'])
        return server

    def _test_connection(self):
        """Press the button, and return the kind and the sentences of its answer."""
        [provider_id] = self.administrator.call(
            'payment.provider', 'search', [('code', '=', 'qpay'), ('state', '!=', 'disabled')],
            limit=1,
        )
        params = self.administrator.call(
            'payment.provider', 'action_qpay_test_connection', [provider_id]
        )['params']
        return params['type'], params['message']


@tagged('post_install', '-at_install')
class TestTrialCalls(TrialCallCase):

    def test_call_is_answered_by_another_process(self):
        kind, message = self._test_connection()
        self.assertEqual(kind, 'success', message)
        self.assertIn(PUBLIC_URL, message)
        self.assertEqual(self.database.query('SELECT has_arrived FROM qpay_trial_call'), [(True,)])
        self.assertCleanLog()


@tagged('post_install', '-at_install')
class TestTrialCallToOneProcess(TrialCallCase):

    workers = 1

    def test_server_that_is_busy_with_the_very_test_says_so(self):
        kind, message = self._test_connection()
        self.assertEqual(kind, 'warning')
        self.assertIn('QPay accepts the user name, password and invoice code', message)
        self.assertIn('workers', message)
        self.assertCleanLog()
