"""What is paid back is taken off the customer's credit, and is never more than was paid."""

from contextlib import contextmanager

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


class PaidBackCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls._enable_currency('USD')
        cls.env['res.currency.rate'].create({
            'currency_id': cls.usd.id, 'company_id': cls.company.id, 'name': '2026-01-01',
            'inverse_company_rate': 3450,
        })

    def _pay_all(self, intent, *amounts, **options):
        """Let each amount be paid, and return the rows in that order."""
        rows = self.env['qpay.payment'].sudo()
        for amount in amounts:
            self._pay_and_settle(intent, amount=amount, **options)
            rows += self._ledger(intent) - rows
        return rows

    def _pay_back(self, row, post=True, **values):
        """Register the transfer that pays a payment back, with the button."""
        payment = row.account_payment_id.with_user(self.accountant)
        action = payment.action_qpay_pay_back()
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as form:
            for name, value in values.items():
                setattr(form, name, value)
        transfer = form.record
        if post:
            transfer.action_post()
        return transfer

    @contextmanager
    def _refused(self, words):
        """Let something be refused, and undone as with a real request."""
        with self.assertRaises(UserError) as refusal:
            yield
        self.assertIn(words, str(refusal.exception))

    def _open_items(self, partners=None):
        """Return what stays open on the customer's account, or on those of others."""
        return self.env['account.move.line'].search([
            ('partner_id', 'in', (partners or self.customer).ids),
            ('account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
        ])


@tagged('post_install', '-at_install')
class TestCreditThatIsPaidBack(PaidBackCase):

    def test_refund_of_the_second_payer(self):
        intent = self._create_intent(self._create_invoice(1000))
        _first, second = self._pay_all(intent, 1000, 1000, method='CARD')
        second.transaction_id._refund()
        self.assertFalse(self._open_items())

    def test_refund_takes_off_what_is_credit_and_leaves_the_invoice_paid(self):
        invoice = self._create_invoice(1000)
        intent = self._create_intent(invoice)
        row = self._pay_all(intent, 1500, method='CARD')
        row.transaction_id._refund()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self._open_items().mapped('amount_residual'), [1000])

    def test_transfer(self):
        intent = self._create_intent(self._create_invoice(1000))
        _first, second = self._pay_all(intent, 1000, 1000)
        self._pay_back(second)
        self.assertFalse(self._open_items())

    def test_transfer_of_a_part(self):
        intent = self._create_intent(self._create_invoice(1000))
        row = self._pay_all(intent, 1500)
        self.assertEqual(self._open_items().amount_residual, -500)
        self._pay_back(row, amount=300)
        self.assertEqual(self._open_items().mapped('amount_residual'), [-200])
        self._pay_back(row, amount=200)
        self.assertFalse(self._open_items())

    def test_dollars(self):
        intent = self._create_intent(self._create_invoice(100, currency_id=self.usd.id), 345000)
        _first, second = self._pay_all(intent, 345000, 345000, method='CARD')
        second.transaction_id._refund()
        self.assertFalse(self._open_items())

    def _pay_twice_on_another_account(self):
        """Return the second payment of an invoice on another receivable account than usual."""
        other = self.company_data['default_account_receivable'].copy()
        invoice = self._create_invoice(1000, post=False)
        invoice.line_ids.filtered(
            lambda line: line.display_type == 'payment_term'
        ).account_id = other
        invoice.action_post()
        _first, second = self._pay_all(self._create_intent(invoice), 1000, 1000, method='CARD')
        self.assertEqual(second.account_payment_id.destination_account_id, other)
        return second

    def test_account_of_the_invoice_is_the_account_of_the_refund(self):
        self._pay_twice_on_another_account().transaction_id._refund()
        self.assertFalse(self._open_items())

    def test_account_of_the_invoice_is_the_account_of_the_transfer(self):
        second = self._pay_twice_on_another_account()
        transfer = self._pay_back(second)
        self.assertFalse(self._open_items())
        transfer.action_draft()
        transfer.action_post()
        self.assertFalse(self._open_items())

    def test_accounts_of_the_invoice_with_transfers_posted_together(self):
        second = self._pay_twice_on_another_account()
        usual = self._pay_all(self._create_intent(self._create_invoice(300)), 500)
        transfers = self._pay_back(second, post=False) | self._pay_back(
            usual, post=False, amount=200
        )
        transfers.action_post()
        self.assertFalse(self._open_items())


