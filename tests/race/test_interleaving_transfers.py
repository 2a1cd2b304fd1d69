"""Transfers, refunds and transactions of the same money that meet in the database."""

from contextlib import suppress

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase

REFUND = 'DELETE /v2/payment/refund/{id}'


@tagged('post_install', '-at_install')
class TestTransfersMeet(InterleavingCase):

    def _book(self, amount=1000, **options):
        """Return the row of a payment that is in the books."""
        intent = self._create_qr(amount)
        self._pay(intent, **options)
        intent._sync_payments()
        return intent.payment_ids

    def _prepare_transfer(self, row):
        """Return a transfer that pays back all, but is not confirmed yet."""
        action = row.account_payment_id.with_env(self.own).action_qpay_pay_back()
        transfer = self.own['account.payment'].with_context(**action['context']).create({})
        self.own.cr.commit()
        return transfer

    def _retry(self, act, *arguments):
        """Do something as a request does it, which Odoo begins anew if others were in the way."""
        with suppress(psycopg2.OperationalError):
            return act(*arguments)
        self.own.cr.rollback()
        return act(*arguments)

    def test_two_people_who_pay_back_at_once_pay_back_once(self):
        row = self._book()
        first, second = (self._prepare_transfer(row) for _number in range(2))
        self.assertEqual(second.state, 'draft', 'the snapshot is taken')
        with self._rival() as env:
            first.with_env(env).action_post()
        with self.assertRaisesRegex(UserError, 'No more than'):
            self._retry(second.action_post)
        self.own.cr.rollback()
        self.assertEqual(row.account_payment_id._qpay_get_paid_back_amount(), 1000)
        self.assertEqual(second.state, 'draft')

    def test_who_refunds_while_another_pays_back_refunds_nothing(self):
        row = self._book(method='CARD')
        transfer = self._prepare_transfer(row)
        self.assertEqual(row.transaction_id.state, 'done', 'the snapshot is taken')
        with self._rival() as env:
            transfer.with_env(env).action_post()
        self.qpay.reset_calls()
        with self.assertRaisesRegex(UserError, 'already paid back'):
            self._retry(row.transaction_id._refund)
        self.own.cr.rollback()
        self.assertEqual(self.qpay.calls(), {})

    def test_who_pays_back_while_another_refunds_pays_back_nothing(self):
        row = self._book(method='CARD')
        transfer = self._prepare_transfer(row)
        self.qpay.inject(REFUND, 'drop', after=False)
        self.assertEqual(transfer.state, 'draft', 'the snapshot is taken')
        with self._rival() as env:
            row.with_env(env).transaction_id._refund()
        self.assertIn(row.with_env(self.system).refund_transaction_id.state, (False, 'pending'))
        with self.assertRaisesRegex(UserError, 'is being refunded'):
            self._retry(transfer.action_post)
        self.own.cr.rollback()
        self.assertEqual(row.refund_transaction_id.state, 'pending')
        with self.assertRaisesRegex(UserError, 'is being refunded'):
            row.account_payment_id.with_env(self.own).action_qpay_pay_back()


@tagged('post_install', '-at_install')
class TestReferencesMeet(InterleavingCase):

    def _take_reference(self, model_method, prefix):
        """Let another process take each reference that begins so, once it is chosen."""
        def _take():
            with self._rival() as env:
                transactions = env['payment.transaction']
                example = transactions.search([('provider_code', '=', 'qpay')], limit=1)
                example.copy({
                    'reference': transactions._compute_reference('qpay', prefix=prefix),
                })

        return self._meanwhile('payment.transaction', model_method, _take)

    def test_money_whose_reference_is_taken_is_booked(self):
        intent = self._create_qr()
        intent._close('Ended.')
        payment_id = self._pay(intent)
        invoice = intent.invoice_ids
        with self._take_reference('_compute_reference', invoice.name):
            intent._sync_payments()
        row = intent.payment_ids
        self.assertEqual((row.state, row.discrepancy), ('settled', 'late'))
        self.assertBookedOnce(payment_id)
        self.assertTrue(row.transaction_id.reference.startswith(f'{invoice.name}-'))

    def test_refund_in_the_portal_whose_reference_is_taken_is_booked(self):
        intent = self._create_qr()
        self._pay(intent, method='CARD')
        intent._sync_payments()
        row = intent.payment_ids
        with self._take_reference('_compute_reference', f'R-{row.transaction_id.reference}'):
            self.assertTrue(row._book_refund())
        self.assertEqual((row.status, row.state), ('refunded', 'settled'))

    def test_qr_whose_reference_is_taken_has_a_transaction(self):
        invoice = self._create_invoice()
        with self._take_reference('_compute_reference', invoice.name):
            intent_id = invoice.qpay_create_intent()['intent_id']
        intent = self.system['qpay.intent'].browse(intent_id)
        self.assertEqual(intent.transaction_id.state, 'draft')
