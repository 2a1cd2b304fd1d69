"""QPay is asked about several QRs at once: whoever is answered is booked while others wait."""

import os
from threading import Thread
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase
from odoo.addons.payment_qpay.tests.cases.patience import wait_for

CHECK = 'POST /v2/payment/check'
GET_PAYMENT = 'GET /v2/payment/{id}'
LOG_IN = 'POST /v2/auth/token'


class SideBySideCase(InterleavingCase):

    AT_ONCE = 3

    def setUp(self):
        super().setUp()
        self.enterContext(patch.dict(os.environ, {const.QUESTIONS_VARIABLE: str(self.AT_ONCE)}))
        self.addCleanup(self.qpay.clear_faults)

    def _announce(self, count):
        """Let QRs be paid, and QPay call; return them in the order of its calls."""
        intents = self.system['qpay.intent']
        for number in range(count):
            intent = self._create_qr(1000 + number)
            self._call_back(intent, self._pay(intent))
            intents += intent
        self.qpay.reset_calls()
        return intents

    def _start_run(self):
        """Let the scheduled action process the callbacks, and return its thread."""
        env = self._open()
        errors = []

        def run():
            try:
                env['qpay.callback']._cron_process()
            except Exception as error:  # noqa: BLE001 - the test tells it
                errors.append(error)
            finally:
                env.cr.rollback()

        def end():
            self.qpay.clear_faults()
            thread.join()
            self.assertEqual(errors, [])

        thread = Thread(target=run)
        thread.start()
        self.addCleanup(end)
        return thread

    def _calls(self, endpoint):
        return self.qpay.calls().get(endpoint, 0)

    def _wait_for_calls(self, endpoint, number):
        wait_for(lambda: self._calls(endpoint) >= number, f'{number} of {endpoint}')

    def _get_paid(self, intents):
        """Return which of these QRs are paid, as another process sees it."""
        return [intent_id for (intent_id,) in self.database.query(
            "SELECT id FROM qpay_intent WHERE id = ANY(%s) AND state = 'paid'", intents.ids
        )]

    def _wait_until_paid(self, intents, number):
        wait_for(lambda: len(self._get_paid(intents)) >= number, f'{number} payments')

    def _get_attempts(self, intents):
        return sorted(attempts for (attempts,) in self.database.query(
            'SELECT coalesce(attempts, 0) FROM qpay_callback WHERE intent_id = ANY(%s)', intents.ids
        ))

    def assert_all_booked(self, intents):
        self.system.cr.rollback()
        self.assertEqual(set(intents.mapped('state')), {'paid'})
        self.assertLessEqual(set(intents.callback_ids.mapped('state')), {'processed', 'duplicate'})
        self.assertBookedOnce(*intents.payment_ids.mapped('qpay_txn_id'))
        self.assertEqual(len(intents.payment_ids), len(intents))


