"""The addon is uninstalled for real, from a database with money in its books, and updated."""

import os
import subprocess
import sys
import textwrap

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase

UNINSTALL = """
    env['ir.module.module'].search([('name', '=', 'payment_qpay')]).button_immediate_uninstall()
    env.cr.commit()
"""
UPDATE = """
    env['ir.module.module'].search([('name', '=', 'payment_qpay')]).button_immediate_upgrade()
    env.cr.commit()
"""
LEFT_BEHIND = """
    SELECT table_name || '.' || column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND (table_name LIKE 'qpay%%' OR column_name LIKE 'qpay%%')
     UNION SELECT name FROM ir_model_data WHERE module = 'payment_qpay'
"""


@tagged('post_install', '-at_install')
class TestUninstallation(InterleavingCase):

    def _run_shell(self, script):
        """Run a script as `odoo shell` does, and return what it has warned of."""
        done = subprocess.run(
            [
                sys.executable, '-m', 'odoo', 'shell', '--database', self.database.name,
                '--config', os.environ['QPAY_DEV_ODOO_CONF'], '--no-http',
                '--log-level', 'warn',
            ],
            input=textwrap.dedent(script), capture_output=True, text=True, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def test_updated_and_uninstalled_without_a_word(self):
        paid, refunded = self._create_qr(1000), self._create_qr(2000)
        for intent in (paid, refunded):
            self._pay(intent, method='CARD')
            intent._sync_payments()
        refunded.payment_ids.transaction_id._refund()
        self._create_qr(3000)._close('Ended.')
        # Of one that QPay refuses, there is no transaction.
        self.qpay.inject('POST /v2/invoice', 'status', status=400)
        with self.assertRaises(UserError):
            self._create_qr(4000)
        self._reconcile(self.system)
        for env in (self.own, self.system):
            env.cr.commit()
            env.cr.close()

        self.assertEqual(self._run_shell(UPDATE), '')
        self.assertEqual(self._run_shell(UNINSTALL), '')
        self.assertEqual(self.database.query(LEFT_BEHIND), [])
        # What was paid stays in the books.
        self.assertEqual(
            self.database.query(
                'SELECT amount, payment_type FROM account_payment ORDER BY id'
            )[-3:],
            [(1000, 'inbound'), (2000, 'inbound'), (2000, 'outbound')],
        )
        self.assertEqual(
            self.database.query(
                'SELECT DISTINCT method.code FROM account_payment AS payment'
                ' JOIN account_payment_method_line AS line'
                '   ON line.id = payment.payment_method_line_id'
                ' JOIN account_payment_method AS method ON method.id = line.payment_method_id'
                " WHERE method.code = 'qpay'"
            ),
            [],
        )
