"""What a piece of work costs."""

import contextlib
import statistics
import time
from typing import NamedTuple


class Cost(NamedTuple):
    """What one go costs: queries to PostgreSQL, calls to QPay, time of the clock."""

    queries: float
    calls: float
    milliseconds: float


class Meter:
    """Measures work in a database that talks to a simulator.

    :param SimulatorControl qpay: the simulator, which counts the calls
    """

    def __init__(self, env, qpay):
        self._env = env
        self._qpay = qpay
        self._costs = []

    @contextlib.contextmanager
    def go(self):
        """Measure what is done within the block, as a request would do it: with nothing read yet,
        and committed at its end.
        """
        self._env.cr.commit()
        self._qpay.reset_calls()
        queries, began = self._env.cr.sql_log_count, time.perf_counter()
        yield
        self._env.cr.commit()
        seconds = time.perf_counter() - began
        self._costs.append(Cost(
            self._env.cr.sql_log_count - queries, sum(self._qpay.calls().values()), 1000 * seconds
        ))

    def typical(self, of=1):
        """Return the median of the goes, each figure by itself: for one of several things if a go
        does several together.
        """
        figures = zip(*self._costs, strict=True)
        return Cost(*(statistics.median(figure) / of for figure in figures))


def print_row(name, cells):
    """Print a row of a table.

    :param str name: What it is about; of the first row, what the table is about.
    :param cells: The texts of its columns.
    """
    print(f'{name:26}' + ''.join(f'{cell:>16}' for cell in cells))
