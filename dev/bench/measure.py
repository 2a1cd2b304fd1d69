"""What a piece of work costs."""

import contextlib
import dataclasses
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one go costs.

    :param float queries: queries to PostgreSQL
    :param float calls: calls to QPay
    :param float milliseconds: time of the clock
    """

    queries: float
    calls: float
    milliseconds: float

    def per(self, number):
        """The share of one of several things that were done together.

        :param int number: how many they were
        :rtype: Cost
        """
        return Cost(*(value / number for value in dataclasses.astuple(self)))

    @classmethod
    def typical(cls, costs):
        """The median of several goes, each figure by itself.

        :param list costs: what each of them cost
        :rtype: Cost
        """
        return cls(*map(statistics.median, zip(*map(dataclasses.astuple, costs), strict=True)))


class Meter:
    """Measures work in a database that talks to a simulator.

    :param Environment env: the database
    :param SimulatorControl qpay: the simulator, which counts the calls
    """

    def __init__(self, env, qpay):
        self._env = env
        self._qpay = qpay
        self.costs = []

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
        self.costs.append(Cost(
            self._env.cr.sql_log_count - queries, sum(self._qpay.calls().values()), 1000 * seconds
        ))
