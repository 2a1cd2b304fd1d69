"""Benchmarks, in Odoo's shell on a copy of the demonstration's database."""

import os
import subprocess

from .console import say
from .databases import Databases
from .paths import CHECKOUT

SCRIPT = """
from odoo.addons.payment_qpay.dev.bench.run import run
run(env)
"""


def run(setup):
    """Run the benchmarks; their database is deleted afterwards.

    :param Setup setup: what runs them
    :return: the exit status
    :rtype: int
    """
    databases = Databases(setup)
    database = f'bench-{os.getpid()}'
    databases.copy(databases.with_demo_data(), database)
    say('==> Measuring (a minute or two)')
    try:
        return subprocess.run(
            setup.odoo_command('shell', '--database', database, '--no-http', '--log-level=error'),
            input=SCRIPT, text=True, cwd=CHECKOUT, env=setup.environment(), check=False,
        ).returncode
    finally:
        databases.drop(database)
