"""Entries, invoices and payments without QPay: Odoo does what it always does."""

import re

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.base.models.ir_qweb import QWebError
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.core_answers import ask_core
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase


class AccountingCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls._create_user('qpay_biller', "Нэхэмжлэгч", 'account.group_account_invoice')
        cls.accounts = cls.env['account.account'].search([
            ('company_ids', 'in', cls.company.ids),
            ('account_type', 'in', ('expense', 'asset_current')),
        ], limit=2)

    def _create_entry(self, post=True):
        entry = self.env['account.move'].create({
            'move_type': 'entry',
            'line_ids': [
                Command.create({'account_id': account.id, 'balance': balance})
                for account, balance in zip(self.accounts, (100, -100), strict=True)
            ],
        })
        if post:
            entry.action_post()
        return entry

    def _create_each_kind(self):
        """Return one posted entry of each kind, and a draft."""
        return {
            'entry': self._create_entry(),
            'draft entry': self._create_entry(post=False),
            'draft': self._create_invoice(post=False),
            **{
                kind: self._create_invoice(move_type=kind)
                for kind in ('out_invoice', 'out_refund', 'in_invoice', 'in_refund', 'out_receipt')
            },
        }

    def _create_payment(self, **values):
        return self.env['account.payment'].create({
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': self.customer.id,
            'amount': 100,
            'currency_id': self.mnt.id,
            'journal_id': self.company_data['default_journal_bank'].id,
            **values,
        })


@tagged('post_install', '-at_install')
class TestDocumentsOfInvoices(AccountingCase):

    def test_menu_of_any_entry_opens(self):
        kinds = self._create_each_kind()
        payment = self._create_payment()
        payment.action_post()
        kinds['payment'] = payment.move_id
        moves = self.env['account.move'].union(*kinds.values())
        kinds |= {'all of them': moves, 'none': moves.browse()}
        for kind, records in kinds.items():
            with self.subTest(kind=kind):
                items, error = self._call_kw(records, 'get_extra_print_items')
                self.assertFalse(error)
                self.assertEqual(items, ask_core(records, 'get_extra_print_items'))

    def test_documents_are_odoos_own(self):
        for kind, move in self._create_each_kind().items():
            for may_fall_back in (False, True):
                with self.subTest(kind=kind, may_fall_back=may_fall_back):
                    options = {'allow_fallback': may_fall_back}
                    self.assertAsCore(move, '_get_invoice_legal_documents_all', **options)
                    for file_type in ('pdf', 'ubl', 'fattura', ''):
                        name = '_get_invoice_legal_documents'
                        self.assertAsCore(move, name, file_type, **options)

    def assertAsCore(self, move, name, *args, **options):
        """The documents, or the sentence that refuses them, are Odoo's own."""
        try:
            core = ask_core(move, name, *args, **options)
        except UserError as error:
            with self.assertRaisesRegex(UserError, re.escape(str(error))):
                getattr(move, name)(*args, **options)
        else:
            self.assertEqual(_names(getattr(move, name)(*args, **options)), _names(core))

    def test_entry_that_was_never_sent_has_no_documents(self):
        entry = self._create_entry()
        self.assertIsNone(entry._get_invoice_legal_documents_all())
        self.assertIsNone(entry._get_invoice_legal_documents('pdf'))
        self.assertIsNone(self._create_invoice()._get_invoice_legal_documents_all())


def _names(documents):
    if not documents:
        return documents
    several = documents if isinstance(documents, list) else [documents]
    return [(data['filename'], data['filetype']) for data in several]


@tagged('post_install', '-at_install')
class TestSentInvoices(EbarimtCase):

    def setUp(self):
        super().setUp()
        self.bill = self._create_taxed_invoice()
        self.env['ir.attachment'].create({
            'name': 'INV.pdf', 'raw': b'%PDF-1.4 as it was sent', 'mimetype': 'application/pdf',
            'res_model': 'account.move', 'res_id': self.bill.id,
            'res_field': 'invoice_pdf_report_file',
        })
        self.bill.invalidate_recordset(['invoice_pdf_report_id', 'invoice_pdf_report_file'])
        self.assertTrue(self.bill.invoice_pdf_report_id)
        self._pay_invoice(self.bill)
        self._issue()
        self.assertEqual(self.bill.qpay_ebarimt_count, 1)

    def test_receipt_is_printed_anew(self):
        [document] = self.bill._get_invoice_legal_documents_all()
        self.assertIn(b'o_qpay_ebarimt', document['content'])
        document = self.bill._get_invoice_legal_documents('pdf')
        self.assertIn(b'o_qpay_ebarimt', document['content'])

    def test_menu_prints_nothing(self):
        """Else each invoice that is chosen would be printed before the menu opens."""
        view = self.env.ref('payment_qpay.report_invoice_document_ebarimt')
        view.arch = view.arch.replace('VAT receipt (e-Barimt)', '<t t-out="1 / 0"/>')
        with self.assertRaises(QWebError):
            self.bill._get_invoice_legal_documents_all()

        items, error = self._call_kw(self.bill, 'get_extra_print_items')

        self.assertFalse(error)
        self.assertIn('download_all', [item['key'] for item in items])

    def test_what_cannot_be_printed_anew_is_handed_out_as_it_was_sent(self):
        self.env.ref('account.account_invoices').domain = "[('id', '=', 0)]"
        with self.assertLogs('odoo.addons.payment_qpay', 'WARNING'):
            [document] = self.bill._get_invoice_legal_documents_all()
        self.assertIn(b'as it was sent', document['content'])


