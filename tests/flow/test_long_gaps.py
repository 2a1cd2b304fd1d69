"""A long time without a comparison is made good in steps, by the scheduled action."""

from datetime import timedelta
from itertools import pairwise

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import LIST, ReconciliationCase


@tagged('post_install', '-at_install')
class TestLongGaps(ReconciliationCase):

    def setUp(self):
        super().setUp()
        self.start = fields.Datetime.now()
        self.assertEqual(self._reconcile_daily().state, 'done')

    def _on_day(self, number):
        return freeze_time(self.start + timedelta(days=number))

    def test_gap_is_compared_in_steps(self):
        intents = [self._create_intent(self._create_invoice(1000)) for _number in range(3)]
        payments = []
        for intent, day in zip(intents, (5, 45, 88), strict=True):
            with self._on_day(day):
                payments.append(self._pay(intent)['payment_id'])
        with self._on_day(90):
            steps = self._reconcile_daily().sorted('id')
            now = fields.Datetime.now()
        self.assertEqual(len(steps), 3)
        self.assertEqual(set(steps.mapped('state')), {'done'})
        for step in steps:
            self.assertLessEqual(step.date_to - step.date_from, const.RECONCILIATION_MAX_PERIOD)
        for earlier, later in pairwise(steps):
            self.assertEqual(later.date_from, earlier.date_to - const.RECONCILIATION_OVERLAP)
        self.assertLessEqual(steps[0].date_from, self.start)
        self.assertGreaterEqual(steps[-1].date_to, now)
        self.assertEqual(sum(steps.mapped('recovered_count')), 3)
        for intent, payment_id in zip(intents, payments, strict=True):
            self.assertPaidOnce(intent.invoice_ids, payment_id)

    def test_step_without_answer_is_where_the_next_day_begins(self):
        with self._on_day(90):
            self.qpay.inject(LIST, 'system_busy')
            failed = self._reconcile_daily()
            self.assertEqual((len(failed), failed.state), (1, 'failed'))
        with self._on_day(91):
            steps = self._reconcile_daily().sorted('id')
        self.assertEqual(steps[0].date_from, failed.date_from)
        self.assertEqual(set(steps.mapped('state')), {'done'})

    def test_usual_day_takes_one_step(self):
        with self._on_day(1):
            self.assertEqual(len(self._reconcile_daily()), 1)
