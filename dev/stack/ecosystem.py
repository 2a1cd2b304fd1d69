"""The addon among the addons of others."""

import dataclasses
import os
import shlex

from . import module_sets, postgres, testing, virtualenv
from .core_tests import SWEEP

PREFIX = 'odoo-addon-'
# The main job, money of every kind, and what people click on.
TESTS = (
    'tests/browser/test_dialog.py', 'tests/flow/test_settlement.py',
    'tests/flow/test_unusual_payments.py', 'tests/flow/test_callback.py',
    'tests/race/test_concurrency.py', SWEEP,
)


def test(setup):
    """Run what shows that the addon works beside others, or what the variable ``T`` names.

    :param Setup setup: what runs the tests
    :return: the exit status
    :rtype: int
    :raise Failure: when they cannot be run
    """
    setup = dataclasses.replace(setup, python_path=(str(virtualenv.addons(setup.python)),))
    lines = virtualenv.ADDONS.read_text(encoding='utf-8').splitlines()
    names = tuple(
        line.partition('==')[0].removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)
    )
    modules = module_sets.ModuleSet(
        'ecosystem-', f'{len(names)} addons of others', (*module_sets.SALES.names, *names)
    )
    chosen = shlex.split(os.environ.get('T', '')) or TESTS
    with postgres.serving():
        return testing.run(setup, modules, chosen, shlex.split(os.environ.get('ARGS', '')))
