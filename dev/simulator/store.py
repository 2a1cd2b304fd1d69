"""What the simulator remembers, and the file that keeps it: one JSON line for each change."""
import json
import logging
from pathlib import Path

from .model import Callback, Ebarimt, Invoice, Payment, Setting, Token

_logger = logging.getLogger(__name__)
_KINDS = {kind.__name__.lower(): kind for kind in (
    Setting, Token, Invoice, Payment, Ebarimt, Callback,
)}


class Store:
    """All things by kind and key, in the order in which they came; without a path nothing is kept.

    A line reaches the operating system before the change is answered to anybody, so only the
    machine's own crash can lose it. A last line that was cut off is dropped.
    """

    def __init__(self, path=None):
        self._path = Path(path) if path else None
        self._file = None
        self._things = {kind: {} for kind in _KINDS.values()}
        if self._path and self._path.exists():
            self._load()

    def all(self, kind):
        """Return the things of a class of :mod:`model`, by key."""
        return self._things[kind]

    def save(self, *things):
        """Remember things that are new or have changed."""
        for thing in things:
            self._things[type(thing)][thing.key] = thing
            if self._file:
                self._file.write(_line(thing))

    def clear(self):
        """Forget everything."""
        for things in self._things.values():
            things.clear()
        if self._file:
            self.open()

    def open(self):
        """Write everything to the file, in one step, and keep it open for changes."""
        if not self._path:
            return
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f'{self._path.name}.new')
        draft.write_bytes(b''.join(
            _line(thing) for things in self._things.values() for thing in things.values()
        ))
        draft.replace(self._path)
        self._file = self._path.open('ab', buffering=0)

    def close(self):
        """Close the file; further changes are not kept."""
        if self._file:
            self._file.close()
            self._file = None

    def _load(self):
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            try:
                entry = json.loads(line)
                kind = _KINDS.get(entry['kind'])
                if kind:  # another version may have known others
                    self.save(kind.from_record(entry['record']))
            except (ValueError, KeyError, TypeError):
                _logger.warning('%s: line %d is not whole and is dropped', self._path, number)


def _line(thing):
    entry = {'kind': type(thing).__name__.lower(), 'record': thing.to_record()}
    return json.dumps(entry, ensure_ascii=False, default=str).encode() + b'\n'
