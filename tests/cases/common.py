import json
import os
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, fields
from odoo.tests import HttpCase
from odoo.tools import SQL

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.tests.cases.company_case import CompanyCase


def environment(**variables):
    """Let the server have exactly these of QPay's environment variables."""
    others = {name: value for name, value in os.environ.items() if not name.startswith('QPAY_')}
    return patch.dict(os.environ, {**others, **variables}, clear=True)


class QPayCommon(CompanyCase, HttpCase):
    """A Mongolian company with a QPay provider, and a QPay simulator to talk to over HTTP.

    QPay's callbacks are sent by `_call_back`, when a test wants them to: the transaction of a test
    cannot be seen by a request that comes by itself. What happens then with several processes is
    the matter of the tests with real servers.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What is committed on the way to a payment is part of the test's transaction.
        cls.startClassPatcher(patch.object(cls.cr, 'commit', cls._commit))
        cls.simulator = Simulator(settings={'callback_enabled': False})
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.qpay = cls.simulator.control
        cls.provider.qpay_base_url_sandbox = cls.simulator.url

    def setUp(self):
        super().setUp()
        self.qpay.reset()
        self.qpay.configure(callback_enabled=False)

    @classmethod
    def _commit(cls):
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def _disable_other_providers(cls):
        """Let there be QPay in the company of the test only."""
        cls.env['payment.provider'].sudo().search([
            ('code', '=', 'qpay'), ('id', '!=', cls.provider.id),
        ]).state = 'disabled'

    def _let_actions_be_on_time(self):
        """Let no scheduled action be late, however old the database is, and return them all."""
        actions = self.env['ir.cron'].sudo().browse(
            self.env['ir.model.data'].sudo().search([
                ('module', '=', 'payment_qpay'), ('model', '=', 'ir.cron'),
            ]).mapped('res_id')
        )
        actions.write({'active': True, 'nextcall': fields.Datetime.now()})
        return actions

    # === WHAT PEOPLE DO === #

    @classmethod
    def _create_invoice(cls, amount=15000, move_type='out_invoice', post=True, **values):
        """Return an invoice of the customer over an amount without taxes."""
        invoice = cls.env['account.move'].create({
            'move_type': move_type,
            'partner_id': cls.customer.id,
            'invoice_date': '2026-11-02',
            'currency_id': cls.mnt.id,
            'invoice_line_ids': [Command.create({
                'name': 'Үйлчилгээ', 'quantity': 1, 'price_unit': amount, 'tax_ids': [],
            })],
            **values,
        })
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _create_intent(cls, invoice, amount=None):
        """Return the open QR of an invoice."""
        return documents.of(invoice).get_or_create_intent(amount or invoice.amount_residual)

    def _pay(self, intent, **options):
        """Let the payer pay a QR in the bank app, and return the payment."""
        return self.qpay.pay(intent.qpay_invoice_id, **options)

    def _confirm_without_booking(self, intent, **options):
        """Let a payer pay what cannot be booked for now."""
        receivable = intent.invoice_ids.line_ids.account_id.filtered(
            lambda account: account.account_type == 'asset_receivable'
        )
        receivable.active = False
        self._pay_and_settle(intent, **options)
        self.assertEqual(self._ledger(intent).mapped('state'), ['needs_attention'])
        self.qpay.reset_calls()
        return receivable

    def _call_back(self, intent, payment_id='', method='GET', data=None):
        """Let QPay call, and return the answer."""
        url = f'/payment/qpay/callback/{intent.id}-{intent.callback_token}'
        return self.url_open(f'{url}?qpay_payment_id={payment_id}', data=data, method=method)

    def _process_callbacks(self):
        """Let the scheduled action process the callbacks that are due."""
        self.env['qpay.callback'].with_user(SUPERUSER_ID)._cron_process()

    def _settle_pending(self):
        """Let the scheduled action settle the payments that are left over."""
        self.env['qpay.payment'].with_user(SUPERUSER_ID)._cron_settle_pending()

    def _pay_and_settle(self, intent, **options):
        """Let the payer pay a QR and QPay call, as it happens in real life."""
        payment = self._pay(intent, **options)
        self.assertEqual(self._call_back(intent, payment['payment_id']).text, 'SUCCESS')
        self._process_callbacks()
        return payment

    def _call_kw(self, records, method, *args, login='qpay_accountant'):
        """Call a method as a signed-in user over HTTP, so that only what is committed before an
        error remains, as in real life.

        :return: The result, and the sentence that the user reads instead if there is none.
        """
        self.authenticate(login, login)
        language = self.env['res.users'].search([('login', '=', login)]).lang
        answer = self.url_open('/web/dataset/call_kw', json={'params': {
            'model': records._name,
            'method': method,
            'args': [records.ids, *args],
            'kwargs': {'context': {'lang': language}},
        }}).json()
        self.env.invalidate_all()
        return answer.get('result'), answer.get('error', {}).get('data', {}).get('message')

    def _age(self, records, period):
        """Let records have been created so long ago."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                'UPDATE %s SET create_date = %s WHERE id IN %s',
                SQL.identifier(records._table),
                fields.Datetime.now() - period,
                tuple(records.ids),
            )
        )
        self.env.invalidate_all()

    def _recheck(self, *intents):
        """Let the scheduled action recheck QRs, those given as if their time had come."""
        for intent in intents:
            intent.sudo().recheck_at = fields.Datetime.now() - timedelta(seconds=1)
        self.env['qpay.intent'].with_user(SUPERUSER_ID)._cron_recheck()

    def _expire(self, intent):
        """Let the time of a QR run out, and the scheduled action see it."""
        intent.sudo().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self._recheck(intent)

    def _check_route(self, intent_id, **params):
        """Poll Odoo as the dialog and the payer's page do, and return the whole answer."""
        response = self.url_open(
            '/payment/qpay/check',
            data=json.dumps({'params': {'intent_id': intent_id, **params}}),
            headers={'Content-Type': 'application/json'},
        )
        return response.json()

    def _take_journals_away(self):
        """Leave the company without a bank journal, so that Odoo cannot choose one for QPay.

        A payment of the provider must have been booked before: unused, its journal is not given up.
        """
        journals = self.env['account.journal'].search([
            ('type', '=', 'bank'), ('company_id', '=', self.company.id),
        ])
        self.provider.journal_id = False
        journals.active = False
        self.env.flush_all()
        self.env.invalidate_all()
        return journals

    @contextmanager
    def _qpay_down(self):
        """Let nobody listen at QPay's address for a while."""
        self.simulator.stop()
        try:
            yield
        finally:
            self.simulator.start()

    # === WHAT THE BOOKS SAY === #

    def _ledger(self, intent):
        return self.env['qpay.payment'].sudo().search([('intent_id', '=', intent.id)])

    def _account_payments(self, *payment_ids):
        return self.env['account.payment'].search([('qpay_txn_id', 'in', payment_ids)])

    def _transactions(self, invoice):
        return self.env['payment.transaction'].sudo().search([('invoice_ids', 'in', invoice.ids)])

    def _credit(self, partner=None):
        """Return what a customer has paid too much."""
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', (partner or self.customer).id),
            ('account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('balance', '<', 0),
        ])
        return -sum(lines.mapped('amount_residual'))

    def _note(self, rows):
        """Return what the one activity of a row of the ledger says."""
        self.assertEqual(len(rows.activity_ids), 1)
        return str(rows.activity_ids.note).replace('&nbsp;', '\xa0')

    def _reconcile(self, provider=None, **values):
        """Let a person compare QPay's list with the ledger."""
        reconciliation = self.env['qpay.reconciliation'].sudo().create({
            'provider_id': (provider or self.provider).id,
            'date_to': fields.Datetime.now() + timedelta(minutes=5),
            **values,
        })
        reconciliation.action_run()
        return reconciliation

    def _reconcile_daily(self):
        """Let the scheduled action compare, and return what it made, the last first."""
        reconciliations = self.env['qpay.reconciliation'].with_user(SUPERUSER_ID)
        last = reconciliations.search([], limit=1).id or 0
        reconciliations._cron_reconcile()
        return reconciliations.search([('id', '>', last)])

    def _calls(self, endpoint):
        """Return how often an endpoint of QPay was called."""
        return self.qpay.calls().get(endpoint, 0)

    def assertPaidOnce(self, invoice, *payment_ids):
        """The invoice is paid in full, by exactly one payment for each of QPay's."""
        payments = self._account_payments(*payment_ids)
        self.assertEqual(sorted(payments.mapped('qpay_txn_id')), sorted(payment_ids))
        self.assertIn(invoice.payment_state, ('paid', 'in_payment'))
        self.assertEqual(invoice.amount_residual, 0)
