"""What the machine must have: Python, PostgreSQL's programs, a PDF printer, a browser, fonts."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from .console import Failure, Step, run
from .paths import CACHE

POSTGRES_MAJOR = 15
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


def postgres_bin():
    """Return the folder with ``initdb``, ``postgres`` and the rest, or None."""
    if chosen := os.environ.get('QPAY_POSTGRES_BIN'):
        if not os.access(f'{chosen}/initdb', os.X_OK):
            raise Failure(
                f"QPAY_POSTGRES_BIN={chosen} has no initdb: name the folder of PostgreSQL's "
                'programs, or leave the variable out.'
            )
        return Path(chosen)
    versions = [
        int(path.parts[-3]) for path in Path('/usr/lib/postgresql').glob('*/bin/initdb')
        if path.parts[-3].isdigit() and int(path.parts[-3]) >= POSTGRES_MAJOR
    ]
    if versions:
        return Path(f'/usr/lib/postgresql/{min(versions)}/bin')
    program = shutil.which('initdb')
    return Path(program).resolve().parent if program else None


def chromium():
    """Return the path of the tests' browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _has_font_for_mongolian():
    """Whether a font has the two Cyrillic letters that only Mongolian has among its neighbours.

    DejaVu, Liberation and Noto have them.
    """
    return bool(shutil.which('fc-list')) and bool(subprocess.run(
        ['fc-list', ':charset=4e8 4ae', 'family'], capture_output=True, text=True, check=False,
    ).stdout.strip())


def _has(*programs):
    return lambda: any(map(shutil.which, programs))


#: Debian package → whether the machine already has what it is for.
NEEDED = {
    f'postgresql-{POSTGRES_MAJOR}': postgres_bin,
    # Debian splits it off Python; without it no virtual environment can be built.
    'python3-venv': lambda: importlib.util.find_spec('ensurepip'),
    # Odoo prints with it.
    'wkhtmltopdf': _has('wkhtmltopdf'),
}
NEEDED_BY_TESTS = {
    'chromium': chromium,
    'fontconfig': _has('fc-list'),
    'fonts-dejavu-core': _has_font_for_mongolian,
    'gettext': _has('msgfmt'),
    'openssl': _has('openssl'),
}


def ensure(for_tests=False):
    """Install what is missing when root, else say what to install.

    :param bool for_tests: whether the browser and what else only the tests use is needed too
    """
    needed = NEEDED | NEEDED_BY_TESTS if for_tests else NEEDED
    missing = [package for package, is_there in needed.items() if not is_there()]
    if not missing:
        return
    command = f'apt-get install {" ".join(missing)}'
    if os.geteuid() != 0:
        raise Failure(
            f'The machine lacks {" and ".join(missing)}, which only root can install: '
            f'run "sudo {command}" and try again.'
        )
    if not shutil.which('apt-get'):
        raise Failure(f'This machine has no apt-get: install {" and ".join(missing)} yourself.')
    _install(missing, command)
    importlib.invalidate_caches()
    still = [package for package in missing if not needed[package]()]
    if still:
        raise Failure(f'{" and ".join(still)} cannot be found even after "{command}".')


def _install(packages, command):
    CACHE.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        'DEBIAN_FRONTEND': 'noninteractive',
        # Without this Debian's package would also create and start a cluster of the machine.
        'PG_CREATECLUSTER_CONF': '/dev/null',
    }
    with Step(f'Installing {", ".join(packages)}'):
        again = f'check the network, or run "{command}" yourself'
        run(
            ['apt-get', 'update'], env=environment,
            failure=f'The package lists could not be read: {again}.',
        )
        run(
            ['apt-get', 'install', '--yes', '--no-install-recommends', *packages],
            env=environment, stdin=subprocess.DEVNULL,
            failure=f'The packages could not be installed: {again}.',
        )
