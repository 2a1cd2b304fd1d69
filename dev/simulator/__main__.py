"""``python -m simulator``: run the simulator as a process until it is told to stop."""
import argparse
import signal
import sys
import threading

from .server import Simulator


def main(arguments=None):
    """Run the simulator.

    :return: the exit code.
    :rtype: int
    """
    options = _parse(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_ignored: stop.set())
    try:
        simulator = Simulator(options.port, options.state, dict(options.set)).start()
    except ValueError as error:
        print(f'simulator: {error}', file=sys.stderr)
        return 2
    except OSError as error:
        print(f'simulator: port {options.port} cannot be used: {error}', file=sys.stderr)
        return 1
    print(f'listening on {simulator.url}', flush=True)
    stop.wait()
    simulator.stop()
    return 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog='simulator', description='A local QPay v2 on 127.0.0.1.')
    parser.add_argument('--port', type=int, default=0, help='0 takes a free port (default)')
    parser.add_argument('--state', metavar='FILE', help='keep the state in FILE')
    parser.add_argument(
        '--set', metavar='NAME=VALUE', action='append', default=[], type=_setting,
        help='change a setting, see the README; may be repeated',
    )
    return parser.parse_args(arguments)


def _setting(text):
    name, equals, value = text.partition('=')
    if not equals:
        raise argparse.ArgumentTypeError(f'{text!r} is not NAME=VALUE')
    return name, value


if __name__ == '__main__':
    sys.exit(main())
