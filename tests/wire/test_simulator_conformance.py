"""Clients that other people wrote, each in its own environment, against the simulator."""

import os
import subprocess
from pathlib import Path

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.dev.simulator import Simulator

CONFORMANCE = Path(__file__).resolve().parents[2] / 'dev' / 'conformance'


@tagged('post_install', '-at_install')
class TestSimulatorConformance(BaseCase):
    """QPay contract §11."""

    def run_client(self, variable, script):
        """Run a client's script and return the names of its steps that went well.

        :param str variable: environment variable with the Python that has the client.
        :param str script: file name.
        """
        python = os.environ.get(variable)
        self.assertTrue(python, f'{variable} is not set: run the tests with make test')
        with Simulator() as simulator:
            done = subprocess.run(
                [python, CONFORMANCE / script, simulator.url],
                capture_output=True,
                text=True,
                timeout=120,
                env={
                    'PATH': os.environ['PATH'],
                    'PYTHONIOENCODING': 'utf-8',
                    'PYTHONDONTWRITEBYTECODE': '1',
                },
            )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [
            line.removeprefix('ok ') for line in done.stdout.splitlines() if line.startswith('ok ')
        ]

    def test_qpay_client(self):
        self.assertEqual(
            self.run_client('QPAY_DEV_CLIENT_PYTHON', 'run_qpay_client.py'),
            [
                'token',
                'invoice',
                'invoice with lines',
                'read open invoice',
                'check unpaid',
                'check paid',
                'read paid invoice',
                'get payment',
                'list payments',
                'killed token',
                'transfer cannot be refunded',
                'card can be refunded',
                'paid invoice cannot be cancelled',
                'cancel invoice',
                'unknown ids',
                'VAT receipts',
            ],
        )

    def test_qpay_py(self):
        self.assertEqual(
            self.run_client('QPAY_DEV_PY_PYTHON', 'run_qpay_py.py'),
            [
                'token',
                'refresh',
                'invoice',
                'check unpaid',
                'check paid',
                'get payment',
                'get card payment',
                'list payments',
                'transfer cannot be refunded',
                'cancel invoice',
                'unknown ids',
                'VAT receipt',
                'cancel VAT receipt',
                'invoice with taxes',
                'VAT refusals',
                'wrong password',
            ],
        )
