"""Lint and tests."""

import contextlib
import os
import shlex
import subprocess
import sys
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor

from . import module_sets, nginx, postgres, system, virtualenv
from .console import Failure, Step, say
from .databases import Databases
from .paths import ADDON_LINK, ADDONS, CHECKOUT, LOGS, MODULE, REPOSITORY
from .setup import CONFIGURATION

NO_TEST_COLLECTED = 5
NOT_LINTED = (
    # It knows README.rst only.
    'missing-readme',
    # What QPay is to be told, or has told, is committed because it cannot be rolled back there.
    'invalid-commit',
    # Odoo's own modules import like this, and long classes are cut in files by what they are about.
    # Both rules are silent in a git repository, and fail in the same files without one.
    'odoo-addons-relative-import', 'consider-merging-classes-inherited',
)
#: Names the set of modules for "template", which tests with real server processes ask for.
TEMPLATE_MODULES = 'QPAY_DEV_MODULES'
SALES_FOLDER = 'tests/sales'
# Of the payer's page, which the website shows then.
PAY_PAGE_SAMPLE = (
    'tests/flow/test_pay_page_security.py::TestPageSecurity',
    'tests/flow/test_pay_page.py::TestNewQr::test_payers_do_not_have_qr_after_qr_made',
    'tests/browser/test_pay_page_views.py::TestPayPage::test_paid_on_a_phone_in_mongolian',
    'tests/browser/test_pay_page_views.py::TestPayPage::test_paid_on_a_computer_in_english',
    'tests/browser/test_pay_page_endings.py::TestPayPageEnd'
    '::test_expired_while_somebody_looks_and_renewed',
    'tests/browser/test_pay_page_endings.py::TestPayPageEnd::test_link_gets_a_qr_by_itself',
    'tests/browser/test_pay_page_reach.py::TestPayPageReach::test_every_view_fits_a_small_phone',
)
# Every menu, form, button and report, as people click them. It takes so long that "make test"
# leaves it out: the name of its file does not begin with "test".
SWEEP = 'tests/sweep/sweep.py'
# What is run where nothing is chosen. With shop and till installed, whatever goes through Odoo's
# pipeline of payments is proved again, because other modules change what happens there; of the
# payer's page, a sample. Beside the addons of others: the main job, money of every kind, and all
# that people click on.
EVERYTHING = {
    'invoicing': ['.'],
    'sales': [
        SALES_FOLDER,
        'tests/flow/test_callback.py', 'tests/flow/test_document_changes.py',
        'tests/flow/test_intent.py', 'tests/flow/test_settlement.py',
        'tests/browser/test_portal.py',
        *PAY_PAGE_SAMPLE,
    ],
    'ecosystem': [
        'tests/browser/test_dialog.py', 'tests/flow/test_settlement.py',
        'tests/flow/test_unusual_payments.py', 'tests/flow/test_callback.py',
        'tests/race/test_concurrency.py', 'tests/ecosystem/bank_statement.py', SWEEP,
    ],
}


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
                f'--disable={",".join(NOT_LINTED)}', MODULE,
            ],
            cwd=ADDONS, env=setup.environment(), check=False,
        )
        if ruff.returncode or pylint.returncode:
            raise Failure('The linters found what is printed above: put it right.')


def test(setup):
    """Run the tests: all of them, or those that the variables ``T`` and ``ARGS`` select.

    ``T`` names files of tests, ``ARGS`` is given to pytest as it is. Where a test runs follows from
    its place; ``QPAY_TEST_DATABASE`` forces a database: ``invoicing``, ``sales`` or ``ecosystem``.
    ``BUSY`` keeps the processors busy beside: no test may depend on how long something takes.

    :param Setup setup: what runs them
    :return: the exit status
    :rtype: int
    :raise Failure: when they cannot be run, or one of them was skipped
    """
    chosen = shlex.split(os.environ.get('T', ''))
    arguments = shlex.split(os.environ.get('ARGS', ''))
    plan = _plan(chosen)
    if not chosen and not arguments:
        lint(setup)
        arguments = ['--numprocesses', os.environ.get('QPAY_TEST_WORKERS', '2')]
    for log in LOGS.glob('test-*.log'):
        log.unlink()
    with postgres.serving(), _busy_processors():
        statuses = _run_side_by_side(setup, plan, arguments)
    if set(statuses) == {NO_TEST_COLLECTED}:
        raise Failure('No test was selected: look at T and ARGS.')
    return max(status for status in statuses if status != NO_TEST_COLLECTED)


