"""Locks, transactions of their own, and what must not undo or hold up what it belongs to."""

import contextlib
import logging
import time

import psycopg2

from odoo.exceptions import LockError, UserError
from odoo.sql_db import Cursor
from odoo.tools import SQL

from odoo.addons.payment_qpay.reasons import get_reason, get_reason_of

_logger = logging.getLogger(__name__)

# How often rows may change in the very moment in which they are being locked.
_MAX_LOCK_TRIES = 5
# How long those wait for a lock who would lose what QPay has just told, and how often they try.
LOCK_TIMEOUT = 2
_LOCK_RETRY_SECONDS = 0.1
# How often what must not be lost is tried, with a pause in between: ten seconds in all.
_MAX_RUNS = 21
_RUN_PAUSE_SECONDS = 0.5


def check_committed(records):
    """Make sure that records may be committed: what asks QPay commits first, and with it half of
    the work of whoever has just created or changed them.

    :param recordset records: The records.
    :raise UserError: If they are new or changed in this transaction, or within a savepoint.
    """
    cr = records.env.cr
    if not _is_committing(cr):
        return
    records.flush_recordset()
    # What this transaction has written is as old as the transaction itself, or younger.
    cr.execute(SQL(
        'SELECT id FROM %s WHERE id = ANY(%s) AND age(xmin) <= 0',
        SQL.identifier(records._table), records.ids,
    ))
    if changed := records.browse(record_id for [record_id] in cr.fetchall()):
        raise UserError(records.env._(
            "%s is new or was changed a moment ago, in the same step. QPay is asked only about what"
            " is saved: please let that step end first.",
            ', '.join(changed.sudo().mapped('display_name')),
        ))
    check_no_savepoint(records.env)


def check_no_savepoint(env):
    """Make sure that this transaction can be committed, which what asks QPay does: a savepoint
    would be gone before those who have made it return to it.

    :param Environment env: The environment.
    :raise UserError: If there is a savepoint. Nothing can be done before it is rolled back, as it
        is when the error leaves its block.
    """
    if not _is_committing(env.cr):
        return
    # Nothing can be looked up once PostgreSQL has refused.
    reason = env._(
        "QPay cannot be asked within a savepoint, which may be rolled back: what is asked of it is"
        " saved first."
    )
    try:
        # The one question to PostgreSQL that tells a savepoint, and has no other effect.
        env.cr.execute('SELECT pg_export_snapshot()', log_exceptions=False)
    except psycopg2.errors.ActiveSqlTransaction as error:
        raise UserError(reason) from error


def _is_committing(cr):
    """Whether a commit is one. Odoo's tests put their own in its place, and live in savepoints."""
    return isinstance(cr, Cursor) and 'commit' not in vars(cr)


def lock(records):
    """Lock records for a change, without waiting for anybody.

    :param recordset records: The records to lock.
    :return: None
    :raise LockError: If another transaction holds one of them.
    :raise SerializationFailure: If one has changed since this transaction began: Odoo tries the
        whole step again.
    """
    if try_lock(records) != records:
        raise get_lock_error(records.env)


def get_lock_error(env):
    """Return what is raised where another process is in the way.

    :param Environment env: The environment.
    :rtype: LockError
    """
    return LockError(env._("Another process is changing this at this moment. Please try again."))


def try_lock(records):
    """Lock those records for a change that nobody else holds. Odoo's `try_lock_for_update` does so
    too, but logs an error where a row has changed an instant ago, as happens every day here.

    :param recordset records: The records to lock.
    :return: Those of them that no other transaction holds.
    :rtype: recordset
    :raise SerializationFailure: If one has changed since this transaction began.
    """
    if not records:
        return records
    cr = records.env.cr
    cr.execute(SQL(
        'SELECT id FROM %s WHERE id IN %s FOR NO KEY UPDATE SKIP LOCKED',
        SQL.identifier(records._table), tuple(records.ids),
    ), log_exceptions=False)
    return records & records.browse(record_id for [record_id] in cr.fetchall())


