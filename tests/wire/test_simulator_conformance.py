"""Clients that other people wrote, each in its own environment, against the simulator."""

import os
import subprocess
from pathlib import Path

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.dev.simulator import Simulator

CONFORMANCE = Path(__file__).resolve().parents[2] / 'dev' / 'conformance'

COMMON_STEPS = [
    'invoice', 'check_unpaid', 'check_paid', 'get_payment', 'list_payments',
    'transfer_cannot_be_refunded', 'card_can_be_refunded', 'cancel_invoice', 'unknown_ids',
]


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
                *COMMON_STEPS, 'token', 'invoice_with_lines', 'read_paid_invoice', 'killed_token',
                'vat_receipts',
            ],
        )

    def test_qpay_py(self):
        self.assertEqual(
            self.run_client('QPAY_DEV_PY_PYTHON', 'run_qpay_py.py'),
            [
                *COMMON_STEPS, 'token', 'refresh', 'get_card_payment', 'vat_receipt',
                'cancel_vat_receipt', 'invoice_with_taxes', 'vat_refusals', 'wrong_password',
            ],
        )
