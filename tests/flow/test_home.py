"""The accountants' page: what came in, what waits, and what is still to arrive at the bank."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.company_case import CompanyCase
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import ReconciliationCase

# Of the two periods, three figures of what waits, the receipts, and the providers; then what Odoo
# reads once of the user's rights and languages.
QUERIES = 17
# The ledger of a busy month: paid by transfers and cards, on the last thirty days.
FILL_LEDGER = """
    INSERT INTO qpay_payment (
        provider_id, environment, company_id, currency_id, qpay_txn_id, amount, fee, payment_type,
        paid_at, status, state, bank_status, account
    )
    SELECT provider_id, environment, company_id, currency_id, 'BULK' || number, 1000.10, 10.01,
           CASE WHEN number % 5 = 0 THEN 'card' ELSE 'p2p' END,
           paid_at - number %% 30 * interval '1 day', 'paid', 'settled',
           CASE WHEN number % 5 = 0 THEN 'expected' ELSE 'arrived' END, account
      FROM qpay_payment, generate_series(1, %(rows)s) AS number
     WHERE id = %(row)s
""".replace(' % 5', ' %% 5')


class HomeCase(ReconciliationCase):

    def _home(self, user=None, **period):
        return self.env['qpay.home'].with_user(user or self.accountant).with_context(
            allowed_company_ids=self.company.ids
        ).get_figures(**period)

    def _figures(self, home, key):
        """Return the figures of a period, by their keys."""
        [period] = [period for period in home['periods'] if period['key'] == key]
        return {figure['key']: figure for figure in period['figures']}

    def _waiting(self, home):
        return {figure['key']: figure for figure in home['waiting']}

    def _listed(self, figure):
        """Return the records that a click on a figure shows."""
        return self.env[figure['model']].with_user(self.accountant).search(figure['domain'])

    def _money(self, amount):
        return self.mnt.format(amount)

    def _pay_invoice_of(self, amount, **options):
        intent = self._create_intent(self._create_invoice(amount))
        payment = self._pay_and_settle(intent, **options)
        return self._row(payment)


@tagged('post_install', '-at_install')
class TestHomeFigures(HomeCase):

    def test_day_with_everything(self):
        transfer = self._pay_invoice_of(15000)
        card = self._pay_invoice_of(8000, method='CARD')
        refunded = self._pay_invoice_of(5000, method='CARD')
        self.qpay.refund_in_portal(refunded.qpay_txn_id)
        self._reconcile()
        for title in ('noticed', 'booked'):
            with self.subTest(refund=title):
                home = self._home()
                for key in ('today', 'month', 'chosen'):
                    figures = self._figures(home, key)
                    self.assertEqual(
                        {key: figure['amount'] for key, figure in figures.items()},
                        {
                            'received': self._money(28000),
                            'refunded': self._money(5000),
                            'fees': self._money(230),
                            'unbooked': self._money(230),
                            'net': self._money(22770),
                            'arrived': self._money(14850),
                            'expected': self._money(7920),
                        },
                    )
                    self.assertEqual(
                        {key: self._listed(figure) for key, figure in figures.items()},
                        {
                            'received': refunded | card | transfer,
                            'refunded': refunded,
                            'fees': card | transfer,
                            'unbooked': card | transfer,
                            'net': card | transfer,
                            'arrived': transfer,
                            'expected': card,
                        },
                    )
                    for figure in figures.values():
                        self.assertEqual(figure['count'], len(self._listed(figure)))
            if title == 'noticed':
                refunded.action_book_refund()

    def test_card_payment_that_the_bank_statement_shows_has_arrived(self):
        card = self._pay_invoice_of(8000, method='CARD')
        self.assertEqual(card.bank_status, 'expected')
        payment = card.account_payment_id
        liquidity = payment._seek_for_lines()[0]
        line = self.env['account.bank.statement.line'].create({
            'journal_id': payment.journal_id.id, 'payment_ref': 'QPay', 'amount': 8000,
            'date': payment.date,
        })
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = liquidity.account_id
        (suspense | liquidity).reconcile()
        self.assertTrue(payment.is_matched)
        figures = self._figures(self._home(), 'today')
        self.assertEqual(self._listed(figures['arrived']), card)
        self.assertEqual(figures['arrived']['amount'], self._money(7920))
        self.assertEqual(figures['expected']['amount'], self._money(0))

    def test_fees_that_are_booked_are_told_of_as_fees_only(self):
        self.provider.sudo().qpay_fee_account_id = self.company_data['default_account_expense']
        row = self._pay_invoice_of(8000)
        self.assertTrue(row.fee_move_id)
        figures = self._figures(self._home(), 'today')
        self.assertEqual(figures['fees']['amount'], self._money(80))
        self.assertNotIn('unbooked', figures)

    def test_days_are_those_of_ulaanbaatar(self):
        # Half past midnight in Ulaanbaatar, and still the last month in Greenwich.
        with freeze_time('2026-11-30 16:30:00'):
            row = self._pay_invoice_of(700)
        with freeze_time('2026-12-01 02:00:00'):
            home = self._home(date_from='2026-11-30', date_to='2026-12-01')
            self.assertEqual(self._listed(self._figures(home, 'today')['received']), row)
            self.assertEqual(self._figures(home, 'month')['received']['amount'], self._money(700))
            self.assertEqual([day['amount'] for day in home['days']], [0, 700])
            day = home['days'][1]
            self.assertEqual(
                self.env['qpay.payment'].search([
                    *home['domain'], ('paid_at', '>=', day['start']), ('paid_at', '<', day['end']),
                ]), row,
            )

    def test_what_waits(self):
        open_qr = self._create_intent(self._create_invoice(3000))
        unknown = self._row(self._pay_nobody())
        self._reconcile()
        unknown = self.env['qpay.payment'].search([('state', '=', 'needs_attention')])
        waiting = self._waiting(self._home())
        self.assertEqual(self._listed(waiting['open']), open_qr)
        self.assertEqual(waiting['open']['amount'], self._money(3000))
        for key in ('unsettled', 'attention'):
            self.assertEqual(self._listed(waiting[key]), unknown)
            self.assertEqual((waiting[key]['count'], waiting[key]['is_bad']), (1, True))
        self.assertEqual(waiting['unsettled']['amount'], self._money(7000))

    def test_what_is_not_ours_is_no_income(self):
        payment = self._pay_nobody()
        self._reconcile()
        received = self._figures(self._home(), 'today')['received']
        self.assertEqual(received['amount'], self._money(7000))
        self._row(payment).with_user(self.accountant).action_set_not_ours()
        home = self._home()
        received = self._figures(home, 'today')['received']
        self.assertEqual((received['amount'], received['count']), (self._money(0), 0))
        self.assertFalse(self._waiting(home)['unsettled']['count'])

    def test_sums_lose_nothing(self):
        intent = self._create_intent(self._create_invoice(100))
        for _number in range(3):
            self._pay_and_settle(intent, amount=0.1)
        self.assertEqual(
            self._figures(self._home(), 'today')['received']['amount'], self._money(0.3)
        )

    def test_money_of_the_sandbox_is_none_where_real_money_is_taken(self):
        self._pay_invoice_of(700)
        self.assertEqual(self._home()['environment'], 'sandbox')
        self.provider.sudo().copy({
            'name': "QPay 2", 'company_id': self.company.id,
        }).write({
            'state': 'enabled', 'qpay_client_id': 'LIVE', 'qpay_client_secret': 'X',
            'qpay_invoice_code': 'LIVE_INVOICE',
        })
        home = self._home()
        self.assertEqual(home['environment'], 'live')
        self.assertEqual(self._figures(home, 'today')['received']['amount'], self._money(0))

    def test_chosen_period(self):
        today = const.today()
        home = self._home()
        self.assertEqual(home['date_from'], fields.Date.to_string(today - timedelta(days=29)))
        self.assertEqual(len(home['days']), 30)
        # What is still to come has brought nothing.
        home = self._home(date_from='9999-12-30', date_to='9999-12-31')
        self.assertEqual(home['date_from'], home['date_to'])
        self.assertEqual(home['date_to'], fields.Date.to_string(today))
        for period in (
            {'date_from': '2026-11-02', 'date_to': '2026-11-01'},
            {'date_from': '0001-01-01', 'date_to': '0001-01-02'}, {'date_from': '1999-01-01'},
            {'date_from': 'yesterday'}, {'date_to': 'x'}, {'date_from': 5},
        ):
            with self.subTest(period=period), self.assertRaises(UserError):
                self._home(**period)

    def test_other_companies_are_left_out(self):
        self._pay_invoice_of(700)
        other = self.env['res.company'].sudo().create({'name': 'Өөр ХХК'})
        outsider = self._create_user(
            'home_outsider', "Өөр", 'account.group_account_invoice', company=other
        )
        home = self.env['qpay.home'].with_user(outsider).get_figures()
        self.assertEqual(self._figures(home, 'today')['received']['count'], 0)
        self.accountant.company_ids += other
        home = self.env['qpay.home'].with_user(self.accountant).with_context(
            allowed_company_ids=other.ids
        ).get_figures()
        self.assertEqual(self._figures(home, 'today')['received']['count'], 0)

    def test_who_is_no_accountant_is_refused(self):
        employee = self._create_user('home_employee', "Ажилтан", 'base.group_user')
        for user in (employee, self.administrator):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._home(user)
        auditor = self._create_user('home_auditor', "Аудитор", 'account.group_account_readonly')
        self.assertTrue(self._home(auditor))
        _result, message = self._call_kw(
            self.env['qpay.home'], 'get_figures', login='home_employee'
        )
        self.assertIn('Only accountants', message)

    def test_questions_to_the_database_are_few_whatever_the_ledgers_size(self):
        row = self._pay_invoice_of(1000)
        self.accountant.lang = 'en_US'
        counts = []
        for rows in (0, 10_000):
            self.env.flush_all()
            self.cr.execute(FILL_LEDGER, {'rows': rows, 'row': row.id})
            self.env.invalidate_all()
            self._home()
            self.env.invalidate_all()
            with self.assertQueryCount(QUERIES):
                before = self.cr.sql_log_count
                home = self._home()
                counts.append(self.cr.sql_log_count - before)
        self.assertEqual(*counts)
        received = self._figures(home, 'chosen')['received']
        self.assertEqual(received['count'], 10_001)
        self.assertEqual(received['amount'], self._money(10_002_000))

    def test_payments_of_a_period_and_what_waits_are_found_by_indexes(self):
        row = self._pay_invoice_of(1000)
        self.env.flush_all()
        self.cr.execute(FILL_LEDGER, {'rows': 10_000, 'row': row.id})
        self.cr.execute('UPDATE qpay_payment SET paid_at = paid_at - id %% 1000 * interval %s',
                        ['1 day'])
        self.cr.execute('ANALYZE qpay_payment')
        home = self._home()
        for figure, index in (
            (self._figures(home, 'today')['received'], 'qpay_payment_paid_at_index'),
            (self._waiting(home)['attention'], 'qpay_payment_open_index'),
        ):
            query = self.env['qpay.payment'].sudo()._search(figure['domain'], order='id')
            self.cr.execute('SET LOCAL enable_seqscan = off')
            code = query.select()
            self.cr.execute(f'EXPLAIN {code.code}', code.params)
            plan = '\n'.join(line for (line,) in self.cr.fetchall())
            self.assertIn(index, plan)


@tagged('post_install', '-at_install')
class TestPayout(HomeCase):

    def test_payment_that_the_list_found_by_its_kind(self):
        """QPay's list does not say what is paid out; transfers are at once."""
        transfer, card = (
            self._create_intent(self._create_invoice(amount)) for amount in (300, 400)
        )
        self._pay(transfer)
        self._pay(card, method='CARD')
        self._reconcile()
        self.assertEqual(self._ledger(transfer).bank_status, 'arrived')
        self.assertEqual(self._ledger(card).bank_status, 'expected')

    def test_what_qpay_says_decides(self):
        row = self._pay_invoice_of(300)
        for status, expected in (('SETTLED', 'arrived'), ('PENDING', 'expected')):
            row.sudo().raw_data = {'p2p_transactions': [{'settlement_status': status}]}
            self.assertEqual(row.bank_status, expected)
        for junk in ({'p2p_transactions': None}, {'card_transactions': ['x', {}]}, False):
            row.sudo().raw_data = junk
            self.assertEqual(row.bank_status, 'arrived')


