"""Modules of others that extend how Odoo creates the payment of a transaction."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_batch import BatchCase


@tagged('post_install', '-at_install')
class TestPaymentExtensions(BatchCase):

    def setUp(self):
        super().setUp()
        self.transactions = self.env.registry['payment.transaction']
        self.seen = {}
        create_payment = self.transactions._create_payment

        def _create_payment(transaction, **values):
            payment = create_payment(transaction, **{'memo': f'Own {transaction.id}', **values})
            # What a module does with a payment finds it in the books.
            self.seen[payment] = (
                payment.state, payment.move_id.state, payment.reconciled_invoice_ids,
            )
            payment.move_id.ref = f'Own {transaction.id}'
            return payment

        self.extension = patch.object(self.transactions, '_create_payment', _create_payment)

    def _book(self, count):
        """Return QRs that were paid, and booked together while the extension is there."""
        intents = self._create_intents(count)
        self._record_paid(intents)
        with self.extension:
            intents._settle_pending()
        self.assert_paid(intents)
        return intents

    def assert_extended(self, intents):
        payments = intents.payment_ids.account_payment_id
        self.assertEqual(len(payments), len(intents))
        self.assertEqual(set(self.seen), set(payments))
        for payment in payments:
            name = f'Own {payment.payment_transaction_id.id}'
            self.assertEqual((payment.memo, payment.move_id.ref), (name, name))
            state, entry_state, invoice = self.seen[payment]
            self.assertIn(state, ('in_process', 'paid'))
            self.assertEqual(entry_state, 'posted')
            self.assertEqual(invoice, payment.payment_transaction_id.invoice_ids)

    def test_one_payment(self):
        self.assert_extended(self._book(1))

    def test_many_payments(self):
        self.assert_extended(self._book(6))

    def test_many_callbacks(self):
        intents = self._create_intents(4)
        self._announce(intents)
        with self.extension:
            self._process_callbacks()
        self.assert_paid(intents)
        self.assert_extended(intents)

    def test_without_extensions_many_are_created_together(self):
        intents = self._create_intents(3)
        self._record_paid(intents)
        sizes = []
        create = self.env.registry['account.payment'].create

        def _create(payments, vals_list):
            sizes.append(len(vals_list))
            return create(payments, vals_list)

        with patch.object(self.env.registry['account.payment'], 'create', _create):
            intents._settle_pending()
        self.assert_paid(intents)
        self.assertEqual(sizes, [3])

    def test_extension_that_refuses_one_payment_holds_up_no_other(self):
        intents = self._create_intents(4)
        self._record_paid(intents)
        create_payment = self.transactions._create_payment

        def _create_payment(transaction, **values):
            if transaction.invoice_ids == intents[1].invoice_ids:
                raise ValueError('broken')
            return create_payment(transaction, **values)

        with (
            patch.object(self.transactions, '_create_payment', _create_payment),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            intents._settle_pending()
        self.assert_paid(intents - intents[1])
        self.assertEqual(intents[1].payment_ids.state, 'needs_attention')
