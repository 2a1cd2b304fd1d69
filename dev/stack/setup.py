"""The whole set-up as one object: machine, Odoo's source, virtual environment and configuration."""

import dataclasses
import os
import subprocess
from pathlib import Path

from . import nginx, odoo_source, postgres, system, virtualenv
from .console import run
from .paths import ADDONS, CHECKOUT, DEV, FILESTORE, prepare

CONFIGURATION = CHECKOUT / 'odoo.conf'


@dataclasses.dataclass(frozen=True)
class Setup:
    """What is needed to run Odoo.

    :param Path odoo: the folder that contains the package ``odoo``
    :param Path venv: the virtual environment
    :param tuple[str, ...] python_path: folders with further packages and addons
    """

    odoo: Path
    venv: Path
    python_path: tuple = ()

    @property
    def python(self):
        """The Python that can import Odoo, the simulator and the test tools."""
        return str(self.venv / 'bin/python')

    def environment(self):
        """All variables of the programs that are started: Odoo, pytest, PostgreSQL's own."""
        # A developer's own settings of the addon must not lead the demonstration to the real QPay.
        inherited = {
            key: value for key, value in os.environ.items()
            if not key.startswith('QPAY_') or key.startswith('QPAY_DEV_')
        }
        return inherited | self.variables()

    def beside(self, requirements):
        """The same with packages that Odoo finds its addons in, too.

        :param Path requirements: the file that pins them; None without any
        :rtype: Setup
        """
        if not requirements:
            return self
        folder = virtualenv.packages(requirements)
        return dataclasses.replace(self, python_path=(str(folder),))

    def variables(self):
        """Those of the variables that are ours."""
        variables = postgres.environment()
        return variables | {
            'PATH': f'{self.venv / "bin"}{os.pathsep}{variables["PATH"]}',
            'PYTHONPATH': os.pathsep.join(map(str, (DEV, *self.python_path))),
            'ODOO_RC': str(CONFIGURATION),
            'QPAY_DEV_ODOO': str(self.odoo),
            'QPAY_DEV_ODOO_CONF': str(CONFIGURATION),
        }

    def odoo_command(self, *arguments):
        """The command line that runs Odoo with this checkout's configuration."""
        return [self.python, str(self.venv / 'bin/odoo'), *map(str, arguments)]

    def call(self, *command, **options):
        """Run Python in sight of the person."""
        return subprocess.run(
            [self.python, *map(str, command)], cwd=CHECKOUT, env=self.environment(), check=False,
            **options,
        ).returncode

    def call_odoo(self, *arguments, **options):
        """Run Odoo in sight of the person, with what follows ``odoo``, and return its status."""
        return self.call(self.venv / 'bin/odoo', *arguments, **options)

    def run_odoo(self, *arguments, failure, log, script=None):
        """Run Odoo to its end.

        :param str script: what ``odoo shell`` executes
        """
        log.unlink(missing_ok=True)
        source = {'input': script} if script is not None else {}
        run(
            self.odoo_command(*arguments), failure=failure, log=log, cwd=CHECKOUT,
            env=self.environment(), **source,
        )


def ready(for_tests=False):
    """Make everything ready that a command needs; what is there already is not made again.

    :param bool for_tests: whether what only the tests use is needed too
    """
    system.ensure(for_tests=for_tests)
    prepare()
    odoo = odoo_source.locate()
    setup = Setup(odoo=odoo, venv=virtualenv.main_environment(odoo))
    if for_tests:
        for name in virtualenv.CLIENTS:
            virtualenv.client_python(name)
        nginx.locate()
    _write_configuration(odoo)
    return setup


def _write_configuration(odoo):
    addons = [ADDONS, *odoo_source.addons_folders(odoo)]
    CONFIGURATION.write_text(
        '[options]\n'
        f'addons_path = {",".join(map(str, addons))}\n'
        f'data_dir = {FILESTORE}\n'
        f'db_host = {postgres.SOCKET}\n'
        f'db_port = {postgres.PORT}\n'
        f'db_user = {postgres.USER}\n'
        'http_interface = 127.0.0.1\n'
        # Odoo's limits are for a shared server; building the assets alone goes beyond them.
        'limit_time_cpu = 600\n'
        'limit_time_real = 1200\n',
        encoding='utf-8',
    )