def lock_in_new_transaction(records, timeout=0):
    """Commit, and begin a new transaction by locking records for a change.

    All that others have committed until then is seen, so what is read under the lock can be acted
    on. Nothing is held while others are waited for.

    :param recordset records: The records to lock.
    :param float timeout: For how many seconds it is retried while others hold some of them.
    :return: Those of them that no other transaction holds.
    :rtype: recordset
    """
    cr = records.env.cr
    cr.commit()
    locked = _begin_with_lock(records)
    for _attempt in range(round(timeout / _LOCK_RETRY_SECONDS)):
        if locked == records:
            break
        cr.rollback()
        time.sleep(_LOCK_RETRY_SECONDS)
        locked = _begin_with_lock(records)
    return locked


def touch(records):
    """Make transactions that act on the same records at the same moment act one after the other:
    the later one fails, and is tried again with all in view.

    :param recordset records: The records.
    :return: None
    """
    if records:
        records.env.cr.execute(SQL(
            'UPDATE %(table)s SET write_date = write_date WHERE id IN %(ids)s',
            table=SQL.identifier(records._table), ids=tuple(records.ids),
        ), log_exceptions=False)


def run_in_new_transaction(act, *groups):
    """Run something that must not be lost in a transaction of its own, which begins by locking
    records, and retry it on contention.

    :param callable act: What to do; it is called with all that others have committed in view.
    :param groups: The records to lock, in this order.
    :return: Whether it is done, and committed.
    :rtype: bool
    """
    cr = groups[0].env.cr
    cr.commit()
    for attempt in range(_MAX_RUNS):
        if attempt:
            time.sleep(_RUN_PAUSE_SECONDS)
        # Another transaction may be in the way.
        with contextlib.suppress(psycopg2.OperationalError):
            if all(try_lock(records) == records for records in groups):
                with cr.savepoint():
                    act()
                cr.commit()
                return True
        cr.rollback()
    return False


def try_in_savepoint(env, act, *arguments, **options):
    """Do something whose failure must not undo what it belongs to.

    :param Environment env: The environment.
    :param callable act: What to do.
    :return: Why it failed, for people; '' if it did not.
    :rtype: str
    :raise OperationalError: If another transaction was in the way: all is to be tried again.
    """
    try:
        with env.cr.savepoint():
            act(*arguments, **options)
    except UserError as error:
        return get_reason_of(error)
    except Exception as error:
        if contention := _find_contention(error):
            raise contention from error
        _logger.exception("An unexpected error happened in %s.", act)
        return get_reason(env, 'unexpected')
    return ''


def isolated(env, act, *arguments, on_contention=None, on_failure=None):
    """Run something in transactions of its own, so that its failure holds up nothing else.

    :param Environment env: The environment.
    :param callable act: What to do.
    :param arguments: Its arguments.
    :param callable on_contention: What to do then if another process was in the way.
    :param callable on_failure: What to do then if it failed unexpectedly, which the log shows.
    :return: What it returns; None if it failed, or another process was in the way.
    """
    env.cr.commit()
    try:
        result = act(*arguments)
        env.cr.commit()
        return result
    except Exception as error:
        if _find_contention(error):
            then = on_contention
        else:
            _logger.exception("An unexpected error happened in %s.", act)
            then = on_failure
    env.cr.rollback()
    if then:
        then()
        env.cr.commit()
    return None


def _find_contention(error):
    """Return what tells that another transaction was in the way, if that is why something failed:
    Odoo wraps what happens while a page is rendered.

    :rtype: Exception | None
    """
    while error and not isinstance(error, (LockError, psycopg2.OperationalError)):
        error = error.__cause__
    return error


def post_messages(env, post, *arguments, **options):
    """Post messages. While a payment is booked whose messages stood in its way, they are left out
    where they still do.

    :param Environment env: The environment.
    :param callable post: What posts them.
    :return: What it returns; no message if they were left out.
    """
    if not env.context.get('qpay_messages_optional'):
        return post(*arguments, **options)
    result = env['mail.message']

    def _post():
        nonlocal result
        result = post(*arguments, **options)

    if reason := try_in_savepoint(env, _post):
        _logger.error("A message about a QPay payment was not posted: %s", reason)
    return result


def _begin_with_lock(records):
    """Lock, as the first thing in a transaction, those of these records that nobody else holds."""
    for _attempt in range(_MAX_LOCK_TRIES):
        try:
            return try_lock(records)
        except psycopg2.errors.SerializationFailure:
            # Another transaction has changed a row since this one began, an instant ago.
            records.env.cr.rollback()
    return records.browse()
