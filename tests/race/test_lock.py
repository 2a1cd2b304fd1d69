"""Locking rows that others change at the same time, with two connections to PostgreSQL."""

from pathlib import Path
from unittest.mock import patch

import psycopg2
from lxml import etree

from odoo import SUPERUSER_ID, api
from odoo.exceptions import LockError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from odoo.addons.payment_qpay import locking
from odoo.addons.payment_qpay.locking import (
    isolated,
    lock,
    lock_in_new_transaction,
    touch,
    try_in_savepoint,
)


@tagged('post_install', '-at_install')
class TestLock(TransactionCase):

    def setUp(self):
        super().setUp()
        # Connections of their own: what tests usually get never commits.
        self.own_cr, self.rival_cr = (self._open_cursor() for _number in range(2))
        env = api.Environment(self.own_cr, SUPERUSER_ID, {})
        self.records = env['ir.config_parameter'].create([
            {'key': f'payment_qpay.test_lock_{number}', 'value': 'before'} for number in (1, 2)
        ])
        self.own_cr.commit()
        self.addCleanup(self._delete_records)

    def _open_cursor(self):
        cr = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cr.close)
        return cr

    def _delete_records(self):
        for cr in (self.own_cr, self.rival_cr):
            cr.rollback()
        self.records.unlink()
        self.own_cr.commit()

    def _change_as_rival(self):
        self.rival_cr.execute(
            "UPDATE ir_config_parameter SET value = 'after' WHERE id = %s", [self.records[0].id]
        )

    def _commit_and_look(self, changes):
        """Commit, begin a transaction, and let the rival change a row before anything is locked.

        :param int changes: In how many transactions.
        """
        left = [changes]

        def _begin():
            self.own_cr.execute('SELECT 1')
            if left[0]:
                left[0] -= 1
                self._change_as_rival()
                self.rival_cr.commit()

        def _commit():
            type(self.own_cr).commit(self.own_cr)
            _begin()

        def _rollback():
            type(self.own_cr).rollback(self.own_cr)
            _begin()

        return patch.multiple(self.own_cr, commit=_commit, rollback=_rollback)

    def test_rows_of_others_are_left_out(self):
        self._change_as_rival()
        self.assertEqual(lock_in_new_transaction(self.records), self.records[1])
        self.rival_cr.commit()
        self.assertEqual(lock_in_new_transaction(self.records), self.records)

    def test_row_changed_while_it_is_being_locked_is_locked_as_it_is_now(self):
        self.assertEqual(self.records[0].value, 'before')
        with self._commit_and_look(changes=2), self.assertNoLogs('odoo.sql_db', level='ERROR'):
            locked = lock_in_new_transaction(self.records)
            self.assertEqual(locked, self.records)
            self.assertEqual(locked[0].value, 'after')

    def test_row_that_never_keeps_still_counts_as_held_by_others(self):
        with self._commit_and_look(changes=99), self.assertNoLogs('odoo.sql_db', level='ERROR'):
            self.assertFalse(lock_in_new_transaction(self.records))

    def test_what_was_pending_is_committed(self):
        self.records[1].value = 'pending'
        lock_in_new_transaction(self.records)
        self.rival_cr.execute(
            'SELECT value FROM ir_config_parameter WHERE id = %s', [self.records[1].id]
        )
        self.assertEqual(self.rival_cr.fetchone(), ('pending',))

    def test_nothing_to_lock(self):
        self.assertFalse(lock_in_new_transaction(self.records.browse()))

    # === WITHIN A STEP THAT ODOO TRIES AGAIN === #

    def test_row_that_is_held_refuses_the_step(self):
        self._change_as_rival()
        with self.assertRaises(LockError):
            lock(self.records)
        self.rival_cr.commit()

    def test_row_that_changed_an_instant_ago_lets_odoo_try_again_without_a_word_in_the_log(self):
        for act in (lock, touch):
            with self.subTest(act=act.__name__), self.assertNoLogs('odoo.sql_db', level='ERROR'):
                self.own_cr.execute('SELECT 1')
                self._change_as_rival()
                self.rival_cr.commit()
                with self.assertRaises(psycopg2.errors.SerializationFailure):
                    act(self.records)
                self.own_cr.rollback()
                act(self.records)
                self.own_cr.commit()

    def test_no_step_locks_in_the_way_that_logs(self):
        """Odoo's own way to lock writes an error into the log on every collision."""
        addon = Path(locking.__file__).parent
        files = [
            path for path in addon.rglob('*.py')
            if path.relative_to(addon).parts[0] not in ('dev', 'tests')
        ]
        self.assertTrue(files)
        self.assertEqual(
            [path.name for path in files if 'lock_for_update(' in path.read_text('utf-8')], []
        )

    # === A COLLISION THAT ODOO WRAPS === #

    def _collide_within_a_page(self):
        """Render a page that writes what the rival has just changed."""
        def collide():
            self._change_as_rival()
            self.rival_cr.commit()
            self.own_cr.execute(
                "UPDATE ir_config_parameter SET value = 'own' WHERE id = %s",
                [self.records[0].id], log_exceptions=False,
            )
        self.own_cr.execute('SELECT 1')
        self.records.env['ir.qweb']._render(
            etree.fromstring('<t t-out="collide()"/>'), {'collide': collide}
        )

    def test_collision_while_a_page_is_rendered_is_one(self):
        told = []
        with self.assertNoLogs('odoo.addons.payment_qpay', 'ERROR'):
            isolated(
                self.records.env, self._collide_within_a_page,
                on_contention=lambda: told.append('contention'),
                on_failure=lambda: told.append('failure'),
            )
        self.assertEqual(told, ['contention'])

    def test_collision_while_a_page_is_rendered_is_not_kept_quiet(self):
        with (
            self.assertNoLogs('odoo.addons.payment_qpay', 'ERROR'),
            self.assertRaises(psycopg2.OperationalError),
        ):
            try_in_savepoint(self.records.env, self._collide_within_a_page)
