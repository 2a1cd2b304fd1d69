"""A mail server that keeps what it is sent, so that a test can read an e-mail as it went out."""

import email
import email.policy
import socketserver
import threading


class Mailbox:
    """The mail server, listening on a port of its own."""

    def __init__(self):
        self.messages = []
        self._server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), _Conversation)
        self._server.daemon_threads = True
        self._server.mailbox = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def find(self, address):
        """Return the messages to an address, the last one last.

        :param str address: The address.
        :rtype: list[email.message.EmailMessage]
        """
        return [message for message in self.messages if address in message['To']]


class _Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP as Odoo speaks."""

    def handle(self):
        self._say(220)
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b'DATA':
                self._say(354)
                self.server.mailbox.messages.append(self._receive())
            self._say(221 if verb == b'QUIT' else 250)

    def _receive(self):
        lines = []
        while (line := self.rfile.readline()) not in (b'.\r\n', b''):
            lines.append(line.removeprefix(b'.'))
        return email.message_from_bytes(b''.join(lines), policy=email.policy.default)

    def _say(self, code):
        self.wfile.write(f'{code} OK\r\n'.encode())
