"""Not asking again and again while QPay is down."""

from .errors import QPayUnavailable, QPayUnreachable

# After how many calls in a row that QPay answers with nothing of use it is asked no more. Where no
# answer comes at all, one is enough.
_MAX_FAILURES = 3


class Breaker:
    """Keeps a run of many calls to one account from going on while QPay is down.

    Where QPay answers one call with an error, the others may go well; several in a row do not.
    """

    def __init__(self):
        self._failures = 0

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
        """Take note of how a call went.

        :param QPayError error: What it failed with, if it did.
        """
        if not isinstance(error, QPayUnavailable):
            self._failures = 0
        elif error.status:
            self._failures += 1
        else:
            self._failures = _MAX_FAILURES
