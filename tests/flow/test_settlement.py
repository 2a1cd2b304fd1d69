"""What arrives is what is booked, exactly once."""

from datetime import date, datetime

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

GET_PAYMENT = 'GET /v2/payment/{id}'


class SettlementCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)

    def _check(self):
        """Let a person check, whenever the last one did."""
        self.intent.last_check_at = False
        self.intent.action_check()

    def _outstanding_credit(self):
        """Return what the customer has paid too much."""
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', self.customer.id),
            ('account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('balance', '<', 0),
        ])
        return -sum(lines.mapped('amount_residual'))


@tagged('post_install', '-at_install')
class TestSettlement(SettlementCase):

    def test_paid_qr_pays_the_invoice(self):
        self.assertEqual(self.intent.state, 'new')
        payment = self._pay_and_settle(self.intent)

        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')
        ledger = self._ledger(self.intent)
        self.assertEqual(ledger.state, 'settled', ledger.state_message)
        self.assertEqual(ledger.amount, 15000)
        self.assertEqual(ledger.fee, 150)
        self.assertEqual(ledger.transaction_id, self.intent.transaction_id)
        self.assertEqual(self.intent.transaction_id.state, 'done')
        self.assertTrue(self.intent.transaction_id.is_post_processed)
        account_payment = ledger.account_payment_id
        self.assertEqual(account_payment.amount, 15000)
        self.assertEqual(account_payment.partner_id, self.customer)
        self.assertEqual(account_payment.journal_id, self.provider.journal_id)
        self.assertIn(self.bill.name, account_payment.memo)
        self.assertIn(payment['payment_id'], account_payment.memo)
        self.assertEqual(account_payment.move_id.state, 'posted')

    def test_ledger_keeps_what_qpay_said(self):
        for method, payment_type, wallet in (
            ('P2P', 'p2p', 'Хаан банк апп'), ('CARD', 'card', 'qPay wallet'),
        ):
            with self.subTest(method=method):
                intent = self._create_intent(self._create_invoice(1234.56))
                payment = self._pay_and_settle(intent, method=method, fee='12.35')
                ledger = self._ledger(intent)
                self.assertEqual((ledger.amount, ledger.fee), (1234.56, 12.35))
                self.assertEqual((ledger.payment_type, ledger.wallet), (payment_type, wallet))
                self.assertEqual(ledger.status, 'paid')
                self.assertEqual(ledger.sudo().raw_data['payment_id'], payment['payment_id'])
                self.assertEqual(ledger.account_payment_id.amount, 1234.56)

    def test_payment_is_dated_as_in_ulaanbaatar(self):
        for moment, day in (
            ('2025-11-01 15:59:59', date(2025, 11, 1)), ('2025-11-01 16:00:01', date(2025, 11, 2)),
            ('2025-11-02 15:59:00', date(2025, 11, 2)), ('2025-12-31 16:30:00', date(2026, 1, 1)),
        ):
            for method in ('P2P', 'CARD'):
                with self.subTest(moment=moment, method=method):
                    intent = self._create_intent(self._create_invoice())
                    with freeze_time(moment):
                        self._pay(intent, method=method)
                    intent.action_check()
                    ledger = self._ledger(intent)
                    self.assertEqual(ledger.paid_at, datetime.fromisoformat(moment))
                    self.assertEqual(ledger.account_payment_id.date, day)

    def test_payment_that_qpay_does_not_date_is_booked_today(self):
        self.qpay.inject(GET_PAYMENT, 'garbage')
        with freeze_time('2025-11-24 17:00:00'):
            payment = self._pay(self.intent)
            self.intent.action_check()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._account_payments(payment['payment_id']).date, date(2025, 11, 25))

    def test_invoice_tells_that_it_was_paid(self):
        before = self.bill.message_ids
        payment = self._pay_and_settle(self.intent)
        bodies = ' '.join((self.bill.message_ids - before).mapped('body'))
        self.assertIn(self._account_payments(payment['payment_id']).move_id.name, bodies)

    def test_what_is_not_paid_in_tugrik_is_not_money(self):
        for options in (
            {'status': 'NEW'}, {'status': 'FAILED'}, {'status': 'PARTIAL'}, {'status': 'REFUNDED'},
            {'currency': 'USD'}, {'currency': 'CNY'},
        ):
            with self.subTest(options=options):
                self._pay_and_settle(self.intent, **options)
                self._check()
                self.assertFalse(self._ledger(self.intent))
                self.assertEqual(self.bill.amount_residual, 15000)
                self.assertEqual(self.intent.state, 'new')
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self._ledger(self.intent)), 1)

    def test_payment_that_was_given_back_before_we_looked_is_not_money(self):
        payment = self._pay(self.intent)
        self.qpay.refund_in_portal(payment['payment_id'])
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assertFalse(self._ledger(self.intent))
        self.assertEqual(self.bill.amount_residual, 15000)

    def test_settling_ten_times_in_every_way_books_once(self):
        payment = self._pay_and_settle(self.intent)
        for _number in range(10):
            self._check()
            self.intent._sync_payments()
            self._ledger(self.intent).action_settle()
            self._recheck(self.intent)
            self._process_callbacks()
            self._check_route(self.intent.id, access_token=self.intent.access_token, now=True)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(len(self._ledger(self.intent)), 1)
        self.assertEqual(len(self._transactions(self.bill)), 1)

    @mute_logger('odoo.sql_db')
    def test_database_refuses_a_second_row_for_a_payment(self):
        self._pay_and_settle(self.intent)
        with self.assertRaises(UniqueViolation):
            self._ledger(self.intent).sudo().copy({'intent_id': self.intent.id})
            self.env.flush_all()


