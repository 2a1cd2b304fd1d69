"""Everything behind the web pages and the API, put together."""
import threading
import time

from .callbacks import CallbackSender
from .ebarimts import EbarimtBook
from .ledger import Ledger
from .merchants import MERCHANTS
from .model import Setting
from .settings import Settings
from .store import Store
from .tokens import TokenBook


class Backend:
    """The state of a simulator.

    One lock guards all of it: whoever answers a request or sends a callback holds it meanwhile.
    """

    def __init__(self, settings=None, state_file=None):
        """Build it and read the state file.

        :param dict settings: what differs from the defaults; :meth:`reset` returns to it.
        :param state_file: path of the file in which the state is kept; None keeps nothing.
        :raise ValueError: for a wrong setting.
        """
        self.lock = threading.Condition()
        self.merchants = MERCHANTS
        self.settings = Settings()
        self.settings.update(settings or {})
        self._initial_settings = self.settings.as_dict()
        self.store = Store(state_file)
        self.settings.update(
            {setting.name: setting.value for setting in self.store.all(Setting).values()}
        )
        self.tokens = TokenBook(self)
        self.ledger = Ledger(self)
        self.ebarimts = EbarimtBook(self)
        self.callbacks = CallbackSender(self)
        #: The requests to ``/v2``, and the orders of faults that are still open, oldest first.
        self.calls, self.faults = [], []
        #: By the id of a payment, what its row of the list has otherwise; None: not at all.
        self.listed = {}
        #: Set once the requests may go on that are held; those that follow wait for another one.
        self.released = threading.Event()

    def now(self):
        """Return QPay's time, as Unix seconds."""
        return time.time() + self.settings.clock_skew

    def configure(self, values):
        """Change settings and keep them.

        :raise ValueError: for a wrong one; then none is changed.
        """
        self.settings.update(values)
        self.store.save(*(Setting(name, value) for name, value in values.items()))

    def release(self):
        """Let the requests go on that are held."""
        held, self.released = self.released, threading.Event()
        held.set()

    def clear_faults(self):
        """Withdraw the orders of faults, and let go on what is held."""
        self.faults.clear()
        self.release()

    def reset(self):
        """Forget everything that happened; the settings return to those of the start."""
        self.store.clear()
        self.calls.clear()
        self.listed.clear()
        self.clear_faults()
        self.settings.update(self._initial_settings)

    def start(self):
        """Begin to work: keep changes, send callbacks."""
        with self.lock:
            self.store.open()
            self.callbacks.start()

    def stop(self):
        """Stop working; the memory stays, so :meth:`start` goes on from here."""
        self.callbacks.stop()
        with self.lock:
            self.store.close()
