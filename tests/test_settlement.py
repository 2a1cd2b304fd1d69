from datetime import date

from odoo.tests import tagged

from .common import QPayCommon


@tagged('post_install', '-at_install')
class TestSettlement(QPayCommon):

    def test_paid_qr_pays_the_invoice(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        self.assertEqual(intent.state, 'new')
        payment = self._pay_and_settle(intent)

        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(intent.state, 'paid')
        ledger = self._ledger(intent)
        self.assertEqual(ledger.state, 'settled', ledger.state_message)
        self.assertEqual(ledger.amount, 15000)
        self.assertEqual(ledger.fee, 150)
        self.assertEqual(ledger.transaction_id, intent.transaction_id)
        self.assertEqual(intent.transaction_id.state, 'done')
        self.assertTrue(intent.transaction_id.is_post_processed)
        account_payment = ledger.account_payment_id
        self.assertEqual(account_payment.amount, 15000)
        self.assertEqual(account_payment.journal_id, self.provider.journal_id)
        self.assertIn(invoice.name, account_payment.memo)
        self.assertIn(payment['payment_id'], account_payment.memo)
