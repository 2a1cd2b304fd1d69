"""What no callback told is found in QPay's list of payments, with few calls."""

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api.client import PAGE_LIMIT
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import (
    CHECK,
    GET_INVOICE,
    LIST,
    ReconciliationCase,
)


@tagged('post_install', '-at_install')
class TestRecovery(ReconciliationCase):

    def test_payment_without_callback_is_recovered(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        payment = self._pay(intent)
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual(result.state, 'done', result.state_message)
        self.assertEqual((result.matched_count, result.recovered_count), (0, 1))
        self.assertEqual((result.unknown_count, result.refunded_count), (0, 0))
        self.assertEqual((result.qpay_total, result.ledger_total), (15000, 15000))
        self.assertEqual(result.payment_ids, self._ledger(intent))
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(intent.state, 'paid')
        self.assertEqual(self.qpay.calls(), {LIST: 1})

        again = self._reconcile()
        self.assertEqual((again.matched_count, again.recovered_count), (1, 0))
        self.assertPaidOnce(invoice, payment['payment_id'])
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(self._calls(CHECK), 0, 'the callback brings nothing new')

    def test_late_and_partial_payments_are_recovered_as_such(self):
        late = self._create_intent(self._create_invoice(15000))
        late.action_cancel()
        partial = self._create_intent(self._create_invoice(9000))
        self._pay(late)
        self._pay(partial, amount=2000)
        result = self._reconcile()
        self.assertEqual(result.recovered_count, 2)
        self.assertEqual(self._ledger(late).discrepancy, 'late')
        self.assertEqual(self._ledger(partial).discrepancy, 'partial')
        self.assertEqual(late.invoice_ids.amount_residual, 0)
        self.assertEqual(partial.invoice_ids.amount_residual, 7000)

    def test_what_is_no_money_is_not_counted(self):
        intent = self._create_intent(self._create_invoice(15000))
        for options in (
            {'status': 'NEW'}, {'status': 'FAILED'}, {'status': 'PARTIAL'}, {'status': 'REFUNDED'},
            {'currency': 'USD'},
        ):
            self._pay(intent, **options)
        result = self._reconcile()
        self.assertEqual(
            (result.recovered_count, result.unknown_count, result.qpay_total), (0, 0, 0)
        )
        self.assertFalse(self._ledger(intent))

    def test_more_than_a_page_is_read_in_pages(self):
        intent = self._create_intent(self._create_invoice(15000))
        # QPay lists the newest first.
        payment = self._pay(intent)
        for _number in range(PAGE_LIMIT):
            self._pay(intent, status='FAILED')
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.recovered_count, result.qpay_total), (1, 15000))
        self.assertEqual([call['offset'] for call in self._lists()], [
            {'page_number': 1, 'page_limit': 100}, {'page_number': 2, 'page_limit': 100},
        ])
        self.assertPaidOnce(intent.invoice_ids, payment['payment_id'])

    def test_many_payments_of_one_qr_are_recovered(self):
        intent = self._create_intent(self._create_invoice(15000))
        for amount in (1000,) * 12 + (3000,):
            self._pay(intent, amount=amount)
        self.assertEqual(self._reconcile().recovered_count, 13)
        rows = self._ledger(intent)
        self.assertEqual(len(self._account_payments(*rows.mapped('qpay_txn_id'))), 13)
        self.assertEqual((intent.invoice_ids.amount_residual, self._credit()), (0, 0))
        self.assertFalse(rows.activity_ids)

    def test_payment_whose_qr_lost_its_answer_is_found_by_our_number(self):
        invoice = self._create_invoice(15000)
        self.qpay.inject('POST /v2/invoice', 'drop', after=True)
        _result, message = self._call_kw(invoice, 'qpay_create_intent')
        self.assertTrue(message)
        intent = invoice.qpay_intent_ids.sudo()
        self.assertFalse(intent.qpay_invoice_id)
        payment = self.qpay.pay(self.qpay.invoices()[0]['invoice_id'])
        self.qpay.reset_calls()
        result = self._reconcile()
        self.assertEqual((result.recovered_count, result.unknown_count), (1, 0))
        self.assertEqual(self.qpay.calls(), {LIST: 1, GET_INVOICE: 1})
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(intent.state, 'paid')

    def test_payment_that_first_seemed_unknown_is_booked_by_its_callback(self):
        invoice = self._create_invoice(15000)
        self.qpay.inject('POST /v2/invoice', 'drop', after=True)
        self._call_kw(invoice, 'qpay_create_intent')
        intent = invoice.qpay_intent_ids.sudo()
        payment = self.qpay.pay(self.qpay.invoices()[0]['invoice_id'])
        self.qpay.inject(GET_INVOICE, 'system_busy')
        self.assertEqual(self._reconcile().unknown_count, 1)
        row = self._row(payment)
        self.assertEqual(row.state, 'needs_attention')
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(self._row(payment), row)
        self.assertEqual((row.state, row.intent_id), ('settled', intent))
        self.assertTrue(row.email_due_at, "Its customer is written to, as any other.")
        self.assertPaidOnce(invoice, payment['payment_id'])


