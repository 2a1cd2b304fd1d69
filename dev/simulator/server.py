"""The simulator as a server in a thread."""
import logging
import socket
import threading

from werkzeug.serving import WSGIRequestHandler, make_server

from .backend import Backend
from .control import SimulatorControl
from .web import create_application

HOST = '127.0.0.1'
_logger = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """Keeps no access log: the call log tells what was asked."""

    protocol_version = 'HTTP/1.1'

    def send_response(self, code, message=None):
        """Begin the answer, without a second ``Date``: the one of :class:`Gate` knows the skew."""
        self.send_response_only(code, message)

    def log(self, type, message, *args):  # noqa: A002 - the name is the base class's
        """Hand the server's other messages to this module's logger."""
        _logger.info(message, *args)


class Simulator:
    """A QPay on 127.0.0.1.

    Use it as a context manager or call :meth:`start` and :meth:`stop`. After a stop it can be
    started again: on the same port and with the same memory, as when QPay was out of reach for a
    while.
    """

    def __init__(self, port=0, state_file=None, settings=None):
        """Build it; nothing listens yet.

        :param int port: 0 takes a free one.
        :param state_file: path of the file that keeps the state; None keeps nothing beyond the
            process.
        :param dict settings: what differs from the default settings.
        :raise ValueError: for a wrong setting.
        """
        self._port = port
        self._server = None
        self._thread = None
        self.backend = Backend(settings, state_file)
        self._application = create_application(self.backend)

    @property
    def url(self):
        """The base of all addresses, without ``/v2``; known once it was started."""
        return f'http://{HOST}:{self._port}'

    @property
    def control(self):
        """A :class:`SimulatorControl` for this simulator."""
        return SimulatorControl(self.url)

    def start(self):
        """Listen and serve in a thread."""
        self._application.gate.stopping.clear()
        with socket.create_server((HOST, self._port), backlog=128) as listener:
            self._server = make_server(
                HOST, self._port, self._application, threaded=True, request_handler=_Handler,
                fd=listener.fileno(),
            )
        self._port = self._server.port
        self.backend.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.05},
            name='qpay-simulator', daemon=True,
        )
        self._thread.start()
        return self

    def stop(self):
        """Stop listening, let go of delayed requests and stop the callbacks. The memory stays."""
        if not self._server:
            return
        self._application.gate.stopping.set()
        self.backend.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.backend.stop()
        self._server = self._thread = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()
