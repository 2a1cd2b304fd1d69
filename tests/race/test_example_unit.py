"""The example unit for systemd, with Odoo's example configuration, before a real Odoo."""

import configparser
import os
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.odoo_server import OdooServer
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

EXAMPLES = Path(__file__).parents[2] / 'deploy'


def _read(path):
    parser = configparser.ConfigParser(interpolation=None)
    # Names of a unit are written in capitals, too.
    parser.optionxform = str
    parser.read(path, encoding='utf-8')
    return parser


class UnitServer(OdooServer):
    """A server that is started and stopped as systemd does it by the unit.

    :param Path folder: Where its files are put.
    """

    def __init__(self, database, name, folder):
        configuration = _read(EXAMPLES / 'odoo.conf')['options']
        super().__init__(database, name, int(configuration['workers']), {})
        self._unit = _read(EXAMPLES / 'odoo.service')['Service']
        self._folder = folder
        self._write_configuration(configuration)
        self._command = self._replace(self._unit['ExecStart'], {
            '/opt/odoo/venv/bin/odoo': f'{sys.executable} {Path(sys.executable).with_name("odoo")}',
            '/etc/odoo/odoo.conf': str(folder / 'odoo.conf'),
        }).split()

    def stop(self):
        """Tell it to stop: its main process alone, or all of them."""
        if self._unit.get('KillMode') == 'mixed':
            self._process.terminate()
        else:
            os.killpg(self._process.pid, signal.SIGTERM)

    def wait(self):
        """Wait until it has stopped, and return its exit status."""
        return self._process.wait()

    def _write_configuration(self, options):
        """Replace the example's ports, paths and database, and nothing else."""
        ours = _read(os.environ['QPAY_DEV_ODOO_CONF'])['options']
        for name, example, own in (
            ('addons_path', '/opt/odoo/odoo/addons,/opt/odoo/addons', ours['addons_path']),
            ('data_dir', '/var/lib/odoo', str(self._folder)),
            ('http_port', '8069', str(self.port)),
            ('gevent_port', '8072', str(self.websocket_port)),
            ('db_name', 'odoo', self._database),
            ('dbfilter', '^odoo$', f'^{self._database}$'),
        ):
            options[name] = self._replace(options[name], {example: own})
        with open(self._folder / 'odoo.conf', 'w', encoding='utf-8') as file:
            options.parser.write(file)

    @staticmethod
    def _replace(text, replacements):
        for example, own in replacements.items():
            assert text.count(example) == 1, example
            text = text.replace(example, own)
        return text


@tagged('post_install', '-at_install')
class TestExampleUnit(RealServerCase):

    workers = 0

    def setUp(self):
        super().setUp()
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.unit = UnitServer(self.database.name, f'{self.name}-unit', folder)
        self.addCleanup(self.unit.kill)
        self.unit.start()

    def test_request_ends_before_the_server_does(self):
        with ThreadPoolExecutor(1) as threads:
            with self.database.holding('LOCK TABLE res_users IN ACCESS EXCLUSIVE MODE'):
                answer = threads.submit(
                    self.unit.log_in, ACCOUNTANT['login'], ACCOUNTANT['password']
                )
                wait_for(self._is_somebody_waiting, 'a request that waits')
                self.unit.stop()
                wait_for(self._is_stopping, 'the end of the server')

            self.assertTrue(answer.result().session_id)
        self.assertEqual(self.unit.wait(), 0)

    def _is_somebody_waiting(self):
        return self.database.query(
            "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'res_users'::regclass"
        )

    def _is_stopping(self):
        return any('Stopping' in line or 'exiting' in line for line in self.unit.new_log_lines())
