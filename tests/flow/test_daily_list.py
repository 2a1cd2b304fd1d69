"""QPay's list of a day: what is asked, by whom, and what is kept of it."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import LIST, ReconciliationCase


@tagged('post_install', '-at_install')
class TestDailyList(ReconciliationCase):

    def test_window_overlaps_the_last_run(self):
        first = self._reconcile_daily()
        self.assertEqual(len(first), 1)
        self.assertTrue(first.is_scheduled)
        self.assertEqual(first.provider_id, self.provider)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            second = self._reconcile_daily()
            self.assertEqual(second.date_from, first.date_to - const.RECONCILIATION_OVERLAP)
            self.assertGreaterEqual(second.date_to, fields.Datetime.now())

    def test_day_without_answer_is_made_good_by_the_next_one(self):
        self.assertEqual(self._reconcile_daily().state, 'done')
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        start = fields.Datetime.now()
        with freeze_time(start + timedelta(hours=1)):
            payment = self._pay(intent)
        for day in range(1, 6):
            with freeze_time(start + timedelta(days=day)), self._qpay_down():
                failed = self._reconcile_daily()
                self.assertEqual(failed.state, 'failed')
                self.assertIn('cannot be reached', failed.state_message)
        # What a person compares in between does not hide the gap.
        with freeze_time(start + timedelta(days=5, hours=1)):
            now = fields.Datetime.now()
            self._reconcile(date_from=now - timedelta(hours=1), date_to=now)
        self.assertEqual(invoice.amount_residual, 15000)
        with freeze_time(start + timedelta(days=6)):
            result = self._reconcile_daily()
        self.assertEqual((result.state, result.recovered_count), ('done', 1))
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_budget_of_calls(self):
        intents = [self._create_intent(self._create_invoice(1000 + n)) for n in range(12)]
        for intent in intents[:8]:
            self._pay(intent)
        for intent in intents[8:10]:
            self._pay_and_settle(intent)
        self.qpay.reset_calls()
        result = self._reconcile_daily()
        self.assertEqual((result.recovered_count, result.matched_count), (8, 2))
        self.assertEqual(self.qpay.calls(), {LIST: 1}, 'however many payments there are')
        self._reconcile_daily()
        self.assertEqual(self.qpay.calls(), {LIST: 2})

    @mute_logger('odoo.addons.payment_qpay.models.qpay_reconciliation')
    def test_provider_that_cannot_be_reconciled_holds_up_no_other(self):
        faulty = self.provider.copy({
            'name': "QPay 2", 'company_id': self.company.id,
            'sequence': self.provider.sequence - 1,
        })
        faulty.write({
            'state': 'test',
            'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': 'wrong',
            'qpay_invoice_code': 'OTHER_INVOICE',
            'qpay_base_url_sandbox': self.simulator.url,
        })
        invoice = self._create_invoice(15000)
        intent = self.env['qpay.intent'].sudo()._request(
            invoice, 15000, self.provider, self.customer
        )
        payment = self._pay(intent)
        results = self._reconcile_daily()
        states = {result.provider_id: result.state for result in results}
        self.assertEqual(states, {faulty: 'failed', self.provider: 'done'})
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_disabled_provider_is_not_asked(self):
        self.provider.state = 'disabled'
        self.assertFalse(self._reconcile_daily())
        self.assertEqual(self.qpay.calls(), {})

    def test_what_is_written_down_is_in_the_companys_language(self):
        self.env['res.lang'].sudo()._activate_lang('mn_MN')
        self.company.partner_id.lang = 'mn_MN'
        payment = self._pay_nobody()
        self._reconcile_daily()
        row = self._row(payment)
        self.assertRegex(self._note(row), '[а-яө]{4}')
        # Why a row waits, each reader reads in their own language.
        self.assertIn('whose it is', row.state_message)
        self.assertRegex(row.with_context(lang='mn_MN').state_message, '[а-яө]{4}')


@tagged('post_install', '-at_install')
class TestButton(ReconciliationCase):

    def _make(self, **values):
        return self.env['qpay.reconciliation'].with_user(self.accountant).create(values)

    def test_accountant_compares_a_chosen_period(self):
        intent = self._create_intent(self._create_invoice(15000))
        with freeze_time('2026-11-10 03:00:00'):
            self._pay(intent)
        outside = self._create_intent(self._create_invoice(300))
        self._pay(outside)
        self.qpay.reset_calls()
        result = self._make(date_from='2026-11-10 00:00:00', date_to='2026-11-11 00:00:00')
        self.assertEqual(result.provider_id.id, self.provider.id)
        result.action_run()
        self.assertEqual(
            (result.state, result.recovered_count, result.qpay_total, result.ledger_total),
            ('done', 1, 15000, 15000),
        )
        self.assertFalse(self._ledger(outside))
        [body] = self._lists()
        self.assertEqual(
            (body['start_date'], body['end_date'], body['object_id']),
            ('2026-11-10 08:00:00', '2026-11-11 08:00:00', 'TEST_INVOICE'),
        )

    def test_period_must_make_sense(self):
        for start, end in (
            ('2026-11-10 00:00:00', '2026-11-10 00:00:00'),
            ('2026-11-10 00:00:00', '2026-11-09 00:00:00'),
            ('2026-10-01 00:00:00', '2026-11-10 00:00:00'),
        ):
            with self.subTest(start=start), self.assertRaisesRegex(UserError, 'period'):
                self._make(date_from=start, date_to=end).action_run()
        self.assertEqual(self.qpay.calls(), {})

    def test_failure_is_shown_and_can_be_run_again(self):
        intent = self._create_intent(self._create_invoice(15000))
        self._pay(intent)
        result = self._make()
        self.qpay.inject(LIST, 'system_busy')
        result.action_run()
        self.assertEqual(result.state, 'failed')
        self.assertIn('did not answer properly', result.state_message)
        result.action_run()
        self.assertEqual((result.state, result.recovered_count), ('done', 1))
        self.assertFalse(result.state_message)

    def test_auditor_may_not_run_it(self):
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        result = self._make()
        with self.assertRaises(AccessError):
            result.with_user(auditor).action_run()

    def test_result_shows_everything_at_once(self):
        known = self._create_intent(self._create_invoice(100))
        self._pay_and_settle(known)
        self._pay(self._create_intent(self._create_invoice(20)))
        self._pay_nobody(amount=4000)
        refunded = self._create_intent(self._create_invoice(1000))
        payment = self._pay_and_settle(refunded, method='CARD')
        self.qpay.refund_in_portal(payment['payment_id'])
        result = self._reconcile()
        self.assertEqual(
            (result.matched_count, result.recovered_count, result.unknown_count,
             result.refunded_count),
            (1, 1, 1, 1),
        )
        self.assertEqual((result.qpay_total, result.ledger_total), (4120, 1120))
        self._ledger(refunded).action_book_refund()
        result = self._reconcile()
        self.assertEqual((result.qpay_total, result.ledger_total), (4120, 120))
