"""What the machine must have: Python, PostgreSQL's programs, a PDF printer, a browser, fonts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Failure, Step, run
from .paths import CACHE

PYTHON = (3, 11)
POSTGRES_MAJOR = 15
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


def check_python():
    """Refuse another Python than the one for which the packages are pinned.

    :raise Failure: on another version
    """
    if sys.version_info[:2] != PYTHON:
        wanted = '.'.join(map(str, PYTHON))
        raise Failure(
            f'This is Python {sys.version.split()[0]}, but the packages are pinned for {wanted}: '
            f'install python{wanted} and run make PYTHON=python{wanted}.'
        )


def postgres_bin():
    """Find PostgreSQL's programs.

    :return: the folder with ``initdb``, ``postgres`` and the rest, or None
    :rtype: Path | None
    """
    chosen = os.environ.get('QPAY_POSTGRES_BIN')
    if chosen:
        return Path(chosen)
    found = [
        path.parent for path in Path('/usr/lib/postgresql').glob('*/bin/initdb')
        if path.parts[-3].isdigit() and int(path.parts[-3]) >= POSTGRES_MAJOR
    ]
    if found:
        return min(found, key=lambda path: int(path.parent.name))
    program = shutil.which('initdb')
    return Path(program).resolve().parent if program else None


def chromium():
    """Find the browser of the tests.

    :return: its path, or None
    :rtype: str | None
    """
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _has_font_for_mongolian():
    """Whether a font has the two Cyrillic letters that only Mongolian has among its neighbours.

    DejaVu, Liberation and Noto have them.
    """
    if not shutil.which('fc-list'):
        return False
    listed = subprocess.run(
        ['fc-list', ':charset=4e8 4ae', 'family'], capture_output=True, text=True, check=False,
    )
    return bool(listed.stdout.strip())


def _has_venv():
    """Debian splits ``ensurepip`` off Python; without it no virtual environment can be built."""
    done = subprocess.run(
        [sys.executable, '-c', 'import ensurepip'], capture_output=True, check=False,
    )
    return done.returncode == 0


#: Debian package → whether the machine already has what it is for.
NEEDED = {
    f'postgresql-{POSTGRES_MAJOR}': lambda: postgres_bin() is not None,
    'python3-venv': _has_venv,
    # Odoo prints with it.
    'wkhtmltopdf': lambda: shutil.which('wkhtmltopdf') is not None,
}
NEEDED_BY_TESTS = {
    'chromium': lambda: chromium() is not None,
    'fontconfig': lambda: shutil.which('fc-list') is not None,
    'fonts-dejavu-core': _has_font_for_mongolian,
    'gettext': lambda: shutil.which('msgfmt') is not None,
}


def ensure(for_tests=False):
    """Install what is missing when root, else say what to install.

    :param bool for_tests: whether the browser and what else only the tests use is needed too
    :raise Failure: when something is missing and cannot be installed
    """
    needed = NEEDED | NEEDED_BY_TESTS if for_tests else NEEDED
    missing = [package for package, present in needed.items() if not present()]
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
    still = [package for package in missing if not needed[package]()]
    if still:
        raise Failure(f'{" and ".join(still)} cannot be found even after "{command}".')


def _install(packages, command):
    CACHE.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {'DEBIAN_FRONTEND': 'noninteractive'}
    # Without this Debian's package would also create and start a cluster of the machine.
    environment['PG_CREATECLUSTER_CONF'] = '/dev/null'
    with Step(f'Installing {", ".join(packages)}'):
        run(
            ['apt-get', 'update'], env=environment,
            failure=f'The package lists could not be read: check the network, then "{command}".',
        )
        run(
            ['apt-get', 'install', '--yes', '--no-install-recommends', *packages],
            env=environment, stdin=subprocess.DEVNULL,
            failure=f'The packages could not be installed: run "{command}" yourself.',
        )
