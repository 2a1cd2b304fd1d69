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
    """
    key = fingerprint(sys.version, sys.base_prefix, str(odoo), REQUIREMENTS)
    return _build(
        f'venv-{key}', 'Odoo and the tests (about 250 MB, once)',
        ['--requirement', str(REQUIREMENTS)], lambda folder: _expose(folder, odoo),
    )


def client_python(name):
    """Build the environment of an outsider client, by its name, and return its Python."""
    key = fingerprint(sys.version, sys.base_prefix, CLIENTS[name])
    return _build(f'clients-{name}-{key}', name, [CLIENTS[name]]) / 'bin/python'


def packages(requirements):
    """Install the addons of others that a file pins, and return the folder that they are in."""
    # Odoo itself, which they depend on, is in no registry.
    folder = _build(
        f'addons-{fingerprint(sys.version, requirements)}', 'other addons',
        ['--no-deps', '--requirement', str(requirements)],
    )
    return next(folder.glob('lib/python*/site-packages'))


def _build(name, title, requirements, finish=lambda _folder: None):
    """Create an environment unless it is there, whole.

    An environment cannot be moved, so it is built in place and marked when it is complete.
    """
    folder = CACHE / name
    complete = folder / '.complete'
    if complete.exists():
        return folder
    with locked(name):
        if not complete.exists():
            with Step(f'Installing the Python packages of {title}'):
                shutil.rmtree(folder, ignore_errors=True)
                run(
                    [sys.executable, '-m', 'venv', str(folder)],
                    failure='A virtual environment could not be made: install python3-venv.',
                )
                run(
                    [str(folder / 'bin/python'), '-m', 'pip', 'install', '--quiet',
                     '--disable-pip-version-check', *requirements],
                    failure='The Python packages could not be installed: check the network.',
                )
                finish(folder)
            complete.touch()
    return folder


def _expose(environment, odoo):
    """Make Odoo importable without installing it, and its command available as ``odoo``."""
    packages = next(environment.glob('lib/python*/site-packages'))
    (packages / 'odoo-source.pth').write_text(f'{odoo}\n', encoding='utf-8')
    command = environment / 'bin/odoo'
    command.write_text(
        f'#!{environment}/bin/python\nfrom odoo.cli import main\n\nmain()\n', encoding='utf-8',
    )
    command.chmod(0o755)
