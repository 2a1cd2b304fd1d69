"""Settlements, ends and changes of documents that meet in the database."""

from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import LockError
from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase


@tagged('post_install', '-at_install')
class TestSettlementsMeet(InterleavingCase):

    # === SETTLE AGAIN === #

    def test_what_another_process_books_meanwhile_is_not_booked_again(self):
        first, second = (self._record_paid(self._create_qr()) for _number in range(2))
        unknown = self._assign_unknown_payment()

        def _book_others():
            with self._rival() as env:
                rows = (second | unknown).with_env(env)
                rows.action_settle()
                self.assertEqual(set(rows.mapped('state')), {'settled'})

        with self._meanwhile('qpay.intent', '_settle_pending', _book_others):
            (first | second | unknown).with_env(self.own).action_settle()
        rows = first | second | unknown
        self.assertBookedOnce(*rows.mapped('qpay_txn_id'))
        self.assertEqual(set(rows.mapped('state')), {'settled'})

    def _assign_unknown_payment(self):
        """Return a payment without a QR that waits to be booked."""
        row = self._record_paid(self._create_qr(7000))
        row.write({
            'intent_id': False,
            'state': 'needs_attention',
            'assigned_partner_id': row.partner_id.id,
        })
        self.own.cr.commit()
        return row

    def test_settle_again_says_so_while_another_process_is_at_it(self):
        row = self._record_paid(self._create_qr())
        with self._held(row.intent_id), self.assertRaises(LockError):
            row.with_env(self.own).action_settle()
        self.assertEqual(row.state, 'to_settle')

    # === CALLS === #

    def test_end_of_one_call_that_fails_holds_back_no_other(self):
        intents = [self._create_qr() for _number in range(3)]
        callbacks = self.system['qpay.callback'].union(*(
            self.system['qpay.callback']._receive(intent, self._pay(intent)) for intent in intents
        ))
        self.system.cr.commit()
        broken, finish = callbacks[1], self.registry['qpay.callback']._finish_known

        def _fail(waiting, **options):
            if broken in waiting:
                raise ValueError('broken')
            return finish(waiting, **options)

        with (
            patch.object(self.registry['qpay.callback'], '_finish_known', _fail),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            callbacks._process()
        self.assertEqual((callbacks - broken).mapped('state'), ['processed', 'processed'])
        self.assertEqual(broken.state, 'received')
        self.assertBookedOnce(*callbacks.mapped('qpay_payment_id'))

    # === CHECK === #

    def test_what_qpay_said_is_kept_in_hand_while_another_process_is_at_the_qr(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        self.qpay.reset_calls()
        intent._claim_check()
        with self._held(intent, until_waited_for=True):
            self.assertTrue(intent._sync_payments())
        self.assertBookedOnce(payment_id)
        self.assertEqual(intent.state, 'paid')

    def test_person_is_told_that_the_check_could_not_be_taken_in(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        with ExitStack() as stack:
            stack.enter_context(self._meanwhile(
                QPayClient, 'check_payment', lambda: stack.enter_context(self._held(intent))
            ))
            with self.assertRaises(LockError):
                intent.with_env(self.own).action_check()
            self.assertBookedOnce()
        intent._sync_payments()
        self.assertBookedOnce(payment_id)

    # === END === #

    def test_paid_qr_does_not_end_while_another_process_is_at_it(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        with self._held(intent), self.assertRaises(LockError):
            intent.with_env(self.own).action_cancel()
        self.assertEqual((intent.state, intent.transaction_id.state), ('new', 'draft'))
        self.assertEqual(self._status_at_qpay(intent), 'CLOSED')

        intent.with_env(self.own).action_cancel()
        self.assertBookedOnce(payment_id)
        self.assertEqual((intent.state, intent.payment_ids.discrepancy), ('paid', False))

    def test_expired_qr_that_another_process_is_at_is_looked_at_again(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        past = fields.Datetime.now() - timedelta(seconds=1)
        intent.write({'expires_at': past, 'recheck_at': past})
        self.own.cr.commit()
        triggers = self.system['ir.cron.trigger'].search_count([])
        with self._held(intent):
            self.system['qpay.intent']._cron_recheck()
        self.assertEqual(intent.state, 'new')
        self.assertEqual(self.system['ir.cron.trigger'].search_count([]), triggers + 1)

        self.system['qpay.intent']._cron_recheck()
        self.assertBookedOnce(payment_id)
        self.assertEqual((intent.state, intent.payment_ids.discrepancy), ('paid', False))

    # === CALLBACKS === #

    def test_callback_that_another_process_has_finished_stays_finished(self):
        intent = self._create_qr()
        callback = self._call_back(intent, 'announced')

        def _process_again():
            payment_id = self._pay(intent)
            with self._rival() as env:
                again = callback.with_env(env)
                again.qpay_payment_id = payment_id
                again.action_process()

        # QPay has answered this process that nothing is paid.
        with (
            self.assertNoLogs('odoo.sql_db', level='ERROR'),
            self._meanwhile(QPayClient, 'check_payment', _process_again),
        ):
            callback._process()
        self.assertEqual((callback.state, intent.state), ('processed', 'paid'))
        self.assertBookedOnce(intent.payment_ids.qpay_txn_id)

    # === CHANGES OF DOCUMENTS === #

    def test_change_of_a_document_neither_waits_for_its_qr_nor_fails(self):
        intent = self._create_qr()
        invoice = intent.invoice_ids.with_env(self.own)
        self.assertEqual(invoice.amount_residual, 15000, 'the snapshot is taken')
        with self._rival() as env:
            intent.with_env(env).view_checks += 1
        with self._held(intent), self.assertNoLogs('odoo.sql_db', level='ERROR'):
            self._register_payment(invoice)
            self.own.cr.commit()
        self.assertEqual(intent.state, 'new')

        self.system['qpay.intent']._cron_recheck()
        self.assertEqual((intent.state, self._status_at_qpay(intent)), ('cancelled', 'CANCELED'))
        self.assertFalse(self.system['qpay.intent.recheck'].search([]))

    def test_look_that_was_asked_for_survives_a_failure(self):
        intent = self._create_qr()
        self._register_payment(intent.invoice_ids.with_env(self.own))
        self.own.cr.commit()
        with self._held(intent):
            self.system['qpay.intent']._cron_recheck()
        self.assertEqual((intent.state, len(intent.recheck_ids)), ('new', 1))
        self.system['qpay.intent']._cron_recheck()
        self.assertEqual((intent.state, len(intent.recheck_ids)), ('cancelled', 0))

    def test_own_settlement_asks_for_no_further_look(self):
        intent = self._create_qr()
        self._pay(intent)
        intent._sync_payments()
        self.qpay.reset_calls()
        self.system['qpay.intent']._cron_recheck()
        self.assertFalse(self.system['qpay.intent.recheck'].search([]))
        self.assertEqual(self.qpay.calls(), {})
