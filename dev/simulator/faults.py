"""Faults that a test orders in advance for the requests to come."""
import threading
from dataclasses import dataclass

KINDS = ('delay', 'drop', 'status', 'garbage', 'expired_token', 'system_busy', 'nested_error')

_OPTIONS = {
    'delay': {'seconds', 'after'},
    'drop': {'after'},
    'status': {'status', 'body', 'content_type', 'after'},
    'garbage': {'body', 'after'},
    'expired_token': set(),
    'system_busy': {'after'},
    'nested_error': {'field', 'type', 'message'},
}


@dataclass
class Fault:
    """One order: which requests, what happens to them, how often. ``times`` of None never ends."""

    endpoint: str
    kind: str
    times: int | None
    options: dict

    def as_dict(self):
        """Return the order as JSON values."""
        return {'endpoint': self.endpoint, 'fault': self.kind, 'times': self.times, **self.options}


class FaultBook:
    """The orders that are still open, oldest first."""

    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []

    def inject(self, endpoint, kind, times=1, **options):
        """Order a fault.

        :param str endpoint: such as ``POST /v2/invoice`` or ``DELETE /v2/invoice/{id}``; ``*`` is
            any.
        :param str kind: one of ``KINDS``.
        :param times: for how many requests; None until :meth:`clear`.
        :param options: see the README.
        :raise ValueError: for an unknown kind or option.
        """
        if kind not in KINDS:
            raise ValueError(f'unknown fault {kind!r}; known: {", ".join(KINDS)}')
        strange = set(options) - _OPTIONS[kind]
        if strange:
            raise ValueError(f'{kind} does not take {", ".join(sorted(strange))}')
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError('times must be a whole number from 1, or null')
        if kind == 'delay' and not isinstance(options.get('seconds'), int | float):
            raise ValueError('delay needs seconds')
        with self._lock:
            self._faults.append(Fault(endpoint, kind, times, options))

    def take(self, endpoint):
        """Return the oldest open order for a request and use it up once, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.endpoint in ('*', endpoint):
                    if fault.times is not None:
                        fault.times -= 1
                        if not fault.times:
                            self._faults.remove(fault)
                    return fault
        return None

    def pending(self):
        """Return the open orders."""
        with self._lock:
            return [fault.as_dict() for fault in self._faults]

    def clear(self):
        """Withdraw all orders."""
        with self._lock:
            self._faults.clear()