@tagged('post_install', '-at_install')
class TestAnsweredAreBooked(SideBySideCase):

    def test_payment_is_booked_while_qpay_has_not_answered_about_others(self):
        intents = self._announce(5)
        self.qpay.inject(GET_PAYMENT, 'hold', times=2)
        run = self._start_run()

        self._wait_until_paid(intents, 3)
        self.assertEqual(len(self._get_paid(intents)), 3)
        # Nothing is locked while QPay answers.
        self.database.query('SELECT id FROM qpay_intent FOR NO KEY UPDATE NOWAIT')
        self.database.query('SELECT id FROM qpay_callback FOR NO KEY UPDATE NOWAIT')

        self.qpay.release()
        run.join()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {CHECK: 5, GET_PAYMENT: 5})

    def test_no_more_are_taken_on_than_are_asked_about_soon(self):
        intents = self._announce(8)
        self.qpay.inject(GET_PAYMENT, 'hold', times=None)
        run = self._start_run()

        self._wait_for_calls(GET_PAYMENT, self.AT_ONCE)
        self.assertEqual(self.qpay.calls(), {CHECK: self.AT_ONCE, GET_PAYMENT: self.AT_ONCE})
        # What this process has not taken on is free for others.
        self.assertEqual(self._get_attempts(intents), [0] * 2 + [1] * 2 * self.AT_ONCE)

        self.qpay.clear_faults()
        run.join()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {CHECK: 8, GET_PAYMENT: 8})

    def test_call_that_comes_meanwhile_is_processed(self):
        first = self._announce(1)
        self.qpay.inject(GET_PAYMENT, 'hold')
        run = self._start_run()
        self._wait_for_calls(GET_PAYMENT, 1)

        second = self._announce(1)
        self._wait_until_paid(second, 1)
        self.assertFalse(self._get_paid(first))

        self.qpay.release()
        run.join()
        self.assert_all_booked(first | second)

    def test_second_call_about_a_qr_waits_for_the_answer_to_the_first(self):
        intent = self._announce(1)
        self.qpay.inject(GET_PAYMENT, 'hold')
        run = self._start_run()
        self._wait_for_calls(GET_PAYMENT, 1)
        [payment] = self.qpay.invoices()[-1]['payments']
        self._call_back(intent, payment['payment_id'])
        # It has been seen by then.
        other = self._announce(1)
        self._wait_until_paid(other, 1)

        self.qpay.release()
        run.join()
        self.system['qpay.callback']._cron_process()
        self.system.cr.rollback()
        self.assertEqual(set(intent.callback_ids.mapped('state')), {'processed', 'duplicate'})
        self.assertBookedOnce(payment['payment_id'])
        self.assertEqual(self._calls(CHECK), 1, 'about the other QR')

    def test_killed_token_is_renewed_once_for_all(self):
        intents = self._announce(5)
        self.system.cr.execute("UPDATE qpay_token SET access_token = 'dead'")
        self.own.cr.commit()
        self.system['qpay.callback']._cron_process()
        self.assert_all_booked(intents)
        self.assertEqual(self._calls(LOG_IN), 1)

    def test_process_that_dies_leaves_all_to_the_next(self):
        class PowerCut(BaseException):
            """The process dies: nobody catches it."""

        intents = self._announce(5)
        record = self.registry['qpay.payment']._record
        recorded = []

        def _record(payments, intent, values):
            if len(recorded) == 2:
                raise PowerCut
            recorded.append(intent)
            return record(payments, intent, values)

        dying = self._open()
        with (
            patch.object(self.registry['qpay.payment'], '_record', _record),
            self.assertRaises(PowerCut),
        ):
            dying['qpay.callback']._cron_process()
        dying.cr.rollback()
        self.database.let_time_pass(const.CALLBACK_LEASE)

        self.system.cr.rollback()
        self.system['qpay.callback']._cron_process()
        self.assert_all_booked(intents)


@tagged('post_install', '-at_install')
class TestAccountsAsideEachOther(SideBySideCase):

    def test_account_that_does_not_answer_holds_up_no_other(self):
        provider = self.system['payment.provider'].search([
            ('code', '=', 'qpay'), ('state', '!=', 'disabled'),
        ], limit=1)
        # More than are in hand at once.
        here = self._announce(8)
        other = provider.copy({
            'name': 'QPay 2', 'state': 'test', 'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321', 'qpay_invoice_code': 'OTHER_INVOICE',
        })
        provider.state = 'disabled'
        other.journal_id = provider.journal_id
        self.own.cr.commit()
        there = self._announce(8)
        provider.state = 'test'
        self.own.cr.commit()
        self.assertEqual((here.provider_id, there.provider_id), (provider, other))
        # The first question of an account goes ahead alone, so one of them is not answered at all.
        self.qpay.inject(CHECK, 'hold')
        run = self._start_run()

        self._wait_until_paid(here | there, 8)
        paid = self._get_paid(here | there)
        self.assertIn(sorted(paid), [sorted(here.ids), sorted(there.ids)])

        self.qpay.release()
        run.join()
        self.assert_all_booked(here | there)


@tagged('post_install', '-at_install')
class TestEndOfTime(SideBySideCase):

    AT_ONCE = 1

    def test_what_is_not_begun_in_time_is_left_to_the_next_run(self):
        intents = self._announce(4)
        with patch.object(self.registry['ir.cron'], '_commit_progress', return_value=0):
            self.system['qpay.callback']._cron_process()
        self.system.cr.rollback()
        paid = intents.filtered(lambda intent: intent.state == 'paid')
        left = (intents - paid).callback_ids
        self.assertTrue(paid)
        self.assertGreaterEqual(len(left), 2)
        self.assertEqual(set(left.mapped('attempts')), {0})
        self.assertEqual(self._calls(CHECK), len(paid))

        self.system['qpay.callback']._cron_process()
        self.assert_all_booked(intents)
