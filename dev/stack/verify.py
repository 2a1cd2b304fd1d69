"""Proves README.md on a copy of the repository that nothing was set up for, as an ordinary user."""

import contextlib
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

from ..verify import claims
from . import ports, system
from .console import Failure, run, say
from .paths import MODULE, REPOSITORY

USER = f'qpay-verify-{os.getpid()}'
LATER_RUN_SECONDS = 60
RUNS = 'It runs until'
PAYS = 'Paid at the bank'
SETTLES = 'QPay called back and Odoo settled it'


class Visitor:
    """Somebody who has just got the repository, and a machine with Debian's packages.

    :param Path folder: an empty folder for all that is made
    """

    def __init__(self, folder):
        self._checkout, self._home = folder / MODULE, folder / 'home'
        self._home.mkdir()
        shutil.copytree(REPOSITORY, self._checkout, symlinks=True, ignore=shutil.ignore_patterns(
            '.git', '.env', '__pycache__', '.pytest_cache', '.ruff_cache', '.hypothesis',
        ))
        self.choose_ports()
        self._as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            self._as_user = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
            run(['chown', '--recursive', f'{USER}:', folder], failure='chown fails.')

    def choose_ports(self):
        """Have the servers listen elsewhere from now on."""
        self.ports = {
            name: ports.free_port() for name in ('QPAY_DEMO_PORT', 'QPAY_DEMO_SIMULATOR_PORT')
        }

    @property
    def options(self):
        """How a program is started as this person."""
        inherited = {
            name: value for name, value in os.environ.items()
            if not name.startswith(('QPAY_', 'MAKE', 'MFLAGS', 'XDG_', 'PG'))
        }
        return self._as_user | {
            'cwd': self._checkout, 'stdin': subprocess.DEVNULL,
            'env': inherited | {
                'HOME': str(self._home), **{name: str(port) for name, port in self.ports.items()},
            },
        }

    def make(self, *arguments, **variables):
        """Run a command of the Makefile in sight of the person, and return its status."""
        options = self.options
        return subprocess.run(
            ['make', '--no-print-directory', *arguments], check=False,
            **{**options, 'env': options['env'] | variables},
        ).returncode

    @contextlib.contextmanager
    def demonstration(self, command):
        """Have it running within the block.

        :return: the seconds until it ran, and what it printed
        """
        began, lines = time.monotonic(), []
        with subprocess.Popen(
            ['make', '--no-print-directory', command], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, **self.options,
        ) as process:
            try:
                for line in process.stdout:
                    say(f'    {line.rstrip()}')
                    lines.append(line)
                    if line.startswith(RUNS):
                        break
                else:
                    raise Failure(f'"make {command}" has ended by itself.')
                yield time.monotonic() - began, ''.join(lines)
            finally:
                self.make('stop')

    def check_live(self):
        """Give the error of each check of the running demonstration, None for none."""
        printed = run(
            ['make', '--no-print-directory', 'verify-live'],
            failure='The running demonstration cannot be checked.', **self.options,
        )
        rows = [json.loads(line) for line in printed.splitlines() if line.startswith('{')]
        return {row['name']: row['error'] for row in rows}

    def find_missing_help(self):
        """Give what "make help" does not list, None for nothing."""
        makefile = (self._checkout / 'Makefile').read_text(encoding='utf-8')
        listed = run(['make', 'help'], failure='"make help" fails.', **self.options)
        commands = re.findall(r'^([a-z-]+):.*##', makefile, re.MULTILINE)
        return ', '.join(name for name in commands if f'make {name} ' not in listed) or None

    def run_tests(self, names):
        """Run tests, and give the error of each, None for none."""
        self.make('test', ARGS=f'-n 2 -q -k "{" or ".join(names)}"')
        errors = {}
        for report in self._home.glob('.cache/*/checkouts/*/logs/*tests.xml'):
            for case in xml.etree.ElementTree.parse(report).iter('testcase'):
                bad = [mark.get('message') for kind in ('failure', 'error', 'skipped')
                       for mark in case.iter(kind)]
                name = case.get('name')
                errors[name] = errors.get(name) or (bad[0] if bad else None)
        return {name: errors.get(name, 'It did not run.') for name in names}


def verify():
    """Check all that README.md claims, and show a table of it.

    :return: the exit status
    """
    system.ensure(for_tests=True)
    table = claims.read_table()
    with _user(), tempfile.TemporaryDirectory(prefix=f'{MODULE}-') as folder:
        Path(folder).chmod(0o755)
        visitor = Visitor(Path(folder))
        try:
            return _show(table, _check(visitor, table))
        finally:
            visitor.make('stop')


def _check(visitor, table):
    names = {name for checks in table.values() for name in checks}
    results = {claims.LEFT_OUT: None}
    with visitor.demonstration('demo') as (seconds, printed):
        results['first_run'] = None if SETTLES in printed else 'The payment is not settled.'
        say(f'==> The first run from nothing took {seconds:.0f} s; looking at what runs')
        results |= visitor.check_live()
    results['stop'] = None if _is_silent(visitor) else 'Something still listens.'
    visitor.choose_ports()
    with visitor.demonstration('demo') as (later, printed):
        is_good = later < LATER_RUN_SECONDS and PAYS not in printed
        results['later_run'] = None if is_good else f'It took {later:.0f} s.'
    with visitor.demonstration('demo-reset') as (_seconds, printed):
        results['reset'] = None if PAYS in printed else 'The payment is not made afresh.'
    results['help'] = visitor.find_missing_help()
    results['lint'] = None if not visitor.make('lint') else 'It finds something.'
    tests = sorted(name for name in names if name.startswith('test_'))
    results |= visitor.run_tests(tests)
    results['chosen_tests'] = None if any(not results[name] for name in tests) else 'None ran.'
    say(f'==> The first run from nothing took {seconds:.0f} s, the second {later:.0f} s')
    return results


def _is_silent(visitor):
    return all(ports.is_free(port) for port in visitor.ports.values())


def _show(table, results):
    """Print the table, and return whether something is not as it is claimed."""
    say(f'{"result":<9} claim, and how it was checked')
    failed = 0
    for sentence, checks in table.items():
        outcomes = {name: results.get(name, 'It was not checked.') for name in checks}
        errors = {name: error for name, error in outcomes.items() if error}
        result = 'FAILED' if errors else 'not here' if claims.LEFT_OUT in checks else 'ok'
        failed += bool(errors)
        if checks:
            say(f'{result:<9} {sentence}')
            say(f'{"":<9}   {", ".join(checks)}')
        for name, error in errors.items():
            say(f'{"":<9}   ! {name}: {error}')
    say(f'{failed} claims are not so.' if failed else 'Every claim that was checked is so.')
    return bool(failed)


@contextlib.contextmanager
def _user():
    """Let root have an ordinary user within the block, who can do nothing outside the folder."""
    if os.geteuid() != 0:
        yield
        return
    run(
        ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin',
         USER],
        failure=f'The user {USER} could not be created.',
    )
    try:
        yield
    finally:
        run(['userdel', USER], failure=f'The user {USER} could not be removed.')
