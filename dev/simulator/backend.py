"""Everything behind the web pages and the API, put together."""
import threading

from .callbacks import CallbackSender
from .calls import CallLog
from .clock import Clock
from .ebarimts import EbarimtBook
from .faults import FaultBook
from .ledger import Ledger
from .merchants import DEFAULT_MERCHANTS
from .settings import Settings
from .store import Store
from .tokens import TokenBook


class Backend:
    """The state of a simulator. One lock guards all of it."""

    def __init__(self, merchants=DEFAULT_MERCHANTS, settings=None, state_file=None):
        """Build it and read the state file.

        :param merchants: the accounts that may log in.
        :param dict settings: what differs from the defaults; :meth:`reset` returns to it.
        :param state_file: path of the file in which the state is kept; None keeps nothing.
        :raise ValueError: for a wrong setting.
        """
        self.merchants = {merchant.username: merchant for merchant in merchants}
        self.lock = threading.RLock()
        self.settings = Settings()
        self._initial_settings = dict(settings or {})
        self.settings.update(self._initial_settings)
        self._changed_settings = {}
        self.clock = Clock(self.settings)
        self.store = Store(state_file)
        self.tokens = TokenBook(merchants, self.settings, self.clock, self.lock, self.store)
        self.ledger = Ledger(self.settings, self.clock, self.lock, self.store)
        self.ebarimts = EbarimtBook(
            self.merchants, self.settings, self.clock, self.lock, self.store, self.ledger,
        )
        self.callbacks = CallbackSender(self.settings, self.lock, self.store)
        self.calls = CallLog()
        self.faults = FaultBook()
        self._load()

    def configure(self, values):
        """Change settings and keep them.

        :raise ValueError: for a wrong one; then none is changed.
        """
        with self.lock:
            self._change_settings(values)
            self.store.append('settings', self._changed_settings)

    def reset(self):
        """Forget everything that happened; the settings return to those of the start."""
        with self.lock:
            self.ledger.clear()
            self.ebarimts.clear()
            self.tokens.clear()
            self.callbacks.clear()
            self.calls.reset()
            self.faults.clear()
            self.settings.update(Settings().as_dict())
            self.settings.update(self._initial_settings)
            self._changed_settings = {}
            self.store.rewrite(self._records())

    def start(self):
        """Begin to work: keep changes, send callbacks."""
        with self.lock:
            self.store.rewrite(self._records())
        self.callbacks.start()

    def stop(self):
        """Stop working; the memory stays, so :meth:`start` goes on from here."""
        self.callbacks.stop()
        with self.lock:
            self.store.close()

    def _change_settings(self, values):
        self.settings.update(values)
        self._changed_settings.update(values)

    def _load(self):
        for kind, record in self.store.load():
            if kind == 'tokens':
                if record['merchant'] in self.merchants:
                    self.tokens.restore(record)
            elif kind == 'callback':
                self.callbacks.restore(record)
            elif kind == 'ebarimt':
                self.ebarimts.restore(record)
            elif kind == 'settings':
                self._change_settings(record)
            else:
                self.ledger.restore(kind, record)

    def _records(self):
        if self._changed_settings:
            yield 'settings', self._changed_settings
        for record in self.tokens.records():
            yield 'tokens', record
        yield from self.ledger.records()
        for receipt in self.ebarimts.receipts():
            yield 'ebarimt', receipt.to_record()
        for record in self.callbacks.records():
            yield 'callback', record.to_record()
