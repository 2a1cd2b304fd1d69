"""What the conformance scripts have in common.

Standard library only, as each script runs in the environment of its client.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulator.control import SimulatorControl

USERNAME, PASSWORD, INVOICE_CODE = 'TEST_MERCHANT', '123456', 'TEST_INVOICE'
#: Its invoices name their taxes.
TAX_INVOICE_CODE = 'TEST_EB_INVOICE'
#: Nobody listens there: the scripts pay without a callback.
CALLBACK_URL = 'http://127.0.0.1:9/payment?ref=conformance'


class Mismatch(AssertionError):
    """The client did not get what it has to get."""


class Steps:
    """Runs named steps and prints one line for each."""

    def __init__(self):
        self.failed = 0
        self.done = 0

    def run(self, name, action):
        """Run a step.

        :param str name: what is printed.
        :param action: a function; what it raises fails the step, and the script goes on.
        :return: what the function returns, None after a failure.
        """
        self.done += 1
        try:
            result = action()
        except Exception as error:  # noqa: BLE001 - any failure of a client is a finding
            self.failed += 1
            print(f'FAILED {name}: {type(error).__name__}: {error}', flush=True)
            return None
        print(f'ok {name}', flush=True)
        return result

    def finish(self):
        """Print the sum and return the exit code."""
        print(f'{self.done - self.failed} of {self.done} steps')
        return 1 if self.failed else 0


def expect(actual, wanted, what):
    """Compare.

    :raise Mismatch: when they differ.
    """
    if actual != wanted:
        raise Mismatch(f'{what} is {actual!r} instead of {wanted!r}')


def control():
    """Return the control of the simulator whose URL is the script's argument."""
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} URL-OF-THE-SIMULATOR')
    return SimulatorControl(sys.argv[1])
