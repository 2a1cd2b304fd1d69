"""The demonstration: PostgreSQL, the QPay simulator and Odoo, watched by who started them."""

import contextlib
import fcntl
import json
import os
import signal
import time
import urllib.request

from . import module_sets, ports, postgres, system
from .console import Failure, Step, say
from .databases import Databases
from .paths import CHECKOUT, LOGS, REPOSITORY, RUN
from .processes import Process, wait

START_SECONDS = 120

_LOCK = RUN / 'demo.lock'
_ADDRESSES = RUN / 'demo-addresses.json'
_SUPERVISOR = Process('demo')
_SIMULATOR = Process('simulator')
_ODOO = Process('odoo')


def modules():
    """Odoo's modules in the demonstration: those for invoices, which is quicker to make, or by
    ``QPAY_DEMO_MODULES=sales`` those for shop, orders and till too, in a database of its own.
    """
    return module_sets.chosen('QPAY_DEMO_MODULES')


def database():
    """The name of the demonstration's database."""
    return f'{modules().prefix}demo'


def run(setup):
    """Run the demonstration until it is stopped, creating its data the first time."""
    with open(_LOCK, 'w', encoding='utf-8') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say_running(setup)
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _SUPERVISOR.remember(os.getpid())
        try:
            with postgres.serving(), _servers(setup) as addresses:
                _show(setup, addresses)
                say('\nIt runs until Ctrl-C, or "make stop" from elsewhere.')
                while True:
                    _ODOO.require()
                    _SIMULATOR.require()
                    time.sleep(0.5)
        except KeyboardInterrupt:
            say('The demonstration is stopped; its data is kept.')
        finally:
            _SUPERVISOR.forget()


def reset(setup):
    """Delete the data and start afresh."""
    with _without_data(setup):
        run(setup)


def take_pictures(setup):
    """Make the pictures of the documents from a demonstration that has just been made."""
    with _without_data(setup), _servers(setup) as addresses:
        _show(setup, addresses)
        if setup.call(
            '-m', 'demo.pictures', '--odoo', addresses['odoo'], '--database', database(),
            '--chromium', system.chromium(), '--folder', str(REPOSITORY / 'static/description'),
        ):
            raise Failure('The pictures could not be made.')


@contextlib.contextmanager
def _without_data(setup):
    """Let PostgreSQL run with nothing of an earlier demonstration."""
    stop()
    _simulator_state().unlink(missing_ok=True)
    with postgres.serving():
        Databases(setup, modules()).drop(database())
        yield


def check(setup):
    """Check the running demonstration from outside, and print what comes of it as JSON."""
    if not _ADDRESSES.exists():
        raise Failure('The demonstration does not run: run "make demo" first.')
    addresses = json.loads(_ADDRESSES.read_text(encoding='utf-8'))
    return setup.call('-m', 'verify.live', *_options(addresses))


def stop():
    """Stop the demonstration, and what is left of one whose watching command was killed."""
    stopped = [process.stop() for process in (_SUPERVISOR, _ODOO, _SIMULATOR)]
    _ADDRESSES.unlink(missing_ok=True)
    if any(stopped):
        say('The demonstration is stopped; its data is kept.')


@contextlib.contextmanager
def _servers(setup):
    """Have the simulator and Odoo running within the block, and give their addresses."""
    for leftover in (_ODOO, _SIMULATOR):
        leftover.stop()
    odoo_port = ports.port('Odoo', 'QPAY_DEMO_PORT', 8069)
    simulator_port = ports.port('the simulator', 'QPAY_DEMO_SIMULATOR_PORT', 8065)
    addresses = {
        'database': database(),
        'odoo': f'http://127.0.0.1:{odoo_port}',
        'simulator': f'http://127.0.0.1:{simulator_port}',
    }
    try:
        _prepare_database(setup, addresses)
        with Step('Starting the QPay simulator and Odoo'):
            _start(setup, _SIMULATOR, addresses['simulator'], [
                setup.python, '-m', 'simulator', '--port', simulator_port,
                '--state', _simulator_state(),
            ])
            _start(setup, _ODOO, f'{addresses["odoo"]}/web/health', setup.odoo_command(
                'server', '--database', database(), '--db-filter', f'^{database()}$',
                '--no-database-list', '--http-port', odoo_port,
                # Threads, not worker processes: with those the websocket has a port of its own, and
                # a browser reaches both only through a reverse proxy, which a fresh machine lacks.
                '--workers', 0, '--max-cron-threads', 1,
            ))
        _ADDRESSES.write_text(json.dumps(addresses), encoding='utf-8')
        yield addresses
    finally:
        # A second Ctrl-C must not leave half of it running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _ADDRESSES.unlink(missing_ok=True)
        _ODOO.stop()
        _SIMULATOR.stop()


def _prepare_database(setup, addresses):
    """Create the database, or bring it up to date with the addon and the addresses."""
    databases = Databases(setup, modules())
    name = addresses['database']
    wanted = {'addon': databases.addon_key(), **addresses}
    if not databases.exists(name):
        databases.create_demo(name, addresses)
    else:
        noted = databases.note(name)
        if noted.get('addon') != wanted['addon']:
            with Step('Updating the addon in the demonstration'):
                databases.update_addon(name)
        if {**noted, 'addon': wanted['addon']} != wanted:
            databases.seed(name, addresses)
    databases.set_note(name, wanted)


def _simulator_state():
    return CHECKOUT / f'{modules().prefix}simulator-state.json'


def _start(setup, process, address, command):
    """Start a server and wait until it answers."""
    def answers():
        process.require()
        try:
            with opener.open(address, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    process.start(list(map(str, command)), cwd=CHECKOUT, env=setup.environment())
    if not wait(answers, START_SECONDS):
        raise Failure(f'{process.name} does not answer at {address}: read {process.log}.')


def _show(setup, addresses):
    """Make the one real payment, unless the database has seen one, and tell where everything is."""
    if setup.call('-m', 'demo', *_options(addresses)):
        raise Failure(f'The demonstration fails: read {_ODOO.log} and {_SIMULATOR.log}.')
    say(f'  Logs             {LOGS}')


def _options(addresses):
    return [f'--{name}={value}' for name, value in addresses.items()]


def _say_running(setup):
    try:
        addresses = json.loads(_ADDRESSES.read_text(encoding='utf-8'))
    except FileNotFoundError:
        say('The demonstration is being started or stopped by another command: wait for it.')
        return
    say('The demonstration is already running.')
    _show(setup, addresses)
