"""Who collects: the document's company or one above it, and what is published for payers. Two
merchants of one company never collect for each other.
"""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.flow.test_companies import LIST, CompaniesCase

INVOICE = 'POST /v2/invoice'


class MerchantsCase(CompaniesCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.sequence = 10
        cls.lines = cls.provider.journal_id.inbound_payment_method_line_ids

    @classmethod
    def _create_merchant(cls, company=None, **values):
        """Return another merchant's provider that can be used."""
        provider = cls._create_provider(
            company or cls.company, **{'name': 'Хоёр дахь', 'sequence': 20, **values}
        )
        lines = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        lines.payment_account_id = cls.inbound_payment_method_line.payment_account_id
        return provider

    def _visitor(self, records):
        """Return the adapter of records for who is no employee."""
        return documents.of(records.with_user(self.env.ref('base.public_user')).sudo())

    def _open_link(self, invoice):
        """Let a visitor open the permanent link and ask for a QR; return what the page is told."""
        kind, document_id, token = documents.of(invoice).get_link().split('/link/')[1].split('/')
        self.authenticate(None, None)
        answer = self.url_open('/payment/qpay/renew', json={'params': {
            'kind': kind, 'document_id': int(document_id), 'token': token,
        }}).json()['result']
        self.env.invalidate_all()
        return answer

    def _open_page(self, intent):
        self.authenticate(None, None)
        return self.url_open(intent._get_pay_path()).text


@tagged('post_install', '-at_install')
class TestPublished(MerchantsCase):
    """Where one is published, what is not is for employees only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hidden = cls._create_merchant(sequence=1, is_published=False)

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def test_payers_pay_by_the_published_one(self):
        self.assertEqual(self._visitor(self.bill).find_provider(), self.provider)
        self.assertEqual(self._visitor(self.bill).find_providers(), self.provider)
        self._open_link(self.bill)
        self.assertEqual(self.bill.qpay_intent_ids.provider_id, self.provider)

    def test_employees_do_so_too_and_may_use_the_other(self):
        document = documents.of(self.bill.with_user(self.accountant))
        self.assertEqual(document.find_providers(), self.provider | self.hidden)
        self.provider.is_published = False
        self.assertEqual(document.find_provider(), self.hidden)
        self.assertEqual(document.get_or_create_intent(15000).provider_id, self.hidden)

    def test_payers_use_what_is_there_where_none_is_published(self):
        """An employee has sent them the link, and the sandbox is often not published."""
        self.provider.is_published = False
        self.assertEqual(
            self._visitor(self.bill).find_providers(), self.hidden | self.provider
        )
        self._open_link(self.bill)
        self.assertEqual(self.bill.qpay_intent_ids.provider_id, self.hidden)

    def test_qr_of_an_employee_is_paid_by_its_payer(self):
        intent = self._create_employees_qr()
        self.assertIn(intent.qr_text, self._open_page(intent))
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_link_does_not_show_the_employees_qr(self):
        own = self._create_employees_qr()
        self.assertFalse(self._visitor(self.bill).get_payable_intent())
        self._open_link(self.bill)
        shown = self._visitor(self.bill).get_payable_intent()
        self.assertEqual((shown.provider_id, own.state), (self.provider, 'cancelled'))

    def test_expired_qr_is_renewed_by_a_published_one(self):
        intent = self._create_employees_qr()
        self._expire(intent)
        self.authenticate(None, None)
        self.url_open('/payment/qpay/renew', json={'params': {
            'intent_id': intent.id, 'access_token': intent.access_token,
        }})
        self.env.invalidate_all()
        fresh = self._visitor(self.bill).find_open_intent()
        self.assertEqual(fresh.provider_id, self.provider)

    def _create_employees_qr(self):
        """Return a QR of the provider that is not published."""
        document = documents.of(self.bill.with_user(self.accountant))
        return document.get_or_create_intent(15000, self.hidden)

    def test_payment_form_that_somebody_has_made_up(self):
        portal_user = self._create_user('qpay_portal', "Худалдан авагч", 'base.group_portal')
        # The QR may be an employee's of this very provider.
        for provider in (self.provider, self.hidden):
            intent = documents.of(self.bill).get_or_create_intent(15000, provider)
            transaction = self.env['payment.transaction'].sudo()._qpay_create(
                self.hidden, 15000, self.customer, self.bill, 'x',
            ).with_user(portal_user).sudo()
            transaction._get_processing_values()
            self.assertEqual(transaction.state, 'error')
            self.assertEqual((intent.state, documents.of(self.bill).find_open_intents()),
                             ('new', intent))


@tagged('post_install', '-at_install')
class TestTwoMerchants(MerchantsCase):
    """Two merchants of one company, each with its own account at QPay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_merchant()

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def _ask(self, provider, bill=None, amount=15000):
        return documents.of(bill or self.bill).get_or_create_intent(amount, provider)

    def test_qr_of_one_is_not_shown_for_the_other(self):
        first = self._ask(self.provider)
        second = self._ask(self.second)
        self.assertEqual((first.state, second.state), ('cancelled', 'new'))
        self.assertIn('OTHERMERCHANT', second.qr_text)
        self.assertEqual(self._ask(self.second), second)

    def test_qr_of_who_may_no_longer_collect_ends(self):
        intent = self._ask(self.second)
        self.second.state = 'disabled'
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')
        self.assertEqual(self._ask(None).provider_id, self.provider)

    def test_late_money_is_booked_with_who_took_it(self):
        first = self._ask(self.provider)
        self._ask(self.second)
        payment = self._pay_and_settle(first)
        row = self._ledger(first)
        self.assertEqual((row.provider_id, row.account), (self.provider, first.account))
        self.assertEqual(row.transaction_id.provider_id, self.provider)
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_lists_are_each_ones_own(self):
        first, other_bill = self._ask(self.provider), self._create_invoice(9000)
        second = self._ask(self.second, other_bill, 9000)
        self._pay(first)
        self._pay(second)
        self.qpay.reset_calls()
        mine = self._reconcile(self.provider)
        self.assertEqual((mine.recovered_count, mine.unknown_count), (1, 0))
        self.assertEqual((mine.qpay_total, mine.ledger_total), (15000, 15000))
        self.assertEqual((first.state, second.state), ('paid', 'new'))
        self.assertEqual(self._calls(LIST), 1)
        theirs = self._reconcile(self.second)
        self.assertEqual((theirs.recovered_count, theirs.unknown_count), (1, 0))
        self.assertEqual(self._ledger(second).provider_id, self.second)

    def test_two_invoice_codes_of_one_account_keep_their_lists(self):
        self.second.write({
            'qpay_client_id': 'TEST_MERCHANT', 'qpay_client_secret': '123456',
            'qpay_invoice_code': 'TEST_INVOICE_2',
        })
        theirs = self._create_invoice(9000)
        mine = self._ask(self.provider)
        self._pay(mine)
        intent = self.env['qpay.intent'].sudo().search([
            *self.second._qpay_get_list_domain(),
        ])
        self.assertNotIn(mine, intent)
        self.assertTrue(theirs)
        result = self._reconcile(self.provider)
        self.assertEqual((result.recovered_count, result.unknown_count), (1, 0))

    def test_call_for_one_asks_nothing_of_the_other(self):
        first = self._ask(self.provider)
        other_bill = self._create_invoice(9000)
        second = self._ask(self.second, other_bill, 9000)
        payment = self._pay(second)
        # Somebody names the second merchant's payment in a call for the first one's QR.
        self._call_back(first, payment['payment_id'])
        self._process_callbacks()
        self.assertFalse(self._ledger(first))
        self.assertEqual((first.state, self.bill.amount_residual), ('new', 15000))
        self._call_back(second, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(other_bill, payment['payment_id'])

    def test_dialog_shows_whose_qr_it_is(self):
        self._ask(self.second)
        dialog = self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': self.bill.id,
        })
        self.assertEqual(dialog.sudo().provider_id, self.second)


