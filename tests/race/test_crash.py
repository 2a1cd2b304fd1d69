"""Power failures of Odoo and outages of QPay, at the moments that could lose money."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import requests

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.odoo_server import fetch
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CHECK = 'POST /v2/payment/check'
CREATE = 'POST /v2/invoice'


@tagged('post_install', '-at_install')
class TestCrash(RealServerCase):
    """Time is not waited for: it passes by moving what is planned nearer, see `let_time_pass`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        [(cls.cron_id,)] = cls.database.query(
            "SELECT res_id FROM ir_model_data"
            " WHERE module = 'payment_qpay' AND name = 'ir_cron_process_callbacks'"
        )

    def tearDown(self):
        self.assertCleanLog()
        super().tearDown()

    # === ODOO IS KILLED === #

    def test_killed_between_callback_and_settlement(self):
        qr, payment_id = self._pay_and_kill()

        self.database.let_time_pass(const.CALLBACK_LEASE)
        self.server.restart()
        self.database.wake_cron()

        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id)

    def test_killed_and_restarted_before_the_lease_is_over(self):
        # The scheduler deletes them, too, when it runs.
        wait_for(self.database.is_scheduler_idle, 'a scheduler that has nothing to do')
        self.database.query('DELETE FROM ir_cron_trigger WHERE cron_id = %s', self.cron_id)
        qr, payment_id = self._pay_and_kill()
        # Neither its regular run, once in minutes, nor a run for another payment shall be needed.
        self.database.query(
            "UPDATE ir_cron SET nextcall = nextcall + interval '1 hour' WHERE id = %s", self.cron_id
        )
        self.server.restart()
        self.database.wake_cron()
        # The scheduler starts with what was planned before the failure, and finds the callback
        # still taken by the dead process.
        wait_for(lambda: not self._due_triggers(), 'the first run of the scheduler')
        self.assertFalse(self._is_paid(qr['invoice_id']))

        self.database.run_after(const.CALLBACK_LEASE)

        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id)

    def test_killed_between_ledger_and_books(self):
        qr = self._create_qr()
        # Whoever books the payment has to wait for this row; its record does not touch it.
        held_row = (
            'SELECT t.id FROM payment_transaction t JOIN qpay_intent i ON i.transaction_id = t.id'
            ' WHERE i.id = %s FOR UPDATE OF t'
        )
        with self.database.holding(held_row, qr['intent_id']):
            payment = self.qpay.pay(qr['qpay_invoice_id'], wait=True)
            wait_for(lambda: self._ledger_states(qr), 'the record of the payment')
            self.assertEqual(self._ledger_states(qr), [('to_settle',)])
            self.server.kill()
        self.assertFalse(self._is_paid(qr['invoice_id']))

        self.database.let_time_pass(const.CALLBACK_LEASE)
        self.server.restart()
        self.database.wake_cron()

        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment['payment_id'])

    def test_killed_while_qpay_makes_the_qr(self):
        invoice_id = self._create_invoice()
        known = len(self.qpay.invoices())
        self.qpay.inject(CREATE, 'hold')
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(
                self.accountant.call, 'account.move', 'qpay_create_intent', [invoice_id]
            )
            wait_for(lambda: self._calls(CREATE), 'the request for a QR')
            self.server.kill()
            self.assertIsInstance(answer.exception(), requests.RequestException)
        self.qpay.release()
        wait_for(lambda: len(self.qpay.invoices()) > known, 'the invoice at QPay')
        [(intent_id, qpay_invoice_id)] = self.database.query(
            'SELECT id, qpay_invoice_id FROM qpay_intent WHERE res_id = %s', invoice_id
        )
        self.assertFalse(qpay_invoice_id)
        self.server.restart()

        # Its answer is lost, but its QR could be paid, for example from QPay's own application.
        lost_invoice = self.qpay.invoices()[-1]
        payment = self.qpay.pay(lost_invoice['invoice_id'], wait=True)

        self.assertTrue(all(callback['ok'] for callback in self.qpay.callbacks()))
        self._wait_until_paid(invoice_id)
        self._let_inbox_empty()
        self.assertPaidOnce(invoice_id, intent_id, payment['payment_id'])

    # === QPAY IS DOWN === #

    def test_callback_while_qpay_is_down(self):
        qr = self._create_qr()
        payment_id = self.qpay.pay(qr['qpay_invoice_id'], callback=False)['payment_id']
        callback_url = self.qpay.invoices()[-1]['callback_url']
        self.simulator.stop()
        self.addCleanup(self._start_simulator)

        answer = fetch(f'{callback_url}?qpay_payment_id={payment_id}')

        self.assertEqual(answer, (200, 'SUCCESS'))
        wait_for(lambda: self._problems(qr), 'a reason why it is not processed')
        self.assertFalse(self._is_paid(qr['invoice_id']))

        self._start_simulator()
        self.database.run_after(timedelta(minutes=1))

        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id)

    # === HELPERS === #

    def _pay_and_kill(self):
        """Have a QR paid and the server die between its answer to QPay and the settlement.

        :return: The QR and QPay's id of the payment.
        """
        qr = self._create_qr()
        self.qpay.reset_calls()
        self.qpay.inject(CHECK, 'hold')
        payment = self.qpay.pay(qr['qpay_invoice_id'], wait=True)
        self.assertTrue(self.qpay.callbacks()[-1]['ok'])
        wait_for(lambda: self._calls(CHECK), 'the question whether it is paid')
        self.server.kill()
        self.qpay.release()
        self.assertFalse(self._is_paid(qr['invoice_id']))
        self.assertFalse(self._ledger_states(qr))
        return qr, payment['payment_id']

    def _start_simulator(self):
        if not self.qpay.healthy():
            self.simulator.start()

    def _ledger_states(self, qr):
        return self.database.query(
            'SELECT state FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )

    def _problems(self, qr):
        return self.database.query(
            'SELECT message FROM qpay_callback WHERE intent_id = %s AND message IS NOT NULL',
            qr['intent_id'],
        )

    def _due_triggers(self):
        return self.database.query(
            "SELECT id FROM ir_cron_trigger WHERE cron_id = %s"
            " AND call_at <= now() AT TIME ZONE 'UTC'", self.cron_id,
        )
