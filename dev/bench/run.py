"""Runs all cases, first in a small database and then in a crowded one, and prints a table."""

import logging
import os

from odoo.addons.payment_qpay.dev.simulator import Simulator

from .cases import Bench
from .crowd import multiply

CASES = (
    ('Odoo registers a payment', 'register_payment'),
    ('create a QR', 'create_qr'),
    ('look at a QR', 'look'),
    ("store QPay's call", 'receive_callback'),
    ('settle one payment', 'settle_alone'),
    ('settle one of many', 'settle_together'),
)
CROWD = int(os.environ.get('QPAY_BENCH_CROWD') or 100_000)


def run(env):
    """Measure, and print what was measured."""
    logging.disable(logging.WARNING)
    simulator = Simulator(settings={'callback_enabled': False}).start()
    try:
        env.ref('payment_qpay.payment_provider_qpay').qpay_base_url_sandbox = simulator.url
        bench = Bench(env, simulator.control)
        original = bench.create_paid_intent()
        small = _measure(bench)
        multiply(env, original, CROWD)
        crowded = _measure(bench)
    finally:
        simulator.stop()
    _print(small, crowded)


def _measure(bench):
    return [getattr(bench, method)() for _name, method in CASES]


def _print(small, crowded):
    yardstick = small[0].milliseconds
    titles = ('queries', 'calls', 'ms', 'x Odoo', f'x with {CROWD:,}')
    print(f'{"":26}' + ''.join(f'{title:>16}' for title in titles))
    for (name, _method), cost, later in zip(CASES, small, crowded, strict=True):
        figures = (
            f'{cost.queries:.0f}', f'{cost.calls:.0f}', f'{cost.milliseconds:.1f}',
            f'{cost.milliseconds / yardstick:.2f}', f'{later.milliseconds / cost.milliseconds:.2f}',
        )
        print(f'{name:26}' + ''.join(f'{figure:>16}' for figure in figures))
    print(
        '\nMilliseconds are of this run on this machine: compare the ratios. "x Odoo" is the time'
        '\nby that of Odoo registering a payment; the last column is the time beside that many'
        '\nsettled payments by the time without them. Calls are those to QPay.'
    )
