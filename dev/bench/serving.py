"""Odoo over HTTP in the benchmarks' own process."""

import contextlib
import threading

from werkzeug.serving import make_server

from odoo import http


@contextlib.contextmanager
def serving():
    """Answer over HTTP in this very process: its database is this process's alone.

    :return: The address.
    :rtype: str
    """
    server = make_server('127.0.0.1', 0, http.root, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.port}'
    finally:
        server.shutdown()
