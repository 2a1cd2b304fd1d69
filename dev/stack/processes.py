"""Long-running programs that outlive the command that started them only by accident."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from .console import Failure
from .paths import LOGS, RUN

PATIENCE_SECONDS = 30


class Process:
    """A program of which one copy runs, remembered in a file for the command that stops it."""

    def __init__(self, name):
        self.name = name
        self.log = LOGS / f'{name}.log'
        self._file = RUN / f'{name}.json'
        self._child = None

    def start(self, command, **options):
        """Start it in its own session, so that Ctrl-C reaches only the command that watches it."""
        with open(self.log, 'ab') as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                **options,
            )
        self.remember(self._child.pid)

    def remember(self, pid):
        """Note a process by its number for other commands."""
        self._file.write_text(json.dumps({'pid': pid, 'began': _began(pid)}), encoding='utf-8')

    def forget(self):
        """Delete the note."""
        self._file.unlink(missing_ok=True)

    @property
    def pid(self):
        """The number of the running process, or None.

        The time of its start tells it from a stranger that was given the same number later.
        """
        if self._child is not None and self._child.poll() is not None:
            return None
        try:
            noted = json.loads(self._file.read_text(encoding='utf-8'))
        except (FileNotFoundError, ValueError):
            return None
        began = _began(noted['pid'])
        return noted['pid'] if began and began == noted['began'] else None

    def stop(self):
        """Ask it to end, and make it end with all its children when it does not."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not wait(lambda: self.pid is None, PATIENCE_SECONDS):
                # Those that were started here lead a group of their own, with all their children.
                group = os.getpgid(pid) == pid
                os.kill(-pid if group else pid, signal.SIGKILL)
                wait(lambda: self.pid is None, PATIENCE_SECONDS)
        self.forget()
        return pid is not None

    def require(self):
        """See that it runs."""
        if self.pid is None:
            raise Failure(f'{self.name} has ended by itself: read {self.log}.')


def wait(condition, seconds):
    """Wait for some seconds at most until something is so, and return whether it came to be."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _began(pid):
    """When a process was started, in the kernel's ticks; None for none and for a zombie."""
    try:
        # The name of the program stands in parentheses and may itself contain spaces.
        fields = Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = fields[0], fields[19]
    return None if state == 'Z' else started
