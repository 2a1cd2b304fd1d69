"""Several companies and providers: each QR and payment stays with its own."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

LIST = 'POST /v2/payment/list'


class CompaniesCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._disable_other_providers()

    @classmethod
    def _create_provider(cls, company, merchant='OTHER', **values):
        secret = {'OTHER': '654321', 'TEST': '123456'}[merchant]
        provider = cls.provider.copy({
            'company_id': company.id, 'is_published': True, **values,
        })
        provider.write({
            'state': 'test',
            'qpay_client_id': f'{merchant}_MERCHANT',
            'qpay_client_secret': secret,
            'qpay_invoice_code': f'{merchant}_INVOICE',
            'qpay_base_url_sandbox': cls.simulator.url,
            'qpay_base_url_live': cls.simulator.url,
        })
        return provider

    @classmethod
    def _create_other_company(cls):
        """Return another Mongolian company with its own books."""
        data = cls.setup_other_company(name='Хоёрдугаар ХХК')
        return data['company']


@tagged('post_install', '-at_install')
class TestSeveralCompanies(CompaniesCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls._create_other_company()
        cls.other_company.partner_id.lang = 'en_US'
        cls.other_provider = cls._create_provider(cls.other_company)
        lines = cls.other_provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == cls.other_provider
        )
        lines.payment_account_id = cls.env['account.account'].sudo().search([
            ('company_ids', 'in', cls.other_company.ids), ('reconcile', '=', True),
            ('account_type', '=', 'asset_current'),
        ], limit=1)
        cls.other_accountant = cls._create_user(
            'other_accountant', "Нягтлан 2", 'account.group_account_invoice',
            company=cls.other_company,
        )

    def _other_invoice(self, amount=9000):
        return self._create_invoice(
            amount, company_id=self.other_company.id,
            currency_id=self.mnt.id,
        )

    def test_company_without_qpay_keeps_nobody_else_from_sending_links(self):
        self.customer.email = 'bat@mail.example'
        self.accountant.company_ids += self.other_company
        self.other_provider.state = 'disabled'
        mine, theirs = self._create_invoice(15000), self._other_invoice()
        action = (mine | theirs).with_user(self.accountant).action_send_qpay_link()
        dialog = self.env[action['res_model']].with_user(self.accountant).browse(action['res_id'])
        lines = {line.move_id.id: line for line in dialog.line_ids}
        self.assertEqual((lines[mine.id].amount, lines[mine.id].reason), (15000, False))
        self.assertEqual(lines[theirs.id].amount, 0)
        self.assertIn('QPay', lines[theirs.id].reason)
        self.assertEqual(dialog.sendable_count, 1)

    def test_each_company_is_paid_by_its_own_merchant(self):
        mine, theirs = self._create_invoice(15000), self._other_invoice()
        my_intent, their_intent = self._create_intent(mine), self._create_intent(theirs)
        self.assertEqual(my_intent.provider_id, self.provider)
        self.assertEqual(their_intent.provider_id, self.other_provider)
        self.assertEqual(their_intent.company_id, self.other_company)
        names = [text['qr_text'] for text in self.qpay.invoices()]
        self.assertIn('TESTMERCHANT', names[0])
        self.assertIn('OTHERMERCHANT', names[1])
        for intent in (my_intent, their_intent):
            self._call_back(intent, self._pay(intent)['payment_id'])
        self._process_callbacks()
        for intent, invoice in ((my_intent, mine), (their_intent, theirs)):
            row = self._ledger(intent)
            self.assertEqual(row.state, 'settled', row.state_message)
            self.assertPaidOnce(invoice, row.qpay_txn_id)
            self.assertEqual(row.account_payment_id.company_id, invoice.company_id)
            self.assertEqual(row.account_payment_id.journal_id, intent.provider_id.journal_id)
            self.assertEqual(row.transaction_id.provider_id, intent.provider_id)

    def test_each_company_compares_its_own_list(self):
        my_intent = self._create_intent(self._create_invoice(15000))
        their_intent = self._create_intent(self._other_invoice())
        self._pay(my_intent)
        self._pay(their_intent)
        self.qpay.reset_calls()
        results = {result.provider_id: result for result in self._reconcile_daily()}
        self.assertEqual(set(results), {self.provider, self.other_provider})
        for provider, total in ((self.provider, 15000), (self.other_provider, 9000)):
            self.assertEqual(results[provider].recovered_count, 1)
            self.assertEqual(results[provider].unknown_count, 0)
            self.assertEqual(
                (results[provider].qpay_total, results[provider].ledger_total), (total, total)
            )
        self.assertEqual(self._calls(LIST), 2)
        self.assertEqual((my_intent.state, their_intent.state), ('paid', 'paid'))

    def test_accountants_see_their_company_only(self):
        my_intent = self._create_intent(self._create_invoice(15000))
        their_intent = self._create_intent(self._other_invoice())
        self._pay_and_settle(my_intent)
        self._pay_and_settle(their_intent)
        mine, theirs = self._reconcile(), self._reconcile(self.other_provider)
        for user, seen, hidden in (
            (self.accountant, (my_intent, mine), (their_intent, theirs)),
            (self.other_accountant, (their_intent, theirs), (my_intent, mine)),
        ):
            with self.subTest(user=user.name):
                intent, result = seen
                for records in (intent, intent.payment_ids, intent.callback_ids, result):
                    found = self.env[records._name].with_user(user).search([])
                    self.assertEqual(found.company_id, user.company_id)
                    self.assertIn(records.ids[0], found.ids)
                intent, result = hidden
                for records in (intent, intent.payment_ids, intent.callback_ids, result):
                    with self.assertRaises(AccessError):
                        records.sudo(False).with_user(user).read(['display_name'])
                with self.assertRaises(AccessError):
                    intent.sudo(False).with_user(user).action_cancel()

    def test_accountant_cannot_run_the_comparison_of_another_company(self):
        with self.assertRaises(AccessError):
            self.env['qpay.reconciliation'].with_user(self.accountant).create({
                'provider_id': self.other_provider.id,
            }).action_run()
        self.assertEqual(self._calls(LIST), 0)

    def test_one_qr_is_for_one_company(self):
        both = self._create_invoice(100) | self._other_invoice(100)
        with self.assertRaisesRegex(UserError, 'one customer'):
            documents.of(both).get_or_create_intent(200)

    def test_merchant_that_two_companies_share_is_not_counted_twice(self):
        self.other_provider.write({
            'qpay_client_id': 'TEST_MERCHANT',
            'qpay_client_secret': '123456',
            'qpay_invoice_code': 'TEST_INVOICE',
        })
        my_intent = self._create_intent(self._create_invoice(15000))
        their_intent = self._create_intent(self._other_invoice())
        self._pay(my_intent)
        self._pay(their_intent)
        results = self._reconcile_daily()
        self.assertEqual(sum(results.mapped('recovered_count')), 2)
        self.assertEqual(sum(results.mapped('unknown_count')), 0)
        self.assertEqual(self._ledger(my_intent).provider_id, self.provider)
        self.assertEqual(self._ledger(their_intent).provider_id, self.other_provider)
        self.assertEqual(self._ledger(their_intent).account_payment_id.company_id,
                         self.other_company)
        for result in results:
            self.assertEqual((result.qpay_total, result.ledger_total), (24000, 24000))


@tagged('post_install', '-at_install')
class TestSeveralProviders(CompaniesCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_provider(
            cls.company, sequence=cls.provider.sequence + 1, name='QPay 2',
        )
        lines = cls.second.journal_id.inbound_payment_method_line_ids
        lines.payment_account_id = cls.inbound_payment_method_line.payment_account_id

    def test_each_qr_keeps_its_provider(self):
        first_bill, second_bill = self._create_invoice(100), self._create_invoice(200)
        first = self._create_intent(first_bill)
        self.assertEqual(first.provider_id, self.provider)
        self.provider.sequence = self.second.sequence + 1
        second = self._create_intent(second_bill)
        self.assertEqual(second.provider_id, self.second)
        for intent in (first, second):
            self._call_back(intent, self._pay(intent)['payment_id'])
        self._process_callbacks()
        for intent in (first, second):
            row = self._ledger(intent)
            self.assertPaidOnce(intent.invoice_ids, row.qpay_txn_id)
            self.assertEqual(row.provider_id, intent.provider_id)
            self.assertEqual(row.transaction_id.provider_id, intent.provider_id)
            self.assertEqual(
                row.account_payment_id.payment_method_line_id.payment_provider_id,
                intent.provider_id,
            )

    def test_qr_of_another_provider_replaces_the_first(self):
        bill = self._create_invoice(100)
        first = self._create_intent(bill)
        self.provider.sequence = self.second.sequence + 1
        second = self._create_intent(bill)
        self.assertEqual((first.state, second.state), ('cancelled', 'new'))
        self.assertEqual([invoice['invoice_status'] for invoice in self.qpay.invoices()],
                         ['CANCELED', 'OPEN'])
        payment = self._pay_and_settle(first)
        self.assertEqual(self._ledger(first).provider_id, self.provider)
        self.assertPaidOnce(bill, payment['payment_id'])

    def test_accountant_chooses_whose_list_is_compared(self):
        self.provider.sequence = self.second.sequence + 1
        second = self._create_intent(self._create_invoice(200))
        self._pay(second)
        form = Form(self.env['qpay.reconciliation'].with_user(self.accountant))
        form.provider_choice = str(self.second.id)
        result = form.save()
        result.action_run()
        self.assertEqual((result.provider_id.id, result.recovered_count), (self.second.id, 1))
        self.assertEqual(self._ledger(second).provider_id, self.second)

    def test_refund_and_check_go_to_the_payments_own_account(self):
        self.provider.sequence = self.second.sequence + 1
        intent = self._create_intent(self._create_invoice(200))
        self.provider.sequence = 1
        self._pay_and_settle(intent, method='CARD')
        self._ledger(intent).transaction_id.sudo()._refund()
        self.assertEqual(self._ledger(intent).status, 'refunded')


@tagged('post_install', '-at_install')
class TestEnvironments(CompaniesCase):
    """Sandbox and live money are never mixed."""

    def setUp(self):
        super().setUp()
        self.provider.qpay_base_url_live = self.simulator.url
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self.assertEqual(self.intent.environment, 'sandbox')
        self.qpay.reset_calls()

    def _go_live(self):
        self.provider.state = 'enabled'

    def test_open_sandbox_qrs_end(self):
        self._go_live()
        self._recheck()
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertIn('switched', self.intent.state_message)
        self.assertEqual(self.qpay.calls(), {}, 'the live account knows nothing of it')
        intent = self._create_intent(self.bill)
        self.assertEqual(intent.environment, 'live')

    def test_sandbox_payment_never_settles_in_live(self):
        self._go_live()
        payment = self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        self.assertEqual((row.state, row.environment), ('needs_attention', 'sandbox'))
        self.assertIn('no real money', self._note(row))
        self.assertFalse(self._account_payments(payment['payment_id']))
        self.assertEqual(self.bill.amount_residual, 15000)
        row.action_settle()
        self._reconcile()
        self.assertEqual((row.state, self.bill.amount_residual), ('needs_attention', 15000))

    def test_payment_that_waited_since_the_sandbox_never_settles(self):
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        account = lines.payment_account_id
        lines.payment_account_id = False
        self._pay_and_settle(self.intent)
        lines.payment_account_id = account
        self._go_live()
        row = self._ledger(self.intent)
        row.with_user(self.accountant).action_settle()
        self.assertEqual(row.state, 'needs_attention')
        self.assertEqual(self.bill.amount_residual, 15000)

    def test_unknown_sandbox_payment_cannot_be_assigned_in_live(self):
        self._pay(self.intent)
        self.intent.callback_ids.unlink()
        self.intent.unlink()
        self._reconcile()
        row = self.env['qpay.payment'].search([('provider_id', '=', self.provider.id)])
        self.assertEqual((row.state, row.environment), ('needs_attention', 'sandbox'))
        self._go_live()
        self.env['qpay.assign.wizard'].with_user(self.accountant).create({
            'payment_id': row.id, 'partner_id': self.customer.id, 'invoice_ids': self.bill.ids,
        }).action_assign()
        self.assertEqual(row.state, 'needs_attention')
        self.assertIn('no real money', row.state_message)
        self.assertEqual(self.bill.amount_residual, 15000)

    def test_sandbox_payments_are_not_totalled_with_live_ones(self):
        self._pay_and_settle(self.intent)
        self.qpay.reset()
        self.qpay.configure(callback_enabled=False)
        self.env['qpay.token'].sudo().search([]).unlink()
        self._go_live()
        live = self._create_intent(self._create_invoice(400))
        self._pay(live)
        result = self._reconcile()
        self.assertEqual(
            (result.recovered_count, result.qpay_total, result.ledger_total), (1, 400, 400)
        )

    def test_live_money_is_still_taken_after_going_back(self):
        self._go_live()
        self._recheck()
        live = self._create_intent(self.bill)
        self.provider.state = 'test'
        payment = self._pay(live)
        self._recheck()
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual((live.state, self._ledger(live).environment), ('paid', 'live'))

    def test_open_live_qr_ends_when_going_back(self):
        self._go_live()
        self._recheck()
        live = self._create_intent(self.bill)
        self.provider.state = 'test'
        self._recheck()
        self.assertEqual(live.state, 'cancelled')
        self.assertEqual(self.qpay.invoices()[-1]['invoice_status'], 'CANCELED')

    def test_badge_wherever_a_sandbox_qr_is_shown(self):
        page = self.url_open(f'/payment/qpay/pay/{self.intent.id}/{self.intent.access_token}').text
        self.assertIn('SANDBOX', page)
        for model in ('qpay.qr.wizard', 'qpay.intent', 'qpay.payment'):
            view = self.env[model].with_user(self.accountant).get_view(view_type='form')
            self.assertRegex(view['arch'].upper(), 'SANDBOX')
        self.provider.state = 'enabled'
        self._recheck()
        live = self._create_intent(self.bill)
        page = self.url_open(f'/payment/qpay/pay/{live.id}/{live.access_token}').text
        self.assertNotIn('SANDBOX', page)
