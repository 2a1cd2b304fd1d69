"""While QPay is down, scheduled actions do not ask it once for each QR."""

import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase
from odoo.addons.payment_qpay.tests.flow.test_batch import BatchCase

LIST = 'POST /v2/payment/list'
LOGIN = 'POST /v2/auth/token'
COUNT = 6
# How QPay is down, and how often a scheduled action may ask all the same.
FAULTS = (
    ({'fault': 'drop'}, 1),
    ({'fault': 'status', 'status': 503}, 3),
    ({'fault': 'system_busy'}, 3),
    ({'fault': 'garbage'}, 3),
)


class DownCase(BatchCase):

    @contextmanager
    def _down(self, options, at_most):
        """Let QPay be down for a while, in which it may be called so often."""
        self.qpay.inject('*', times=None, **options)
        self.qpay.reset_calls()
        try:
            yield
        finally:
            self.qpay.clear_faults()
        calls = sum(self.qpay.calls().values())
        self.assertTrue(0 < calls <= at_most, self.qpay.calls())

    def _pay_by_card(self, count):
        """Return QRs that were paid by card on different days of the last weeks."""
        intents = self._create_intents(count)
        now = fields.Datetime.now()
        for day, intent in enumerate(intents, 3):
            with freeze_time(now - timedelta(days=day)):
                self._pay(intent, method='CARD')
            intent._sync_payments()
        return intents

    def _make_due(self, callbacks):
        callbacks.next_attempt_at = fields.Datetime.now() - timedelta(seconds=1)


@tagged('post_install', '-at_install')
class TestQPayDown(DownCase):

    def test_callbacks(self):
        for options, at_most in FAULTS:
            with self.subTest(**options):
                intents = self._create_intents(COUNT)
                self._announce(intents)
                with self._down(options, at_most):
                    self._process_callbacks()
                callbacks = intents.callback_ids
                self.assertEqual(set(callbacks.mapped('state')), {'received'})
                self.assertTrue(all(callbacks.mapped('message')))
                self._make_due(callbacks)
                self._process_callbacks()
                self.assert_paid(intents)

    def test_more_callbacks_than_are_processed_together(self):
        intents = self._create_intents(5)
        self._announce(intents)
        with (
            patch('odoo.addons.payment_qpay.const.QUESTIONS_AT_ONCE', 1),
            self._down({'fault': 'drop'}, 1),
        ):
            self._process_callbacks()
        self.assertEqual(set(intents.callback_ids.mapped('attempts')), {1})

    def test_one_answer_that_is_lost_holds_up_one_callback(self):
        intents = self._create_intents(3)
        self._announce(intents)
        self.qpay.inject('POST /v2/payment/check', 'status', status=500)
        self._process_callbacks()
        self.assertEqual(sorted(intents.mapped('state')), ['new', 'paid', 'paid'])

    def test_ends_of_qrs(self):
        for options, at_most in FAULTS:
            with self.subTest(**options):
                intents = self._create_intents(COUNT)
                intents.expires_at = fields.Datetime.now() - timedelta(seconds=1)
                with self._down(options, at_most):
                    self._recheck(*intents)
                self._recheck(*intents)
                self.assertEqual(set(intents.mapped('state')), {'cancelled'})
                self.assertFalse(any(intents.mapped('recheck_at')))

    def test_comparison(self):
        # Each is looked up by itself, to see whether it was refunded.
        self._pay_by_card(COUNT)
        for options, _at_most in FAULTS:
            with self.subTest(**options), self._down(options, 1):
                result = self._reconcile_daily()
            self.assertEqual(set(result.mapped('state')), {'failed'})
        self.qpay.reset_calls()
        self.assertEqual(set(self._reconcile_daily().mapped('state')), {'done'})
        self.assertEqual(self._calls(LIST), COUNT + 1)