@tagged('post_install', '-at_install')
class TestOtherAmounts(SettlementCase):

    def test_less_than_asked_leaves_the_rest_open(self):
        first = self._pay_and_settle(self.intent, amount=4000)
        self.assertEqual(self._account_payments(first['payment_id']).amount, 4000)
        self.assertEqual((self.bill.amount_residual, self.bill.payment_state), (11000, 'partial'))
        self.assertEqual((self.intent.state, self.intent.amount_paid), ('new', 4000))

    def test_rest_may_arrive_on_the_same_qr(self):
        first = self._pay_and_settle(self.intent, amount=4000)
        second = self._pay_and_settle(self.intent, amount=11000)
        self.assertPaidOnce(self.bill, first['payment_id'], second['payment_id'])
        self.assertEqual((self.intent.state, self.intent.amount_paid), ('paid', 15000))
        self.assertEqual(
            sorted(self._transactions(self.bill).mapped(lambda tx: (tx.amount, tx.state))),
            [(4000, 'done'), (11000, 'done')],
        )

    def test_more_than_asked_stays_as_the_customers_credit(self):
        payment = self._pay_and_settle(self.intent, amount='20000.5')
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 20000.5)
        self.assertEqual(self._outstanding_credit(), 5000.5)
        self.assertEqual((self.intent.state, self.intent.amount_paid), ('paid', 20000.5))

    def test_paying_twice_books_both_and_keeps_the_second_as_credit(self):
        payments = [self._pay(self.intent)['payment_id'] for _number in range(2)]
        self._call_back(self.intent, payments[0])
        self._process_callbacks()
        self.assertPaidOnce(self.bill, *payments)
        self.assertEqual(self._account_payments(*payments).mapped('amount'), [15000, 15000])
        self.assertEqual(self._outstanding_credit(), 15000)

    def test_second_payment_later_is_booked_as_well(self):
        first = self._pay_and_settle(self.intent)
        second = self._pay_and_settle(self.intent, method='CARD')
        self.assertPaidOnce(self.bill, first['payment_id'], second['payment_id'])
        self.assertEqual(self._outstanding_credit(), 15000)

    def test_payment_of_a_cancelled_qr_is_booked(self):
        self.intent.action_cancel()
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(self.intent.state, 'paid')

    def test_payment_of_an_invoice_that_was_paid_otherwise_is_credit(self):
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.bill.ids
        ).create({})._create_payments()
        self.assertEqual(self._outstanding_credit(), 0)
        payment = self._pay_and_settle(self.intent)
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 15000)
        self.assertEqual(self._outstanding_credit(), 15000)

    def test_payment_of_an_invoice_that_was_cancelled_is_credit(self):
        self.bill.button_draft()
        self.bill.button_cancel()
        payment = self._pay_and_settle(self.intent)
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 15000)
        self.assertEqual(self._outstanding_credit(), 15000)
        self.assertEqual(self.bill.state, 'cancel')


