"""Lists and batches in which something goes wrong, or which meet other processes."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase

CHECK = 'POST /v2/payment/check'


@tagged('post_install', '-at_install')
class TestListsMeet(InterleavingCase):

    def _break_for(self, model, method, is_bad):
        """Let a method of a model fail for some of what it is called with."""
        original = getattr(self.registry[model], method)

        def _method(records, *args, **kwargs):
            if is_bad(records, *args):
                raise ValueError('broken')
            return original(records, *args, **kwargs)

        return patch.object(self.registry[model], method, _method)

    # === RECONCILIATION === #

    def test_payment_that_a_list_and_a_check_record_at_once_is_booked_once(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        payments = intent._fetch_new_payments()
        invoice_id = intent.qpay_invoice_id
        intent.qpay_invoice_id = False
        self.own.cr.commit()

        def _reconcile():
            # By the list, it is nobody's.
            with self._rival() as env, patch.object(
                self.registry['qpay.reconciliation'], '_find_intents', lambda *_args: {},
            ):
                self.assertEqual(self._reconcile(env).unknown_count, 1)

        with (
            self.assertNoLogs('odoo.sql_db', level='ERROR'),
            self._meanwhile('qpay.payment', '_get_discrepancy', _reconcile),
        ):
            intent._record(payments)
        self.assertFalse(intent.payment_ids)

        intent.qpay_invoice_id = invoice_id
        intent._sync_payments()
        self.assertBookedOnce(payment_id)
        self.assertEqual((intent.state, len(intent.payment_ids)), ('paid', 1))

    def test_payment_that_cannot_be_taken_in_holds_up_no_other(self):
        bad, good = self._create_qr(), self._create_qr()
        payments = [self._pay(intent) for intent in (bad, good)]
        with (
            self._break_for('qpay.intent', '_record', lambda intent, _payments: intent == bad),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            result = self._reconcile(self.system)
        self.assertEqual(result.state, 'failed')
        self.assertBookedOnce(payments[1])
        result.action_run()
        self.assertEqual(result.state, 'done')
        self.assertBookedOnce(*payments)

    def test_refund_that_cannot_be_noticed_holds_up_no_payment(self):
        refunded, missed = self._create_qr(1000), self._create_qr()
        payment_id = self._pay(refunded, method='CARD')
        refunded._sync_payments()
        self.qpay.refund_in_portal(payment_id)
        missed_id = self._pay(missed)
        with (
            self._break_for('qpay.payment', '_apply_refund', lambda row: True),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            result = self._reconcile(self.system)
        self.assertEqual((result.state, result.recovered_count), ('done', 1))
        self.assertBookedOnce(payment_id, missed_id)
        row = refunded.payment_ids
        self.assertEqual(row.state, 'needs_attention')
        self.assertEqual(row.reason, 'refund_not_booked')
        self.assertEqual(len(row.activity_ids), 1)
        result.action_run()
        self.assertTrue(row.is_refund_noticed)

    # === CALLBACKS === #

    def _announce(self, count):
        """Return QRs that are paid and of which QPay has told."""
        intents = [self._create_qr(1000 + number) for number in range(count)]
        self.payment_ids = [self._pay(intent) for intent in intents]
        self.callbacks = self.system['qpay.callback'].union(*(
            self._call_back(intent, payment_id)
            for intent, payment_id in zip(intents, self.payment_ids, strict=True)
        ))
        self.qpay.reset_calls()
        return intents

    def test_callback_that_cannot_be_processed_holds_up_no_other(self):
        bad, *_others = self._announce(3)
        with (
            self._break_for('qpay.intent', '_record', lambda intent, _payments: intent == bad),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            self.system['qpay.callback']._cron_process()
        self.assertBookedOnce(*self.payment_ids[1:])
        waiting = self.callbacks.filtered(lambda callback: callback.state == 'received')
        self.assertEqual(waiting.intent_id, bad)
        self.assertEqual(waiting.reason, 'unexpected')

        waiting.next_attempt_at = '2026-01-01 00:00:00'
        self.system['qpay.callback']._cron_process()
        self.assertBookedOnce(*self.payment_ids)

    def test_qpay_that_does_not_answer_is_asked_once_in_a_run(self):
        self._announce(3)
        self.qpay.inject(CHECK, 'drop', times=99)
        self.system['qpay.callback']._cron_process()
        self.assertEqual(self.qpay.calls()[CHECK], 1)
        self.assertEqual(set(self.callbacks.mapped('state')), {'received'})
        self.assertTrue(all(self.callbacks.mapped('message')))

        self.qpay.clear_faults()
        self.callbacks.next_attempt_at = '2026-01-01 00:00:00'
        self.system['qpay.callback']._cron_process()
        self.assertBookedOnce(*self.payment_ids)

    def test_run_ends_when_its_time_is_over(self):
        self._announce(4)
        with (
            patch('odoo.addons.payment_qpay.const.QUESTIONS_AT_ONCE', 1),
            patch.object(self.registry['ir.cron'], '_commit_progress', return_value=0),
        ):
            self.system['qpay.callback']._cron_process()
        # The one that was under way by then is asked about to its end.
        asked = self.qpay.calls()[CHECK]
        self.assertIn(asked, (1, 2))
        self.assertBookedOnce(*self.payment_ids[:asked])
        self.assertEqual(
            self.callbacks.sorted('id').mapped('attempts'), [1] * asked + [0] * (4 - asked)
        )

    # === LEFT OVER === #

    @mute_logger('odoo.addons.payment_qpay.locking')
    def test_left_over_payment_that_cannot_be_booked_holds_up_no_other(self):
        bad, good = (self._record_paid(self._create_qr()) for _number in range(2))
        self.own.cr.execute("UPDATE qpay_payment SET create_date = '2026-01-01'")
        self.own.cr.commit()
        is_bad = lambda payments, *_values: bad in payments  # noqa: E731
        with (
            self._break_for('qpay.payment', '_settle', is_bad),
            self._break_for('qpay.payment', '_flag_for_review', is_bad),
        ):
            self.system['qpay.payment']._cron_settle_pending()
        self.assertBookedOnce(good.qpay_txn_id)
        self.system['qpay.payment']._cron_settle_pending()
        self.assertBookedOnce(good.qpay_txn_id, bad.qpay_txn_id)
