"""A comparison tells what QPay has beside what is in the books, and whether they differ."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import LIST, ReconciliationCase

TOTALS = (
    'qpay_total', 'ledger_total', 'found_total', 'waiting_total', 'refunded_total', 'difference',
    'fee_total', 'net_total',
)


class TruthCase(ReconciliationCase):

    def _totals(self, totals):
        return {name: totals[name] for name in TOTALS if totals[name]}

    def _entries(self, totals, name):
        """Return what a click on a total shows, as an accountant sees it."""
        action = totals.sudo(False).with_user(self.accountant).with_context(
            qpay_total=name
        ).action_view_entries()
        return self.env[action['res_model']].with_user(self.accountant).search(action['domain'])

    def _is_red(self, totals):
        form = etree.fromstring(totals.get_view(view_type='form')['arch'])
        field = form.find('.//field[@name="difference"]')
        return bool(safe_eval(field.get('decoration-danger'), totals.read()[0]))


@tagged('post_install', '-at_install')
class TestDifference(TruthCase):

    def test_what_was_only_recorded_is_not_settled(self):
        self._create_invoice(7000)
        payment = self._pay_nobody()
        result = self._reconcile()
        row = self._row(payment)
        self.assertEqual(self._totals(result), {
            'qpay_total': 7000, 'waiting_total': 7000, 'difference': 7000, 'fee_total': 70,
            'net_total': 6930,
        })
        self.assertTrue(self._is_red(result))
        for name in ('qpay_total', 'waiting_total', 'difference', 'fee_total', 'net_total'):
            self.assertEqual(self._entries(result, name), row, name)
        self.assertFalse(self._entries(result, 'ledger_total'))
        # Whose it is, somebody says.
        self._dialog(row).save().action_assign()
        self.assertEqual(result.difference, 7000, "What was compared stays as it was.")
        again = self._reconcile()
        self.assertEqual(
            (again.ledger_total, again.waiting_total, again.difference), (7000, 0, 0)
        )
        self.assertFalse(self._is_red(again))
        self.assertEqual(self._entries(again, 'ledger_total'), row)

    def test_what_the_comparison_has_settled_itself_is_named(self):
        known = self._create_intent(self._create_invoice(100))
        self._pay_and_settle(known)
        lost = self._create_intent(self._create_invoice(15000))
        self._pay(lost)
        result = self._reconcile()
        self.assertEqual(self._totals(result), {
            'qpay_total': 15100, 'ledger_total': 15100, 'found_total': 15000, 'fee_total': 151,
            'net_total': 14949,
        })
        self.assertEqual(self._entries(result, 'found_total'), self._ledger(lost))
        self.assertEqual(self._reconcile().found_total, 0)

    def test_what_is_in_the_books_and_not_at_qpay_makes_a_difference(self):
        intent = self._create_intent(self._create_invoice(15000))
        self._pay_and_settle(intent)
        with patch.object(type(self.env['qpay.reconciliation']), '_list_payments', lambda *a: []):
            result = self._reconcile()
        self.assertEqual(self._totals(result), {'ledger_total': 15000, 'difference': -15000})
        self.assertTrue(self._is_red(result))
        self.assertEqual(self._entries(result, 'difference'), self._ledger(intent))

    def test_refund_that_the_books_lack_makes_a_difference(self):
        intent = self._create_intent(self._create_invoice(1000))
        payment = self._pay_and_settle(intent, method='CARD')
        row = self._ledger(intent)
        self.qpay.refund_in_portal(payment['payment_id'])
        result = self._reconcile()
        self.assertEqual(self._totals(result), {
            'ledger_total': 1000, 'refunded_total': 1000, 'difference': -1000,
        })
        self.assertEqual(self._entries(result, 'difference'), row)
        row.action_book_refund()
        result = self._reconcile()
        self.assertEqual(self._totals(result), {'refunded_total': 1000})
        self.assertEqual(self._entries(result, 'refunded_total'), row)

    def test_payment_that_is_cancelled_in_the_books_waits(self):
        intent = self._create_intent(self._create_invoice(1000))
        self._pay_and_settle(intent)
        payment = self._ledger(intent).account_payment_id.with_context(qpay_keep=False)
        self.env.flush_all()
        # Whatever has happened to it, past all refusals.
        self.cr.execute("UPDATE account_payment SET state = 'canceled' WHERE id = %s", payment.ids)
        self.env.invalidate_all()
        result = self._reconcile()
        self.assertEqual(
            (result.ledger_total, result.waiting_total, result.difference), (0, 1000, 1000)
        )

    def test_what_is_paid_while_qpay_is_asked_makes_no_difference(self):
        reconciliations = type(self.env['qpay.reconciliation'])
        ask = reconciliations._list_payments
        intent = self._create_intent(self._create_invoice(1000))

        def pay_afterwards(records, *period):
            payments = ask(records, *period)
            self._pay_and_settle(intent)
            return payments

        with patch.object(reconciliations, '_list_payments', pay_afterwards):
            result = self._reconcile()
        self.assertEqual(self._ledger(intent).state, 'settled')
        self.assertEqual(self._totals(result), {})
        self.assertEqual(self._reconcile().ledger_total, 1000)

    def test_sums_are_exact(self):
        intent = self._create_intent(self._create_invoice(1000))
        for _number in range(3):
            self._pay(intent, amount=0.1)
        self._pay(intent, amount=0.7)
        result = self._reconcile()
        self.assertEqual((result.qpay_total, result.ledger_total, result.difference), (1, 1, 0))
        self.assertFalse(result.has_difference)

    def test_failed_comparison_tells_what_it_has_seen(self):
        self._pay_nobody()
        ledger = type(self.env['qpay.payment'])
        with patch.object(ledger, '_record_unknown', lambda *a: None):
            result = self._reconcile()
        self.assertEqual(result.state, 'failed')
        self.assertEqual((result.qpay_total, result.difference), (7000, 7000))
        result.action_run()
        self.assertEqual(len(result.day_ids), 1)
        self.assertEqual((result.state, result.waiting_total), ('done', 7000))

    def test_what_is_not_ours_makes_no_difference(self):
        payment = self._pay_nobody()
        self._reconcile()
        self._row(payment).with_user(self.accountant).action_set_not_ours()
        self.assertEqual(self._totals(self._reconcile()), {})

    def test_unknown_total_is_refused(self):
        result = self._reconcile()
        for name in ('provider_id', 'nothing', None):
            with self.subTest(name=name), self.assertRaises(UserError):
                self._entries(result, name)


@tagged('post_install', '-at_install')
class TestDays(TruthCase):

    def test_each_day_by_itself(self):
        first, second = (self._create_intent(self._create_invoice(n)) for n in (1000, 2000))
        with freeze_time('2026-11-10 15:59:00'):
            self._pay(first)
        # A minute later it is the next day in Ulaanbaatar, and the same in Greenwich.
        with freeze_time('2026-11-10 16:00:00'):
            self._pay(second)
            self._pay_nobody()
        result = self._reconcile(date_from='2026-11-10 00:00:00', date_to='2026-11-12 00:00:00')
        self.assertEqual(
            [(str(day.date), day.qpay_total, day.ledger_total, day.waiting_total, day.difference)
             for day in result.day_ids.sorted('date')],
            [('2026-11-10', 1000, 1000, 0, 0), ('2026-11-11', 9000, 2000, 7000, 7000)],
        )
        self.assertEqual(
            [day.net_total for day in result.day_ids.sorted('date')], [990, 8910]
        )
        late = result.day_ids.sorted('date')[1]
        self.assertEqual(self._entries(late, 'ledger_total'), self._ledger(second))
        self.assertEqual((result.qpay_total, result.difference), (10000, 7000))


@tagged('post_install', '-at_install')
class TestPeriod(TruthCase):

    def test_period_is_never_in_the_future(self):
        now = fields.Datetime.now()
        default = self.env['qpay.reconciliation'].sudo().create({'provider_id': self.provider.id})
        self.assertLessEqual(default.date_to, fields.Datetime.now())
        chosen = self._reconcile(date_to=now + timedelta(days=2))
        self.assertLessEqual(chosen.date_to, fields.Datetime.now())
        self.assertLessEqual(self._reconcile_daily().date_to, fields.Datetime.now())

    def test_clock_of_qpays_that_is_ahead_hides_nothing(self):
        intent = self._create_intent(self._create_invoice(1000))
        self.qpay.configure(clock_skew=const.MAX_CLOCK_SKEW.total_seconds() - 30)
        self._pay(intent)
        result = self._reconcile_daily()
        self.assertEqual((result.recovered_count, result.qpay_total), (1, 1000))
        self.assertEqual(result.ledger_total, 1000)

    def test_period_of_the_past_ends_when_it_ends(self):
        now = fields.Datetime.now()
        intent = self._create_intent(self._create_invoice(1000))
        with freeze_time(now - timedelta(hours=2)):
            self._pay(intent)
        result = self._reconcile(
            date_from=now - timedelta(hours=5), date_to=now - timedelta(hours=2, seconds=1)
        )
        self.assertEqual((result.recovered_count, result.qpay_total), (0, 0))

    def test_no_moment_lies_between_two_comparisons(self):
        start = fields.Datetime.now()
        ends = []
        for hours in (0, 24, 48, 24 * 40):
            with freeze_time(start + timedelta(hours=hours)):
                for result in self._reconcile_daily().sorted('id'):
                    self.assertTrue(not ends or result.date_from < ends[-1])
                    ends.append(result.date_to)
        # The long gap took two of them, and no day one that follows itself.
        self.assertEqual(len(ends), 5)
        self.assertEqual(ends[-1], start + timedelta(days=40))

    def test_run_that_takes_long_is_followed_by_none(self):
        reconciliations = type(self.env['qpay.reconciliation'])
        ask = reconciliations._list_payments
        with freeze_time(fields.Datetime.now()) as clock:
            def take_long(records, *period):
                clock.tick(timedelta(minutes=20))
                return ask(records, *period)

            with patch.object(reconciliations, '_list_payments', take_long):
                results = self._reconcile_daily()
        self.assertEqual(len(results), 1)
        self.assertEqual(self._calls(LIST), 1)
