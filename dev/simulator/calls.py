"""What was asked of the API: a count for each endpoint and the last requests."""
import threading
from collections import Counter, deque

_KEPT = 5000


class CallLog:
    """Counts every request to ``/v2``, whatever came of it. It is not part of the state file."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = Counter()
        self._entries = deque(maxlen=_KEPT)

    def begin(self, **entry):
        """Count a request when it arrives.

        :param entry: ``endpoint`` such as ``GET /v2/payment/{id}``, and whatever else is to be
            kept.
        :return: the entry, for :meth:`end`.
        :rtype: dict
        """
        with self._lock:
            self._counts[entry['endpoint']] += 1
            self._entries.append(entry)
        return entry

    def end(self, entry, status, duration):
        """Note how a request ended; a status of None is a connection without an answer."""
        with self._lock:
            entry.update(status=status, duration=round(duration, 4))

    def counts(self):
        """Return endpoint to number of requests."""
        with self._lock:
            return dict(self._counts)

    def entries(self):
        """Return the last requests, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def reset(self):
        """Start counting anew."""
        with self._lock:
            self._counts.clear()
            self._entries.clear()
