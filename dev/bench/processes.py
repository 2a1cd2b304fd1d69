"""Several server processes on one database: how much faster they book what arrives at once."""

import contextlib
import time

from odoo.addons.payment_qpay.tests.cases.odoo_server import OdooServer

from .measure import print_row

COUNT = 60
PROCESSES = (1, 2, 4)
# QPay is fast enough to keep all of them busy.
_ANSWER_SECONDS = 0.05
# Each process loads all that it needs with the first payments that it books.
_WARM_UP = 12
_LOOK_SECONDS = 0.1


def measure_processes(bench):
    """Measure how fast payments are booked by one server process and by several, and print it.

    :param Bench bench: What has the means.
    """
    titles = ('all booked', 'a second', 'x one')
    print_row(f'{COUNT} payers at once', titles)
    bench.qpay.inject('*', 'delay', times=None, seconds=_ANSWER_SECONDS)
    try:
        seconds = [_measure(bench, number) for number in PROCESSES]
    finally:
        bench.qpay.clear_faults()
    for number, taken in zip(PROCESSES, seconds, strict=True):
        figures = f'{taken:.1f} s', f'{COUNT / taken:.1f}', f'{seconds[0] / taken:.2f}'
        name = f'  {number} server process' + ('es' if number > 1 else '')
        print_row(name, figures)
    print()


def _measure(bench, number):
    with contextlib.ExitStack() as stack:
        for node in range(number):
            server = OdooServer(bench.env.cr.dbname, f'bench-{node}', 0, {})
            stack.callback(server.kill)
            server.start()
        _wait_until_paid(bench, _WARM_UP * number)
        return _wait_until_paid(bench, COUNT)


def _wait_until_paid(bench, count):
    intents = bench.announce_paid(count)
    began = time.monotonic()
    while _count_paid(bench.env, intents.ids) < count:
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - began


def _count_paid(env, intent_ids):
    with env.registry.cursor() as cr:
        cr.execute(
            "SELECT count(*) FROM qpay_intent WHERE id IN %s AND state = 'paid'",
            [tuple(intent_ids)],
        )
        return cr.fetchone()[0]