@tagged('post_install', '-at_install')
class TestBranches(MerchantsCase):
    """A branch is collected for by its own merchant, else by its parent's; never the other way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch, cls.sister = (cls._create_branch(name) for name in ("Салбар", "Эгч салбар"))
        cls.env.user.company_ids |= cls.branch | cls.sister

    @classmethod
    def _create_branch(cls, name):
        branch = cls.env['res.company'].create({'name': name, 'parent_id': cls.company.id})
        cls.cr.precommit.run()  # Odoo gives it its parent's accounts.
        return branch

    def _bill(self, company):
        return self._create_invoice(7000, company_id=company.id)

    def test_parents_merchant_collects_for_the_branch(self):
        intent = self._create_intent(self._bill(self.branch))
        self.assertEqual(intent.provider_id, self.provider)
        payment = self._pay_and_settle(intent)
        self.assertPaidOnce(intent.invoice_ids, payment['payment_id'])

    def test_branchs_own_merchant_comes_first_and_collects_for_nobody_else(self):
        own = self._create_merchant(self.branch)
        bills = {company: self._bill(company) for company in (self.branch, self.sister)}
        self.assertEqual(documents.of(bills[self.branch]).find_provider(), own)
        self.assertEqual(documents.of(bills[self.sister]).find_providers(), self.provider)
        self.assertEqual(
            documents.of(self._create_invoice(100)).find_providers(), self.provider
        )
        for bill in (bills[self.sister], self._create_invoice(7000)):
            with self.assertRaisesRegex(UserError, 'does not collect'):
                documents.of(bill).get_or_create_intent(7000, own)
            self.assertFalse(bill.qpay_intent_ids)

    def test_real_money_before_the_sandbox_of_the_branch(self):
        self._create_merchant(self.branch)
        self.provider.state = 'enabled'
        self.assertEqual(documents.of(self._bill(self.branch)).find_provider(), self.provider)
