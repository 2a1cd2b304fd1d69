"""A power failure at each single step of a payment: nothing is lost, nothing is booked twice."""

import contextlib
import itertools
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.client import OdooRefusal
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

# The way has at least these steps: if fewer are seen, the failures no longer happen.
LEAST_MOMENTS = 14
FAILING_ODOO = str(Path(__file__).parents[1] / 'cases' / 'failing_odoo.py')


@tagged('post_install', '-at_install')
class TestPowerFailure(RealServerCase):

    workers = 0

    @classmethod
    def setUpClass(cls):
        folder = TemporaryDirectory()
        cls.plan = Path(folder.name) / 'fail-at'
        cls.plan.touch()
        cls.addClassCleanup(folder.cleanup)
        super().setUpClass()

    @classmethod
    def _start_server(cls, node):
        return super()._start_server(node, FAILING_ODOO, {'QPAY_FAIL_AT': str(cls.plan)})

    def test_at_every_step_the_payment_is_booked_exactly_once(self):
        for moment in itertools.count(1):
            with self.subTest(moment=moment):
                has_failed = self._pay_with_failure_at(moment)
            if not has_failed:
                break
        self.assertGreater(moment, LEAST_MOMENTS)

    def _pay_with_failure_at(self, moment):
        """Let one invoice be paid while the power fails at a moment, and see it through.

        :return: Whether the power failed; it does not when the way has fewer moments.
        :rtype: bool
        """
        invoice_id = self._create_invoice()
        self.plan.write_text(f'{moment} {invoice_id}', encoding='utf-8')
        self._ask_for_qr(invoice_id)
        payment_ids = self._pay_what_can_be_paid()
        has_failed = self._has_failed_before_payment(invoice_id)
        self.plan.write_text('', encoding='utf-8')
        if has_failed:
            self._repair()
        if not payment_ids:
            # The power failed before QPay was asked: nobody has a QR, and asking again works.
            self.database.let_time_pass(timedelta(minutes=3))
            self._ask_for_qr(invoice_id)
            payment_ids = self._pay_what_can_be_paid()
        # QPay may call once more, because nobody answered.
        for payment_id in payment_ids:
            self.qpay.callback(payment_id, wait=True)
        self._see_through(invoice_id)
        self.assertEqual(len(payment_ids), 1)
        self._assert_booked_once(invoice_id, payment_ids[0])
        return has_failed

    def _ask_for_qr(self, invoice_id):
        # Nobody may be there to answer, or it is not known yet what became of the first try.
        with contextlib.suppress(requests.RequestException, OdooRefusal):
            self.accountant.call('account.move', 'qpay_create_intent', [invoice_id])

    def _pay_what_can_be_paid(self):
        return [
            self.qpay.pay(invoice['invoice_id'], wait=True)['payment_id']
            for invoice in self.qpay.invoices(status='OPEN')
        ]

    def _has_failed_before_payment(self, invoice_id):
        """Wait for the end of the payment's way: the power's failure, or the paid invoice."""
        def is_over():
            return self._is_dead() or self._is_settled(invoice_id)

        wait_for(is_over, 'the failure or the payment')
        if not self._is_dead():
            # The last moment comes right after the invoice shows as paid.
            wait_for(
                lambda: self._is_dead() or self.database.is_scheduler_idle(), 'the last moment'
            )
        return self._is_dead()

    def _is_dead(self):
        return not self.server.is_alive()

    def _is_settled(self, invoice_id):
        return self._is_paid(invoice_id) or not self.qpay.invoices(status='OPEN') and not (
            self.database.query(
                'SELECT 1 FROM qpay_intent i JOIN qpay_intent_invoice_rel r ON r.intent_id = i.id'
                ' WHERE r.invoice_id = %s', invoice_id,
            )
        )

    def _repair(self):
        self.server.kill()
        self.server.restart()
        type(self).accountant = self.server.log_in(ACCOUNTANT['login'], ACCOUNTANT['password'])

    def _see_through(self, invoice_id):
        """Let the scheduler find what was left behind."""
        for _run in range(3):
            self.database.run_after(timedelta(minutes=2))
            wait_for(self.database.is_scheduler_idle, 'the end of its run')
            if self._is_paid(invoice_id):
                break
        self.assertTrue(self._is_paid(invoice_id))
        self._let_inbox_empty()

    def _assert_booked_once(self, invoice_id, payment_id):
        query = self.database.query
        self.assertEqual(
            query('SELECT status, state FROM qpay_payment WHERE qpay_txn_id = %s', payment_id),
            [('paid', 'settled')],
        )
        self.assertEqual(
            query('SELECT amount FROM account_payment WHERE qpay_txn_id = %s', payment_id),
            [(15000,)],
        )
        self.assertEqual(
            query('SELECT payment_state, amount_residual FROM account_move WHERE id = %s',
                  invoice_id),
            [('paid', 0)],
        )
        self.assertEqual(
            query("SELECT count(*) FROM payment_transaction t"
                  " JOIN account_invoice_transaction_rel r ON r.transaction_id = t.id"
                  " WHERE r.invoice_id = %s AND t.state = 'done'", invoice_id),
            [(1,)],
        )
