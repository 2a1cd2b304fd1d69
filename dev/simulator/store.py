"""The state file: one JSON line for each change, so that it survives even SIGKILL."""
import json
import logging
import os

_logger = logging.getLogger(__name__)


class Store:
    """An append-only journal; without a path it keeps nothing.

    A line reaches the operating system before the change is answered to anybody, so only the
    machine's own crash can lose it. A last line that was cut off is dropped.
    """

    def __init__(self, path=None):
        self._path = os.fspath(path) if path else None
        self._file = None

    def load(self):
        """Return the journal as a list of (kind, record)."""
        if not self._path or not os.path.exists(self._path):
            return []
        entries = []
        with open(self._path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                try:
                    entry = json.loads(line)
                    entries.append((entry['kind'], entry['record']))
                except (ValueError, KeyError, TypeError):
                    _logger.warning('%s: line %d is not whole and is dropped', self._path, number)
        return entries

    def rewrite(self, entries):
        """Replace the journal by these entries, in one step, and keep it open for more."""
        if not self._path:
            return
        self.close()
        folder = os.path.dirname(os.path.abspath(self._path))
        os.makedirs(folder, exist_ok=True)
        draft = f'{self._path}.new'
        with open(draft, 'w', encoding='utf-8') as file:
            for kind, record in entries:
                file.write(self._line(kind, record))
        os.replace(draft, self._path)
        self._file = open(self._path, 'ab', buffering=0)  # noqa: SIM115 - stays open

    def append(self, kind, record):
        """Add one change."""
        if self._file:
            self._file.write(self._line(kind, record).encode())

    def close(self):
        """Close the file; further changes are not kept."""
        if self._file:
            self._file.close()
            self._file = None

    @staticmethod
    def _line(kind, record):
        entry = {'kind': kind, 'record': record}
        return json.dumps(entry, ensure_ascii=False, separators=(',', ':'), default=str) + '\n'
