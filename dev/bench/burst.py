"""Many payers at once: how long until all of their payments are in the books, and the first."""

import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

COUNT = 60
# How long QPay takes to answer one call: on a good day, and on a busy one.
ANSWER_SECONDS = (0.2, 1)
_LOOK_SECONDS = 0.05


class Burst(NamedTuple):
    """How long QPay took for a call, and how long until the first and all were in the books."""

    is_listed: bool
    answer_seconds: float
    first_seconds: float
    all_seconds: float
    calls: int


def measure(bench, answer_seconds, is_listed=False):
    """Let many pay at once, while QPay takes its time, and Odoo's scheduler see to it.

    :param Bench bench: What has the means.
    :param float answer_seconds: How long QPay takes for a call.
    :param bool is_listed: Whether QPay's list is trusted to answer for many.
    :rtype: Burst
    """
    bench.trust_list(is_listed)
    intents = bench.announce_paid(COUNT)
    cron = bench.env.ref('payment_qpay.ir_cron_process_callbacks')
    bench.qpay.reset_calls()
    bench.qpay.inject('*', 'delay', times=None, seconds=answer_seconds)
    try:
        began = time.monotonic()
        with _watching(bench.env.registry, intents.ids) as seen:
            # Each run ends when its time is over, as in production.
            while intents.filtered(lambda intent: intent.state != 'paid'):
                cron.method_direct_trigger()
                bench.env.cr.commit()
        end = time.monotonic()
    finally:
        bench.qpay.clear_faults()
    bench.trust_list(False)
    calls = sum(bench.qpay.calls().values())
    return Burst(is_listed, answer_seconds, seen[0] - began, end - began, calls)


@contextmanager
def _watching(registry, intent_ids):
    """Note when the first of these QRs is paid, as another process sees it."""
    seen, is_over = [], threading.Event()

    def watch():
        while not seen and not is_over.wait(_LOOK_SECONDS):
            with registry.cursor() as cr:
                cr.execute(
                    "SELECT 1 FROM qpay_intent WHERE id IN %s AND state = 'paid' LIMIT 1",
                    [tuple(intent_ids)],
                )
                if cr.fetchone():
                    seen.append(time.monotonic())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
        if not seen:
            seen.append(time.monotonic())
