"""What is installed from the Python registry.

One virtual environment for Odoo and the tests, one for each outsider client of QPay, and the addons
of others.
"""

import shutil
import sys

from .console import Step, run
from .paths import CACHE, DEV, fingerprint, locked

REQUIREMENTS = DEV / 'requirements.txt'
# Two published clients of QPay that are not ours: the simulator has to satisfy them too.
# They need other versions than Odoo, so each has its own environment.
CLIENTS = {
    'qpay-client': 'qpay-client==2.0.5',
    'qpay-py': 'qpay-py==1.0.0',
}


def main_environment(odoo):
    """Build the environment of Odoo, the simulator and the tests, once for each state of its pins.

    :param Path odoo: the folder that contains the package ``odoo``; it becomes importable
    :return: the environment's folder
    :rtype: Path
    :raise Failure: when a package cannot be installed
    """
    folder = CACHE / f'venv-{fingerprint(sys.version, sys.base_prefix, str(odoo), REQUIREMENTS)}'

    def fill(python):
        _install(python, ['--requirement', str(REQUIREMENTS)])
        _expose(folder, odoo)

    return _build(folder, 'Odoo and the tests (about 250 MB, once)', fill)


def client_python(name):
    """Build the environment of an outsider client.

    :param str name: a key of ``CLIENTS``
    :return: its Python
    :rtype: Path
    :raise Failure: when a package cannot be installed
    """
    requirement = CLIENTS[name]
    folder = CACHE / f'clients-{name}-{fingerprint(sys.version, sys.base_prefix, requirement)}'
    return _build(folder, name, lambda python: _install(python, [requirement])) / 'bin/python'


def packages(python, requirements):
    """Install the addons of others, once for each state of their pins.

    :param str python: the Python that will import them
    :param Path requirements: the file with the pins
    :return: the folder that makes them importable
    :rtype: Path
    :raise Failure: when one cannot be installed
    """
    folder = CACHE / f'ecosystem-{fingerprint(sys.version, requirements)}'
    # Odoo itself, which they depend on, is in no registry.
    return _fill(folder, 'other addons', lambda: _install(python, [
        '--no-deps', '--target', str(folder), '--requirement', str(requirements),
    ]))


def _build(folder, name, fill):
    """Create an environment unless it is there, whole."""
    def make():
        run(
            [sys.executable, '-m', 'venv', str(folder)],
            failure='A virtual environment could not be made: install python3-venv.',
        )
        fill(folder / 'bin/python')

    return _fill(folder, name, make)


def _fill(folder, name, make):
    """Fill a folder unless it is there, whole.

    An environment cannot be moved, so it is built in place and marked when it is complete.
    """
    complete = folder / '.complete'
    if complete.exists():
        return folder
    with locked(folder.name):
        if not complete.exists():
            with Step(f'Installing the Python packages of {name}'):
                shutil.rmtree(folder, ignore_errors=True)
                make()
            complete.touch()
    return folder


def _install(python, arguments):
    run(
        [str(python), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', *arguments],
        failure='The Python packages could not be installed: check the network.',
    )


def _expose(environment, odoo):
    """Make Odoo importable without installing it, and its command available as ``odoo``."""
    packages = next(environment.glob('lib/python*/site-packages'))
    (packages / 'odoo-source.pth').write_text(f'{odoo}\n', encoding='utf-8')
    command = environment / 'bin/odoo'
    command.write_text(
        f'#!{environment}/bin/python\nfrom odoo.cli import main\n\nmain()\n', encoding='utf-8',
    )
    command.chmod(0o755)
