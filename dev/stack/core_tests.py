"""Odoo's own tests of the modules that the addon extends, with the addon and without it.

Some of them fail in any case, for what they need of the machine or of Odoo's demonstration data.
So the same tests run twice, and what passes without the addon has to pass with it, too.
"""

import collections
import json
import os
import re
import shlex

from . import module_sets, postgres, testing
from .console import Failure, Step, run, say
from .databases import Databases
from .paths import CHECKOUT, LOGS, fingerprint
from .ports import free_port

SECONDS = 2 * 3600
# What of a module's tests has nothing that the addon could change: arithmetic of taxes, of which
# the addon overrides nothing, texts, numbers of entries, charts of accounts and reports on taxes.
# They take as long as all others.
LEFT_OUT = {
    'account': (
        'StructuredReferenceTest', 'TaxReportTest', 'TestAccountTaxDetailsReport',
        'TestChartTemplate', 'TestDictToXml', 'TestInvoiceTaxes', 'TestSequenceGaps',
        'TestSequenceMixin', 'TestSequenceMixinConcurrency', 'TestSequenceMixinDeletion',
        'TestTaxesBaseLinesTaxDetails', 'TestTaxesComputation', 'TestTaxesDispatchingBaseLines',
        'TestTaxesDownPayment', 'TestTaxesGlobalDiscount', 'TestTaxesTaxTotalsSummary',
    ),
}
MODULES = (
    'payment', 'account_payment', 'portal', 'pos_online_payment', 'sale', 'account', 'website_sale',
)

_LOG = LOGS / 'core-tests.log'
_KNOWN = CHECKOUT / 'core-tests'
_EVENT = re.compile(
    r' odoo\.addons\.(\w+)\.tests\.(\w+): (Starting|skipped|FAIL:|ERROR:) (?:Subtest )?(\w+\.\w+)'
)
_END = re.compile(r'\d+ failed, \d+ error\(s\) of \d+ tests')


def test(setup):
    """Run the tests of all modules and the sweep, or what the variable ``T`` names of them.

    :param Setup setup: what runs them
    :raise Failure: when a test fails with the addon that passes without it
    """
    chosen = shlex.split(os.environ.get('T', '')) or [*MODULES, testing.SWEEP]
    modules = [module for module in MODULES if module in chosen]
    broken = []
    with postgres.serving():
        if modules:
            broken += _compare(Databases(setup, module_sets.STANDARD), modules)
        if testing.SWEEP in chosen and testing.run(setup, 'sales', [testing.SWEEP], []):
            broken.append(testing.SWEEP)
    if broken:
        raise Failure('\n    '.join(['With the addon these fail:', *broken]))


def _compare(databases, modules):
    """Run the tests of modules with the addon, and without it unless that is known already.

    :return: the tests that fail with it only
    :rtype: list[str]
    """
    without = _passing_without(databases, modules)
    passing = _passing(databases, databases.with_assets(), 'with the addon', modules, without)
    row = '{:<20} {:>6} {:>12} {:>15} {:>14}'.format
    say(row('module', 'tests', 'passed with', 'passed without', 'newly failing'))
    for module in modules:
        ours, theirs = _of(module, passing), _of(module, without)
        say(row(module, len(ours | theirs), len(ours), len(theirs), len(theirs - ours)))
    return sorted(without - passing)


def _passing_without(databases, modules):
    """Return the tests that pass without the addon, which is found out once for a module.

    :rtype: set[str]
    """
    template = databases.without_addon()
    files = {
        module: _KNOWN / f'{module}-{fingerprint(template, *_tags(module))}.json'
        for module in modules
    }
    unknown = [module for module in modules if not files[module].exists()]
    if unknown:
        passing = _passing(databases, template, 'without the addon', unknown)
        _KNOWN.mkdir(exist_ok=True)
        for module in unknown:
            files[module].write_text(json.dumps(sorted(_of(module, passing))), encoding='utf-8')
    return {
        test for file in files.values() for test in json.loads(file.read_text(encoding='utf-8'))
    }


def _of(module, tests):
    return {test for test in tests if test.startswith(f'{module}.')}


def _tags(module):
    return [f'/{module}', *(f'-/{module}:{name}' for name in LEFT_OUT.get(module, ()))]


def _passing(databases, template, purpose, modules, expected=frozenset()):
    """Run the tests of modules in copies of a template.

    :param set expected: those that should pass
    :return: those that pass, be it at the second time: some are too fast for a busy machine
    :rtype: set[str]
    """
    tags = [tag for module in modules for tag in _tags(module)]
    passing, failing = _run(databases, template, purpose, tags)
    again = (failing | expected) - passing
    if again:
        tags = [re.sub(r'(\w+)\.\w+\.(.+)', r'/\1:\2', test) for test in again]
        passing |= _run(databases, template, f'{purpose}, once more what failed', tags)[0]
    return passing


def _run(databases, template, purpose, tags):
    """Run tests in a copy of a template.

    :return: those that pass, and those that fail
    :rtype: tuple[set, set]
    """
    database = f'{databases.modules.prefix}run-{os.getpid()}'
    databases.copy(template, database)
    try:
        with Step(f"Running Odoo's own tests: {purpose}"):
            log = _run_odoo(databases.setup, database, tags)
    finally:
        databases.drop(database)
    tests = collections.defaultdict(set)
    for module, file, event, name in _EVENT.findall(log):
        tests[event].add(f'{module}.{file}.{name}')
    failing = tests['FAIL:'] | tests['ERROR:']
    return tests['Starting'] - failing - tests['skipped'], failing


def _run_odoo(setup, database, tags):
    """Run tests and return the log."""
    _LOG.unlink(missing_ok=True)
    # They are all made to run after the installation, so no module is installed or updated here.
    command = setup.odoo_command(
        'server', '--database', database, '--db-filter', f'^{database}$',
        '--http-port', free_port(), '--stop-after-init', '--test-tags', ','.join(tags),
    )
    try:
        run(
            command, failure='Odoo has not run its tests to their end.', log=_LOG, timeout=SECONDS,
            cwd=CHECKOUT, env=setup.environment(),
        )
    except Failure:
        # Some fail in any case; only a run that was cut off says nothing.
        if not _END.search(_LOG.read_text(encoding='utf-8')):
            raise
    return _LOG.read_text(encoding='utf-8')