@tagged('post_install', '-at_install')
class TestRefundOfWhatAnotherPaid(PaidBackCase):
    """The credit of a payment is that of whose invoice it paid, and so is what is given back."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(1000)
        payer = self._create_user('qpay_payer', "Төлөгч", 'base.group_portal')
        self.other = payer.partner_id

    def _choose_card_as_other(self):
        """Let somebody else who is signed in choose QPay on the invoice's portal page."""
        self.authenticate('qpay_payer', 'qpay_payer')
        self.make_jsonrpc_request(f'/invoice/transaction/{self.invoice.id}', {
            'access_token': self.invoice._portal_ensure_token(),
            'provider_id': self.provider.id,
            'payment_method_id': self.provider.payment_method_ids[:1].id,
            'token_id': None,
            'amount': 1000,
            'flow': 'redirect',
            'tokenization_requested': False,
            'landing_route': f'/my/invoices/{self.invoice.id}',
        })
        self.env.invalidate_all()
        [intent] = documents.of(self.invoice).find_open_intents()
        self.assertEqual(intent.transaction_id.partner_id, self.other)
        return intent

    def _refund(self, row):
        """Refund a card payment, and return the payment in the books."""
        row.transaction_id._refund()
        self.assertEqual(row.status, 'refunded')
        return row.refund_transaction_id.payment_id

    def test_somebody_else_paid_by_card(self):
        row = self._pay_all(self._choose_card_as_other(), 1000, method='CARD')
        self.assertEqual(row.account_payment_id.partner_id, self.customer)
        refund = self._refund(row)
        self.assertEqual(refund.partner_id, self.customer)
        self.assertFalse(self._open_items(self.other))
        # The invoice was paid, and stays so; what was given back is the customer's debt.
        self.assertEqual(self._open_items().move_id, refund.move_id)

    def test_somebody_else_paid_what_is_credit(self):
        intent = self._choose_card_as_other()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.invoice.ids,
        ).create({})._create_payments()
        row = self._pay_all(intent, 1000, method='CARD')
        self.assertEqual(self._credit(), 1000)
        self.assertEqual(self._refund(row).partner_id, self.customer)
        self.assertFalse(self._open_items(self.customer | self.other))

    def test_document_that_is_another_customers_by_then(self):
        intent = self._create_intent(self.invoice)
        self.invoice.button_draft()
        self.invoice.partner_id = self.other
        self.invoice.action_post()
        first, second = self._pay_all(intent, 1000, 1000, method='CARD')
        self.assertEqual(first.discrepancy, 'moved')
        self.assertEqual(self._credit(self.other), 1000)
        self.assertEqual(self._refund(second).partner_id, self.other)
        self.assertFalse(self._open_items(self.customer | self.other))
        self.assertEqual(self._refund(first).partner_id, self.other)
        self.assertFalse(self._open_items())


@tagged('post_install', '-at_install')
class TestNeverMoreThanWasPaid(PaidBackCase):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self._create_invoice(1000))

    def test_twice(self):
        row = self._pay_all(self.intent, 1000)
        self._pay_back(row)
        with self._refused('already paid back'):
            self._pay_back(row)

    def test_two_transfers_that_were_prepared_together(self):
        row = self._pay_all(self.intent, 1000)
        first, second = self._pay_back(row, post=False), self._pay_back(row, post=False)
        first.action_post()
        with self._refused('No more than'):
            second.action_post()
        first.action_draft()
        second.action_post()
        with self._refused('No more than'):
            first.action_post()

    def test_more_than_was_paid(self):
        row = self._pay_all(self.intent, 1000)
        with self._refused('No more than'):
            self._pay_back(row, amount=1000.01)

    def test_rest_is_proposed(self):
        row = self._pay_all(self.intent, 1000)
        self._pay_back(row, amount=400)
        self.assertEqual(self._pay_back(row, post=False).amount, 600)
        with self._refused('No more than'):
            self._pay_back(row, amount=601)

    def test_after_a_refund(self):
        row = self._pay_all(self.intent, 1000, method='CARD')
        row.transaction_id._refund()
        with self._refused('already paid back'):
            self._pay_back(row)

    def test_refund_after_a_transfer(self):
        row = self._pay_all(self.intent, 1000, method='CARD')
        self._pay_back(row, amount=1)
        self.qpay.reset_calls()
        with self._refused('already paid back'):
            row.transaction_id._refund()
        self.assertEqual(self.qpay.calls(), {})

    def test_cancelled_transfer_does_not_count(self):
        row = self._pay_all(self.intent, 1000)
        transfer = self._pay_back(row)
        transfer.action_draft()
        transfer.action_cancel()
        self._pay_back(row)

    def test_dollars_paid_back_in_tögrög(self):
        intent = self._create_intent(self._create_invoice(100, currency_id=self.usd.id), 345000)
        row = self._pay_all(intent, 345000)
        self.env['res.currency.rate'].create({
            'currency_id': self.usd.id, 'company_id': self.company.id,
            'name': fields.Date.today(), 'inverse_company_rate': 3000,
        })
        self._pay_back(row, currency_id=self.mnt, amount=300000)
        rest = self._pay_back(row, post=False)
        self.assertEqual((rest.currency_id, rest.amount), (self.usd, 13.04))
        with self._refused('No more than'):
            self._pay_back(row, currency_id=self.mnt, amount=45100)
        self._pay_back(row, currency_id=self.mnt, amount=45000)