@tagged('post_install', '-at_install')
class TestVatReceiptsWhileQPayIsDown(EbarimtCase, DownCase):

    def _pay_all(self):
        """Return the receipts of as many payments, still to be issued."""
        return self.env['qpay.ebarimt'].sudo().union(
            *(self._pay_invoice().ebarimt_ids for _number in range(COUNT))
        )

    def _make_receipts_due(self, receipts):
        receipts.next_attempt_at = fields.Datetime.now() - timedelta(seconds=1)

    def test_receipts(self):
        for options, at_most in FAULTS:
            with self.subTest(**options):
                receipts = self._pay_all()
                # Each that was sent may have been issued: it is looked up, else a person finds out.
                with self._down(options, 2 * at_most):
                    self._issue()
                asked = receipts.filtered(lambda receipt: receipt.state == 'unknown')
                self.assertLessEqual(len(asked), at_most)
                self.assertEqual(set((receipts - asked).mapped('state')), {'to_issue'})
                self._make_receipts_due(receipts - asked)
                self._issue()
                self.assertEqual(set((receipts - asked).mapped('state')), {'issued'})

    def test_cancellations(self):
        for options, at_most in FAULTS:
            with self.subTest(**options):
                receipts = self._pay_all()
                self._issue()
                receipts._request_cancellation()
                with self._down(options, at_most):
                    self._issue()
                self.assertEqual(set(receipts.mapped('state')), {'issued'})
                receipts.next_attempt_at = False
                self._issue()
                self.assertEqual(set(receipts.mapped('state')), {'cancelled'})

    @contextmanager
    def _noting(self, states):
        """Note the states that VAT receipts come to."""
        model = self.env.registry['qpay.ebarimt']
        original = model.write

        def write(records, vals):
            states.add(vals.get('state'))
            return original(records, vals)

        with patch.object(model, 'write', write):
            yield

    def test_receipt_is_not_being_issued_before_the_login(self):
        """Nobody is asked whether a receipt was issued for which QPay did not even log in."""
        for options, at_most in FAULTS:
            with self.subTest(**options):
                receipts = self._pay_all()
                self.env['qpay.token'].sudo().search([]).unlink()
                states = set()
                self.qpay.inject(LOGIN, times=None, **options)
                self.qpay.reset_calls()
                with self._noting(states):
                    self._issue()
                self.qpay.clear_faults()
                self.assertNotIn('sending', states)
                self.assertEqual(set(self.qpay.calls()), {LOGIN})
                self.assertLessEqual(self._calls(LOGIN), at_most)
                self.assertEqual(set(receipts.mapped('state')), {'to_issue'})
                self.assertFalse(receipts.activity_ids)
                self._make_receipts_due(receipts)
                self._issue()
                self.assertEqual(set(receipts.mapped('state')), {'issued'})

    def test_refused_login_is_told(self):
        receipt = self._pay_invoice().ebarimt_ids
        self.env['qpay.token'].sudo().search([]).unlink()
        self.qpay.inject(
            LOGIN, 'status', status=401, body='{"error": "NO_CREDENDIALS"}',
            content_type='application/json',
        )
        self._issue()
        self.assertEqual((receipt.state, len(receipt.activity_ids)), ('failed', 1))


@tagged('post_install', '-at_install')
class TestTimeOfScheduledActions(DownCase):
    """None runs longer than Odoo allows, and what is left is done in the next run."""

    @contextmanager
    def _time_left(self, *seconds):
        """Let a scheduled action have so much time left, each time that it asks."""
        left = list(seconds)

        def _commit_progress(_crons, processed=0, *, remaining=None, deactivate=False):
            self.env.cr.commit()
            return left.pop(0) if left else 0

        with patch.object(self.env.registry['ir.cron'], '_commit_progress', _commit_progress):
            yield

    def test_callbacks_of_a_slow_qpay(self):
        intents = self._create_intents(6)
        self._announce(intents)
        self.qpay.reset_calls()
        with (
            patch('odoo.addons.payment_qpay.const.QUESTIONS_AT_ONCE', 1),
            self._time_left(5, 0),
        ):
            self._process_callbacks()
        # The one that was under way when the time was over is asked about to its end.
        paid = intents.filtered(lambda intent: intent.state == 'paid')
        self.assertIn(len(paid), (2, 3, 4))
        self.assertEqual(self._calls('POST /v2/payment/check'), len(paid))
        left = intents.callback_ids.filtered(lambda callback: callback.state == 'received')
        self.assertEqual(left.intent_id, intents - paid)
        self.assertEqual(set(left.mapped('attempts')), {0}, 'they were not tried')
        self._process_callbacks()
        self.assert_paid(intents)

    def test_nothing_is_begun_when_the_time_is_over(self):
        intents = self._create_intents(2)
        self._announce(intents)
        self.qpay.reset_calls()
        over = {'cron_end_time': time.monotonic() - 1}
        for model, action in (
            ('qpay.callback', '_cron_process'),
            ('qpay.intent', '_cron_recheck'),
            ('qpay.reconciliation', '_cron_reconcile'),
            ('qpay.ebarimt', '_cron_process'),
        ):
            intents.recheck_at = fields.Datetime.now() - timedelta(seconds=1)
            getattr(self.env[model].with_user(SUPERUSER_ID).with_context(**over), action)()
        self.assertEqual(self.qpay.calls(), {})
        self._process_callbacks()
        self.assert_paid(intents)

    def test_comparisons_go_on_where_the_last_run_ended(self):
        other = self.provider.copy({'name': 'QPay 2'})
        other.write({
            'state': 'test',
            'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321',
            'qpay_invoice_code': 'OTHER_INVOICE',
            'qpay_base_url_sandbox': self.simulator.url,
        })
        with self._time_left(0):
            first = self._reconcile_daily()
        self.assertEqual(sorted(first.mapped('state')), ['done', 'draft'])
        self._reconcile_daily()
        self.assertEqual(first.mapped('state'), ['done', 'done'])
        self.assertEqual(first.provider_id, self.provider | other)
        self.assertEqual(len(self._reconcile_daily()), 2)

    def test_refunds_are_looked_for_as_long_as_there_is_time(self):
        intents = self._pay_by_card(4)
        for row in intents.payment_ids:
            self.qpay.refund_in_portal(row.qpay_txn_id)
        self.qpay.reset_calls()
        with self._time_left(5, 0):
            self._reconcile_daily()
        self.assertEqual(self._calls(LIST), 3)
        self.assertEqual(intents.payment_ids.mapped('is_refund_noticed').count(True), 2)
        self._reconcile_daily()
        self.assertTrue(all(intents.payment_ids.mapped('is_refund_noticed')))
