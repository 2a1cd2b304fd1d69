"""Many requests about one payment at once, on one server and on two."""

from datetime import timedelta
from functools import partial
from itertools import accumulate

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.demo.client import OdooRefusal
from odoo.addons.payment_qpay.tests.cases.odoo_server import fetch
from odoo.addons.payment_qpay.tests.cases.patience import together
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CALLBACKS = 20


@tagged('post_install', '-at_install')
class TestConcurrency(RealServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_server = cls._start_server('node2')

    def tearDown(self):
        self.assertCleanLog()
        self.assertCleanLog(self.second_server)
        super().tearDown()

    # === ONE PAYMENT === #

    def test_twenty_callbacks_and_ten_checks_settle_once(self):
        qr = self._create_qr()
        payment_id = self.qpay.pay(qr['qpay_invoice_id'], callback=False)['payment_id']
        self.qpay.reset_calls()
        callback = partial(self._call_back, qr, payment_id)

        answers = together(
            *[callback] * CALLBACKS, *self._ten_checks(qr, self.server),
        )

        self.assertEqual(answers[:CALLBACKS], [(200, 'SUCCESS')] * CALLBACKS)
        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id)
        results = self.database.query(
            'SELECT state, message FROM qpay_callback WHERE intent_id = %s', qr['intent_id']
        )
        self.assertEqual(len(results), CALLBACKS)
        self.assertLessEqual({state for state, _message in results}, {'processed', 'duplicate'})
        self.assertLowCost()

    def test_two_servers_settle_once(self):
        qr = self._create_qr()
        payment_id = self.qpay.pay(qr['qpay_invoice_id'], callback=False)['payment_id']
        self.qpay.reset_calls()
        here = partial(self._call_back, qr, payment_id)
        there = partial(self._call_back, qr, payment_id, self.second_server)

        answers = together(
            *[here, there] * (CALLBACKS // 2),
            *self._ten_checks(qr, self.server)[:5],
            *self._ten_checks(qr, self.second_server)[5:],
        )

        self.assertEqual(answers[:CALLBACKS], [(200, 'SUCCESS')] * CALLBACKS)
        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id)
        self.assertLowCost()

    # === SEVERAL PAYMENTS === #

    def test_invoices_paid_at_once(self):
        amounts = range(1000, 9000, 1000)
        qrs = [self._create_qr(amount) for amount in amounts]

        payments = together(*[
            partial(self.qpay.pay, qr['qpay_invoice_id'], wait=True) for qr in qrs
        ])

        for qr, amount, payment in zip(qrs, amounts, payments, strict=True):
            self._wait_until_paid(qr['invoice_id'])
            self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment['payment_id'], amount)
        self._let_inbox_empty()
        self.assertTrue(all(callback['ok'] for callback in self.qpay.callbacks()))

    def test_two_payments_of_one_qr_at_once_are_both_booked(self):
        qr = self._create_qr()
        pay = partial(self.qpay.pay, qr['qpay_invoice_id'], wait=True)

        payments = together(pay, pay)

        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        booked = self.database.query(
            'SELECT qpay_txn_id, state FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )
        self.assertCountEqual(booked, [(p['payment_id'], 'settled') for p in payments])
        self.assertEqual(
            self.database.query(
                'SELECT count(*), sum(amount) FROM account_payment WHERE qpay_txn_id IN %s',
                tuple(payment['payment_id'] for payment in payments),
            ),
            [(2, 30000)],
        )

    # === ONE QR, ONE TOKEN === #

    def test_two_servers_log_in_once(self):
        qr = self._create_qr()
        other = self._create_qr()
        self.database.query('DELETE FROM qpay_token')
        self.qpay.reset_calls()

        together(*[
            partial(self._check, document, server, now=True)
            for document in (qr, other)
            for server in (self.server, self.second_server)
        ])

        self.assertEqual(self._calls('POST /v2/auth/token'), 1)
        self.assertEqual(self._calls(), 2)

    def test_qr_asked_for_at_once_is_made_once(self):
        invoice_id = self._create_invoice()
        second_accountant = self.second_server.log_in('accountant', 'accountant')
        known = len(self.qpay.invoices())

        answers = together(*[
            partial(self._try_to_create_qr, accountant, invoice_id)
            for accountant in (self.accountant, second_accountant) * 3
        ])

        # Whoever came too early for the answer of QPay was told to try again.
        qrs = [answer for answer in answers if answer]
        self.assertTrue(qrs)
        self.assertEqual(len({qr['qr_text'] for qr in qrs}), 1)
        self.assertEqual(len(self.qpay.invoices()) - known, 1)
        self.assertEqual(
            self.database.query(
                "SELECT state FROM qpay_intent WHERE res_id = %s AND res_model = 'account.move'",
                invoice_id,
            ),
            [('new',)],
        )

    def test_odoo_does_not_write_a_transaction_that_waits_for_money(self):
        qr = self._create_qr()

        # Odoo's own scheduled action takes all that are not post-processed, whatever their state.
        # It would get into the way of a settlement at the same moment.
        self.assertEqual(
            self.database.query(
                'SELECT state, is_post_processed FROM payment_transaction t'
                ' JOIN account_invoice_transaction_rel r ON r.transaction_id = t.id'
                ' WHERE r.invoice_id = %s', qr['invoice_id'],
            ),
            [('draft', True)],
        )

    # === BUDGET === #

    def test_more_than_five_minutes_before_an_unpaid_qr(self):
        qr = self._create_qr()
        self.qpay.reset_calls()
        poll = partial(self._check, qr)

        # A little more than five minutes, so that the last call of the budget is due.
        for _poll in range(105):
            # Two people look at it: they share the budget.
            self.assertEqual([status['state'] for status in together(poll, poll)], ['new'] * 2)
            self.database.let_time_pass(timedelta(seconds=3))

        due = list(accumulate(const.VIEW_CHECK_DELAYS))
        expected = sum(moment <= timedelta(minutes=5) for moment in due)
        self.assertEqual(self.qpay.calls(), {'POST /v2/payment/check': expected})
        self.assertLessEqual(expected, 5)

    # === HELPERS === #

    def assertLowCost(self):
        """QPay was asked much less often than it called, and for nothing but the payment."""
        calls = self.qpay.calls()
        self.assertLessEqual(calls.pop('POST /v2/payment/check'), CALLBACKS // 2)
        self.assertLessEqual(calls.pop('GET /v2/payment/{id}', 0), CALLBACKS // 2)
        self.assertFalse(calls)

    def _call_back(self, qr, payment_id, server=None):
        """Call as QPay does, the server that it was told or another one."""
        [(token,)] = self.database.query(
            'SELECT callback_token FROM qpay_intent WHERE id = %s', qr['intent_id']
        )
        base_url = (server or self.server).url
        return fetch(
            f'{base_url}/payment/qpay/callback/{qr["intent_id"]}-{token}'
            f'?qpay_payment_id={payment_id}'
        )

    def _ten_checks(self, qr, server):
        """Return checks by everybody who can: a payer who looks, one who asks, an accountant."""
        accountant = server.log_in('accountant', 'accountant')
        return [
            *[partial(self._check, qr, server)] * 4,
            *[partial(self._check, qr, server, now=True)] * 3,
            *[partial(accountant.call, 'qpay.intent', 'action_check', [qr['intent_id']])] * 3,
        ]

    @staticmethod
    def _try_to_create_qr(accountant, invoice_id):
        """Return the QR; None if Odoo refuses."""
        try:
            return accountant.call('account.move', 'qpay_create_intent', [invoice_id])
        except OdooRefusal:
            return None
