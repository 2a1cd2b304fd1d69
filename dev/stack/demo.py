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

from . import module_sets, ports, postgres
from .console import Failure, Step, say
from .databases import Databases
from .paths import CHECKOUT, LOGS, RUN
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

    :rtype: ModuleSet
    """
    return module_sets.chosen('QPAY_DEMO_MODULES')


def database():
    """The name of the demonstration's database.

    :rtype: str
    """
    return f'{modules().prefix}demo'


def run(setup):
    """Run the demonstration until it is stopped, creating its data the first time.

    :param Setup setup: what runs it
    :raise Failure: when something does not start, or ends by itself
    """
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
                _pay_once(setup, addresses)
                _say_addresses(setup, addresses)
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
    _simulator_state().unlink(missing_ok=True)
    with postgres.serving():
        Databases(setup, modules()).drop(database())
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
        'database': database(),
        'odoo': f'http://127.0.0.1:{odoo_port}',
        'simulator': f'http://127.0.0.1:{simulator_port}',
    }
    try:
        _prepare_database(setup, addresses)
        with Step('Starting the QPay simulator and Odoo'):
            _start_simulator(setup, simulator_port, addresses['simulator'])
            _start_odoo(setup, odoo_port, addresses)
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


def _start_simulator(setup, port, address):
    _SIMULATOR.start(
        [setup.python, '-m', 'simulator', '--port', str(port), '--state', _simulator_state()],
        cwd=CHECKOUT, env=setup.environment(),
    )
    _wait_for(_SIMULATOR, f'{address}/')


def _start_odoo(setup, port, addresses):
    name = addresses['database']
    _ODOO.start(
        setup.odoo_command(
            'server', '--database', name, '--db-filter', f'^{name}$', '--no-database-list',
            '--http-port', port,
            # Threads, not worker processes: with those the websocket has a port of its own, and
            # a browser reaches both only through a reverse proxy, which a fresh machine lacks.
            '--workers', 0, '--max-cron-threads', 1,
        ),
        cwd=CHECKOUT, env=setup.environment(),
    )
    _wait_for(_ODOO, f'{addresses["odoo"]}/web/health')


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
    if _run(setup, 'demo.payment', addresses, 'odoo', 'simulator'):
        raise Failure(f'The payment did not go through: read {_ODOO.log} and {_SIMULATOR.log}.')


def _run(setup, module, addresses, *names):
    """Run a program of the demonstration, and return its exit status."""
    options = [part for name in ('database', *names) for part in (f'--{name}', addresses[name])]
    return subprocess.run(
        [setup.python, '-m', module, *options],
        cwd=CHECKOUT, env=setup.environment(), check=False,
    ).returncode


def _watch():
    while True:
        _ODOO.require()
        _SIMULATOR.require()
        time.sleep(0.5)


def _say_running(setup):
    try:
        addresses = json.loads(_ADDRESSES.read_text(encoding='utf-8'))
    except FileNotFoundError:
        say('The demonstration is being started or stopped by another command: wait for it.')
        return
    say('The demonstration is already running.')
    _say_addresses(setup, addresses)


def _say_addresses(setup, addresses):
    odoo = addresses['odoo']
    say(f"""
  Odoo             {odoo}/odoo (invoices: {odoo}/odoo/customer-invoices)
                   accountant / accountant (in Mongolian), admin / admin
  A customer       {odoo}/my/invoices
                   nomin / nomin (in a private window: one browser, one person)""")
    if _run(setup, 'demo.links', addresses, 'odoo'):
        raise Failure(f'Odoo does not tell its links: read {_ODOO.log}.')
    if addresses['database'].startswith(module_sets.SALES.prefix):
        say(f"""  Shop and till    {odoo}/shop, {odoo}/odoo/point-of-sale
                   seller / seller""")
    say(f"""  The payer's bank {addresses['simulator']}
  Logs             {LOGS}""")
