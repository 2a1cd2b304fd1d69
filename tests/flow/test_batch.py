"""When many payments wait, they are booked together: cheaper, and with the same result."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'
GET_PAYMENT = 'GET /v2/payment/{id}'


class BatchCase(QPayCommon):

    def _create_intents(self, count, **values):
        """Return QRs of as many customers' invoices."""
        intents = self.env['qpay.intent'].sudo()
        for number in range(count):
            partner = self.env['res.partner'].create({'name': f'Үйлчлүүлэгч {number}'})
            invoice = self._create_invoice(1000 + number, partner_id=partner.id, **values)
            intents |= self._create_intent(invoice).sudo()
        return intents

    def _announce(self, intents):
        """Let all pay and QPay call, while nobody processes the callbacks."""
        for intent in intents:
            self._call_back(intent, self._pay(intent)['payment_id'])

    def _record_paid(self, intents):
        """Let the payments be paid and recorded, but not booked."""
        for intent in intents:
            self._pay(intent)
            intent._record(intent._fetch_new_payments())
        self.env.flush_all()

    def assert_paid(self, intents):
        self.assertEqual(set(intents.mapped('state')), {'paid'})
        for intent in intents:
            for invoice in intent.invoice_ids:
                self.assertPaidOnce(invoice, *intent.payment_ids.mapped('qpay_txn_id'))


@tagged('post_install', '-at_install')
class TestBatch(BatchCase):

    def test_booking_together_costs_at_most_half(self):
        alone, together = self._create_intents(10), self._create_intents(10)
        self._record_paid(alone | together)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        for intent in alone:
            intent._settle_pending()
        queries_alone = self.cr.sql_log_count - before
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        together._settle_pending()
        queries_together = self.cr.sql_log_count - before
        self.assert_paid(alone | together)
        self.assertLessEqual(
            queries_together, queries_alone * 0.5, f'{queries_together} of {queries_alone}'
        )

    def test_result_is_that_of_booking_alone(self):
        alone, together = self._create_intents(3), self._create_intents(3)
        self._record_paid(alone | together)
        for intent in alone:
            intent._settle_pending()
        together._settle_pending()
        for one, other in zip(alone, together, strict=True):
            self.assertEqual(self._describe(one), self._describe(other))

    def _describe(self, intent):
        """Return all of the books that a payment leaves behind, without names and ids."""
        row, invoice = intent.payment_ids, intent.invoice_ids
        payment, transaction = row.account_payment_id, row.transaction_id
        payment.move_id.line_ids.flush_recordset()
        lines = [
            (
                line.account_id, line.balance, line.amount_currency, line.currency_id,
                line.amount_residual, line.reconciled, bool(line.full_reconcile_id),
                line.partner_id == invoice.partner_id, line.date, line.date_maturity,
            )
            for line in payment.move_id.line_ids
        ]
        values = payment.read([
            'amount', 'date', 'state', 'payment_type', 'partner_type', 'currency_id', 'journal_id',
            'payment_method_line_id', 'outstanding_account_id', 'destination_account_id',
            'is_reconciled', 'is_matched', 'company_id', 'payment_method_code',
        ])[0]
        values.pop('id')
        messages = [
            message.body.replace(payment.name, 'P').replace(transaction.reference, 'T')
            .replace(str(payment.move_id.id), '#').replace(str(transaction.id), '#')
            .replace(str(payment.id), '#')
            for message in invoice.message_ids if 'payment' in (message.body or '')
        ]
        return {
            'lines': lines,
            'payment': values,
            'memo': payment.memo.replace(invoice.name, 'I').replace(row.qpay_txn_id, 'Q'),
            'qpay_txn_id': payment.qpay_txn_id == row.qpay_txn_id,
            'partner': payment.partner_id == invoice.partner_id,
            'invoices': payment.invoice_ids == payment.reconciled_invoice_ids == invoice,
            'source': payment.payment_transaction_id == transaction,
            'transaction': (
                transaction.state, transaction.is_post_processed, transaction.amount,
                transaction.payment_id == payment,
                transaction.provider_reference == row.qpay_txn_id,
            ),
            'invoice': (invoice.payment_state, invoice.amount_residual),
            'messages': len(messages),
            'row': (row.state, row.discrepancy, row.state_message),
            'QR': (intent.state, intent.amount_paid),
        }

    def test_two_payments_of_one_invoice_in_a_batch(self):
        intents = self._create_intents(3)
        for intent in (*intents, intents[0]):
            self._pay(intent)
        for intent in intents:
            intent._record(intent._fetch_new_payments())
        intents._settle_pending()
        self.assert_paid(intents)
        rows = intents[0].payment_ids
        self.assertEqual(sorted(rows.mapped(lambda row: row.discrepancy or '')), ['', 'double'])
        self.assertEqual(self._credit(intents[0].partner_id), 1000)
        double = rows.filtered('discrepancy')
        self.assertIn('already paid', self._note(double))

    def test_parts_of_one_invoice_in_a_batch(self):
        intents = self._create_intents(2)
        self._pay(intents[0], amount=400)
        self._pay(intents[0], amount=600)
        self._pay(intents[1])
        for intent in intents:
            intent._record(intent._fetch_new_payments())
        intents._settle_pending()
        self.assert_paid(intents)
        self.assertEqual(self._credit(intents[0].partner_id), 0)


