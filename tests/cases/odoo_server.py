"""A real Odoo server in processes of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from odoo.addons.payment_qpay.dev.demo.client import OdooClient
from odoo.addons.payment_qpay.dev.stack.ports import free_port
from odoo.addons.payment_qpay.tests.cases.patience import PATIENCE_SECONDS, together, wait_for

HOST = '127.0.0.1'


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

    @property
    def pid(self):
        """The id of its main process, of which all others are children."""
        return self._process.pid

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