@tagged('post_install', '-at_install')
class TestFaultyBooks(SettlementCase):

    def setUp(self):
        super().setUp()
        self._pay_and_settle(self._create_intent(self._create_invoice(100)))

    def test_payment_that_cannot_be_booked_waits_with_a_reason_and_an_activity(self):
        self._take_journals_away()
        payment = self._pay_and_settle(self.intent)
        ledger = self._ledger(self.intent)
        self.assertEqual(ledger.state, 'needs_attention')
        self.assertIn('no payment journal', ledger.state_message)
        self.assertEqual(len(ledger.activity_ids), 1)
        self.assertIn('no payment journal', ledger.activity_ids.note)
        self.assertFalse(self._account_payments(payment['payment_id']))
        self.assertEqual(self.intent.amount_paid, 15000)

    def test_settle_again_works_once_the_cause_is_gone(self):
        journals = self._take_journals_away()
        payment = self._pay_and_settle(self.intent)
        ledger = self._ledger(self.intent)
        _result, message = self._call_kw(ledger, 'action_settle')
        self.assertIsNone(message)
        self.assertEqual(ledger.state, 'needs_attention')
        self.assertEqual(len(ledger.activity_ids), 1, 'one cause is one thing to do')
        journals.active = True
        self._call_kw(ledger, 'action_settle')
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((ledger.state, ledger.state_message), ('settled', False))
        self.assertFalse(ledger.activity_ids, 'nothing is left to do')

    def test_one_payment_that_cannot_be_booked_holds_up_no_other(self):
        other = self._create_intent(self._create_invoice(7000))
        journals = self._take_journals_away()
        self._pay_and_settle(self.intent)
        journals.active = True
        payment = self._pay_and_settle(other)
        self.assertPaidOnce(other._get_document(), payment['payment_id'])
        self.assertEqual(self._ledger(self.intent).state, 'needs_attention')

    def test_process_that_died_between_record_and_booking_is_made_good(self):
        payment = self._pay(self.intent)
        client = self.provider._qpay_client()
        verified = client.get_payment(payment['payment_id'])
        ledger = self.env['qpay.payment'].sudo()._record(self.intent, [verified])
        self._settle_pending()
        self.assertEqual(ledger.state, 'to_settle', 'its process may still be at it')
        self._age(ledger, 2 * const.CALLBACK_LEASE)
        self._settle_pending()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((ledger.state, self.intent.state), ('settled', 'paid'))


@tagged('post_install', '-at_install')
class TestSimulatedPayment(SettlementCase):

    def _simulate(self, login='qpay_admin'):
        return self._call_kw(self.intent, 'action_simulate_payment', login=login)[1]

    def test_administrator_tries_out_the_whole_way(self):
        self.administrator.group_ids = [
            Command.link(self.env.ref('account.group_account_invoice').id)
        ]
        self.assertIsNone(self._simulate())
        self.assertEqual(self.bill.amount_residual, 0)
        self.assertPaidOnce(self.bill, *self._ledger(self.intent).mapped('qpay_txn_id'))
        self.assertEqual(self.intent.state, 'paid')
        self.assertIn('only be simulated', self._simulate())
        self.assertEqual(len(self._ledger(self.intent)), 1)

    def assert_refused(self, **options):
        self.assertIn('only be simulated', self._simulate(**options))
        self.assertFalse(self._ledger(self.intent))
        self.assertEqual(self.bill.amount_residual, 15000)

    def test_accountants_cannot(self):
        self.assertFalse(
            self.intent.sudo(False).with_user(self.accountant).is_simulation_allowed
        )
        self.assert_refused(login='qpay_accountant')

    def test_it_does_not_exist_in_live(self):
        self.provider.state = 'enabled'
        self.assert_refused()

    def test_it_does_not_exist_for_live_qrs(self):
        self.intent.environment = 'live'
        self.assert_refused()

    def test_ended_qrs_cannot_be_paid_so(self):
        self.intent.action_cancel()
        self.assert_refused()
