"""Not asking again and again while QPay is down, nor more at once than it takes."""

import threading
from contextlib import contextmanager

from .errors import QPayUnavailable, QPayUnreachable

# After how many calls in a row that QPay answers with nothing of use it is asked no more. Where no
# answer comes at all, one is enough.
_MAX_FAILURES = 3
_TOO_MANY_REQUESTS = 429


class Breaker:
    """Keeps a run of many calls to one account from going on while QPay is down.

    Where QPay answers one call with an error, the others may go well; several in a row do not.
    Of questions that are asked side by side, the first goes ahead alone: the others follow once
    QPay answers a call. Each time that QPay is busy, half as many are asked at once from then on.

    :param int at_once: How many questions may be under way at once.
    """

    def __init__(self, at_once=1):
        self._failures = 0
        self._limit = at_once
        self._width = 1
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def is_open(self):
        """Whether no more calls are made."""
        return self._failures >= _MAX_FAILURES

    def check(self):
        """Make sure that a call is worth while.

        :raise QPayUnreachable: If not.
        """
        if self.is_open:
            raise QPayUnreachable(message='no answer in this run')

    def note(self, error=None):
        """Take note of how a call went. What comes once the run is over changes nothing.

        :param QPayError error: What it failed with, if it did.
        """
        with self._changed:
            if self.is_open:
                return
            if _is_failure(error):
                self._failures = self._failures + 1 if error.status else _MAX_FAILURES
                self._limit = max(1, self._limit // 2)
                self._width = min(self._width, self._limit)
            else:
                self._failures = 0
                self._width = self._limit
            self._changed.notify_all()

    @contextmanager
    def turn(self, is_wanted):
        """Wait until a question may be asked, and keep its place within the block.

        :param callable is_wanted: Says whether it is still to be asked; see `wake`.
        :return: Whether it is to be asked.
        :raise QPayUnreachable: If it is, and no more calls are made.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self.is_open or not is_wanted() or self._under_way < self._width
            )
            if is_wanted():
                self.check()
            self._under_way += 1
        try:
            yield is_wanted()
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def wake(self):
        """Have those who wait for their turn see whether it is still wanted."""
        with self._changed:
            self._changed.notify_all()


class Turn:
    """The breaker of a question that is under way: it is asked to its end, whatever becomes of
    others meanwhile.

    :param Breaker breaker: The breaker of the run.
    """

    is_open = False

    def __init__(self, breaker):
        self.note = breaker.note

    def check(self):
        """Let each of its calls be made."""


def _is_failure(error):
    return isinstance(error, QPayUnavailable) or bool(error) and error.status == _TOO_MANY_REQUESTS
