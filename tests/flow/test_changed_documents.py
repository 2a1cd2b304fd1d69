"""A document that changes ends its QR; what arrives then is booked for whoever owes it now."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.flow.test_pay_page import PayPageCase


class ChangedDocumentCase(PayPageCase):

    def setUp(self):
        super().setUp()
        self.other = self.env['res.partner'].create({'name': 'Дорж'})
        self.intent = self._create_intent(self.bill)
        self.qpay.reset_calls()

    def _edit(self, bill=None, **values):
        """Change a confirmed invoice."""
        bill = bill or self.bill
        bill.button_draft()
        bill.write(values)
        bill.action_post()

    def _reprice(self, price, bill=None):
        line = (bill or self.bill).invoice_line_ids
        self._edit(bill, invoice_line_ids=[Command.update(line.id, {'price_unit': price})])

    def _receivable_items(self, payment):
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_type == 'asset_receivable'
        )

    def assert_never_across_customers(self):
        """Nothing is matched that belongs to two customers."""
        for partial in self.env['account.partial.reconcile'].search([]):
            self.assertEqual(
                partial.debit_move_id.partner_id.commercial_partner_id,
                partial.credit_move_id.partner_id.commercial_partner_id,
            )


@tagged('post_install', '-at_install')
class TestQrOfAChangedDocument(ChangedDocumentCase):

    def _changes(self):
        tax = self.company_data['default_tax_sale']
        line = self.bill.invoice_line_ids
        dollar = self._enable_currency('USD')
        yield 'whom', {'partner_id': self.other.id}
        yield 'how much more', {'invoice_line_ids': [Command.update(line.id, {'price_unit': 1e5})]}
        yield 'what', {'invoice_line_ids': [Command.update(line.id, {'name': 'Бараа'})]}
        yield 'its taxes', {'invoice_line_ids': [
            Command.update(line.id, {'tax_ids': [Command.set(tax.ids)]}),
        ]}
        yield 'in which currency', {'currency_id': dollar.id}

    def test_it_ends(self):
        for name, values in self._changes():
            with self.subTest(change=name):
                intent = self._create_intent(
                    self.bill, documents.of(self.bill).get_maximum_amount()
                )
                self._edit(**values)
                self._recheck()
                self.assertEqual(intent.state, 'cancelled')
                self.assertTrue(intent.state_message)
                self.assertEqual(self.qpay.invoices()[-1]['invoice_status'], 'CANCELED')

    def test_qr_of_several_invoices_ends_with_any_of_them(self):
        second = self._create_invoice(4000)
        both = self._create_intent(self.bill | second, 19000)
        self._edit(second, partner_id=self.other.id)
        self._recheck()
        self.assertEqual(both.state, 'cancelled')

    def test_confirming_the_same_again_leaves_it_alone(self):
        self._edit()
        self._recheck()
        self.assertEqual(self.intent.state, 'new')

    def test_merged_customer_is_no_other_one(self):
        self.env['base.partner.merge.automatic.wizard'].sudo().create({})._merge(
            [self.other.id, self.customer.id], self.other
        )
        self.env.invalidate_all()
        self.assertEqual(self.intent._get_closing_reason(), '')

    def test_permanent_link_asks_for_what_is_owed_now(self):
        self._reprice(20000)
        self._renew_by_link()
        self.assertEqual(self._intents()[0].amount, 20000)
        self.assertEqual((self.intent.state, self._intents()[0].state), ('cancelled', 'new'))

    def test_permanent_link_asks_for_the_installment_that_is_due(self):
        term = self.env['account.payment.term'].create({'name': '30/70', 'line_ids': [
            Command.create({'value': 'percent', 'value_amount': share, 'nb_days': days})
            for share, days in ((30, 0), (70, 60))
        ]})
        bill = self._create_invoice(10000, invoice_payment_term_id=term.id)
        whole = self._create_intent(bill, 10000)
        self._renew_by_link(bill)
        self.assertEqual(self._intents(bill), whole, 'somebody has chosen to ask for all')
        whole.sudo().has_chosen_amount = False
        self._renew_by_link(bill)
        due = documents.of(bill).get_default_amount()
        self.assertLess(due, 10000)
        self.assertEqual(self._intents(bill)[0].amount, due)

    def test_permanent_link_shows_the_same_qr_in_another_currency(self):
        dollar = self._enable_currency('USD')
        dollar.rate_ids = [Command.clear(), Command.create({'name': '2026-01-01', 'rate': 1 / 7})]
        term = self.env['account.payment.term'].create({'name': '3', 'line_ids': [
            Command.create({'value': 'percent', 'value_amount': share, 'nb_days': days})
            for share, days in ((33.33, 0), (66.67, 60))
        ]})
        bill = self._create_invoice(
            99.99, currency_id=dollar.id, invoice_payment_term_id=term.id
        )
        urls = {self._renew_by_link(bill)['url'] for _visit in range(2)}
        self.assertEqual((len(urls), len(self._intents(bill))), (1, 1))

    def test_page_of_the_ended_qr_offers_what_is_owed_now(self):
        self._reprice(20000)
        self._recheck()
        self._renew_intent(self.intent)
        self.assertEqual(self._intents()[0].amount, 20000)

    def test_page_shows_nothing_of_another_customer(self):
        self._edit(partner_id=self.other.id)
        self._recheck()
        self.assertEqual(self._get_view(self._path(self.intent)), 'ended')
        answer = self._renew_intent(self.intent)
        self.assertEqual((answer['url'], answer['view']), ('', 'ended'))
        self.assertEqual(self._intents(), self.intent)


@tagged('post_install', '-at_install')
class TestMoneyForAChangedDocument(ChangedDocumentCase):

    def test_it_is_booked_for_whoever_owes_it_now(self):
        self._edit(partner_id=self.other.id)
        payment = self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assertEqual(row.account_payment_id.partner_id, self.other)
        self.assertEqual(row.discrepancy, 'moved')
        self.assertIn(self.other.name, self._note(row))
        self.assert_never_across_customers()

    def test_many_that_wait_are_booked_for_whoever_owes_them(self):
        second = self._create_intent(self._create_invoice(4000))
        self._edit(partner_id=self.other.id)
        for intent in (self.intent, second):
            self._call_back(intent, self._pay(intent)['payment_id'])
        self._process_callbacks()
        self.assertEqual(self._ledger(self.intent).account_payment_id.partner_id, self.other)
        self.assertEqual(self._ledger(second).account_payment_id.partner_id, self.customer)
        self.assertEqual((self.bill.amount_residual, second.invoice_ids.amount_residual), (0, 0))
        self.assert_never_across_customers()

    def test_several_invoices_of_which_one_is_another_customers(self):
        second = self._create_invoice(4000)
        both = self._create_intent(self.bill | second, 19000)
        self._edit(second, partner_id=self.other.id)
        self._pay_and_settle(both)
        row = self._ledger(both)
        self.assertEqual((self.bill.amount_residual, second.amount_residual), (0, 4000))
        self.assertEqual(row.account_payment_id.partner_id, self.customer)
        self.assertEqual(row.discrepancy, 'surplus')
        self.assertEqual(self._credit(), 4000)
        self.assertIn('credit', self._note(row))
        self.assert_never_across_customers()

    def test_draft_is_left_alone(self):
        self.bill.button_draft()
        self.bill.invoice_line_ids.price_unit = 1
        payment = self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'))
        self.assertIn('credit', self._note(row))
        self.assertEqual(self.bill.state, 'draft')
        self.assertEqual((self._credit(), row.account_payment_id.partner_id),
                         (15000, self.customer))

        self.bill.invoice_line_ids.price_unit = 15000
        self.bill.action_post()
        self.assertEqual(documents.of(self.bill).get_maximum_amount(), 0, 'it is paid')
        offered = self.bill.invoice_outstanding_credits_debits_widget['content']
        self.assertEqual([item['amount'] for item in offered], [15000])
        self.bill.js_assign_outstanding_line(offered[0]['id'])
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_draft_of_another_customer_takes_no_credit(self):
        self.bill.button_draft()
        self.bill.partner_id = self.other
        self._pay_and_settle(self.intent)
        self.assertEqual(self._credit(), 15000)
        self.bill.action_post()
        self.assertEqual(self.bill.amount_residual, 15000)
        self.assertEqual(documents.of(self.bill).get_maximum_amount(), 15000)
        self.assert_never_across_customers()

    def test_several_invoices_of_which_one_is_a_draft(self):
        second = self._create_invoice(4000)
        both = self._create_intent(self.bill | second, 19000)
        second.button_draft()
        self._pay_and_settle(both)
        self.assertEqual((self.bill.amount_residual, second.state), (0, 'draft'))
        self.assertEqual(self._credit(), 4000)

    def test_invoice_that_is_paid_and_changed_takes_nobodys_payment(self):
        self._pay_and_settle(self.intent)
        self._edit(partner_id=self.other.id)
        self.assertEqual((self.bill.amount_residual, self._credit()), (15000, 15000))
        self.assertEqual(self._ledger(self.intent).state, 'needs_attention')
        self.assert_never_across_customers()

    def test_dearer_invoice_is_paid_in_part(self):
        self._reprice(20000)
        self._pay_and_settle(self.intent)
        self.assertEqual((self.bill.amount_residual, self._credit()), (5000, 0))
