"""Benchmarks, in Odoo's shell on a copy of the demonstration's database."""

import os

from .console import say
from .databases import Databases

SCRIPT = """
from odoo.addons.payment_qpay.dev.bench.run import run
run(env)
"""


def run(setup):
    """Run the benchmarks and return the exit status; their database is deleted afterwards."""
    databases = Databases(setup)
    database = f'bench-{os.getpid()}'
    databases.copy(databases.with_demo_data(), database)
    say('==> Measuring (a minute or two)')
    try:
        return setup.call_odoo(
            'shell', '--database', database, '--no-http', '--log-level=error',
            input=SCRIPT, text=True,
        )
    finally:
        databases.drop(database)
