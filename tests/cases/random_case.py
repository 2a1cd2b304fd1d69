"""What a randomised test needs: transactions that can fail, power cuts, and a look at the books."""

import functools
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from unittest.mock import patch

import freezegun
import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.sql_db import Savepoint

from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

START = '2026-11-20 02:00:00'


class PowerCut(BaseException):
    """The process dies: nobody catches it."""


class Bug(Exception):
    """An error that nobody has thought of."""


class Conflict(psycopg2.errors.SerializationFailure):
    """Another transaction was faster."""


TROUBLES = {'power cut': PowerCut, 'bug': Bug, 'conflict': Conflict}

# Where trouble can strike: a method of a model or of the client, before or after its work.
POINTS = {
    'before QPay is asked for a QR': ('qpay.intent', '_create_at_qpay', False),
    'QPay has made the QR': (QPayClient, 'create_invoice', True),
    'QPay has said what was paid': (QPayClient, 'check_payment', True),
    'QPay has cancelled the QR': (QPayClient, 'cancel_invoice', True),
    'QPay has refunded': (QPayClient, 'refund_payment', True),
    'QPay has sent its list': (QPayClient, 'list_payments', True),
    'the ledger is written': ('qpay.payment', '_record', True),
    'the ledger is committed': ('qpay.payment', '_settle_pending', False),
    'the transaction is done': ('payment.transaction', '_apply_updates', True),
    'the payment is posted': ('account.payment', 'action_post', True),
    'the payment is reconciled': ('payment.transaction', '_post_process', True),
    'the fee is booked': ('qpay.payment', '_book_fee', True),
    'all is booked': ('qpay.intent', '_update_state', True),
    'the refund is to be booked': ('qpay.payment', '_complete_refund', False),
    'the refund is booked': ('qpay.payment', '_complete_refund', True),
}

# Each query returns the rows that must not be there.
LIES = {
    'a QPay payment is booked more than once': """
        SELECT qpay_txn_id, count(*) FROM account_payment
         WHERE qpay_txn_id IS NOT NULL GROUP BY qpay_txn_id HAVING count(*) > 1
    """,
    'a row of the ledger is not in the books for its amount': """
        SELECT q.qpay_txn_id, q.state, q.amount, p.state, p.move_id, p.outstanding_account_id,
               l.balance
          FROM qpay_payment q
     LEFT JOIN account_payment p ON p.id = q.account_payment_id
                                AND p.qpay_txn_id = q.qpay_txn_id
     LEFT JOIN account_move_line l ON l.move_id = p.move_id
                                  AND l.account_id = p.outstanding_account_id
                                  AND l.parent_state = 'posted'
         WHERE q.state = 'settled' AND q.amount IS DISTINCT FROM l.balance
           AND (q.status = 'paid' OR q.account_payment_id IS NOT NULL)
    """,
    'a transaction books other than what its QPay payment says': """
        SELECT q.qpay_txn_id, q.amount, t.amount, t.state
          FROM qpay_payment q LEFT JOIN payment_transaction t ON t.id = q.transaction_id
         WHERE q.account_payment_id IS NOT NULL AND (
               t.id IS NULL OR t.state != 'done' OR t.amount != q.amount
            OR t.provider_reference != q.qpay_txn_id OR t.payment_id != q.account_payment_id)
    """,
    'a transaction is done without money': """
        SELECT t.reference, t.amount
          FROM payment_transaction t
          JOIN payment_provider p ON p.id = t.provider_id AND p.code = 'qpay'
         WHERE t.state = 'done' AND NOT EXISTS (
               SELECT FROM qpay_payment q WHERE t.id IN (q.transaction_id, q.refund_transaction_id))
    """,
    'a refund is not booked once and in full': """
        SELECT q.qpay_txn_id, q.amount, count(r.id), sum(l.balance)
          FROM qpay_payment q
          JOIN account_payment p ON p.id = q.account_payment_id
     LEFT JOIN payment_transaction r ON r.source_transaction_id = q.transaction_id
                                    AND r.operation = 'refund' AND r.state = 'done'
     LEFT JOIN account_payment rp ON rp.id = r.payment_id
     LEFT JOIN account_move_line l ON l.move_id = rp.move_id
                                  AND l.account_id = p.outstanding_account_id
                                  AND l.parent_state = 'posted'
      GROUP BY q.id HAVING coalesce(sum(l.balance), 0)
                           != CASE q.status WHEN 'refunded' THEN -q.amount ELSE 0 END
    """,
    'a fee is not what QPay keeps': """
        SELECT q.qpay_txn_id, q.status, q.fee, sum(l.balance)
          FROM qpay_payment q
          JOIN account_payment p ON p.id = q.account_payment_id
          JOIN payment_provider v ON v.id = q.provider_id AND v.qpay_fee_account_id IS NOT NULL
     LEFT JOIN account_move f ON f.id = q.fee_move_id OR f.reversed_entry_id = q.fee_move_id
     LEFT JOIN account_move_line l ON l.move_id = f.id AND l.account_id = p.outstanding_account_id
                                  AND l.parent_state = 'posted'
         WHERE q.state = 'settled' AND NOT coalesce(q.is_fee_waiting, false)
      GROUP BY q.id HAVING coalesce(sum(l.balance), 0)
                           != CASE q.status WHEN 'paid' THEN -q.fee ELSE 0 END
    """,
    'an item is reconciled with more than it is': """
        SELECT l.id, l.move_name, l.balance, l.amount_residual
          FROM account_move_line l
     LEFT JOIN (SELECT debit_move_id AS id, -sum(amount) AS amount
                  FROM account_partial_reconcile GROUP BY debit_move_id
                 UNION ALL
                SELECT credit_move_id, sum(amount)
                  FROM account_partial_reconcile GROUP BY credit_move_id) taken ON taken.id = l.id
          JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
         WHERE l.parent_state = 'posted' AND (
               l.balance + coalesce(taken.amount, 0) != l.amount_residual
            OR l.balance * l.amount_residual < 0
            OR l.amount_currency * l.amount_residual_currency < 0)
    """,
    'an invoice is paid with more than it is over': """
        SELECT name, amount_total, amount_residual FROM account_move
         WHERE move_type = 'out_invoice' AND amount_residual < 0
    """,
    'debits differ from credits': """
        SELECT move_id, sum(debit), sum(credit) FROM account_move_line
      GROUP BY move_id HAVING sum(debit) != sum(credit)
    """,
    'a payment is matched with what another customer owes': """
        SELECT q.qpay_txn_id, credit.partner_id, debit.partner_id
          FROM qpay_payment q
          JOIN account_payment p ON p.id = q.account_payment_id
          JOIN account_move_line credit ON credit.move_id = p.move_id
          JOIN account_partial_reconcile r ON r.credit_move_id = credit.id
          JOIN account_move_line debit ON debit.id = r.debit_move_id
         WHERE credit.account_id = p.destination_account_id
           AND credit.partner_id IS DISTINCT FROM debit.partner_id
    """,
    'an invoice has more than one open QR': """
        SELECT invoice_id, count(*)
          FROM qpay_intent_invoice_rel JOIN qpay_intent i ON i.id = intent_id
         WHERE i.state = 'new' GROUP BY invoice_id HAVING count(*) > 1
    """,
}


