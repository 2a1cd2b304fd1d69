"""Real Odoo servers on a database of their own, for what no test inside a transaction can show."""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import psycopg2

from odoo.tests import BaseCase

from odoo.addons.payment_qpay.dev.demo.client import OdooClient
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.dev.stack.ports import free_port

HOST = '127.0.0.1'
REPOSITORY = Path(__file__).resolve().parents[2]
# Only a test that fails waits that long: nothing depends on how fast the machine is.
PATIENCE_SECONDS = 180
# What a log must not hold when processes have met in the database.
LOG_PROBLEM = re.compile(r' (ERROR|CRITICAL) |^Traceback|could not serialize|deadlock detected')
LOG_ENTRY = re.compile(r'\n(?=\d{4}-\d\d-\d\d )')
# Where Odoo collides with itself, and puts up with it: websockets that end at the same moment, in
# who is online; entries of a customer that are posted at the same moment, in how many there are.
OWN_COLLISION = re.compile(
    r' odoo\.sql_db: bad query: b\' ?UPDATE'
    r' (?:"mail_presence"|"res_partner"\\n +SET "(?:customer|supplier)_rank")[^\n]*\n'
    r'ERROR: could not serialize access'
    r'| odoo\.addons\.bus\.websocket: could not serialize access(?!.*addons/payment_qpay/)'
    r'.* in _terminate\n',
    re.DOTALL,
)
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


class OdooServer:
    """One Odoo server with all its processes.

    :param str database: The only database that it serves.
    :param str name: What its log is called.
    :param int workers: How many processes serve HTTP; 0 is one process with threads.
    :param dict environment: Further variables of the environment; the port is put into their
        values.
    :param str program: Odoo's command line, where it is not the ordinary one.
    """

    def __init__(self, database, name, workers, environment, program=None):
        self.port = free_port()
        # Without workers, one process serves the websockets, too.
        self.websocket_port = free_port() if workers else self.port
        self.url = f'http://{HOST}:{self.port}'
        configuration = os.environ['QPAY_DEV_ODOO_CONF']
        self._command = [
            sys.executable, program or str(Path(sys.executable).with_name('odoo')), 'server',
            '--config', configuration,
            '--database', database, '--db-filter', f'^{database}$', '--no-database-list',
            '--http-port', str(self.port),
            '--gevent-port', str(self.websocket_port if workers else free_port()),
            '--workers', str(workers), '--max-cron-threads', '1',
        ]
        self._workers = workers
        self._environment = os.environ | {
            key: value.format(url=self.url) for key, value in environment.items()
        }
        self._database = database
        self._log = Path(configuration).parent / 'logs' / f'{name}.log'
        self._log.unlink(missing_ok=True)
        self._seen_lines = 0
        self._process = None

    def start(self):
        """Start it and wait until its workers answer.

        :raise AssertionError: If they do not.
        """
        with open(self._log, 'ab') as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )
        wait_for(self._answers, f'an answer of {self.url} ({self._log})')
        # Each worker loads the database with its first request.
        together(*[self._answers] * 2 * self._workers)

    def kill(self):
        """End all its processes at once, as a power failure does."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def is_alive(self):
        """Whether its main process runs.

        :rtype: bool
        """
        return self._process is not None and self._process.poll() is None

    def restart(self):
        """Start it again after it was killed."""
        self.start()

    def log_in(self, login, password):
        """Sign in.

        :rtype: OdooClient
        """
        return OdooClient(self.url).log_in(self._database, login, password)

    def new_log_lines(self):
        """Return what it has logged since the last time that this was asked.

        :rtype: list[str]
        """
        lines = self._log.read_text(encoding='utf-8', errors='replace').splitlines()
        new_lines, self._seen_lines = lines[self._seen_lines:], len(lines)
        return new_lines

    def _answers(self):
        if self._process.poll() is not None:
            raise AssertionError(f'The server has ended by itself, see {self._log}.')
        try:
            return fetch(f'{self.url}/web/login')[0] == 200
        except OSError:
            return False


@functools.cache
def _template():
    """Return the database with the demonstration's company; it is built now if it is missing."""
    done = subprocess.run(
        [sys.executable, '-m', 'dev.stack', 'template'], cwd=REPOSITORY, check=True,
        stdout=subprocess.PIPE, text=True,
    )
    return done.stdout.strip()