@tagged('post_install', '-at_install')
class TestUnknownPayments(ReconciliationCase):

    def test_payment_of_nobodys_waits_for_a_person(self):
        payment = self._pay_nobody('Бат')
        result = self._reconcile()
        row = self._row(payment)
        self.assertEqual((result.unknown_count, result.payment_ids), (1, row))
        self.assertEqual((result.qpay_total, result.ledger_total), (7000, 0))
        self.assertEqual(row.state, 'needs_attention')
        self.assertEqual(row.description, 'Бат')
        self.assertIn('belongs to no QR', self._note(row))
        self.assertFalse(self._account_payments(payment['payment_id']))
        self.assertEqual(self._reconcile().unknown_count, 0, 'it is known to be unknown')
        self.assertEqual(len(row.activity_ids), 1)

    def test_settle_again_does_not_guess_whose_it_is(self):
        payment = self._pay_nobody()
        self._reconcile()
        row = self._row(payment)
        row.with_user(self.accountant).action_settle()
        self.assertEqual(row.state, 'needs_attention')
        self.assertIn('whose payment', row.state_message)

    def test_person_assigns_it_to_an_invoice(self):
        invoice = self._create_invoice(7000)
        payment = self._pay_nobody()
        self._reconcile()
        row = self._row(payment)
        self._dialog(row).save().action_assign()
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual((row.partner_id, row.document_name), (self.customer, invoice.name))
        self.assertFalse(row.activity_ids)
        self.assertEqual(row.transaction_id.state, 'done')
        with self.assertRaisesRegex(UserError, 'already known'):
            self.env['qpay.assign.wizard'].with_user(self.accountant).create({
                'payment_id': row.id, 'partner_id': self.customer.id,
            }).action_assign()
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_person_assigns_it_to_an_invoice_of_a_branch(self):
        branch = self.env['res.company'].create({'name': 'Салбар', 'parent_id': self.company.id})
        self.cr.precommit.run()  # Odoo gives it its parent's accounts.
        self.accountant.company_ids += branch
        invoice = self._create_invoice(7000, company_id=branch.id)
        payment = self._pay_nobody_and_reconcile()
        dialog = self._dialog(self._row(payment))
        self.assertEqual(dialog.invoice_ids[:], invoice)
        dialog.save().action_assign()
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_person_assigns_it_to_several_invoices(self):
        late = self._create_invoice(3000, invoice_date_due='2026-12-30')
        early = self._create_invoice(5000, invoice_date_due='2026-11-10')
        row = self._row(self._pay_nobody_and_reconcile())
        dialog = self._dialog(row)
        dialog.partner_id = self.customer
        dialog.invoice_ids = late | early
        dialog.save().action_assign()
        self.assertEqual((early.amount_residual, late.amount_residual), (0, 1000))

    def _pay_nobody_and_reconcile(self, *args, **options):
        payment = self._pay_nobody(*args, **options)
        self._reconcile()
        return payment

    def test_person_assigns_it_to_a_customer_only(self):
        invoice = self._create_invoice(7001)
        payment = self._pay_nobody_and_reconcile()
        row = self._row(payment)
        dialog = self._dialog(row)
        self.assertFalse(dialog.invoice_ids)
        dialog.partner_id = self.customer
        dialog.save().action_assign()
        self.assertEqual(row.state, 'settled')
        self.assertEqual((self._credit(), invoice.amount_residual), (7000, 7001))
        self.assertEqual(self._account_payments(payment['payment_id']).partner_id, self.customer)

    def test_foreign_invoices_are_refused(self):
        other = self.env['res.partner'].create({'name': 'Дорж'})
        invoice = self._create_invoice(7000)
        row = self._row(self._pay_nobody_and_reconcile())
        wizard = self.env['qpay.assign.wizard'].with_user(self.accountant).create({
            'payment_id': row.id, 'partner_id': other.id, 'invoice_ids': invoice.ids,
        })
        with self.assertRaisesRegex(UserError, "must be the customer's"):
            wizard.action_assign()
        self.assertEqual(row.state, 'needs_attention')

    def _propose(self, row):
        dialog = self._dialog(row)
        return dialog.partner_id, dialog.invoice_ids[:]

    def test_proposal_by_amount(self):
        self._create_invoice(6999)
        invoice = self._create_invoice(7000)
        row = self._row(self._pay_nobody_and_reconcile())
        self.assertEqual(self._propose(row), (self.customer, invoice))

    def test_proposal_by_description_wins_over_the_amount(self):
        self._create_invoice(7000)
        invoice = self._create_invoice(9000)
        row = self._row(self._pay_nobody_and_reconcile(f'Төлбөр {invoice.name} баярлалаа'))
        self.assertEqual(self._propose(row)[1], invoice)

    def test_number_that_merely_begins_so_is_another_one(self):
        first = self._create_invoice(6000)
        row = self._row(self._pay_nobody_and_reconcile(f'{first.name}7'))
        self.assertFalse(self._propose(row)[1])

    def test_proposal_by_date(self):
        due_later = self._create_invoice(7000, invoice_date_due='2026-12-20')
        due_first = self._create_invoice(7000, invoice_date_due='2026-11-10')
        tomorrow = fields.Date.add(const.today(), days=1)
        self._create_invoice(7000, invoice_date=tomorrow, invoice_date_due='2026-11-01')
        row = self._row(self._pay_nobody_and_reconcile())
        self.assertEqual(self._propose(row)[1], due_first)
        due_first.button_draft()
        self.assertEqual(self._propose(row)[1], due_later)

    def test_invoice_of_the_same_day_in_ulaanbaatar_is_proposed(self):
        # It is the 2nd there, and the 1st in Greenwich.
        with freeze_time('2026-11-01 20:00:00'):
            payment = self._pay_nobody()
        invoice = self._create_invoice(7000, invoice_date='2026-11-02')
        self._reconcile(date_from='2026-11-01 00:00:00', date_to='2026-11-03 00:00:00')
        self.assertEqual(self._propose(self._row(payment))[1], invoice)

    def test_auditor_may_not_assign(self):
        row = self._row(self._pay_nobody_and_reconcile())
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        with self.assertRaises(AccessError):
            row.with_user(auditor).action_assign()

    def test_assigned_payment_that_cannot_be_booked_waits_and_is_settled_again(self):
        invoice = self._create_invoice(7000)
        payment = self._pay_nobody_and_reconcile()
        row = self._row(payment)
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        account = lines.payment_account_id
        lines.payment_account_id = False
        self._dialog(row).save().action_assign()
        self.assertEqual(row.state, 'needs_attention')
        self.assertIn('no outstanding account', self._note(row))
        lines.payment_account_id = account
        row.with_user(self.accountant).action_settle()
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_unknown_payment_that_was_given_back_is_closed(self):
        payment = self._pay_nobody_and_reconcile()
        self.qpay.refund_in_portal(payment['payment_id'])
        self._reconcile()
        row = self._row(payment)
        self.assertEqual((row.status, row.state), ('refunded', 'settled'))
        self.assertFalse(row.activity_ids)
