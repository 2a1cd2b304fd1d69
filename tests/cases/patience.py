"""How tests wait for what other processes do, and have several things happen at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

# Only a test that fails waits that long: nothing depends on how fast the machine is.
PATIENCE_SECONDS = 180


def wait_for(condition, what):
    """Wait until something is so.

    :param callable condition: Says whether it is.
    :param str what: What is waited for, for the failure's message.
    :raise AssertionError: If it does not come to be.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'Waited {PATIENCE_SECONDS} s in vain for {what}.')
        time.sleep(0.05)


def together(*functions):
    """Call functions at the same moment, each in a thread of its own.

    :return: What they return, in their order.
    :rtype: list
    """
    if not functions:
        return []
    barrier = Barrier(len(functions))

    def call(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as threads:
        return list(threads.map(call, functions))
