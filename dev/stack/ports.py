"""The ports of this checkout's servers: chosen once and remembered."""

import json
import os
import socket

from .console import Failure, say
from .paths import RUN

_FILE = RUN / 'ports.json'
_TRIES = 100


def port(name, variable, first):
    """Return the port of a server that is not running now.

    :param str variable: the environment's variable that may decide
    :param int first: where the search for a free one begins
    :raise Failure: when the one that was asked for is taken
    """
    if chosen := os.environ.get(variable):
        if not (chosen.isdigit() and 0 < int(chosen) < 65536):
            raise Failure(f'{variable}={chosen} is no port: give a number from 1 to 65535.')
        if not is_free(int(chosen)):
            raise Failure(
                f'Port {chosen} is taken: stop what listens there, or choose another by {variable}.'
            )
        return int(chosen)
    remembered = json.loads(_FILE.read_text(encoding='utf-8')) if _FILE.exists() else {}
    known = remembered.get(name)
    if known and is_free(known):
        return known
    free = next(filter(is_free, range(first, first + 10 * _TRIES, 10)), None)
    if free is None:
        raise Failure(f'No port from {first} on is free: choose one by {variable}.')
    if known:
        say(f'Port {known} of {name} is taken; it moves to {free}.')
    _FILE.write_text(json.dumps(remembered | {name: free}), encoding='utf-8')
    return free


def free_port():
    """Find a port for a server of a moment.

    :rtype: int
    """
    with socket.create_server(('127.0.0.1', 0)) as probe:
        return probe.getsockname()[1]


def is_free(number):
    """Whether a server could listen at a port.

    :rtype: bool
    """
    try:
        # As servers do: a port whose last connections are still closing counts as free.
        socket.create_server(('127.0.0.1', number)).close()
    except OSError:
        return False
    return True
