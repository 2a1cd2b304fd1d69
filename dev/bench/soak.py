"""Payers for a long time, while QPay has its moods: nothing may pile up."""

import os
import random
import threading
import time
from collections import Counter

import psutil

from odoo.exceptions import UserError

from odoo.addons.payment_qpay.tests.cases.odoo_server import OdooServer

from .measure import print_row
from .viewers import Viewer

MINUTES = int(os.environ.get('QPAY_DEV_BENCH_SOAK') or 30)
PAYERS = 20
_ROUND_SECONDS = 30
# How many of QPay's calls arrive.
_ANNOUNCED = 0.8
# How long the last payments may take once QPay is well again.
_END_SECONDS = 300
_LINES = 10
# What goes wrong at QPay, and how often in a row.
_FAULTS = (
    ('delay', {'seconds': 3}), ('drop', {}), ('drop', {'after': True}), ('garbage', {}),
    ('status', {'status': 500}), ('status', {'status': 429}), ('system_busy', {}),
    ('expired_token', {}),
)
_MOST_FAULTS = 5
_FIGURES = {
    'waiting': """
        SELECT (SELECT count(*) FROM qpay_callback WHERE state = 'received')
             + (SELECT count(*) FROM qpay_payment WHERE state = 'to_settle')
    """,
    'triggers': 'SELECT count(*) FROM ir_cron_trigger',
    'connections': 'SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()',
}


def measure_soak(bench):
    """Let payers come for a long time while QPay fails at random, and print what piles up.

    :param Bench bench: What has the means.
    :raise RuntimeError: If a payment was not booked, or twice.
    """
    server = OdooServer(bench.env.cr.dbname, 'bench-soak', 2, {})
    is_over = threading.Event()
    happened, viewers = Counter(), []
    print_row(f'{PAYERS} payers each time', ('booked', 'memory', *_FIGURES))
    try:
        server.start()
        rounds = MINUTES * 60 // _ROUND_SECONDS
        for number in range(1, rounds + 1):
            viewers += _let_come(bench, server, is_over, happened)
            if number == 1 or number * _LINES // rounds != (number - 1) * _LINES // rounds:
                _print(bench.env, server, f'  after {number * _ROUND_SECONDS / 60:g} min', viewers)
        _wait_until_told(viewers)
        _print(bench.env, server, '  at the end', viewers)
    finally:
        is_over.set()
        bench.qpay.clear_faults()
        server.kill()
    if _count_booked(bench.env, viewers) != len(viewers):
        raise RuntimeError('Not every payment is booked once.')
    told = ', '.join(f'{name} {number}' for name, number in sorted(happened.items()))
    print(f'  {len(viewers)} payments, each booked once; what happened meanwhile: {told}\n')


def _let_come(bench, server, is_over, happened):
    """Let some payers come and pay, and return them."""
    end = time.monotonic() + _ROUND_SECONDS
    for fault, options in random.sample(_FAULTS, 2):
        happened[fault] += 1
        bench.qpay.inject('*', fault, times=random.randint(1, _MOST_FAULTS), **options)
    intents = filter(None, [_create_intent(bench, happened) for _number in range(PAYERS)])
    viewers = [Viewer(server, intent, is_over) for intent in intents]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        is_announced = random.random() < _ANNOUNCED
        happened['call lost'] += not is_announced
        viewer.pay(bench.qpay, is_announced)
        time.sleep(max(0, end - time.monotonic()) / 2 / len(viewers))
    time.sleep(max(0, end - time.monotonic()))
    bench.qpay.clear_faults()
    return viewers


def _create_intent(bench, happened):
    try:
        intent = bench.create_open_intent()
    except UserError:
        # QPay has refused, or not answered.
        bench.env.cr.rollback()
        happened['QR refused'] += 1
        return None
    bench.env.cr.commit()
    return intent


def _wait_until_told(viewers):
    end = time.monotonic() + _END_SECONDS
    while not all(viewer.told_at for viewer in viewers):
        if time.monotonic() > end:
            raise RuntimeError('Not every payer knows that the payment has arrived.')
        time.sleep(1)


def _count_booked(env, viewers):
    """Return how many payments of these payers are in the books."""
    return _read(env, """
        SELECT count(*) FROM account_payment
          JOIN qpay_payment ON qpay_payment.qpay_txn_id = account_payment.qpay_txn_id
         WHERE qpay_payment.intent_id = ANY(%s)
    """, [[viewer.intent_id for viewer in viewers]])


def _print(env, server, name, viewers):
    memory = sum(process.memory_full_info().pss for process in _get_processes(server))
    print_row(name, (
        f'{_count_booked(env, viewers)} of {len(viewers)}', f'{memory / 2**20:.0f} MB',
        *(str(_read(env, query)) for query in _FIGURES.values()),
    ))


def _get_processes(server):
    main = psutil.Process(server.pid)
    return [main, *main.children(recursive=True)]


def _read(env, query, parameters=None):
    with env.registry.cursor() as cr:
        cr.execute(query, parameters)
        return cr.fetchone()[0]
