"""``python -m simulator``: run the simulator as a process until it is told to stop."""
import argparse
import signal
import sys

from .server import Simulator


def main():
    """Run the simulator."""
    parser = argparse.ArgumentParser(prog='simulator', description='A local QPay v2 on 127.0.0.1.')
    parser.add_argument('--port', type=int, default=0, help='0 takes a free port (default)')
    parser.add_argument('--state', metavar='FILE', help='keep the state in FILE')
    parser.add_argument(
        '--set', metavar='NAME=VALUE', action='append', default=[],
        help='change a setting, see the README; may be repeated',
    )
    options = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    # Before any thread is started: they inherit it, and so the signals wait for us alone.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        settings = dict(text.partition('=')[::2] for text in options.set)
        simulator = Simulator(options.port, options.state, settings).start()
    except ValueError as error:
        print(f'simulator: {error}', file=sys.stderr)
        return 2
    except OSError as error:
        print(f'simulator: port {options.port} cannot be used: {error}', file=sys.stderr)
        return 1
    print(f'listening on {simulator.url}', flush=True)
    signal.sigwait(signals)
    simulator.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
