"""VAT receipts with real server processes: two at once, and a power failure in the middle."""

from functools import partial

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.patience import together, wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CREATE = 'POST /v2/ebarimt_v3/create'


@tagged('post_install', '-at_install')
class TestEbarimtServers(RealServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_server = cls._start_server('node2')
        cls.database.query(
            "UPDATE res_company SET qpay_district = '35', qpay_khoroo = '05',"
            " qpay_classification_code = '0000010'"
        )
        cls.database.query(
            "UPDATE payment_provider SET qpay_ebarimt_mode = 'after_payment' WHERE code = 'qpay'"
        )
        cls._restart()

    @classmethod
    def _restart(cls):
        # What was written behind the servers' backs may be in their caches.
        for server in (cls.server, cls.second_server):
            server.kill()
            server.start()

    def test_many_clicks_on_two_servers_issue_once(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.qpay.inject(CREATE, 'status', status=400, body='{"error":"CUSTOMER_NOTFOUND"}')
        payment_id, receipt_id = self._pay(qr, 'failed')
        self.qpay.reset_calls()
        there = self.second_server.log_in('accountant', 'accountant')

        together(*[
            partial(client.call, 'qpay.ebarimt', 'action_issue', [receipt_id])
            for client in (self.accountant, there) for _click in range(5)
        ])

        self.database.wake_cron()
        wait_for(lambda: self._get_state(receipt_id) == 'issued', 'the receipt')
        self.assertEqual(self._calls(CREATE), 1)
        self.assertEqual(len(self.qpay.ebarimts(payment_id)), 1)

    def test_killed_while_qpay_issues(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.qpay.inject(CREATE, 'hold')
        payment_id, receipt_id = self._pay(qr, 'sending')

        for server in (self.server, self.second_server):
            server.kill()
        self.qpay.release()
        self.database.query(
            'UPDATE qpay_ebarimt SET next_attempt_at = next_attempt_at - %s', const.EBARIMT_LEASE
        )
        self.server.restart()
        self.second_server.restart()
        self.database.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id = (SELECT res_id FROM"
            " ir_model_data WHERE module = 'payment_qpay' AND name = 'ir_cron_ebarimt')"
        )
        self.database.wake_cron()

        wait_for(lambda: self._get_state(receipt_id) == 'unknown', 'the state')
        self.assertLessEqual(len(self.qpay.ebarimts(payment_id)), 1)
        self.assertEqual(self._calls(CREATE), 1)
        self.assertTrue(self._is_paid(qr['invoice_id']))

    def test_credit_note_while_qpay_issues_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.qpay.inject(CREATE, 'hold')
        payment_id, receipt_id = self._pay(qr, 'sending')

        self._credit(qr['invoice_id'])
        self.assertEqual(self._get_state(receipt_id), 'sending', 'QPay has not answered yet')
        self.qpay.release()

        wait_for(lambda: self._get_number(receipt_id), "QPay's answer")
        self.database.wake_cron()
        wait_for(lambda: self._get_state(receipt_id) == 'cancelled', 'the cancellation')
        [issued] = self.qpay.ebarimts(payment_id)
        self.assertEqual(
            (issued['status'], issued['receipt_no']), ('CANCELED', self._get_number(receipt_id))
        )
        self.assertCleanLog()
        self.assertCleanLog(self.second_server)

    def test_credit_note_does_not_wait_for_who_holds_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        payment_id, receipt_id = self._pay(qr, 'issued')
        with self.database.holding(
            'SELECT id FROM qpay_ebarimt WHERE id = %s FOR NO KEY UPDATE', receipt_id
        ):
            self._credit(qr['invoice_id'])
            self.assertEqual(self._get_state(receipt_id), 'issued')

        self.database.run_after(const.EBARIMT_PAUSE)
        wait_for(lambda: self._get_state(receipt_id) == 'cancelled', 'the cancellation')
        self.assertEqual([r['status'] for r in self.qpay.ebarimts(payment_id)], ['CANCELED'])
        self.assertCleanLog()

    def test_refund_while_qpay_issues_the_receipt(self):
        qr = self._create_qr(11000, tax_kind='vat')
        # QPay takes its time before it looks, and then issues none of what is refunded.
        self.qpay.inject(CREATE, 'hold')
        payment_id, receipt_id = self._pay(qr, 'sending', method='CARD')

        self.assertEqual(self._refund(payment_id), 'success')
        self.qpay.release()

        wait_for(lambda: self._get_state(receipt_id) != 'sending', "QPay's answer")
        self.database.wake_cron()
        wait_for(lambda: self._get_state(receipt_id) == 'cancelled', 'the cancellation')
        self.assertEqual(self.qpay.ebarimts(payment_id), [])
        self.assertCleanLog()
        self.assertCleanLog(self.second_server)

    def test_receipt_that_others_change_meanwhile_keeps_qpays_answer(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.qpay.inject(CREATE, 'hold')
        payment_id, receipt_id = self._pay(qr, 'sending')
        with self.database.holding(
            'UPDATE qpay_ebarimt SET write_date = now() WHERE id = %s', receipt_id
        ):
            self.qpay.release()
            # Odoo has the answer then, and finds the row changed.
            wait_for(lambda: self.qpay.calls_log()[-1]['status'], "QPay's answer")
            self.assertEqual(self._get_state(receipt_id), 'sending')

        wait_for(lambda: self._get_state(receipt_id) == 'issued', 'the receipt')
        [issued] = self.qpay.ebarimts(payment_id)
        self.assertEqual(self._get_number(receipt_id), issued['receipt_no'])
        self.assertCleanLog()
        self.assertCleanLog(self.second_server)

    def test_numbers_are_not_logged(self):
        qr = self._create_qr(11000, tax_kind='vat')
        self.database.query(
            "UPDATE qpay_intent SET ebarimt_receiver_type = 'citizen',"
            " ebarimt_receiver = '99887766' WHERE id = %s", qr['intent_id'],
        )
        payment_id, _receipt_id = self._pay(qr, 'issued')
        [issued] = self.qpay.ebarimts(payment_id)
        log = '\n'.join(
            line for server in (self.server, self.second_server)
            for line in server.new_log_lines()
        )
        self.assertEqual(issued['receiver'], '99887766')
        for secret in ('99887766', issued['lottery'], issued['qr_data'][:20]):
            self.assertNotIn(secret, log)

    # === HELPERS === #

    def _pay(self, qr, state, **options):
        """Let a QR be paid, and wait until its receipt is in a state.

        :return: The payment's id at QPay, and the id of the receipt.
        """
        payment_id = self.qpay.pay(qr['qpay_invoice_id'], **options)['payment_id']
        self._wait_until_paid(qr['invoice_id'])
        [(receipt_id,)] = self.database.query(
            'SELECT e.id FROM qpay_ebarimt e JOIN qpay_payment p ON p.id = e.payment_id'
            ' WHERE p.qpay_txn_id = %s', payment_id,
        )
        wait_for(lambda: self._get_state(receipt_id) == state, f'the state {state}')
        return payment_id, receipt_id

    def _get_state(self, receipt_id):
        [(state,)] = self.database.query(
            'SELECT state FROM qpay_ebarimt WHERE id = %s', receipt_id
        )
        return state

    def _get_number(self, receipt_id):
        [(number,)] = self.database.query(
            'SELECT receipt_number FROM qpay_ebarimt WHERE id = %s', receipt_id
        )
        return number

    def _credit(self, invoice_id):
        """Credit an invoice in full with Odoo's own dialog."""
        [invoice] = self.accountant.call('account.move', 'read', [invoice_id], ['journal_id'])
        wizard_id = self.accountant.call(
            'account.move.reversal', 'create', {'journal_id': invoice['journal_id'][0]},
            context={'active_model': 'account.move', 'active_ids': [invoice_id]},
        )
        action = self.accountant.call('account.move.reversal', 'refund_moves', [wizard_id])
        self.accountant.call('account.move', 'action_post', [action['res_id']])
