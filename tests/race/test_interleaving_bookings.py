"""Payments that are booked while somebody edits what they pay."""

import contextlib
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase


class EditedCase(InterleavingCase):

    @contextmanager
    def _edited(self, document, times=99):
        """Let somebody else change and save a document each time that its payment is booked."""
        payments = self.registry['qpay.payment']
        confirm = payments._confirm_transaction
        left = [True] * times

        def _confirm_transaction(payment):
            # Reading begins this transaction's view of the database.
            if payment._get_document() == document and left:
                left.pop()
                with self._rival() as env:
                    document.with_env(env).write(self._get_edit())
            return confirm(payment)

        with (
            patch.object(payments, '_confirm_transaction', _confirm_transaction),
            mute_logger('odoo.sql_db'),
        ):
            yield

    def _get_edit(self):
        return {'narration': 'Засав'}

    def _settle_all_but(self, edited, others):
        """Let many QRs be paid and QPay call, while somebody goes on editing the document of one:
        the others are booked.

        :return: QPay's ids of the payment that waits, and of the others.
        :rtype: tuple[str, list[str]]
        """
        payment_ids = {intent: self._pay(intent) for intent in (edited, *others)}
        for intent, payment_id in payment_ids.items():
            self._call_back(intent, payment_id)
        with self._edited(edited._get_document()):
            self.system['qpay.callback']._cron_process()
        self.own.cr.rollback()
        waiting = payment_ids.pop(edited)
        booked = list(payment_ids.values())
        self.assertBookedOnce(*booked)
        self.assertEqual(edited.payment_ids.state, 'to_settle')
        return waiting, booked

    def _watch(self, intent):
        """Let somebody who looks at a QR ask for its state, and Odoo end the request."""
        with contextlib.suppress(psycopg2.OperationalError):
            intent._refresh_for_viewer()
        self.own.cr.rollback()


@tagged('post_install', '-at_install')
class TestNextRequest(EditedCase):

    def _pay_and_watch(self, intent):
        """Let a QR be paid and QPay call, while somebody edits its document and somebody looks."""
        payment_id = self._pay(intent)
        self._call_back(intent, payment_id)
        with self._edited(intent._get_document()):
            self._watch(intent)
        self.assertEqual(intent.payment_ids.state, 'to_settle')
        self.assertBookedOnce()
        return payment_id

    def test_next_look_finishes_what_the_last_one_left(self):
        intent = self._create_qr()
        payment_id = self._pay_and_watch(intent)
        self.qpay.reset_calls()
        self._watch(intent)
        self.assertBookedOnce(payment_id)
        self.assertEqual(intent.state, 'paid')
        self.assertEqual(self.qpay.calls(), {}, 'all is recorded')

    def test_callback_is_finished_as_well(self):
        intent = self._create_qr()
        payment_id = self._pay_and_watch(intent)
        self._watch(intent)
        callback = intent.callback_ids
        callback.next_attempt_at = '2026-01-01 00:00:00'
        self.system['qpay.callback']._cron_process()
        self.assertBookedOnce(payment_id)
        self.assertIn(callback.state, ('processed', 'duplicate'))

    def test_next_look_does_not_wait_for_who_is_at_it(self):
        intent = self._create_qr()
        payment_id = self._pay_and_watch(intent)
        with self._held(intent):
            self._watch(intent)
        self.assertEqual(intent.payment_ids.state, 'to_settle')
        self._watch(intent)
        self.assertBookedOnce(payment_id)

    def test_one_edit_is_overcome_at_once(self):
        intent = self._create_qr()
        payment_id = self._pay(intent)
        self._call_back(intent, payment_id)
        with self._edited(intent.invoice_ids, times=1):
            self._watch(intent)
        self.assertBookedOnce(payment_id)


@tagged('post_install', '-at_install')
class TestManyOfWhichOneIsEdited(EditedCase):

    def test_invoice(self):
        edited, *others = (self._create_qr(1000 + number) for number in range(4))
        waiting, _booked = self._settle_all_but(edited, others)
        self._watch(edited)
        self.assertBookedOnce(waiting)

    def test_left_over_payments(self):
        edited, *others = (self._create_qr(1000 + number) for number in range(4))
        rows = self.system['qpay.payment'].union(
            *(self._record_paid(intent) for intent in (edited, *others))
        )
        self.own.cr.execute("UPDATE qpay_payment SET create_date = '2026-01-01'")
        self.own.cr.commit()
        with self._edited(edited.invoice_ids):
            self.system['qpay.payment']._cron_settle_pending()
        self.own.cr.rollback()
        self.assertEqual(rows.mapped('state').count('settled'), 3)
        self.system['qpay.payment']._cron_settle_pending()
        self.assertBookedOnce(*rows.mapped('qpay_txn_id'))
