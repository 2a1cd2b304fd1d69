"""The day of the payment in Ulaanbaatar decides, not the day or the time zone of whoever books."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

# 1 December, 03:30 in Ulaanbaatar: the day before in Greenwich and in America.
PAID_AT = '2026-11-30 19:30:00'
DAY = fields.Date.to_date('2026-12-01')
BOOKED_AT = '2026-12-03 23:00:00'
ZONES = ('America/Los_Angeles', 'Pacific/Kiritimati', False)


class PaymentDayCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.provider.qpay_fee_account_id = self.company_data['default_account_expense']

    def _live_in(self, zone):
        users = self.env.user | self.env.ref('base.user_root') | self.accountant
        users.tz = zone

    def _pay_at(self, paid_at, intent, settled_at, **options):
        with freeze_time(paid_at):
            self._pay(intent, **options)
        with freeze_time(settled_at):
            self._reconcile(date_from=fields.Datetime.to_datetime(paid_at) - timedelta(days=1))
        return self._ledger(intent)


@tagged('post_install', '-at_install')
class TestPaymentDay(PaymentDayCase):

    def test_payment_and_fee(self):
        for zone in ZONES:
            for booked_at in (PAID_AT, BOOKED_AT):
                with self.subTest(zone=zone, booked_at=booked_at):
                    self._live_in(zone)
                    with freeze_time(PAID_AT):
                        intent = self._create_intent(self._create_invoice(1000))
                    row = self._pay_at(PAID_AT, intent, booked_at, fee=10)
                    moves = row.account_payment_id.move_id | row.fee_move_id
                    self.assertEqual(row.account_payment_id.date, DAY)
                    self.assertEqual(moves.mapped('date'), [DAY, DAY])

    def test_batch(self):
        self._live_in('America/Los_Angeles')
        with freeze_time(PAID_AT):
            intents = [self._create_intent(self._create_invoice(1000)) for _each in range(3)]
            for intent in intents:
                self._call_back(intent, self._pay(intent, fee=10)['payment_id'])
        with freeze_time(BOOKED_AT):
            self._process_callbacks()
        rows = self.env['qpay.payment'].sudo().search([
            ('intent_id', 'in', [intent.id for intent in intents]),
        ])
        self.assertEqual(set(rows.mapped('state')), {'settled'})
        moves = rows.account_payment_id.move_id | rows.fee_move_id
        self.assertEqual((len(moves), set(moves.mapped('date'))), (6, {DAY}))

    def test_refund_and_its_fee(self):
        for zone in ZONES:
            with self.subTest(zone=zone):
                self._live_in(zone)
                with freeze_time('2026-11-25 04:00:00'):
                    intent = self._create_intent(self._create_invoice(1000))
                    self._pay_and_settle(intent, method='CARD', fee=10)
                row = self._ledger(intent)
                with freeze_time(PAID_AT):
                    row.transaction_id._refund()
                refund = row.refund_transaction_id.payment_id
                moves = refund.move_id | row.fee_move_id.reversal_move_ids
                self.assertEqual(refund.date, DAY)
                self.assertEqual(moves.mapped('date'), [DAY, DAY])

    def test_refund_of_the_portal_is_of_the_day_on_which_it_was_noticed(self):
        self._live_in('America/Los_Angeles')
        with freeze_time('2026-11-29 04:00:00'):
            intent = self._create_intent(self._create_invoice(1000))
            self._pay_and_settle(intent, method='CARD', fee=10)
        row = self._ledger(intent)
        with freeze_time(PAID_AT):
            self.qpay.refund_in_portal(row.qpay_txn_id)
            self._reconcile()
        with freeze_time(BOOKED_AT):
            row.with_user(self.accountant).action_book_refund()
        refund = row.refund_transaction_id.payment_id
        moves = refund.move_id | row.fee_move_id.reversal_move_ids
        self.assertEqual(moves.mapped('date'), [DAY, DAY])

    def test_refund_whose_answer_was_lost_is_of_the_day_on_which_it_was_asked_for(self):
        with freeze_time('2026-11-29 04:00:00'):
            intent = self._create_intent(self._create_invoice(1000))
            self._pay_and_settle(intent, method='CARD')
        row = self._ledger(intent)
        self.qpay.inject('DELETE /v2/payment/refund/{id}', 'drop', after=True)
        self.qpay.inject('GET /v2/payment/{id}', 'system_busy')
        with freeze_time(PAID_AT):
            row.transaction_id._refund()
        with freeze_time('2026-12-02 04:00:00'):
            self._reconcile()
        self.assertEqual(row.status, 'refunded')
        self.assertEqual(row.refund_transaction_id.payment_id.date, DAY)

    def test_locked_month_is_left_alone_in_every_zone(self):
        for zone in ZONES:
            with self.subTest(zone=zone):
                self._live_in(zone)
                with freeze_time('2026-11-10 04:00:00'):
                    intent = self._create_intent(self._create_invoice(1000))
                with freeze_time('2026-11-28 04:00:00'):
                    self._pay(intent)
                self.company.sudo().fiscalyear_lock_date = '2026-11-30'
                with freeze_time(PAID_AT):
                    self._reconcile(date_from='2026-11-28 00:00:00')
                self.company.sudo().fiscalyear_lock_date = False
                row = self._ledger(intent)
                self.assertEqual(row.state, 'settled', row.state_message)
                self.assertEqual(row.account_payment_id.date, fields.Date.to_date('2026-11-28'))
                self.assertEqual(row.account_payment_id.move_id.date, DAY)

    def test_rate_is_the_one_of_the_day(self):
        usd = self._enable_currency('USD')
        self.env['res.currency.rate'].create([
            {'currency_id': usd.id, 'company_id': self.company.id, 'name': day,
             'inverse_company_rate': rate}
            for day, rate in (('2026-11-01', 3000), ('2026-12-01', 3500))
        ])
        for zone in ZONES:
            with self.subTest(zone=zone):
                self._live_in(zone)
                with freeze_time(PAID_AT):
                    invoice = self._create_invoice(10, currency_id=usd.id)
                    intent = self.env['qpay.intent'].browse(
                        invoice.qpay_create_intent()['intent_id']
                    )
                    self.assertEqual(intent.amount, 35000)
