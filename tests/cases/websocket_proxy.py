"""A reverse proxy before Odoo that lets websockets through or not, as the proxies of servers do."""

import contextlib
import json
import socket
import threading

HOST = '127.0.0.1'
_CHUNK = 65536
_REFUSAL = b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
_TEXT = 1


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
        # What each has said that it wants to hear.
        self._channels = {}
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
            for websocket in self._channels:
                _shut_down(websocket)

    def allow(self):
        """Let websockets through again."""
        self._is_open = True

    def count_websockets(self):
        """Return how many websockets there are now.

        :rtype: int
        """
        return len(self._channels)

    def count_listeners(self, channel):
        """Return how many websockets want to hear a channel of Odoo's bus now.

        :param str channel: Its name, as clients say it.
        :rtype: int
        """
        with self._lock:
            return sum(channel in channels for channels in self._channels.values())

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
                listen = _ClientReader(lambda channels: self._note(client, channels)).feed
                try:
                    _connect(client, self._websocket_port, beginning, listen)
                finally:
                    self._leave(client)
            else:
                client.sendall(_REFUSAL)

    def _enter(self, client):
        with self._lock:
            if self._is_open:
                self._channels[client] = []
            return self._is_open

    def _note(self, client, channels):
        with self._lock:
            self._channels[client] = channels

    def _leave(self, client):
        with self._lock:
            self._channels.pop(client, None)


class _ClientReader:
    """Reads what the client of a websocket wants to hear.

    :param callable note: Called with the channels whenever the client has said them.
    """

    def __init__(self, note):
        self._note = note
        self._unread = bytearray()

    def feed(self, data):
        """Read a piece of what the client says after the handshake."""
        self._unread += data
        while frame := self._take_frame():
            kind, payload = frame
            message = json.loads(payload) if kind == _TEXT else {}
            if message.get('event_name') == 'subscribe':
                self._note(message['data']['channels'])

    def _take_frame(self):
        """Return the kind and the content of the next frame, as RFC 6455 §5.2 has them."""
        data = self._unread
        if len(data) < 2:
            return None
        # Long ones have their length in bytes of its own. Whatever a client says is masked.
        size = {126: 2, 127: 8}.get(data[1] & 0x7F, 0)
        start = 2 + size + 4
        length = int.from_bytes(data[2:2 + size]) if size else data[1] & 0x7F
        if len(data) < start + length:
            return None
        mask = data[start - 4:start]
        payload = bytes(
            byte ^ mask[place % 4] for place, byte in enumerate(data[start:start + length])
        )
        kind = data[0] & 0x0F
        del data[:start + length]
        return kind, payload


def _connect(client, port, beginning, listen=None):
    """Pass on what both sides say, until one of them falls silent.

    :param callable listen: Is told what the client says further.
    """
    with socket.create_connection((HOST, port)) as server:
        server.sendall(beginning)
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server, listen)
        back.join()


def _pass_on(source, target, listen=None):
    """Pass on what one side says until it falls silent, then end both sides."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
            if listen:
                listen(data)
    _shut_down(target)
    _shut_down(source)


def _shut_down(connection):
    # The other side may have been faster.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
