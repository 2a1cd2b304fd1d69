"""QPay's fee: shown with each payment, and booked where the provider has an account for it."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


class FeeCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fee_account = cls.company_data['default_account_expense']

    def setUp(self):
        super().setUp()
        self.provider.qpay_fee_account_id = self.fee_account
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)

    def _pay_out(self, *rows):
        """Return what QPay owes us according to the books, after these payments."""
        moves = self.env['account.move']
        for row in rows:
            refund = row.refund_transaction_id.payment_id.move_id
            moves |= row.account_payment_id.move_id | refund | row.fee_move_id
            moves |= row.fee_move_id.reversal_move_ids
        outstanding = rows[0].account_payment_id.outstanding_account_id
        lines = moves.line_ids.filtered(lambda line: line.account_id == outstanding)
        return sum(lines.mapped('balance'))

    def _expense(self):
        lines = self.env['account.move.line'].search([
            ('account_id', '=', self.fee_account.id), ('parent_state', '=', 'posted'),
        ])
        return sum(lines.mapped('balance'))


@tagged('post_install', '-at_install')
class TestFees(FeeCase):

    def test_fee_is_booked_with_the_payment_and_leaves_what_qpay_pays_out(self):
        before = self._expense()
        self._pay_and_settle(self.intent, fee='123.45')
        row = self._ledger(self.intent)
        self.assertEqual((row.fee, row.fee_move_id.state), (123.45, 'posted'))
        self.assertEqual(row.fee_move_id.date, row.account_payment_id.date)
        self.assertEqual(row.fee_move_id.journal_id, self.provider.journal_id)
        self.assertIn(row.qpay_txn_id, row.fee_move_id.ref)
        self.assertAlmostEqual(self._expense() - before, 123.45)
        self.assertAlmostEqual(self._pay_out(row), 15000 - 123.45)
        self.assertEqual(self.bill.amount_residual, 0)

    def test_fee_is_booked_once_however_often_it_is_settled(self):
        payment = self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        entry = row.fee_move_id
        row.sudo()._book_fee()
        row.action_settle()
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self._reconcile()
        self.assertEqual(row.fee_move_id, entry)
        self.assertEqual(self.env['account.move'].search_count([('ref', '=', entry.ref)]), 1)

    def test_each_payment_of_a_qr_has_its_own_fee(self):
        self._pay_and_settle(self.intent, amount=5000, fee='50')
        self._pay_and_settle(self.intent, amount=10000, fee='70')
        rows = self._ledger(self.intent)
        self.assertEqual(len(rows.fee_move_id), 2)
        self.assertAlmostEqual(self._pay_out(*rows), 14880)

    def test_without_an_account_the_fee_is_only_shown(self):
        self.provider.qpay_fee_account_id = False
        self._pay_and_settle(self.intent, fee='123.45')
        row = self._ledger(self.intent)
        self.assertEqual((row.fee, row.state), (123.45, 'settled'))
        self.assertFalse(row.fee_move_id)
        self.assertEqual(self._pay_out(row), 15000)

    def test_no_fee_needs_no_entry(self):
        self._pay_and_settle(self.intent, fee='0')
        self.assertFalse(self._ledger(self.intent).fee_move_id)

    def test_refund_reverses_the_fee(self):
        before = self._expense()
        self._pay_and_settle(self.intent, method='CARD', fee='150')
        row = self._ledger(self.intent)
        row.transaction_id.sudo()._refund()
        self.assertEqual(len(row.fee_move_id.reversal_move_ids), 1)
        self.assertEqual(row.fee_move_id.reversal_move_ids.state, 'posted')
        self.assertEqual(self._expense(), before)
        self.assertEqual(self._pay_out(row), 0)

    def test_fees_of_a_batch(self):
        intents = self.intent
        for number in range(3):
            intents |= self._create_intent(self._create_invoice(1000 + number))
        for intent in intents:
            self._call_back(intent, self._pay(intent, fee='10')['payment_id'])
        self._process_callbacks()
        rows = intents.payment_ids
        self.assertEqual(set(rows.mapped('state')), {'settled'})
        self.assertEqual(len(rows.fee_move_id), 4)
        self.assertEqual(set(rows.fee_move_id.mapped('state')), {'posted'})
        self.assertAlmostEqual(self._pay_out(*rows), sum(rows.mapped('amount')) - 40)

    def test_company_in_another_currency(self):
        usd = self._enable_currency('USD')
        company = self.env['res.company'].create({
            'name': 'Foreign branch',
            'currency_id': usd.id,
            'country_id': self.env.ref('base.us').id,
        })
        self.env['account.chart.template'].sudo().try_loading(
            'generic_coa', company, install_demo=False
        )
        self.env['res.currency.rate'].sudo().create({
            'currency_id': self.mnt.id, 'company_id': company.id, 'name': '2026-01-01',
            'inverse_company_rate': 0.0003,
        })
        self.env.user.sudo().company_ids += company
        company_env = self.env(context={'allowed_company_ids': company.ids})
        provider = self.provider.sudo().copy({'company_id': company.id})
        provider.write({
            'state': 'test',
            'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321',
            'qpay_invoice_code': 'OTHER_INVOICE',
            'qpay_base_url_sandbox': self.simulator.url,
        })
        account = company_env['account.account'].search([
            ('account_type', '=', 'expense'), ('company_ids', 'in', company.ids),
        ], limit=1)
        provider.qpay_fee_account_id = account
        provider.journal_id.inbound_payment_method_line_ids.payment_account_id = company_env[
            'account.account'
        ].search([('reconcile', '=', True), ('account_type', '=', 'asset_current')], limit=1)
        bill = self._create_invoice(10000, company_id=company.id)
        intent = self._create_intent(bill)
        self._pay_and_settle(intent, fee='100')
        row = self._ledger(intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertEqual(bill.amount_residual, 0)
        expense = row.fee_move_id.line_ids.filtered(lambda line: line.account_id == account)
        self.assertEqual((expense.amount_currency, expense.currency_id), (100, self.mnt))
        self.assertAlmostEqual(expense.balance, 0.03)


@tagged('post_install', '-at_install')
class TestFeeReport(FeeCase):

    def test_payments_and_fees_by_day_kind_and_wallet(self):
        self._pay_and_settle(self.intent, fee='150')
        self._pay_and_settle(
            self._create_intent(self._create_invoice(2000)), method='CARD', fee='30'
        )
        ledger = self.env['qpay.payment'].with_user(self.accountant)
        domain = [('company_id', '=', self.company.id)]
        by_kind = ledger._read_group(
            domain, ['payment_type'], ['amount:sum', 'fee:sum', '__count']
        )
        self.assertEqual(
            {kind: values for kind, *values in by_kind},
            {'p2p': [15000, 150, 1], 'card': [2000, 30, 1]},
        )
        groups = ledger.web_read_group(
            domain, ['paid_at:day', 'wallet'], ['amount:sum', 'fee:sum']
        )
        self.assertTrue(groups['groups'])
        for view in ('pivot', 'graph'):
            with self.subTest(view=view):
                self.assertIn('paid_at', ledger.get_view(view_type=view)['arch'])
