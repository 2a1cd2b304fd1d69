"""Lint and tests."""

import os
import shlex
import subprocess
import xml.etree.ElementTree

from . import postgres, system, virtualenv
from .console import Failure, Step
from .databases import Databases
from .paths import ADDON_LINK, ADDONS, CHECKOUT, LOGS, MODULE, REPOSITORY
from .setup import CONFIGURATION

NO_TEST_COLLECTED = 5


def lint(setup):
    """Run the linters on the whole repository.

    :param Setup setup: what has the linters
    :raise Failure: when one of them finds something
    """
    with Step('Linting (ruff, pylint-odoo)'):
        ruff = subprocess.run(
            [setup.venv / 'bin/ruff', 'check', '--quiet', '--output-format=concise', '.'],
            cwd=REPOSITORY, check=False,
        )
        # pylint-odoo recognises an addon by its folder's name, so it is given the link.
        pylint = subprocess.run(
            [
                setup.venv / 'bin/pylint', f'--rcfile={REPOSITORY / ".pylintrc"}', '--jobs=0',
                # It knows no README.md, only README.rst; and what QPay is to be told, or has told,
                # is committed on purpose, because it cannot be rolled back at QPay.
                '--disable=missing-readme,invalid-commit', MODULE,
            ],
            cwd=ADDONS, env=setup.environment(), check=False,
        )
        if ruff.returncode or pylint.returncode:
            raise Failure('The linters found what is printed above: put it right.')


def test(setup):
    """Run the tests: all of them, or those that the variables ``T`` and ``ARGS`` select.

    ``T`` names files of tests, ``ARGS`` is given to pytest as it is.

    :param Setup setup: what runs them
    :return: the exit status
    :rtype: int
    :raise Failure: when they cannot be run, or one of them was skipped
    """
    chosen = [str(ADDON_LINK / part) for part in shlex.split(os.environ.get('T', ''))]
    arguments = shlex.split(os.environ.get('ARGS', ''))
    if not chosen and not arguments:
        lint(setup)
        arguments = ['--numprocesses', os.environ.get('QPAY_TEST_WORKERS', '2')]
    with postgres.serving():
        databases = Databases(setup)
        template = databases.with_addon()
        variables = test_variables(setup, databases.with_demo_data())
        # A copy for this run alone: another run of the same checkout does not get in its way.
        database = f'run-{os.getpid()}'
        databases.copy(template, database)
        try:
            status = _pytest(setup, database, variables, chosen or [str(ADDON_LINK)], arguments)
        finally:
            for name in databases.names(database):
                databases.drop(name)
    if status == NO_TEST_COLLECTED:
        raise Failure('No test was selected: look at T and ARGS.')
    if not status:
        _refuse_skips()
    return status


def test_variables(setup, template):
    """The variables that the tests find, beside those of the set-up.

    :param Setup setup: what runs them
    :param str template: the database that tests with real server processes copy
    :rtype: dict[str, str]
    """
    return {
        'QPAY_DEV_TEMPLATE': template,
        'QPAY_DEV_CLIENT_PYTHON': str(virtualenv.client_python('qpay-client')),
        'QPAY_DEV_PY_PYTHON': str(virtualenv.client_python('qpay-py')),
        'QPAY_DEV_CHROMIUM': system.chromium() or '',
    }


def _pytest(setup, database, variables, chosen, arguments):
    # Outside the repository and through the link: Odoo and pytest must agree on modules' names.
    return subprocess.run(
        [
            setup.python, '-m', 'pytest', '-c', str(ADDON_LINK / 'pyproject.toml'),
            '--rootdir', str(ADDON_LINK), f'--odoo-database={database}',
            f'--odoo-config={CONFIGURATION}', '--odoo-http',
            f'--junit-xml={LOGS / "tests.xml"}', *chosen, *arguments,
        ],
        cwd=CHECKOUT, env=setup.environment() | variables, check=False,
    ).returncode


def _refuse_skips():
    """A skipped test proves nothing, and nobody reads the summary of a green run."""
    cases = xml.etree.ElementTree.parse(LOGS / 'tests.xml').iter('testcase')
    skipped = [
        f'{case.get("classname")}.{case.get("name")}: {mark.get("message")}'
        for case in cases for mark in case.iter('skipped') if mark.get('type') == 'pytest.skip'
    ]
    if skipped:
        raise Failure('Give these skipped tests what they need:\n  ' + '\n  '.join(skipped))