class RandomCase(QPayCommon):
    """Steps of people and of Odoo, each of which succeeds or leaves what it had committed, as with
    a real cursor; and a clock that stands still.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(cls.cr, 'rollback', cls._rollback))
        cls.usd = cls._enable_currency('USD')
        for day, rate in (('2026-01-01', 3400), ('2026-11-01', 3567.89), ('2026-11-21', 3601.2)):
            cls.env['res.currency.rate'].create({
                'currency_id': cls.usd.id, 'company_id': cls.company.id,
                'name': day, 'inverse_company_rate': rate,
            })
        cls.fee_account = cls.company_data['default_account_expense']
        cls.receivable_account = cls.customer.property_account_receivable_id
        cls.other_customer = cls.customer.copy({'name': 'Сараа'})
        cls.last_commit = None
        cls.trouble, cls.events = {}, Counter()

    @classmethod
    def _commit(cls):
        cls.cr.flush()
        cls.cr.clear()
        cls.cr.postcommit.clear()
        if cls.last_commit:
            cls.last_commit.close(rollback=False)
            cls._begin()

    @classmethod
    def _rollback(cls):
        cls.cr.clear()
        cls.cr.postcommit.clear()
        cls.cr.prerollback.run()
        cls.last_commit.close(rollback=True)
        cls.cr.postrollback.run()
        cls._begin()

    @classmethod
    def _begin(cls):
        cls.last_commit = Savepoint(cls.cr)
        cls.cr._now = fields.Datetime.now()

    @contextmanager
    def life(self):
        """Let something happen that is undone afterwards, at Odoo and at QPay, from `START` on."""
        self.qpay.reset()
        self._commit()
        start = Savepoint(self.cr)
        self.trouble.clear()
        with freezegun.freeze_time(START) as self.clock, self._points_of_trouble():
            self._begin()
            try:
                yield
            finally:
                self.cr.clear()
                self.cr.postcommit.clear()
                type(self).last_commit = self.cr._now = None
                start.close(rollback=True)
                self.registry.clear_all_caches()

    @contextmanager
    def step(self):
        """Let a person or a scheduled action do something in a transaction of its own, which may
        be refused or strike trouble.
        """
        try:
            yield
        except (UserError, *TROUBLES.values()) as error:
            self.events[type(error).__name__] += 1
            self._rollback()
        else:
            self._commit()

    def pass_time(self, **period):
        self.clock.tick(timedelta(**period))
        self._commit()

    def analyze(self):
        """Let the database know how many rows there are: within one transaction nobody else does,
        and some queries of Odoo then take seconds.
        """
        self.cr.execute('ANALYZE account_move, account_move_line, account_partial_reconcile')

    # === TROUBLE === #

    @contextmanager
    def _points_of_trouble(self):
        with ExitStack() as stack:
            for point, (owner, method, is_after) in POINTS.items():
                owner = self.registry[owner] if isinstance(owner, str) else owner
                wrapped = self._with_trouble(point, getattr(owner, method), is_after)
                stack.enter_context(patch.object(owner, method, wrapped))
            yield

    def _with_trouble(self, point, original, is_after):
        """Return a method that meets the trouble that is waiting at a point, once."""
        def strike():
            if kind := self.trouble.pop(point, None):
                self.events[f'{kind} when {point}'] += 1
                raise TROUBLES[kind](point)

        @functools.wraps(original)
        def method(*args, **kwargs):
            if not is_after:
                strike()
            result = original(*args, **kwargs)
            if is_after:
                strike()
            return result

        return method

    # === WHAT THE BOOKS SAY === #

    def find_lies(self):
        """Return what is wrong in the books: sentences with the rows that show it."""
        self.env.flush_all()
        found = {}
        for sentence, query in LIES.items():
            self.cr.execute(query)
            if rows := self.cr.fetchall():
                found[sentence] = rows
        return found
