"""A database of a test's own, beside the one of the test's process."""

import contextlib
import functools
import subprocess
import sys
from pathlib import Path

import psycopg2

from odoo.addons.payment_qpay.tests.cases.patience import PATIENCE_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]
# Everything that the addon has planned or remembers. Its scheduled actions come first: their rows
# are locked as long as one of them is running.
_LET_TIME_PASS = """
    UPDATE ir_cron SET nextcall = nextcall - %(duration)s
     WHERE id IN (SELECT res_id FROM ir_model_data
                   WHERE module = 'payment_qpay' AND model = 'ir.cron');
    UPDATE ir_cron_trigger SET call_at = call_at - %(duration)s
     WHERE cron_id IN (SELECT res_id FROM ir_model_data
                        WHERE module = 'payment_qpay' AND model = 'ir.cron');
    UPDATE qpay_callback SET received_at = received_at - %(duration)s,
                             next_attempt_at = next_attempt_at - %(duration)s;
    UPDATE qpay_intent SET create_date = create_date - %(duration)s,
                           last_check_at = last_check_at - %(duration)s,
                           recheck_at = recheck_at - %(duration)s,
                           expires_at = expires_at - %(duration)s;
    UPDATE qpay_payment SET create_date = create_date - %(duration)s,
                            email_due_at = email_due_at - %(duration)s;
    UPDATE qpay_outage SET until = until - %(duration)s;
"""


class Database:
    """A copy of the template database, to be thrown away.

    :param str name: The name of the copy.
    """

    def __init__(self, name):
        self.name = name

    def copy_template(self):
        """Create it, replacing what an earlier run may have left."""
        self.drop()
        subprocess.run(['createdb', '--template', _template(), self.name], check=True)

    def drop(self):
        """Delete the copy."""
        subprocess.run(['dropdb', '--if-exists', '--force', self.name], check=True)

    def query(self, statement, *values):
        """Run a statement in a transaction of its own.

        :return: The rows; none for a statement that has none.
        :rtype: list[tuple]
        """
        with self.holding(statement, *values) as cursor:
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def holding(self, statement, *values):
        """Run a statement, and keep its transaction with all its locks within the block.

        :return: The cursor.
        """
        with _connected(self.name) as cursor:
            cursor.execute(statement, values)
            yield cursor

    def let_time_pass(self, duration):
        """Move everything that the addon has planned or remembers nearer, as waiting would.

        :param timedelta duration: How much time passes.
        """
        with _connected(self.name) as cursor:
            cursor.execute(_LET_TIME_PASS, {'duration': duration})

    def run_after(self, duration):
        """Let time pass, and have the scheduler look for what is due then.

        :param timedelta duration: How much time passes.
        """
        self.let_time_pass(duration)
        self.wake_cron()

    def is_scheduler_idle(self):
        """Whether no scheduled action of the addon is due or running.

        :rtype: bool
        """
        [(is_idle,)] = self.query("""
            WITH own AS (
                SELECT res_id AS id FROM ir_model_data
                 WHERE module = 'payment_qpay' AND model = 'ir.cron'
            ), idle AS (
                SELECT id FROM ir_cron
                 WHERE id IN (SELECT id FROM own) AND nextcall > now() AT TIME ZONE 'UTC'
                   AND id NOT IN (SELECT cron_id FROM ir_cron_trigger
                                   WHERE call_at <= now() AT TIME ZONE 'UTC')
                   FOR UPDATE SKIP LOCKED
            )
            SELECT (SELECT count(*) FROM own) = (SELECT count(*) FROM idle)
        """)
        return is_idle

    def wake_cron(self):
        """Have the scheduler look for due actions now.

        By itself it looks once a minute, for the first time a minute after it has started.
        """
        # It listens in the database that all servers of a machine share.
        with _connected('postgres') as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.name])


@functools.cache
def _template():
    """Return the database with the demonstration's company; it is built now if it is missing."""
    done = subprocess.run(
        [sys.executable, '-m', 'dev.stack', 'template'], cwd=REPOSITORY, check=True,
        stdout=subprocess.PIPE, text=True,
    )
    return done.stdout.strip()


@contextlib.contextmanager
def _connected(database):
    connection = psycopg2.connect(
        dbname=database, options=f'-c statement_timeout={PATIENCE_SECONDS}s',
    )
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
