"""The demonstration: PostgreSQL, the QPay simulator and Odoo, watched by who started them."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

from . import ports, postgres
from .console import Failure, Step, say
from .databases import Databases
from .paths import CHECKOUT, LOGS, RUN
from .processes import Process, wait

DATABASE = 'demo'
SIMULATOR_STATE = CHECKOUT / 'simulator-state.json'
START_SECONDS = 120

_LOCK = RUN / 'demo.lock'
_ADDRESSES = RUN / 'demo-addresses.json'
_SUPERVISOR = Process('demo')
_SIMULATOR = Process('simulator')
_ODOO = Process('odoo')


def run(setup):
    """Run the demonstration until it is stopped, creating its data the first time.

    :param Setup setup: what runs it
    :raise Failure: when something does not start, or ends by itself
    """
    with open(_LOCK, 'w', encoding='utf-8') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say_running()
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _SUPERVISOR.remember(os.getpid())
        try:
            with postgres.serving(), _servers(setup) as addresses:
                _pay_once(setup, addresses)
                _say_addresses(addresses)
                say('\nIt runs until Ctrl-C, or "make stop" from elsewhere.')
                _watch()
        except KeyboardInterrupt:
            say('The demonstration is stopped; its data is kept.')
        finally:
            _SUPERVISOR.forget()


def reset(setup):
    """Delete the data and start afresh.

    :param Setup setup: what runs it
    """
    stop()
    SIMULATOR_STATE.unlink(missing_ok=True)
    with postgres.serving():
        Databases(setup).drop(DATABASE)
        run(setup)


def stop():
    """Stop the demonstration, and what is left of one whose watching command was killed."""
    stopped = [process.stop() for process in (_SUPERVISOR, _ODOO, _SIMULATOR)]
    _ADDRESSES.unlink(missing_ok=True)
    if any(stopped):
        say('The demonstration is stopped; its data is kept.')


@contextlib.contextmanager
def _servers(setup):
    """Have the simulator and Odoo running within the block.

    :return: their addresses
    """
    for leftover in (_ODOO, _SIMULATOR):
        leftover.stop()
    odoo_port = ports.port('Odoo', 'QPAY_DEMO_PORT', 8069)
    simulator_port = ports.port('the simulator', 'QPAY_DEMO_SIMULATOR_PORT', 8065)
    addresses = {
        'odoo': f'http://127.0.0.1:{odoo_port}',
        'simulator': f'http://127.0.0.1:{simulator_port}',
    }
    try:
        _prepare_database(setup, addresses)
        with Step('Starting the QPay simulator and Odoo'):
            _start_simulator(setup, simulator_port, addresses['simulator'])
            _start_odoo(setup, odoo_port, addresses['odoo'])
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
    databases = Databases(setup)
    wanted = {'addon': databases.addon_key(), **addresses}
    if not databases.exists(DATABASE):
        databases.create_demo(DATABASE, addresses)
    else:
        noted = databases.note(DATABASE)
        if noted.get('addon') != wanted['addon']:
            with Step('Updating the addon in the demonstration'):
                databases.update_addon(DATABASE)
        if {**noted, 'addon': wanted['addon']} != wanted:
            databases.seed(DATABASE, addresses)
    databases.set_note(DATABASE, wanted)


def _start_simulator(setup, port, address):
    _SIMULATOR.start(
        [setup.python, '-m', 'simulator', '--port', str(port), '--state', str(SIMULATOR_STATE)],
        cwd=CHECKOUT, env=setup.environment(),
    )
    _wait_for(_SIMULATOR, f'{address}/control/health')


def _start_odoo(setup, port, address):
    _ODOO.start(
        setup.odoo_command(
            'server', '--database', DATABASE, '--db-filter', f'^{DATABASE}$', '--no-database-list',
            '--http-port', port,
            # Threads, not worker processes: with those the websocket has a port of its own, and
            # a browser reaches both only through a reverse proxy, which a fresh machine lacks.
            '--workers', 0, '--max-cron-threads', 1,
        ),
        cwd=CHECKOUT, env=setup.environment(),
    )
    _wait_for(_ODOO, f'{address}/web/health')


def _wait_for(process, address):
    """Wait until a server answers."""
    def answers():
        process.require()
        try:
            with opener.open(address, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    if not wait(answers, START_SECONDS):
        raise Failure(f'{process.name} does not answer at {address}: read {process.log}.')


def _pay_once(setup, addresses):
    """Make the one real payment, unless the database has seen one."""
    done = subprocess.run(
        [
            setup.python, '-m', 'demo.payment', '--database', DATABASE,
            '--odoo', addresses['odoo'], '--simulator', addresses['simulator'],
        ],
        cwd=CHECKOUT, env=setup.environment(), check=False,
    )
    if done.returncode:
        raise Failure(f'The payment did not go through: read {_ODOO.log} and {_SIMULATOR.log}.')


def _watch():
    while True:
        _ODOO.require()
        _SIMULATOR.require()
        time.sleep(0.5)


def _say_running():
    try:
        addresses = json.loads(_ADDRESSES.read_text(encoding='utf-8'))
    except FileNotFoundError:
        say('The demonstration is being started or stopped by another command: wait for it.')
        return
    say('The demonstration is already running.')
    _say_addresses(addresses)


def _say_addresses(addresses):
    say(f"""
  Odoo             {addresses['odoo']}/odoo (invoices: {addresses['odoo']}/odoo/customer-invoices)
                   accountant / accountant (in Mongolian), admin / admin
  The payer's bank {addresses['simulator']}
  Logs             {LOGS}""")
