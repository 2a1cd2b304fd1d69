"""What asks QPay commits before: it refuses where that would be half of somebody else's work."""

import itertools
from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase


@tagged('post_install', '-at_install')
class TestCommits(InterleavingCase):
    """Each test looks with a second connection at what is committed."""

    numbers = itertools.count()

    def setUp(self):
        super().setUp()
        self.company = self.own.company.sudo()

    @contextmanager
    def _refused(self, message):
        """Something is refused in words, QPay is not asked, and nothing is committed."""
        self.qpay.reset_calls()
        half = f'half done {next(self.numbers)}'
        self.company.email = half
        self.own.flush_all()
        with self.assertRaisesRegex(UserError, message):
            yield
        self.assertEqual(self.qpay.calls(), {})
        self.assertNotEqual(self._get_committed_email(), half)
        # Whoever asked goes on: its own work is still there to be committed, or not.
        self.assertEqual(self.company.email, half)

    def _get_committed_email(self):
        with self._rival() as env:
            return env['res.company'].browse(self.company.id).email

    def _create_uncommitted(self):
        invoice = self.own['account.move'].create({
            'move_type': 'out_invoice',
            'partner_id': self.own['res.partner'].search([('vat', '=', '5234568')], limit=1).id,
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': 15000, 'tax_ids': [(5, 0, 0)],
            })],
        })
        invoice.action_post()
        return invoice

    # === DOCUMENTS THAT ARE NOT COMMITTED === #

    def test_new_invoice(self):
        invoice = self._create_uncommitted()
        for ask in (
            invoice.qpay_create_intent,
            lambda: documents.of(invoice).get_or_create_intent(15000),
            lambda: self._open_dialog(invoice).action_generate(),
        ):
            with self._refused('is saved'):
                ask()
        with self._rival() as env:
            self.assertFalse(invoice.with_env(env).exists())
        self.own.cr.commit()
        self.assertEqual(invoice.qpay_create_intent()['state'], 'new')

    def test_changed_invoice(self):
        invoice = self._create_invoice()
        invoice.ref = 'a half of something'
        with self._refused('is saved'):
            invoice.qpay_create_intent()
        self.own.cr.rollback()
        self.assertEqual(invoice.qpay_create_intent()['state'], 'new')

    def test_one_of_several(self):
        first, second = self._create_invoice(), self._create_uncommitted()
        with self._refused(second.name):
            (first | second).qpay_create_intent()

    def test_changes_that_are_released_with_a_savepoint(self):
        invoice = self._create_invoice()
        with self.own.cr.savepoint():
            invoice.ref = 'a half of something'
        with self._refused('is saved'):
            invoice.qpay_create_intent()

    def test_what_others_have_changed_is_committed(self):
        invoice = self._create_invoice()
        self.own.cr.execute('SELECT pg_current_xact_id()')
        with self._rival() as env:
            invoice.with_env(env).ref = 'theirs'
        self.assertEqual(invoice.qpay_create_intent()['state'], 'new')

    # === SAVEPOINTS === #

    def _open_dialog(self, invoice):
        return self.own['qpay.qr.wizard'].create({
            'res_model': 'account.move', 'res_id': invoice.id,
        })

    def _buttons(self):
        """Return everything that asks QPay, by its name."""
        invoice, intent = self._create_invoice(), self._create_qr()
        self._pay(intent)
        row = self._record_paid(self._create_qr())
        callback = self._call_back(intent, '')
        reconciliation = self.own['qpay.reconciliation'].create({
            'provider_id': intent.provider_id.id,
        })
        settled = self._create_qr()
        self._pay(settled, method='CARD')
        settled._sync_payments()
        dialog = self._open_dialog(self._create_invoice())
        self.own.cr.commit()
        own = self.own
        return {
            'create intent': invoice.qpay_create_intent,
            'generate': dialog.action_generate,
            'check': intent.with_env(own).action_check,
            'cancel': intent.with_env(own).action_cancel,
            'simulate': intent.with_env(self.system).action_simulate_payment,
            'settle': row.with_env(own).action_settle,
            'process': callback.with_env(own).action_process,
            'compare': reconciliation.action_run,
            'refund': settled.payment_ids.transaction_id._refund,
            'payment form': lambda: intent.transaction_id._get_processing_values(),
            'take back': row.with_env(own).action_take_back,
            'book refund': row.with_env(own).action_book_refund,
        }

    def test_savepoint(self):
        for name, press in self._buttons().items():
            with self.subTest(name), self._refused('savepoint'), self.own.cr.savepoint():
                press()
            self.own.cr.rollback()

    def test_nested_savepoint_of_a_module_that_goes_on(self):
        invoice = self._create_invoice()
        with self.own.cr.savepoint():
            with self._refused('savepoint'), self.own.cr.savepoint():
                invoice.qpay_create_intent()
            self.company.email = 'all'
        self.own.cr.commit()
        self.assertEqual(self._get_committed_email(), 'all')
        self.assertEqual(invoice.qpay_create_intent()['state'], 'new')

    def test_savepoint_that_is_over(self):
        invoice = self._create_invoice()
        with self.own.cr.savepoint():
            self.company.email = 'all'
        self.assertEqual(invoice.qpay_create_intent()['state'], 'new')
