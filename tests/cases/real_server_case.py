"""Real Odoo servers on a database of their own, for what no test inside a transaction can show."""

import os
import re
import unittest
from datetime import timedelta

from odoo.tests import BaseCase

from odoo.addons.payment_qpay.dev.demo.client import OdooClient
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.tests.cases.database import Database
from odoo.addons.payment_qpay.tests.cases.odoo_server import OdooServer
from odoo.addons.payment_qpay.tests.cases.patience import wait_for

# What a log must not hold when processes have met in the database.
LOG_PROBLEM = re.compile(r' (ERROR|CRITICAL) |^Traceback|could not serialize|deadlock detected')
LOG_ENTRY = re.compile(r'\n(?=\d{4}-\d\d-\d\d )')
# Where Odoo collides with itself, and puts up with it: websockets that end at the same moment, in
# who is online; entries of a customer that are posted at the same moment, in how many there are.
OWN_COLLISION = re.compile(
    r' odoo\.sql_db: bad query: b\' ?UPDATE'
    r' (?:"mail_presence"|"res_partner"\\n +SET "(?:customer|supplier)_rank")[^\n]*\n'
    r'ERROR: could not serialize access'
    r'| odoo\.addons\.bus\.websocket: could not serialize access(?!.*addons/payment_qpay/)'
    r'.* in _terminate\n',
    re.DOTALL,
)


