"""The journal and the payment method by which QPay's payments are booked."""

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestMethodLines(QPayCommon):

    def setUp(self):
        super().setUp()
        self.line = self._lines()

    def _lines(self, provider=None):
        return self.env['account.payment.method.line'].search([
            ('payment_provider_id', '=', (provider or self.provider).id),
        ])

    # === SET-UP === #

    def test_switching_on_makes_the_payment_method(self):
        for state in ('test', 'enabled'):
            with self.subTest(state=state):
                provider = self.env.ref('payment_qpay.payment_provider_qpay').sudo().copy({
                    'name': f"QPay {state}", 'company_id': self.company.id,
                })
                self.assertFalse(self._lines(provider))
                provider.write(self._settings() | {'state': state})
                self.assertEqual(len(self._lines(provider)), 1)
                self.assertTrue(self._lines(provider).payment_account_id)
                self.assertEqual(self._lines(provider).journal_id.type, 'bank')

    def test_provider_that_is_created_in_use_has_its_payment_method(self):
        provider = self.env['payment.provider'].create(self._settings() | {
            'name': "QPay хоёр", 'code': 'qpay', 'state': 'test', 'company_id': self.company.id,
        })
        self.assertEqual(len(self._lines(provider)), 1)

    def test_administrator_without_accounting_switches_it_on(self):
        provider = self.env.ref('payment_qpay.payment_provider_qpay').sudo().copy({
            'name': "QPay хоёр", 'company_id': self.company.id,
        })
        administrator = new_test_user(
            self.env, 'qpay_bare_admin', 'base.group_system', company_id=self.company.id,
        )
        accounting = self.env.ref('account.group_account_manager')
        self.assertNotIn(accounting, administrator.all_group_ids)
        self.assertFalse(self._lines(provider))

        provider.with_user(administrator).write(self._settings() | {'state': 'test'})

        self.assertEqual(len(self._lines(provider)), 1)

    def test_name_of_the_payment_method_is_left_alone(self):
        self.line.name = "Миний QPay"
        self.provider.write({'state': 'enabled'})
        self.assertEqual(self.line.name, "Миний QPay")

    def test_other_providers_are_set_up_as_before(self):
        other = self.dummy_provider.copy({'company_id': self.company.id})
        other.state = 'test'
        self.assertFalse(self._lines(other))

    def _settings(self):
        return {
            'qpay_client_id': 'TEST_MERCHANT',
            'qpay_client_secret': '123456',
            'qpay_invoice_code': 'TEST_INVOICE',
            'qpay_base_url_sandbox': self.simulator.url,
        }

    # === A SECOND LINE === #

    def _add_line(self, **values):
        """Give the provider one more payment method, past Odoo's check that there is one only."""
        values = {
            'name': "QPay дахин",
            'sequence': self.line.sequence,
            'payment_method_id': self.line.payment_method_id.id,
            'payment_account_id': self.line.payment_account_id.id,
            'journal_id': self.line.journal_id.id,
            'payment_provider_id': self.provider.id,
            **values,
        }
        self.env.flush_all()
        [(line_id,)] = self.env.execute_query(SQL(
            'INSERT INTO account_payment_method_line (%s) VALUES %s RETURNING id',
            SQL(', ').join(map(SQL.identifier, values)), tuple(values.values()),
        ))
        self.env.invalidate_all()
        return self.line.browse(line_id)

    def test_second_line_stops_nothing(self):
        manager = self._create_user('qpay_manager', "Ахлах", 'account.group_account_manager')
        self.provider.qpay_responsible_id = manager
        second = self._add_line()
        bill = self._create_invoice(15000)

        qr, error = self._call_kw(bill, 'qpay_create_intent')
        self.assertFalse(error)
        intent = self.env['qpay.intent'].browse(qr['intent_id'])
        payment = self._pay_and_settle(intent)

        self.assertPaidOnce(bill, payment['payment_id'])
        booked = self._account_payments(payment['payment_id'])
        self.assertEqual(booked.payment_method_line_id, self.line)
        activity = self.provider.journal_id.activity_ids
        self.assertEqual(activity.user_id, manager)
        self.assertIn("QPay дахин", activity.note)
        self.assertIn(self.line.name, activity.note)
        # Odoo deletes no payment method of a provider in use.
        second.with_user(manager).unlink()
        self.assertFalse(second.exists())

    def test_several_lines_with_the_same_name(self):
        for _number in (1, 2):
            self._add_line(name=self.line.name)
        bill = self._create_invoice(15000)

        payment = self._pay_and_settle(self._create_intent(bill))

        self.assertPaidOnce(bill, payment['payment_id'])
        self.assertEqual(self._lines(), self.line)

    def test_line_that_comes_while_a_payment_waits(self):
        bill = self._create_invoice(15000)
        payment = self._pay(self._create_intent(bill))
        self._add_line()

        documents = bill.sudo().qpay_intent_ids
        documents.action_check()

        self.assertPaidOnce(bill, payment['payment_id'])

    def test_payments_that_are_booked_together(self):
        bills = [self._create_invoice(amount) for amount in (1000, 2000, 3000)]
        intents = [self._create_intent(bill) for bill in bills]
        payments = [self._pay(intent) for intent in intents]
        self._add_line()
        for intent, payment in zip(intents, payments, strict=True):
            self._call_back(intent, payment['payment_id'])

        self._process_callbacks()

        for bill, payment in zip(bills, payments, strict=True):
            self.assertPaidOnce(bill, payment['payment_id'])
            booked = self._account_payments(payment['payment_id'])
            self.assertEqual(booked.payment_method_line_id, self.line)

    def test_refund_in_spite_of_a_second_line(self):
        bill = self._create_invoice(15000)
        intent = self._create_intent(bill)
        self._pay(intent, method='CARD')
        intent.action_check()
        self._add_line()

        payment = self._ledger(intent).account_payment_id
        wizard = self.env['payment.refund.wizard'].with_context(active_id=payment.id).create({})
        wizard.action_refund()

        self.assertEqual(self._ledger(intent).status, 'refunded')

    def test_line_without_an_account_is_not_the_first(self):
        self._add_line(sequence=1, payment_account_id=None)
        bill = self._create_invoice(15000)
        payment = self._pay_and_settle(self._create_intent(bill))
        self.assertPaidOnce(bill, payment['payment_id'])
        booked = self._account_payments(payment['payment_id'])
        self.assertEqual(booked.payment_method_line_id, self.line)

    def test_it_is_told_once_and_to_somebody_who_is_there(self):
        gone = self._create_user('qpay_gone', "Явсан", 'account.group_account_manager')
        self.provider.qpay_responsible_id = gone
        gone.active = False
        self._add_line()
        for amount in (1000, 2000):
            self._create_intent(self._create_invoice(amount))

        activity = self.provider.journal_id.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertTrue(activity.user_id.active)
        self.assertTrue(activity.user_id.has_group('account.group_account_manager'))
        self.assertTrue(self.provider.journal_id.with_user(activity.user_id).has_access('write'))

    def test_line_in_another_journal_is_left_alone(self):
        other = self.env['account.journal'].create({
            'name': "Хоёр дахь банк", 'type': 'bank', 'code': 'BNK9', 'company_id': self.company.id,
        })
        second = self._add_line(journal_id=other.id)
        bills = [self._create_invoice(amount) for amount in (1000, 2000)]
        payments = []
        for bill in bills:
            intent = self._create_intent(bill)
            payments.append(self._pay(intent))
            self._call_back(intent, payments[-1]['payment_id'])
        self._process_callbacks()
        for bill, payment in zip(bills, payments, strict=True):
            self.assertPaidOnce(bill, payment['payment_id'])
        self.assertEqual(second.payment_provider_id, self.provider)
        self.assertFalse((other | self.provider.journal_id).activity_ids)
