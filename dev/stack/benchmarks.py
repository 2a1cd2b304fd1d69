"""Benchmarks, in Odoo's shell on a copy of the demonstration's database."""

import os

from .console import say
from .databases import Databases

SCRIPT = """
import sys
from odoo.addons.payment_qpay.dev.bench.run import run
sys.exit(1 if run(env) else 0)
"""


def run(setup):
    """Run the benchmarks and return the exit status; their database is deleted afterwards."""
    databases = Databases(setup)
    database = f'bench-{os.getpid()}'
    databases.copy(databases.with_demo_data(), database)
    try:
        say("==> Installing Odoo's provider for demonstrations, the yardstick")
        setup.call_odoo(
            '--database', database, '--init', 'payment_demo', '--stop-after-init', '--no-http',
            '--log-level=error',
        )
        say('==> Measuring (some minutes)')
        return setup.call_odoo(
            'shell', '--database', database, '--no-http', '--log-level=error',
            input=SCRIPT, text=True,
        )
    finally:
        databases.drop(database)
