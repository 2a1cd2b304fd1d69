import psycopg2

from odoo.exceptions import AccessError
from odoo.tools import SQL

# How often rows may change in the very moment in which they are being locked.
_MAX_LOCK_TRIES = 5


def check_accountant(records):
    """Make sure that the user may act on records of QPay: their rows are never written by hand,
    so access rights alone only tell who may read them.

    :param recordset records: The records to act on.
    :raise AccessError: If the user may not read them, or is no accountant.
    """
    records.check_access('read')
    env = records.env
    if not env.su and not env.user.has_group('account.group_account_invoice'):
        raise AccessError(env._("Only accountants can do this."))


def lock_afresh(records):
    """Commit, and begin a new transaction by locking records for a change.

    All that others have committed until then is seen, so what is read under the lock can be acted
    on. Nobody is waited for.

    :param recordset records: The records to lock.
    :return: Those of them that no other transaction holds.
    :rtype: recordset
    """
    cr = records.env.cr
    cr.commit()
    if not records:
        return records
    query = SQL(
        'SELECT id FROM %s WHERE id IN %s FOR NO KEY UPDATE SKIP LOCKED',
        SQL.identifier(records._table), tuple(records.ids),
    )
    for _attempt in range(_MAX_LOCK_TRIES):
        try:
            cr.execute(query, log_exceptions=False)
        except psycopg2.errors.SerializationFailure:
            # Another transaction has changed a row since this one began, an instant ago.
            cr.rollback()
        else:
            return records & records.browse(record_id for [record_id] in cr.fetchall())
    return records.browse()
