"""Refunds with real server processes, while others change the same QR and its payments."""

from threading import Thread

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

REFUND = 'DELETE /v2/payment/refund/{id}'


@tagged('post_install', '-at_install')
class TestRefundServers(RealServerCase):

    def setUp(self):
        super().setUp()
        self.qr = self._create_qr()
        self.payment_id = self.qpay.pay(
            self.qr['qpay_invoice_id'], method='CARD', wait=True
        )['payment_id']
        self._wait_until_paid(self.qr['invoice_id'])

    def tearDown(self):
        self.assertCleanLog()
        super().tearDown()

    def test_payment_that_arrives_while_qpay_refunds_another(self):
        self.qpay.inject(REFUND, 'hold')
        answers = []
        refund = Thread(target=lambda: answers.append(self._refund(self.payment_id)))
        refund.start()
        wait_for(lambda: self._calls(REFUND), 'the refund at QPay')

        second_id = self.qpay.pay(self.qr['qpay_invoice_id'], wait=True)['payment_id']
        wait_for(lambda: self._get_state(second_id) == ('paid', 'settled'), 'the second one')
        self.assertTrue(refund.is_alive(), 'QPay has not answered yet')
        self.qpay.release()
        refund.join()

        self.assertEqual(answers, ['success'])
        self.assertRefundedOnce(amount_paid=15000)

    def test_refund_that_cannot_be_booked_at_once_is_booked_soon(self):
        self.qpay.inject(REFUND, 'hold')
        answers = []
        refund = Thread(target=lambda: answers.append(self._refund(self.payment_id)))
        refund.start()
        wait_for(lambda: self._calls(REFUND), 'the refund at QPay')
        with self.database.holding(
            'SELECT id FROM qpay_intent WHERE id = %s FOR NO KEY UPDATE', self.qr['intent_id']
        ):
            self.qpay.release()
            refund.join()
            self.assertEqual(self._get_refund_state(), 'pending')

        self.database.wake_cron()
        wait_for(lambda: self._get_refund_state() == 'done', 'the refund in the books')
        self.assertEqual(answers, ['success'])
        self.assertRefundedOnce(amount_paid=0)

    # === HELPERS === #

    def _get_state(self, payment_id):
        rows = self.database.query(
            'SELECT status, state FROM qpay_payment WHERE qpay_txn_id = %s', payment_id
        )
        return rows[0] if rows else None

    def _get_refund_state(self):
        [(state,)] = self.database.query(
            'SELECT t.state FROM payment_transaction t JOIN qpay_payment p'
            ' ON p.refund_transaction_id = t.id WHERE p.qpay_txn_id = %s', self.payment_id,
        )
        return state

    def assertRefundedOnce(self, amount_paid):
        """QPay was asked once, and the books say what it did."""
        self.assertEqual(self._calls(REFUND), 1)
        self.assertEqual(self._get_state(self.payment_id), ('refunded', 'settled'))
        self.assertEqual(self._get_refund_state(), 'done')
        self.assertEqual(
            self.database.query(
                'SELECT amount_paid FROM qpay_intent WHERE id = %s', self.qr['intent_id']
            ),
            [(amount_paid,)],
        )
        self.assertEqual(
            self.database.query(
                "SELECT a.amount, a.payment_type, m.state FROM account_payment a"
                ' JOIN account_move m ON m.id = a.move_id'
                ' JOIN qpay_payment p ON p.account_payment_id = a.source_payment_id'
                ' WHERE p.qpay_txn_id = %s', self.payment_id,
            ),
            [(15000, 'outbound', 'posted')],
        )
