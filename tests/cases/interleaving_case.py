"""Several transactions that really commit, in an order that a test chooses."""

import functools
import os
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry
from odoo.tests import BaseCase
from odoo.tools import config

from odoo.addons.payment_qpay import locking
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.dev.simulator import Simulator
from odoo.addons.payment_qpay.tests.cases.database import Database


class InterleavingCase(BaseCase):
    """The demonstration's company in a database of its own, and QPay.

    `self.own` and `self.system` are one process, used by the accountant and by Odoo itself. What
    others do happens in `_rival`, at the moments that `_meanwhile` names: no test depends on how
    fast something is.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = Database(f'test-{cls.__name__}-{os.getpid()}'.lower())
        cls.database.copy_template()
        cls.addClassCleanup(cls.database.drop)
        cls.simulator = Simulator(settings={'callback_enabled': False}).start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.qpay = cls.simulator.control
        cls.startClassPatcher(patch.dict(os.environ, QPAY_BASE_URL_SANDBOX=cls.simulator.url))
        # Loading modules would run their tests.
        with patch.dict(config.options, test_enable=False):
            cls.registry = Registry(cls.database.name)
        cls.addClassCleanup(sql_db.close_db, cls.database.name)
        cls.addClassCleanup(Registry.delete, cls.database.name)

    def setUp(self):
        super().setUp()
        self.qpay.clear_faults()
        self.own = self._open(ACCOUNTANT['login'])
        self.system = self.own(user=SUPERUSER_ID)

    def _open(self, login=None):
        """Return an environment with a cursor of its own: the system's, or that of a user."""
        cr = self._get_cursor()
        self.addCleanup(cr.close)
        env = api.Environment(cr, SUPERUSER_ID, {'lang': 'en_US'})
        user = login and env['res.users'].search([('login', '=', login)])
        return env(user=user) if user else env

    def _get_cursor(self):
        cr = self.registry.cursor()
        # Who waits for what the test itself holds would do so for ever.
        cr.execute("SET lock_timeout = '5s'")
        cr.commit()
        return cr

    @contextmanager
    def _rival(self):
        """Let another process do something in a transaction of its own, and commit it."""
        with self._get_cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {'lang': 'en_US'})

    @contextmanager
    def _meanwhile(self, owner, method, happening, after=True):
        """Let something happen once, before or after a method is called.

        :param owner: A class, or the name of a model.
        :param str method: The name of the method.
        :param callable happening: What happens.
        :param bool after: Whether the method has done its work then.
        """
        owner = self.registry[owner] if isinstance(owner, str) else owner
        original = getattr(owner, method)
        left = [happening]

        @functools.wraps(original)
        def _method(*args, **kwargs):
            result = original(*args, **kwargs) if after else None
            if left:
                left.pop()()
            return result if after else original(*args, **kwargs)

        with patch.object(owner, method, _method):
            yield
        self.assertFalse(left, 'the moment has come')

    @contextmanager
    def _held(self, records, until_waited_for=False):
        """Let another process hold records.

        :param bool until_waited_for: Whether it ends as soon as somebody waits for them.
        """
        rival = self._open()
        rival.cr.execute(
            f'SELECT FROM {records._table} WHERE id IN %s FOR NO KEY UPDATE', [tuple(records.ids)]
        )

        def _sleep(_seconds):
            if until_waited_for:
                rival.cr.rollback()

        with patch.object(locking.time, 'sleep', _sleep):
            try:
                yield
            finally:
                rival.cr.rollback()

    # === WHAT PEOPLE DO === #

    def _create_invoice(self, amount=15000):
        invoice = self.own['account.move'].create({
            'move_type': 'out_invoice',
            'partner_id': self.own['res.partner'].search([('vat', '=', '5234568')], limit=1).id,
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': amount, 'tax_ids': [(5, 0, 0)],
            })],
        })
        invoice.action_post()
        self.own.cr.commit()
        return invoice

    def _create_qr(self, amount=15000):
        """Return the QR of a new invoice, in sudo mode."""
        intent_id = self._create_invoice(amount).qpay_create_intent()['intent_id']
        self.own.cr.commit()
        return self.system['qpay.intent'].browse(intent_id)

    def _pay(self, intent, **options):
        """Let the payer pay a QR, and return QPay's id of the payment."""
        return self.qpay.pay(intent.qpay_invoice_id, **options)['payment_id']

    def _record_paid(self, intent):
        """Let a QR be paid, and the payment be recorded but not booked; return its row."""
        self._pay(intent)
        intent._record(intent._fetch_new_payments())
        return intent.payment_ids

    def _register_payment(self, invoice):
        """Pay an invoice in another way."""
        wizard = invoice.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids
        ).create({})
        wizard._create_payments()

    def _reconcile(self, env):
        """Let somebody compare QPay's list of payments with the ledger."""
        reconciliation = env['qpay.reconciliation'].create({
            'provider_id': env['payment.provider'].search([
                ('code', '=', 'qpay'), ('state', '!=', 'disabled'),
            ], limit=1).id,
        })
        reconciliation.action_run()
        return reconciliation

    def _call_back(self, intent, payment_id):
        """Let QPay call."""
        callback = self.system['qpay.callback']._receive(intent, payment_id)
        self.own.cr.commit()
        return callback

    # === WHAT THE BOOKS SAY === #

    def _status_at_qpay(self, intent):
        [status] = [
            invoice['invoice_status'] for invoice in self.qpay.invoices()
            if invoice['sender_invoice_no'] == intent.name
        ]
        return status

    def assertBookedOnce(self, *payment_ids):
        """Each of QPay's payments is in the books once."""
        self.own.cr.commit()
        booked = self.system['account.payment'].search([('qpay_txn_id', 'in', payment_ids)])
        self.assertEqual(sorted(booked.mapped('qpay_txn_id')), sorted(payment_ids))