@unittest.skipUnless(
    os.environ.get('QPAY_DEV_MODULES'), 'Real servers need the set-up of "make test".'
)
class RealServerCase(BaseCase):
    """An Odoo server with the demonstration's company, and a QPay simulator that calls it back.

    Nothing happens in the test's own process or database: people and QPay come over HTTP, and the
    outcome is read from the server's database.
    """

    workers = 2
    # To print what is e-mailed keeps a processor busy for a second with every payment.
    emails_receipts = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.name = f'test-{cls.__name__}-{os.getpid()}'.lower()
        cls.database = Database(cls.name)
        cls.database.copy_template()
        cls.addClassCleanup(cls.database.drop)
        # The demonstration speaks Mongolian only.
        cls.database.query("UPDATE res_lang SET active = true WHERE code = 'en_US'")
        cls.database.query(
            'UPDATE payment_provider SET qpay_email_receipts = %s', cls.emails_receipts
        )
        # Payments of QPay must not need Odoo's own scheduled actions, which collide with Odoo's own
        # requests whenever they happen to be due; nor the comparison, which would find money before
        # whoever is to find it.
        cls.database.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'"
            " WHERE id NOT IN (SELECT res_id FROM ir_model_data"
            "                   WHERE module = 'payment_qpay' AND model = 'ir.cron'"
            "                     AND name != 'ir_cron_reconcile');"
            ' DELETE FROM ir_cron_trigger'
        )
        cls.simulator = Simulator().start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.qpay = cls.simulator.control
        cls.server = cls._start_server('node1')
        cls.accountant = cls.server.log_in(ACCOUNTANT['login'], ACCOUNTANT['password'])

    def setUp(self):
        super().setUp()
        self.qpay.clear_faults()
        self.qpay.reset_calls()

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        """Start a further server on the database."""
        server = OdooServer(cls.database.name, f'{cls.name}-{node}', cls.workers, {
            'QPAY_BASE_URL_SANDBOX': cls.simulator.url,
            'QPAY_TAX_OFFICE_URL': cls.simulator.url,
            'QPAY_CALLBACK_URL': '{url}',
            **(environment or {}),
        }, program)
        cls.addClassCleanup(server.kill)
        # For the links in e-mails, and for what Odoo itself fetches to print a PDF.
        cls.database.query(
            "UPDATE ir_config_parameter SET value = %s WHERE key = 'web.base.url'", server.url
        )
        server.start()
        return server

    # === WHAT PEOPLE DO === #

    def _create_invoice(self, amount=15000, tax_kind=None):
        """Create and post an invoice, and return its id.

        :param str tax_kind: What QPay calls its only tax; None for an invoice without taxes.
        """
        tax_ids = tax_kind and self.accountant.call('account.tax', 'search', [
            ('qpay_kind', '=', tax_kind), ('type_tax_use', '=', 'sale'),
        ], limit=1)
        customer = self.accountant.call('res.partner', 'search', [('vat', '=', '5234568')])
        invoice_id = self.accountant.call('account.move', 'create', {
            'move_type': 'out_invoice',
            'partner_id': customer[0],
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': amount, 'tax_ids': [(6, 0, tax_ids or [])],
            })],
        })
        self.accountant.call('account.move', 'action_post', [invoice_id])
        return invoice_id

    def _create_qr(self, *args, **kwargs):
        """Create an invoice and its QR, and return what is known about them.

        :param args: What the invoice is to be.
        :return: The normalised dictionary, with `invoice_id`, `access_token` and QPay's own
            `qpay_invoice_id`.
        :rtype: dict
        """
        invoice_id = self._create_invoice(*args, **kwargs)
        qr = self.accountant.call('account.move', 'qpay_create_intent', [invoice_id])
        [(access_token, qpay_invoice_id)] = self.database.query(
            'SELECT access_token, qpay_invoice_id FROM qpay_intent WHERE id = %s', qr['intent_id']
        )
        return {
            **qr,
            'invoice_id': invoice_id,
            'access_token': access_token,
            'qpay_invoice_id': qpay_invoice_id,
        }

    def _refund(self, qpay_payment_id):
        """Refund a payment with Odoo's own dialog.

        :return: The kind of the answer.
        """
        [payment_id] = self.accountant.call(
            'account.payment', 'search', [('qpay_txn_id', '=', qpay_payment_id)]
        )
        wizard_id = self.accountant.call(
            'payment.refund.wizard', 'create', {}, context={'active_id': payment_id}
        )
        answer = self.accountant.call('payment.refund.wizard', 'action_refund', [wizard_id])
        return answer['params']['type']

    def _check(self, qr, server=None, **params):
        """Poll Odoo as the payer's page does, without a session."""
        return OdooClient((server or self.server).url).post(
            '/payment/qpay/check',
            intent_id=qr['intent_id'], access_token=qr['access_token'], **params,
        )

    # === WHAT THE BOOKS SAY === #

    def _is_paid(self, invoice_id):
        [(payment_state,)] = self.database.query(
            'SELECT payment_state FROM account_move WHERE id = %s', invoice_id
        )
        return payment_state == 'paid'

    def _wait_until_paid(self, invoice_id):
        wait_for(lambda: self._is_paid(invoice_id), f'payment of {invoice_id}')

    def _let_inbox_empty(self):
        """Let the scheduler's next minute come, in which the callbacks that are left are processed.

        A callback that arrives while another process books its payment is tried again seconds
        later, but Odoo's scheduler looks at planned times only once a minute.
        """
        def is_empty():
            return not self.database.query("SELECT id FROM qpay_callback WHERE state = 'received'")

        if not is_empty():
            self.database.run_after(timedelta(minutes=1))
        wait_for(is_empty, 'an empty inbox')

    def _calls(self, endpoint='POST /v2/payment/check'):
        """Return how often an endpoint of QPay was called."""
        return self.qpay.calls().get(endpoint, 0)

    def assertPaidOnce(self, invoice_id, intent_id, payment_id, amount=15000):
        """The invoice is paid in full by exactly one payment: QPay's."""
        query = self.database.query
        self.assertEqual(
            query('SELECT qpay_txn_id, amount, status, state FROM qpay_payment'
                  ' WHERE intent_id = %s', intent_id),
            [(payment_id, amount, 'paid', 'settled')],
        )
        self.assertEqual(
            query('SELECT t.state, t.amount FROM payment_transaction t'
                  ' JOIN account_invoice_transaction_rel r ON r.transaction_id = t.id'
                  ' WHERE r.invoice_id = %s', invoice_id),
            [('done', amount)],
        )
        self.assertEqual(
            query('SELECT amount, state IN (%s, %s) FROM account_payment WHERE qpay_txn_id = %s',
                  'in_process', 'paid', payment_id),
            [(amount, True)],
        )
        self.assertEqual(
            query('SELECT payment_state, amount_residual FROM account_move WHERE id = %s',
                  invoice_id),
            [('paid', 0)],
        )
        self.assertEqual(
            query('SELECT state, amount_paid FROM qpay_intent WHERE id = %s', intent_id),
            [('paid', amount)],
        )

    def _leave_out_known(self, lines):
        """Return the lines of a log without those that tell of nothing that is ours."""
        entries = LOG_ENTRY.split('\n'.join(lines))
        return '\n'.join(
            entry for entry in entries if not OWN_COLLISION.search(entry)
        ).split('\n')

    def assertCleanLog(self, server=None):
        """The server has logged no problem since the last time that this was asked."""
        lines = self._leave_out_known((server or self.server).new_log_lines())
        problems = [
            entry for entry in LOG_ENTRY.split('\n'.join(lines))
            if any(map(LOG_PROBLEM.search, entry.splitlines()))
        ]
        # A trace says at its end what has happened.
        self.assertFalse(problems, 'The log has problems:\n' + '\n'.join(
            entry if len(entry) < 3000 else f'{entry[:500]}\n…\n{entry[-2500:]}'
            for entry in problems[:5]
        ))
