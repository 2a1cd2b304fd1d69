"""PostgreSQL has an index for whatever is asked while people and QPay wait, or again and again."""

from collections import Counter

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.bench.plans import explaining
from odoo.addons.payment_qpay.tests.flow.test_batch import BatchCase

_ACTIONS = {
    'qpay.callback': '_cron_process',
    'qpay.payment': '_cron_settle_pending',
    'qpay.intent': '_cron_recheck',
    'qpay.health': '_cron_watch',
}


@tagged('post_install', '-at_install')
class TestPlans(BatchCase):

    def setUp(self):
        super().setUp()
        self.counted, self.scans = Counter(), {}
        # Tables are small here: without this, PostgreSQL reads all of them.
        self.env.cr.execute('SET LOCAL enable_seqscan = off')

    def assert_no_scan(self, act, *arguments):
        with explaining(self.env.cr, self.counted, self.scans, 'test'):
            act(*arguments)
            self.env.flush_all()
        self.env.cr.execute('SHOW enable_seqscan')
        self.assertEqual(self.env.cr.fetchone(), ('off',))
        self.assertTrue(self.counted['test'])
        self.assertFalse(self.scans)

    def test_creation_of_a_qr(self):
        self.assert_no_scan(self._create_intents, 1)

    def test_call_and_settlement(self):
        intent = self._create_intents(1)
        payment_id = self._pay(intent)['payment_id']
        self.assert_no_scan(self._call_back, intent, payment_id)
        self.assert_no_scan(self._process_callbacks)
        self.assert_paid(intent)

    def test_poll_and_sync(self):
        intent = self._create_intents(1)
        self.assert_no_scan(intent._get_news, '')
        self._pay(intent)
        self.assert_no_scan(intent._sync_payments)
        self.assert_paid(intent)

    def test_what_scheduled_actions_look_for(self):
        intent = self._create_intents(1)
        self._pay(intent)
        intent._sync_payments()
        for model, method in _ACTIONS.items():
            with self.subTest(action=method):
                self.assert_no_scan(getattr(self.env[model].sudo(), method))

    def test_scan_is_noticed(self):
        self._create_intents(1)
        rows = self.env['qpay.payment'].sudo()
        with explaining(self.env.cr, self.counted, self.scans, 'test'):
            rows.search_count([('wallet', '=', 'Khan bank')])
        self.assertEqual([table for _way, table, _place in self.scans], ['qpay_payment'])
