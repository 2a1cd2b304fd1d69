"""What was asked of the API, and the faults that a test orders for what will be asked."""
from collections import Counter, deque
from threading import Event

_KEPT = 5000
#: Kind of fault to its options.
FAULTS = {
    'delay': {'seconds', 'after'},
    'hold': {'after'},
    'drop': {'after'},
    'status': {'status', 'body', 'content_type', 'after'},
    'garbage': {'body', 'after'},
    'expired_token': set(),
    'system_busy': {'after'},
    'nested_error': {'field', 'type', 'message'},
}


class CallLog:
    """Counts every request to ``/v2``, whatever came of it. It is not part of the state file."""

    def __init__(self):
        self._counts = Counter()
        self._entries = deque(maxlen=_KEPT)

    def add(self, entry):
        """Count a request when it arrives; its ``endpoint`` is such as ``GET /v2/payment/{id}``."""
        self._counts[entry['endpoint']] += 1
        self._entries.append(entry)

    def counts(self):
        """Return endpoint to number of requests."""
        return dict(self._counts)

    def entries(self):
        """Return the last requests, oldest first."""
        return list(self._entries)

    def clear(self):
        """Start counting anew."""
        self._counts.clear()
        self._entries.clear()


class FaultBook:
    """The orders that are still open, oldest first; those whose ``times`` is None never end."""

    def __init__(self):
        self._orders = []
        #: Set once those that are held may go on; then there is a new one for those that follow.
        self.release_of_held = Event()

    def inject(self, endpoint, fault, times=1, **options):
        """Order a fault.

        :param str endpoint: such as ``DELETE /v2/invoice/{id}``; ``*`` is any.
        :param str fault: a key of ``FAULTS``.
        :param times: for how many requests; None until :meth:`clear`.
        :param options: see the README.
        :raise ValueError: for an unknown kind or option.
        """
        if fault not in FAULTS:
            raise ValueError(f'unknown fault {fault!r}; known: {", ".join(FAULTS)}')
        if strange := set(options) - FAULTS[fault]:
            raise ValueError(f'{fault} does not take {", ".join(sorted(strange))}')
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError('times must be a whole number from 1, or null')
        if fault == 'delay' and 'seconds' not in options:
            raise ValueError('delay needs seconds')
        self._orders.append({'endpoint': endpoint, 'fault': fault, 'times': times, **options})

    def take(self, endpoint):
        """Return the oldest open order for a request and use it up once, or None."""
        for order in self._orders:
            if order['endpoint'] in ('*', endpoint):
                if order['times'] is not None:
                    order['times'] -= 1
                    if not order['times']:
                        self._orders.remove(order)
                return order
        return None

    def pending(self):
        """Return the open orders."""
        return self._orders

    def release(self):
        """Let all requests go on that are held now."""
        held, self.release_of_held = self.release_of_held, Event()
        held.set()

    def clear(self):
        """Withdraw all orders, and let all requests go on that are held."""
        self._orders.clear()
        self.release()
