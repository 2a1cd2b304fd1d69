"""The private PostgreSQL of this checkout, reached by a Unix socket only."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess

from .console import Failure, run
from .paths import CHECKOUT, LOGS, POSTGRES, RUN
from .system import postgres_bin

DATA = POSTGRES / 'data'
SOCKET = POSTGRES / 'socket'
LOG = POSTGRES / 'server.log'
# The port only names the socket's file; the socket's folder is ours alone.
PORT = 5432
# Odoo refuses to work as the user "postgres".
USER = 'odoo'
SOCKET_PATH_LIMIT = 107

SETTINGS = f"""
listen_addresses = ''
port = {PORT}
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
# Databases are made and thrown away all the time here, and waiting for the disk is most of that.
# What is lost if the machine loses its power is development data: "make demo-reset" makes it anew.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
# Odoo's queries are short: to compile one, because it looks costly, takes longer than to run it.
jit = off
"""

#: As long as this file is there, the server goes on when the last command that used it has ended.
_KEEP = RUN / 'postgres.keep'
_USERS = RUN / 'postgres.users'


def environment():
    """The variables with which PostgreSQL's programs and Odoo find this server."""
    return {
        'PGHOST': str(SOCKET),
        'PGPORT': str(PORT),
        'PGUSER': USER,
        'PATH': f'{postgres_bin()}{os.pathsep}{os.environ["PATH"]}',
    }


@contextlib.contextmanager
def serving():
    """Have the server running within the block.

    It is started by the first command that needs it and stopped by the last one that ends.
    """
    RUN.mkdir(parents=True, exist_ok=True)
    with open(_USERS, 'w', encoding='utf-8') as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        start()
        try:
            yield
        finally:
            _leave(users)


def start():
    """Start the server unless it runs, creating its cluster the first time."""
    with open(RUN / 'postgres.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_running():
            if not (DATA / 'PG_VERSION').exists():
                _create()
            _run(
                'pg_ctl', 'start', '--wait', '--silent', f'--pgdata={DATA}', f'--log={LOG}',
                '--options', f"-k '{SOCKET}'",
                failure=f'PostgreSQL does not start: read {LOG}; if its data is damaged, '
                        'run "make clean" (it deletes the databases of this checkout).',
            )


def stop():
    """Stop the server whoever uses it."""
    _KEEP.unlink(missing_ok=True)
    if is_running():
        _run(
            'pg_ctl', 'stop', '--wait', '--silent', '--mode=fast', f'--pgdata={DATA}',
            failure=f'PostgreSQL does not stop: read {LOG}.',
        )


def keep():
    """Start the server and let it run until :func:`stop`."""
    RUN.mkdir(parents=True, exist_ok=True)
    start()
    _KEEP.touch()


def is_running():
    """Whether the server runs."""
    return (DATA / 'postmaster.pid').exists() and not subprocess.run(
        _command('pg_ctl', 'status', f'--pgdata={DATA}'), capture_output=True, check=False,
        **_owner(),
    ).returncode


def _leave(users):
    """Stop the server when nobody else uses it: the lock is free only for the last one."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if not _KEEP.exists():
        stop()


def _create():
    if len(f'{SOCKET}/.s.PGSQL.{PORT}') > SOCKET_PATH_LIMIT:
        raise Failure(
            f"The path of PostgreSQL's socket in {CHECKOUT} is too long: "
            'set QPAY_CACHE to a folder with a shorter path.'
        )
    shutil.rmtree(POSTGRES, ignore_errors=True)
    for folder in (POSTGRES, SOCKET):
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        if owner := _owner():
            shutil.chown(folder, owner['user'], owner['group'])
    LOGS.mkdir(parents=True, exist_ok=True)
    _run(
        'initdb', f'--pgdata={DATA}', f'--username={USER}', '--auth=trust', '--encoding=UTF8',
        '--locale=C', '--no-sync',
        failure=f"PostgreSQL's cluster could not be created in {POSTGRES}: set QPAY_CACHE to a "
                'folder that the user who runs it can reach.',
    )
    with open(DATA / 'postgresql.conf', 'a', encoding='utf-8') as file:
        file.write(SETTINGS)


def _owner():
    """Options of :func:`subprocess.run`: who runs the server, which refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    try:
        postgres = pwd.getpwnam('postgres')
    except KeyError as error:
        raise Failure(
            'PostgreSQL refuses to run as root and there is no user "postgres" to run it: '
            'create that user, or work as another user than root.'
        ) from error
    return {'user': postgres.pw_uid, 'group': postgres.pw_gid, 'extra_groups': []}


def _command(program, *arguments):
    folder = postgres_bin()
    if folder is None:
        raise Failure("PostgreSQL's programs are missing: install postgresql-15.")
    return [str(folder / program), *arguments]


def _run(program, *arguments, failure):
    # The log must not be a pipe: the server inherits it and would hold it open for ever.
    log = LOGS / 'postgres-control.log'
    log.unlink(missing_ok=True)
    run(
        _command(program, *arguments), failure=failure, log=log,
        cwd='/', stdin=subprocess.DEVNULL, start_new_session=True, **_owner(),
    )