@tagged('post_install', '-at_install')
class TestManyCallbacks(BatchCase):

    def test_waiting_callbacks_are_settled_in_groups(self):
        count = const.SETTLE_BATCH + 5
        intents = self._create_intents(count)
        self._announce(intents)
        self.qpay.reset_calls()
        sizes = []
        book = self.env.registry['qpay.payment']._settle

        def _book(payments):
            sizes.append(len(payments))
            return book(payments)

        with patch.object(self.env.registry['qpay.payment'], '_settle', _book):
            self._process_callbacks()
        # Those that are answered while others are booked are booked together.
        self.assertEqual(sum(sizes), count)
        self.assertLess(len(sizes), count)
        self.assert_paid(intents)
        self.assertEqual(set(intents.callback_ids.mapped('state')), {'processed'})
        # One question a QR, and the date that the check does not tell.
        self.assertEqual(self.qpay.calls(), {CHECK: count, GET_PAYMENT: count})

    def test_bad_payment_does_not_hold_back_the_others(self):
        intents = self._create_intents(6)
        bad = intents[2]
        self._announce(intents)
        create_payment = self.env.registry['payment.transaction']._create_payment
        create_payments = self.env.registry['payment.transaction']._qpay_create_payments

        def _create_payment(transaction, **values):
            if transaction.invoice_ids == bad.invoice_ids:
                raise ValueError('broken')
            return create_payment(transaction, **values)

        def _qpay_create_payments(transactions):
            if bad.invoice_ids & transactions.invoice_ids:
                raise ValueError('broken')
            return create_payments(transactions)

        with (
            patch.object(self.env.registry['payment.transaction'], '_create_payment',
                         _create_payment),
            patch.object(self.env.registry['payment.transaction'], '_qpay_create_payments',
                         _qpay_create_payments),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            self._process_callbacks()
        self.assert_paid(intents - bad)
        row = bad.payment_ids
        self.assertEqual(row.state, 'needs_attention')
        self.assertIn('unexpected error', self._note(row))
        self.assertFalse(row.account_payment_id)
        self.assertEqual(bad.invoice_ids.amount_residual, 1002)
        self.assertEqual(set(intents.callback_ids.mapped('state')), {'processed'})
        row.with_user(self.accountant).action_settle()
        self.assert_paid(intents)

    def test_refusal_of_the_books_names_its_reason(self):
        intents = self._create_intents(3)
        self._announce(intents)
        transactions = self.env.registry['payment.transaction']
        create_payment = transactions._create_payment

        reason = 'The year is closed.'

        def _create_payment(transaction, **values):
            if transaction.invoice_ids == intents[0].invoice_ids:
                raise UserError(reason)
            return create_payment(transaction, **values)

        with (
            patch.object(transactions, '_create_payment', _create_payment),
            patch.object(transactions, '_qpay_create_payments', side_effect=UserError('closed')),
        ):
            self._process_callbacks()
        self.assert_paid(intents[1:])
        row = intents[0].payment_ids
        self.assertEqual((row.state, row.state_message), ('needs_attention', 'The year is closed.'))
        self.assertIn('The year is closed.', self._note(row))

    def test_special_payments_are_booked_beside_the_batch(self):
        intents = self._create_intents(3)
        several = self._create_intent(
            self._create_invoice(100) | self._create_invoice(200), 300
        ).sudo()
        draft = intents[1].invoice_ids
        draft.button_draft()
        self._announce(intents | several)
        self._process_callbacks()
        self.assert_paid(intents - intents[1] | several)
        self.assertEqual(draft.state, 'draft')
        [row] = intents[1].payment_ids
        self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'))

    def test_qpay_that_is_down_for_some_holds_back_only_them(self):
        intents = self._create_intents(4)
        self._announce(intents)
        self.qpay.inject(CHECK, 'system_busy', times=1)
        self._process_callbacks()
        paid = intents.filtered(lambda intent: intent.state == 'paid')
        self.assertEqual(len(paid), 3)
        waiting = (intents - paid).callback_ids
        self.assertEqual(waiting.state, 'received')
        waiting.next_attempt_at = '2026-01-01 00:00:00'
        self._process_callbacks()
        self.assert_paid(intents)