def _run_side_by_side(setup, plan, arguments):
    """Run with all sets of modules at once: tests of browsers and servers wait most of their time.

    What the first one prints is shown as it comes, that of the others when they have ended.

    :return: their exit statuses
    :rtype: list[int]
    """
    with ThreadPoolExecutor(len(plan)) as threads:
        first, *others = [
            threads.submit(run, setup, name, parts, arguments, is_shown=number == 0)
            for number, (name, parts) in enumerate(plan)
        ]
        return [first.result(), *(other.result() for other in others)]


@contextlib.contextmanager
def _busy_processors():
    number = os.cpu_count() if os.environ.get('BUSY') else 0
    loops = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _plan(chosen):
    """Say what is run in which database.

    :param list chosen: the files of tests that were asked for; none for all
    :return: names of sets of modules, and what is run with each
    :rtype: list[tuple[str, list]]
    """
    forced = os.environ.get('QPAY_TEST_DATABASE')
    parts = {name: EVERYTHING[name] for name in ('invoicing', 'sales')}
    if chosen:
        parts = {
            'invoicing': [part for part in chosen if not part.startswith(SALES_FOLDER)],
            'sales': [part for part in chosen if part.startswith(SALES_FOLDER)],
        }
    if forced:
        module_sets.chosen('QPAY_TEST_DATABASE')
        parts = {forced: chosen or EVERYTHING[forced]}
    return [(name, paths) for name, paths in parts.items() if paths]


def run(setup, name, parts, arguments, is_shown=True):
    """Run tests in a database with some of Odoo's modules.

    :param bool is_shown: whether the output is shown as it comes, or all of it at the end
    :return: the exit status
    :raise Failure: when one of them was skipped
    """
    modules = module_sets.NAMED[name]
    databases = Databases(setup, modules)
    template = databases.with_tests_company()
    variables = test_variables(name)
    # A copy for this run alone: another run of the same checkout does not get in its way.
    database = f'{modules.prefix}run-{os.getpid()}'
    databases.copy(template, database)
    say(f'==> Testing with {modules.purpose}')
    report = LOGS / f'{modules.prefix}tests.xml'
    try:
        done = _pytest(
            databases.setup, database, variables, report,
            [*(str(ADDON_LINK / part) for part in parts), *_left_out(modules), *arguments],
            **{} if is_shown else {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT},
        )
    finally:
        for copy in databases.names(database):
            databases.drop(copy)
    if done.stdout:
        say(done.stdout)
    if not done.returncode:
        _refuse_skips(report)
    return done.returncode


def _left_out(modules):
    """What a folder of tests has that these modules are not enough for."""
    return [] if modules is module_sets.SALES else [f'--ignore={ADDON_LINK / SALES_FOLDER}']


def test_variables(name):
    """The variables that the tests find, beside those of the set-up.

    :param str name: the set of modules that tests with real server processes have
    :rtype: dict[str, str]
    """
    return {
        TEMPLATE_MODULES: name,
        'QPAY_DEV_CLIENT_PYTHON': str(virtualenv.client_python('qpay-client')),
        'QPAY_DEV_PY_PYTHON': str(virtualenv.client_python('qpay-py')),
        'QPAY_DEV_CHROMIUM': system.chromium() or '',
        'QPAY_DEV_NGINX': str(nginx.locate()),
    }


def _pytest(setup, database, variables, report, arguments, **output):
    # Outside the repository and through the link: Odoo and pytest must agree on modules' names.
    return subprocess.run(
        [
            setup.python, '-m', 'pytest', '-c', str(ADDON_LINK / 'pyproject.toml'),
            '--rootdir', str(ADDON_LINK), f'--odoo-database={database}',
            f'--odoo-config={CONFIGURATION}', '--odoo-http', f'--junit-xml={report}', *arguments,
        ],
        cwd=CHECKOUT, env=setup.environment() | variables, check=False, text=True, **output,
    )


def _refuse_skips(report):
    """A skipped test proves nothing, and nobody reads the summary of a green run."""
    cases = xml.etree.ElementTree.parse(report).iter('testcase')
    skipped = [
        f'{case.get("classname")}.{case.get("name")}: {mark.get("message")}'
        for case in cases for mark in case.iter('skipped') if mark.get('type') == 'pytest.skip'
    ]
    if skipped:
        raise Failure('Give these skipped tests what they need:\n  ' + '\n  '.join(skipped))
