"""Runs all cases, first in a small database and then in a crowded one, and prints tables."""

import logging
import os
from itertools import zip_longest

from odoo.addons.payment_qpay.dev.simulator import Simulator

from . import burst
from .cases import Bench
from .crowd import multiply
from .measure import print_row
from .pages import measure_pages
from .plans import check_plans
from .processes import measure_processes
from .routes import measure_routes
from .soak import measure_soak
from .viewers import measure_viewers

CASES = (
    ('Odoo registers a payment', 'register_payment'),
    ('Odoo is paid online', 'confirm_transaction'),
    ('create a QR', 'create_qr'),
    ('look at a QR', 'look'),
    ("store QPay's call", 'receive_callback'),
    ('settle one payment', 'settle_alone'),
    ('settle one of many', 'settle_together'),
)
CROWD = int(os.environ.get('QPAY_DEV_BENCH_CROWD') or 100_000)
# What is measured: all of it but the soak, unless some is chosen.
PARTS = (
    os.environ.get('QPAY_DEV_BENCH')
    or 'bursts processes routes viewers pages costs crowd plans'
).split()


def run(env):
    """Measure, and print what was measured.

    :return: How many queries scan a table that grows.
    :rtype: int
    """
    logging.disable(logging.WARNING)
    simulator = Simulator(settings={'callback_enabled': False}).start()
    try:
        env.ref('payment_qpay.payment_provider_qpay').qpay_base_url_sandbox = simulator.url
        bench = Bench(env, simulator.control)
        original = bench.create_paid_intent()
        yardstick = bench.register_payment()
        if 'bursts' in PARTS:
            _print_bursts(yardstick, [
                burst.measure(bench, seconds, is_listed)
                # The list of those who come later shows these, too.
                for is_listed in (True, False) for seconds in burst.ANSWER_SECONDS
            ])
        if 'processes' in PARTS:
            measure_processes(bench)
        if 'routes' in PARTS:
            measure_routes(bench)
        if 'viewers' in PARTS:
            measure_viewers(bench)
        if 'pages' in PARTS:
            measure_pages(bench)
        if 'soak' in PARTS:
            measure_soak(bench)
        small = _measure(bench) if 'costs' in PARTS else []
        if not {'crowd', 'plans'}.isdisjoint(PARTS):
            multiply(env, original, CROWD)
        _print(small, _measure(bench) if small and 'crowd' in PARTS else [])
        return check_plans(bench) if 'plans' in PARTS else 0
    finally:
        simulator.stop()


def _print_bursts(yardstick, bursts):
    titles = ('QPay answers in', 'first booked', 'all booked', 'calls', 'x Odoo each')
    print_row(f'{burst.COUNT} payers at once', titles)
    for one in bursts:
        share = 1000 * one.all_seconds / burst.COUNT / yardstick.milliseconds
        figures = (
            f'{one.answer_seconds} s', f'{one.first_seconds:.1f} s', f'{one.all_seconds:.1f} s',
            str(one.calls), f'{share:.2f}',
        )
        way = 'one list for many' if one.is_listed else 'each asked about'
        print_row(way, figures)
    print()


def _measure(bench):
    return [getattr(bench, method)() for _name, method in CASES]


def _print(small, crowded):
    if not small:
        return
    registered, paid = small[0].milliseconds, small[1].milliseconds
    titles = ('queries', 'calls', 'ms', 'x registered', 'x paid online', f'x with {CROWD:,}')
    print_row('', titles)
    for (name, _method), cost, later in zip_longest(CASES, small, crowded):
        figures = (
            f'{cost.queries:.0f}', f'{cost.calls:.0f}', f'{cost.milliseconds:.1f}',
            f'{cost.milliseconds / registered:.2f}', f'{cost.milliseconds / paid:.2f}',
            f'{later.milliseconds / cost.milliseconds:.2f}' if later else '-',
        )
        print_row(name, figures)
    print(
        '\nMilliseconds are of this run on this machine: compare the ratios. "x registered" is the'
        '\ntime by that of Odoo registering a payment, "x paid online" by that of Odoo confirming'
        '\nand booking an online payment; the last column is the time beside that many settled'
        '\npayments by the time without them. Calls are those to QPay.\n'
    )
