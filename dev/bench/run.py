"""Runs all cases, first in a small database and then in a crowded one, and prints a table."""

import logging
import os

from odoo.addons.payment_qpay.dev.simulator import Simulator

from . import burst
from .cases import Bench
from .crowd import multiply
from .pages import measure_pages

CASES = (
    ('Odoo registers a payment', 'register_payment'),
    ('create a QR', 'create_qr'),
    ('look at a QR', 'look'),
    ("store QPay's call", 'receive_callback'),
    ('settle one payment', 'settle_alone'),
    ('settle one of many', 'settle_together'),
)
CROWD = int(os.environ.get('QPAY_DEV_BENCH_CROWD') or 100_000)
# Measures only how many payers at once are served.
IS_BURST_ONLY = bool(os.environ.get('QPAY_DEV_BENCH_BURST'))


def run(env):
    """Measure, and print what was measured."""
    logging.disable(logging.WARNING)
    simulator = Simulator(settings={'callback_enabled': False}).start()
    try:
        env.ref('payment_qpay.payment_provider_qpay').qpay_base_url_sandbox = simulator.url
        bench = Bench(env, simulator.control)
        original = bench.create_paid_intent()
        yardstick = bench.register_payment()
        bursts = [burst.measure(bench, seconds) for seconds in burst.ANSWER_SECONDS]
        _print_bursts(yardstick, bursts)
        if IS_BURST_ONLY:
            return
        measure_pages(bench)
        small = _measure(bench)
        multiply(env, original, CROWD)
        crowded = _measure(bench)
    finally:
        simulator.stop()
    _print(small, crowded)


def _print_bursts(yardstick, bursts):
    titles = ('QPay answers in', 'first booked', 'all booked', 'calls', 'x Odoo each')
    print(f'{f"{burst.COUNT} payers at once":26}' + ''.join(f'{title:>16}' for title in titles))
    for one in bursts:
        share = 1000 * one.all_seconds / burst.COUNT / yardstick.milliseconds
        figures = (
            f'{one.answer_seconds} s', f'{one.first_seconds:.1f} s', f'{one.all_seconds:.1f} s',
            str(one.calls), f'{share:.2f}',
        )
        print(f'{"":26}' + ''.join(f'{figure:>16}' for figure in figures))
    print()


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
