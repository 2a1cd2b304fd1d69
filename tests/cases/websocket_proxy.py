"""A reverse proxy before Odoo that lets websockets through or not, as the proxies of servers do."""

import contextlib
import socket
import threading

HOST = '127.0.0.1'
_CHUNK = 65536
_REFUSAL = b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'


class WebsocketProxy:
    """Passes on what browsers and a server say, each connection in threads of its own.

    :param int port: Where the server listens.
    :param int websocket_port: Where its process for the websockets listens.
    """

    def __init__(self, port, websocket_port):
        self._port = port
        self._websocket_port = websocket_port
        self._listener = socket.create_server((HOST, 0))
        self._lock = threading.Lock()
        self._websockets = set()
        self._is_open = True
        self.url = f'http://{HOST}:{self._listener.getsockname()[1]}'
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        """Take no further connections, and end the websockets."""
        self.cut()
        self._listener.close()

    def cut(self):
        """End all websockets, and let no further one through."""
        with self._lock:
            self._is_open = False
            for websocket in self._websockets:
                _shut_down(websocket)

    def allow(self):
        """Let websockets through again."""
        self._is_open = True

    def count_websockets(self):
        """Return how many websockets there are now.

        :rtype: int
        """
        return len(self._websockets)

    def _accept(self):
        # Closing the listener ends this.
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            beginning = client.recv(_CHUNK)
            if not beginning.startswith(b'GET /websocket?'):
                _connect(client, self._port, beginning)
            elif self._enter(client):
                try:
                    _connect(client, self._websocket_port, beginning)
                finally:
                    self._leave(client)
            else:
                client.sendall(_REFUSAL)

    def _enter(self, client):
        with self._lock:
            if self._is_open:
                self._websockets.add(client)
            return self._is_open

    def _leave(self, client):
        with self._lock:
            self._websockets.discard(client)


def _connect(client, port, beginning):
    """Pass on what both sides say, until one of them falls silent."""
    with socket.create_connection((HOST, port)) as server:
        server.sendall(beginning)
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join()


def _pass_on(source, target):
    """Pass on what one side says until it falls silent, then end both sides."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    _shut_down(target)
    _shut_down(source)


def _shut_down(connection):
    # The other side may have been faster.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
