"""What a person reads when the machine lacks something: what it is, and what to do."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.tests import BaseCase, tagged

REPOSITORY = Path(__file__).parents[2]
HOST = '127.0.0.1'
NOBODY = 65534
IS_ROOT = os.geteuid() == 0

# Python runs this file before anything else, so that it is another Python on another machine.
ALTERED_PYTHON = 'sitecustomize.py'
TOO_OLD = """
import sys
sys.version_info = (3, 9, 2, 'final', 0)
"""
WITHOUT_VENV = """
import sys
sys.modules['ensurepip'] = None
"""
WITHOUT_POSTGRESQL = """
import sys
def refuse(event, arguments):
    if event == 'os.scandir' and str(arguments[0]) == '/usr/lib/postgresql':
        raise PermissionError(arguments[0])
sys.addaudithook(refuse)
"""


@tagged('post_install', '-at_install')
class TestFirstRun(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whoever runs the set-up must be able to read it, and nothing of it is ours.
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.checkout = cls.folder / 'checkout'
        shutil.copytree(
            REPOSITORY / 'dev', cls.checkout / 'dev', ignore=shutil.ignore_patterns('__pycache__'),
        )
        shutil.copy(REPOSITORY / 'Makefile', cls.checkout)
        cls.folder.chmod(0o755)

    def setUp(self):
        super().setUp()
        self.home = Path(tempfile.mkdtemp(dir=self.folder))
        self.programs = self.home / 'programs'
        self.programs.mkdir()
        self.home.chmod(0o755)

    def _make(self, *arguments, as_root=False, **variables):
        """Run a command of the Makefile on this machine as it is, but for what was altered.

        :return: The exit status, and what was printed but for what make itself says of it.
        """
        # The programs of the tests' own environment, and PostgreSQL's, are not a new machine's.
        path = [str(self.programs), *(
            folder for folder in os.environ['PATH'].split(os.pathsep)
            # There may be folders that only somebody else can look into.
            if not folder.startswith(sys.prefix) and not os.path.exists(f'{folder}/initdb')
        )]
        done = subprocess.run(
            ['make', '--no-print-directory', *arguments], cwd=self.checkout, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={
                'HOME': str(self.home), 'PATH': os.pathsep.join(path),
                'PYTHONPATH': str(self.programs), 'PYTHONDONTWRITEBYTECODE': '1', **variables,
            },
            **({'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
               if IS_ROOT and not as_root else {}),
        )
        return done.returncode, [
            line for line in done.stdout.splitlines() if not line.startswith('make: ***')
        ]

    def _assert_refused(self, made, sentence):
        """Assert that a command failed, and that the last that a person reads is this."""
        status, lines = made
        printed = '\n'.join(lines)
        self.assertNotEqual(status, 0, printed)
        self.assertNotIn('Traceback', printed)
        self.assertEqual(lines[-1], f'error: {sentence}', printed)

    def _alter_python(self, source):
        (self.programs / ALTERED_PYTHON).write_text(source, encoding='utf-8')

    def _refuse_connections(self):
        """Return variables of a machine whose only way to the network is closed."""
        # Bound and not listening: nobody else can open this port.
        closed = self.enterContext(socket.socket())
        closed.bind((HOST, 0))
        proxy = f'http://{HOST}:{closed.getsockname()[1]}'
        return {
            'http_proxy': proxy, 'https_proxy': proxy,
            # The person who waits would see the same some seconds later.
            'PIP_RETRIES': '0', 'PIP_CONFIG_FILE': os.devnull,
        }

    # === PYTHON === #

    def test_python_too_old(self):
        self._alter_python(TOO_OLD)
        self._assert_refused(self._make('demo'), (
            "This is Python 3.9.2, but the packages are pinned for 3.11: "
            "install python3.11 and run make PYTHON=python3.11."
        ))

    def test_no_python(self):
        self._assert_refused(self._make('demo', 'PYTHON=python3.99'), (
            "There is no python3.99 here: install python3.11, "
            "or name one by make PYTHON=/path/to/python3.11."
        ))

    def test_python_without_venv(self):
        self._alter_python(WITHOUT_VENV)
        self._assert_refused(self._make('demo'), (
            'The machine lacks python3-venv, which only root can install: '
            'run "sudo apt-get install python3-venv" and try again.'
        ))

    # === POSTGRESQL === #

    def test_no_postgresql(self):
        self._alter_python(WITHOUT_POSTGRESQL)
        self._assert_refused(self._make('demo'), (
            'The machine lacks postgresql-15, which only root can install: '
            'run "sudo apt-get install postgresql-15" and try again.'
        ))

    def test_postgresql_cannot_be_installed(self):
        self._alter_python(WITHOUT_POSTGRESQL)
        apt = self.programs / 'apt-get'
        # It reads its lists, and then there is nothing to install.
        apt.write_text('#!/bin/sh\ntest "$1" = update || exit 100\n')
        apt.chmod(0o755)
        self._assert_refused(self._make('demo', as_root=True, QPAY_CACHE=str(self.home)), (
            'The packages could not be installed: check the network, '
            'or run "apt-get install postgresql-15" yourself.'
        ) if IS_ROOT else (
            'The machine lacks postgresql-15, which only root can install: '
            'run "sudo apt-get install postgresql-15" and try again.'
        ))

    def test_postgresql_is_not_where_it_is_said_to_be(self):
        self._assert_refused(self._make('demo', QPAY_POSTGRES_BIN=str(self.programs)), (
            f"QPAY_POSTGRES_BIN={self.programs} has no initdb: "
            "name the folder of PostgreSQL's programs, or leave the variable out."
        ))

    # === NETWORK === #

    def test_odoo_cannot_be_fetched(self):
        made = self._make(
            'demo', as_root=True, QPAY_CACHE=str(self.home), **self._refuse_connections(),
        )
        self._assert_refused(made, (
            "The packages could not be fetched from the Debian mirror: check the network, "
            "or set ODOO_SOURCE to the root of an Odoo 19 source tree."
        ))

    def test_python_packages_cannot_be_fetched(self):
        made = self._make(
            'demo', as_root=True, QPAY_CACHE=str(self.home),
            ODOO_SOURCE=os.environ['QPAY_DEV_ODOO'], **self._refuse_connections(),
        )
        self._assert_refused(
            made, "The Python packages could not be installed: check the network."
        )

    # === PLACES AND PORTS === #

    def test_cache_cannot_be_written(self):
        locked = self.home / 'locked'
        locked.mkdir()
        self.addCleanup(locked.chmod, 0o755)
        for mode in (0o555, 0):
            with self.subTest(mode=mode):
                locked.chmod(mode)
                self._assert_refused(self._make('demo', QPAY_CACHE=str(locked)), (
                    f"{locked} cannot be written: downloads and databases go there; "
                    "set QPAY_CACHE to a folder of yours."
                ))

    def test_port_is_taken(self):
        somebody = self.enterContext(socket.create_server((HOST, 0)))
        port = somebody.getsockname()[1]
        # With all that is ready already: the demonstration looks at its port when it starts.
        ready = {
            name: os.environ[name] for name in ('HOME', 'QPAY_CACHE', 'ODOO_SOURCE')
            if name in os.environ
        }
        self.addCleanup(self._make, 'clean', as_root=True, **ready)
        made = self._make('demo', as_root=True, QPAY_DEMO_PORT=str(port), **ready)
        self._assert_refused(made, (
            f"Port {port} is taken: stop what listens there, or choose another by QPAY_DEMO_PORT."
        ))