@tagged('post_install', '-at_install')
class TestEntries(AccountingCase):

    def test_any_entry_is_posted_reset_cancelled_and_deleted(self):
        for kind, move in self._create_each_kind().items():
            with self.subTest(kind=kind):
                move = move.with_user(self.biller)
                if move.state == 'draft':
                    move.action_post()
                move.button_draft()
                move.button_cancel()
                move.button_draft()
                # Odoo deletes what has had a number from the end of the list only.
                move.with_context(force_delete=True).unlink()
                self.assertFalse(move.exists())

    def test_no_records_and_several(self):
        moves = self.env['account.move']
        self.assertTrue(moves.write({'state': 'draft'}))
        self.assertTrue(moves.unlink())
        drafts = self._create_entry(post=False) | self._create_invoice(post=False)
        self.assertTrue(drafts.write({'ref': "x"}))
        drafts.action_post()
        self.assertEqual(set(drafts.mapped('state')), {'posted'})
        self.assertEqual(len(self.env['account.partial.reconcile'].create([])), 0)

    def test_invoice_that_is_not_saved(self):
        new = self.env['account.move'].new({'move_type': 'out_invoice', 'state': 'posted'})
        self.assertFalse(new.qpay_link)
        self.assertEqual((new.qpay_intent_count, new.qpay_ebarimt_count), (0, 0))
        bill = self._create_invoice()
        edited = self.env['account.move'].new(origin=bill)
        self.assertEqual(edited.qpay_link, bill.qpay_link)
        self.assertIn('/payment/qpay/link/invoice/', bill.qpay_link)

    def test_invoice_paid_with_a_credit_note(self):
        bill, note = self._create_invoice(), self._create_invoice(move_type='out_refund')
        lines = (bill | note).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        )
        lines.with_user(self.biller).reconcile()
        self.assertEqual(bill.amount_residual, 0)
        lines.with_user(self.biller).remove_move_reconcile()
        self.assertEqual(bill.amount_residual, 15000)

    def test_credit_note_of_an_invoice_that_its_maker_does_not_see(self):
        bill = self._create_invoice()
        note = self._create_invoice(move_type='out_refund', post=False)
        note.reversed_entry_id = bill
        self.env['ir.rule'].create({
            'name': "x", 'model_id': self.env['ir.model']._get_id('account.move'),
            'domain_force': [('id', '!=', bill.id)],
            'perm_write': False, 'perm_create': False, 'perm_unlink': False,
        })
        self.assertFalse(bill.with_user(self.biller).has_access('read'))
        note.with_user(self.biller).action_post()
        self.assertEqual(note.state, 'posted')

    def test_scheduled_action_that_somebody_has_deleted_stops_no_entry(self):
        bill = self._create_invoice()
        self._create_intent(bill)
        self.env.ref('payment_qpay.ir_cron_recheck').unlink()
        self.env.ref('payment_qpay.ir_cron_process_callbacks').unlink()
        with self.assertLogs('odoo.addons.payment_qpay', 'ERROR'):
            bill.with_user(self.biller).button_draft()
            self._create_intent(self._create_invoice())
        self.assertEqual(bill.state, 'draft')

    def test_forms_of_any_entry_can_be_edited(self):
        for kind, move in self._create_each_kind().items():
            with self.subTest(kind=kind), Form(move.with_user(self.biller)) as form:
                form.narration = "Өөрчилсөн"
            self.assertIn("Өөрчилсөн", move.narration)