@tagged('post_install', '-at_install')
class TestHomeReceipts(EbarimtCase):

    def test_receipts_that_failed(self):
        bill = self._create_taxed_invoice()
        self.qpay.inject('POST /v2/ebarimt_v3/create', 'status', status=400)
        row = self._pay_invoice(bill)
        self._issue()
        self.assertIn(row.ebarimt_ids.state, ('failed', 'unknown'))
        home = self.env['qpay.home'].with_user(self.accountant).get_figures()
        [receipts] = [figure for figure in home['waiting'] if figure['key'] == 'receipts']
        self.assertEqual(receipts['count'], 1)
        self.assertEqual(
            self.env[receipts['model']].search(receipts['domain']), row.ebarimt_ids
        )


@tagged('post_install', '-at_install')
class TestJournalCards(HomeCase):

    def _cards(self, journals, user=None):
        journals = journals.with_user(user or self.accountant)
        return journals._get_journal_dashboard_data_batched()

    def test_card_of_qpays_journal(self):
        self._pay_invoice_of(700)
        self._pay_nobody(amount=300)
        self._reconcile()
        journal = self.provider.journal_id
        self.assertEqual(
            self._cards(journal)[journal.id]['qpay'],
            {'received': self._money(1000), 'attention': 1},
        )

    def test_card_of_another_journal_is_odoos_own(self):
        journals = self.env['account.journal'].search([
            ('company_id', '=', self.company.id), ('id', '!=', self.provider.journal_id.id),
        ])
        self.assertGreater(len(set(journals.mapped('type'))), 2)
        for card in (*self._cards(journals).values(), *self._cards(journals[:1]).values()):
            self.assertNotIn('qpay', card)
        self.assertEqual(self._cards(journals.browse()), {})

    def test_employee_without_accounting_learns_nothing(self):
        journal = self.provider.journal_id
        user = self._create_user('home_basic', "Ажилтан", 'base.group_user')
        self.assertFalse(self.env['qpay.home'].with_user(user)._get_journal_figures(journal))


@tagged('post_install', '-at_install')
class TestHomeOfNobody(CompanyCase):

    def test_company_without_qpay(self):
        self.provider.state = 'disabled'
        home = self.env['qpay.home'].with_user(self.accountant).get_figures()
        self.assertEqual(home['environment'], 'live')
        self.assertFalse(any(
            figure['count'] for period in home['periods'] for figure in period['figures']
        ))
