"""Odoo's own tests of the modules that the addon extends, run by Odoo's own runner."""

import os
import re
import socket

from . import module_sets, postgres
from .console import Failure, Step, run, say
from .databases import Databases
from .paths import CHECKOUT, LOGS

MODULES = ('payment', 'account_payment', 'sale')
SECONDS = 3600

_LOG = LOGS / 'core-tests.log'
_PROBLEM = re.compile(r' (?:FAIL|ERROR): (.+)$', re.MULTILINE)
_RESULT = re.compile(r'(\d+) failed, (\d+) error\(s\) of (\d+) tests')


def test(setup):
    """Run the tests with the addon installed, or without it where ``BASELINE`` is set.

    :param Setup setup: what runs them
    :raise Failure: when one of them fails
    """
    with postgres.serving():
        databases = Databases(setup, module_sets.STANDARD)
        template = databases.base() if os.environ.get('BASELINE') else databases.with_addon()
        database = f'{databases.modules.prefix}run-{os.getpid()}'
        databases.copy(template, database)
        try:
            with Step(f"Running Odoo's own tests of {', '.join(MODULES)}"):
                number = _run(setup, database)
        finally:
            databases.drop(database)
    say(f'{number} tests of Odoo have passed.')


def _run(setup, database):
    """Run the tests in a database, and return how many there were."""
    _LOG.unlink(missing_ok=True)
    # They are all made to run after the installation, so no module is installed or updated here.
    command = setup.odoo_command(
        'server', '--database', database, '--db-filter', f'^{database}$',
        '--http-port', _free_port(), '--stop-after-init',
        '--test-tags', ','.join(f'/{module}' for module in MODULES),
    )
    try:
        run(
            command, failure='Odoo reports a failure.', log=_LOG, timeout=SECONDS,
            cwd=CHECKOUT, env=setup.environment(),
        )
    except Failure as failure:
        problems = dict.fromkeys(_PROBLEM.findall(_LOG.read_text(encoding='utf-8')))
        raise Failure('\n    '.join(["Odoo's own tests have failed:", *problems])) from failure
    [*_, (failed, errors, number)] = _RESULT.findall(_LOG.read_text(encoding='utf-8'))
    if int(failed) or int(errors) or not int(number):
        raise Failure(f'Of {number} tests {failed} failed, {errors} had errors: read {_LOG}.')
    return int(number)


def _free_port():
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]
