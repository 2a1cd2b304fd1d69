from odoo import fields
from odoo.tests import tagged

from .common import QPayCommon


@tagged('post_install', '-at_install')
class TestReconciliation(QPayCommon):
    """What no callback told is found in QPay's list, with few calls."""

    def _reconcile(self):
        reconciliation = self.env['qpay.reconciliation'].sudo().create({
            'provider_id': self.provider.id,
            'date_to': fields.Datetime.add(fields.Datetime.now(), minutes=5),
        })
        reconciliation.action_run()
        return reconciliation

    def test_payment_without_callback_is_recovered(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        payment = self._pay(intent)
        result = self._reconcile()
        self.assertEqual(result.state, 'done', result.state_message)
        self.assertEqual(result.recovered_count, 1)
        self.assertEqual(result.unknown_count, 0)
        self.assertEqual(result.qpay_total, 15000)
        self.assertEqual(result.ledger_total, 15000)
        self.assertPaidOnce(invoice, payment['payment_id'])
        self.assertEqual(self._calls('POST /v2/payment/list'), 1)
        self.assertEqual(self._calls('POST /v2/payment/check'), 0)

        again = self._reconcile()
        self.assertEqual((again.matched_count, again.recovered_count), (1, 0))
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_payment_of_nobodys_waits_for_a_person(self):
        invoice = self._create_invoice(7000)
        intent = self._create_intent(self._create_invoice(7000))
        payment = self._pay(intent)
        self.env['qpay.callback'].sudo().search([]).unlink()
        intent.sudo().unlink()
        result = self._reconcile()
        self.assertEqual(result.unknown_count, 1)
        row = result.payment_ids
        self.assertEqual(row.state, 'needs_attention')
        self.assertTrue(row.activity_ids)

        wizard = self.env['qpay.assign.wizard'].with_user(self.accountant).create({
            'payment_id': row.id, 'partner_id': self.customer.id, 'invoice_ids': invoice.ids,
        })
        wizard.action_assign()
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertPaidOnce(invoice, payment['payment_id'])

    def test_refund_made_in_qpays_portal_is_noticed(self):
        invoice = self._create_invoice(15000)
        intent = self._create_intent(invoice)
        payment = self._pay_and_settle(intent, method='CARD')
        self.qpay.refund_in_portal(payment['payment_id'])
        result = self._reconcile()
        self.assertEqual(result.refunded_count, 1)
        ledger = self._ledger(intent)
        self.assertEqual(ledger.state, 'needs_attention')
        ledger.action_book_refund()
        self.assertEqual(ledger.status, 'refunded')
        self.assertEqual(ledger.refund_transaction_id.payment_id.payment_type, 'outbound')