@unittest.skipUnless(
    os.environ.get('QPAY_DEV_MODULES'), 'Real servers need the set-up of "make test".'
)
class RealServerCase(BaseCase):
    """An Odoo server with the demonstration's company, and a QPay simulator that calls it back.

    Nothing happens in the test's own process or database: people and QPay come over HTTP, and the
    outcome is read from the server's database.
    """

    workers = 2
    # To print what is e-mailed keeps a processor busy for a second with every payment.
    emails_receipts = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.name = f'test-{cls.__name__}-{os.getpid()}'.lower()
        cls.database = Database(cls.name)
        cls.database.copy_template()
        cls.addClassCleanup(cls.database.drop)
        # The demonstration speaks Mongolian only.
        cls.database.query("UPDATE res_lang SET active = true WHERE code = 'en_US'")
        cls.database.query(
            'UPDATE payment_provider SET qpay_email_receipts = %s', cls.emails_receipts
        )
        # Payments of QPay must not need Odoo's own scheduled actions, which collide with Odoo's own
        # requests whenever they happen to be due; nor the comparison, which would find money before
        # whoever is to find it.
        cls.database.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'"
            " WHERE id NOT IN (SELECT res_id FROM ir_model_data"
            "                   WHERE module = 'payment_qpay' AND model = 'ir.cron'"
            "                     AND name != 'ir_cron_reconcile');"
            ' DELETE FROM ir_cron_trigger'
        )
        cls.simulator = Simulator().start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.qpay = cls.simulator.control
        cls.server = cls._start_server('node1')
        cls.accountant = cls.server.log_in(ACCOUNTANT['login'], ACCOUNTANT['password'])

    def setUp(self):
        super().setUp()
        self.qpay.clear_faults()
        self.qpay.reset_calls()

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        """Start a further server on the database."""
        server = OdooServer(cls.database.name, f'{cls.name}-{node}', cls.workers, {
            'QPAY_BASE_URL_SANDBOX': cls.simulator.url,
            'QPAY_TAX_OFFICE_URL': cls.simulator.url,
            'QPAY_CALLBACK_URL': '{url}',
            **(environment or {}),
        }, program)
        cls.addClassCleanup(server.kill)
        # For the links in e-mails, and for what Odoo itself fetches to print a PDF.
        cls.database.query(
            "UPDATE ir_config_parameter SET value = %s WHERE key = 'web.base.url'", server.url
        )
        server.start()
        return server

    # === WHAT PEOPLE DO === #

    def _create_invoice(self, amount=15000, tax_kind=None):
        """Create and post an invoice, and return its id.

        :param str tax_kind: What QPay calls its only tax; None for an invoice without taxes.
        """
        tax_ids = tax_kind and self.accountant.call('account.tax', 'search', [
            ('qpay_kind', '=', tax_kind), ('type_tax_use', '=', 'sale'),
        ], limit=1)
        customer = self.accountant.call('res.partner', 'search', [('vat', '=', '5234568')])
        invoice_id = self.accountant.call('account.move', 'create', {
            'move_type': 'out_invoice',
            'partner_id': customer[0],
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': amount, 'tax_ids': [(6, 0, tax_ids or [])],
            })],
        })
        self.accountant.call('account.move', 'action_post', [invoice_id])
        return invoice_id

    def _create_qr(self, *args, **kwargs):
        """Create an invoice and its QR, and return what is known about them.

        :param args: What the invoice is to be.
        :return: The normalised dictionary, with `invoice_id`, `access_token` and QPay's own
            `qpay_invoice_id`.
        :rtype: dict
        """
        invoice_id = self._create_invoice(*args, **kwargs)
        qr = self.accountant.call('account.move', 'qpay_create_intent', [invoice_id])
        [(access_token, qpay_invoice_id)] = self.database.query(
            'SELECT access_token, qpay_invoice_id FROM qpay_intent WHERE id = %s', qr['intent_id']
        )
        return {
            **qr,
            'invoice_id': invoice_id,
            'access_token': access_token,
            'qpay_invoice_id': qpay_invoice_id,
        }

    def _refund(self, qpay_payment_id):
        """Refund a payment with Odoo's own dialog.

        :return: The kind of the answer.
        """
        [payment_id] = self.accountant.call(
            'account.payment', 'search', [('qpay_txn_id', '=', qpay_payment_id)]
        )
        wizard_id = self.accountant.call(
            'payment.refund.wizard', 'create', {}, context={'active_id': payment_id}
        )
        answer = self.accountant.call('payment.refund.wizard', 'action_refund', [wizard_id])
        return answer['params']['type']

    def _check(self, qr, server=None, **params):
        """Poll Odoo as the payer's page does, without a session."""
        return OdooClient((server or self.server).url).post(
            '/payment/qpay/check',
            intent_id=qr['intent_id'], access_token=qr['access_token'], **params,
        )

    # === WHAT THE BOOKS SAY === #

    def _is_paid(self, invoice_id):
        [(payment_state,)] = self.database.query(
            'SELECT payment_state FROM account_move WHERE id = %s', invoice_id
        )
        return payment_state == 'paid'

    def _wait_until_paid(self, invoice_id):
        wait_for(lambda: self._is_paid(invoice_id), f'payment of {invoice_id}')

    def _let_inbox_empty(self):
        """Let the scheduler's next minute come, in which the callbacks that are left are processed.

        A callback that arrives while another process books its payment is tried again seconds
        later, but Odoo's scheduler looks at planned times only once a minute.
        """
        def is_empty():
            return not self.database.query("SELECT id FROM qpay_callback WHERE state = 'received'")

        if not is_empty():
            self.database.run_after(timedelta(minutes=1))
        wait_for(is_empty, 'an empty inbox')

    def _calls(self, endpoint='POST /v2/payment/check'):
        """Return how often an endpoint of QPay was called."""
        return self.qpay.calls().get(endpoint, 0)

    def assertPaidOnce(self, invoice_id, intent_id, payment_id, amount=15000):
        """The invoice is paid in full by exactly one payment: QPay's."""
        query = self.database.query
        self.assertEqual(
            query('SELECT qpay_txn_id, amount, status, state FROM qpay_payment'
                  ' WHERE intent_id = %s', intent_id),
            [(payment_id, amount, 'paid', 'settled')],
        )
        self.assertEqual(
            query('SELECT t.state, t.amount FROM payment_transaction t'
                  ' JOIN account_invoice_transaction_rel r ON r.transaction_id = t.id'
                  ' WHERE r.invoice_id = %s', invoice_id),
            [('done', amount)],
        )
        self.assertEqual(
            query('SELECT amount, state IN (%s, %s) FROM account_payment WHERE qpay_txn_id = %s',
                  'in_process', 'paid', payment_id),
            [(amount, True)],
        )
        self.assertEqual(
            query('SELECT payment_state, amount_residual FROM account_move WHERE id = %s',
                  invoice_id),
            [('paid', 0)],
        )
        self.assertEqual(
            query('SELECT state, amount_paid FROM qpay_intent WHERE id = %s', intent_id),
            [('paid', amount)],
        )

    def _leave_out_known(self, lines):
        """Return the lines of a log without those that tell of nothing that is ours."""
        entries = LOG_ENTRY.split('\n'.join(lines))
        return '\n'.join(
            entry for entry in entries if not OWN_COLLISION.search(entry)
        ).split('\n')

    def assertCleanLog(self, server=None):
        """The server has logged no problem since the last time that this was asked."""
        lines = self._leave_out_known((server or self.server).new_log_lines())
        problems = [
            entry for entry in LOG_ENTRY.split('\n'.join(lines))
            if any(map(LOG_PROBLEM.search, entry.splitlines()))
        ]
        # A trace says at its end what has happened.
        self.assertFalse(problems, 'The log has problems:\n' + '\n'.join(
            entry if len(entry) < 3000 else f'{entry[:500]}\n…\n{entry[-2500:]}'
            for entry in problems[:5]
        ))


# === HELPERS === #

def wait_for(condition, what):
    """Wait until something is so.

    :param callable condition: Says whether it is.
    :param str what: What is waited for, for the failure's message.
    :raise AssertionError: If it does not come to be.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'Waited {PATIENCE_SECONDS} s in vain for {what}.')
        time.sleep(0.05)


def together(*functions):
    """Call functions at the same moment, each in a thread of its own.

    :return: What they return, in their order.
    :rtype: list
    """
    if not functions:
        return []
    barrier = Barrier(len(functions))

    def call(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as threads:
        return list(threads.map(call, functions))


def fetch(url):
    """Get a page without a session, as QPay calls.

    :return: The status and the text.
    :rtype: tuple[int, str]
    :raise OSError: If there is no answer, or an error.
    """
    with open_url(url) as answer:
        return answer.status, answer.read().decode()


def open_url(url):
    """Open a page without a session and without a proxy.

    :raise OSError: If there is no answer, or an error.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, timeout=PATIENCE_SECONDS)


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