@tagged('post_install', '-at_install')
class TestQuestions(AccountingCase):

    def test_questions_about_any_entry(self):
        for kind, move in self._create_each_kind().items():
            with self.subTest(kind=kind):
                for name in ('_has_to_be_paid', '_get_online_payment_error'):
                    self.assertEqual(getattr(move, name)(), ask_core(move, name))
                for day in (False, fields.Date.today()):
                    name = '_is_eligible_for_early_payment_discount'
                    self.assertEqual(
                        getattr(move, name)(move.currency_id, day),
                        ask_core(move, name, move.currency_id, day),
                    )

    def test_any_entry_is_reversed(self):
        moves = self.env['account.move']
        self.assertFalse(moves._reverse_moves())
        for kind, move in self._create_each_kind().items():
            if move.state != 'posted':
                continue
            with self.subTest(kind=kind):
                self.assertEqual(move._reverse_moves().reversed_entry_id, move)
                reversal = move._reverse_moves([
                    {'ref': 'X', 'invoice_date': '2026-11-20'},
                ], cancel=True)
                self.assertEqual((reversal.ref, reversal.state), ('X', 'posted'))

    def test_what_is_matched_is_taken_apart(self):
        partials = self.env['account.partial.reconcile']
        self.assertTrue(partials.unlink())
        bill, credit = self._create_invoice(100), self._create_invoice(100, 'out_refund')
        items = (bill | credit).line_ids.filtered(
            lambda line: line.display_type == 'payment_term'
        )
        items.reconcile()
        self.assertEqual(bill.amount_residual, 0)
        items.with_user(self.biller).remove_move_reconcile()
        self.assertEqual(bill.amount_residual, 100)


@tagged('post_install', '-at_install')
class TestPayments(AccountingCase):

    def test_payments_of_all_kinds_are_changed(self):
        payments = self.env['account.payment']
        self.assertTrue(payments.write({'amount': 5, 'state': 'draft'}))
        payments = self._create_payment() | self._create_payment(payment_type='outbound')
        payments.action_post()
        payments = payments.with_user(self.biller)
        self.assertTrue(payments.write({'memo': "Өөр"}))
        payments.action_draft()
        for amount, expected in (('1500', 1500), (None, 0), (False, 0), (0, 0), (7, 7)):
            with self.subTest(amount=amount):
                self.assertTrue(payments.write({'amount': amount}))
                self.assertEqual(set(payments.mapped('amount')), {expected})
        payments.action_post()
        payments.action_cancel()
        self.assertEqual(set(payments.mapped('state')), {'canceled'})
        payments.action_draft()
        payments.unlink()
        self.assertFalse(payments.exists())

    def test_payments_of_all_kinds_are_posted(self):
        payments = self.env['account.payment']
        self.assertIsNone(payments.action_post())
        for payment_type in ('inbound', 'outbound'):
            for partner_type in ('customer', 'supplier'):
                payments |= self._create_payment(
                    payment_type=payment_type, partner_type=partner_type
                )
        payments |= self._create_payment(partner_id=False)
        self.assertEqual(
            payments.with_user(self.biller).action_post(), ask_core(payments, 'action_post')
        )
        self.assertNotIn('draft', payments.mapped('state'))

    def test_items_are_odoos_own(self):
        usd = self._enable_currency('USD')
        write_off = [{
            'name': "Зөрүү", 'account_id': self.accounts[0].id, 'amount_currency': -1,
            'balance': -3000, 'currency_id': usd.id, 'partner_id': self.customer.id,
        }]
        for values in ({}, {'currency_id': usd.id}, {'payment_type': 'outbound'}):
            payment = self._create_payment(**values)
            for options in (
                {}, {'write_off_line_vals': []}, {'force_balance': 250},
                {'write_off_line_vals': write_off},
                {'write_off_line_vals': write_off, 'force_balance': 250},
                {'write_off_line_vals': write_off, 'force_balance': 0},
            ):
                with self.subTest(values=values, options=options):
                    name = '_prepare_move_line_default_vals'
                    self.assertEqual(
                        getattr(payment, name)(**options), ask_core(payment, name, **options)
                    )

    def test_payment_with_another_currency_and_a_write_off_is_booked(self):
        usd = self._enable_currency('USD')
        payment = self._create_payment(currency_id=usd.id, amount=10)
        payment.action_post()
        self.assertTrue(payment.move_id)
        self.assertFalse(payment.qpay_txn_id)
        self.assertFalse(payment.qpay_ebarimt_ids)

    def test_payment_that_is_being_edited(self):
        payment = self._create_payment()
        with Form(payment.with_user(self.biller)) as form:
            form.memo = "Өөрчилсөн"
        self.assertEqual(payment.memo, "Өөрчилсөн")
        self.assertFalse(self.env['account.payment'].new({}).qpay_ebarimt_ids)

    def test_refund_dialog_of_another_provider(self):
        transaction = self._create_transaction(
            'direct', provider_id=self.dummy_provider.id, currency_id=self.mnt.id, amount=100,
            partner_id=self.customer.id, state='done',
        )
        payment = self._create_payment(payment_transaction_id=transaction.id)
        wizard = self.env['payment.refund.wizard'].with_context(active_id=payment.id).create({})
        self.assertEqual(wizard.currency_id, transaction.currency_id)
        self.assertFalse(self.env['payment.refund.wizard'].new({'payment_id': False}).currency_id)
