"""Another module adds a kind of documents, and changes ours, without patching: `docs/extending.md`.

The module is `tests/addons/payment_qpay_school`, really installed in a database of its own.
"""

import importlib
from unittest.mock import patch

from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases import school_odoo
from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase
from odoo.addons.payment_qpay.tests.cases.odoo_server import OdooServer, fetch

MODULE = 'payment_qpay_school'


class SchoolCase(InterleavingCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        school_odoo.find_addons()
        # Loading modules would run their tests.
        with patch.dict(config.options, test_enable=False):
            cls.registry = Registry.new(
                cls.database.name, update_module=True, install_modules=[MODULE]
            )

    def _create_fee(self, amount=90000, **values):
        fee = self.own['school.fee'].create({
            'name': 'Сургалтын төлбөр',
            'partner_id': self.own['res.partner'].search([('vat', '=', '5234568')], limit=1).id,
            'amount': amount,
            **values,
        })
        self.own.cr.commit()
        return fee

    def _ask(self, fee, amount=None):
        """Ask for a QR in the dialog, and return it in sudo mode."""
        dialog = self.own['qpay.qr.wizard'].create({
            'res_model': fee._name, 'res_id': fee.id, **({'amount': amount} if amount else {}),
        })
        dialog.action_generate()
        self.own.cr.commit()
        return dialog.intent_id.with_env(self.system)

    def _pay_and_settle(self, intent, **options):
        payment_id = self._pay(intent, **options)
        self._call_back(intent, payment_id)
        self.system['qpay.callback']._cron_process()
        self.own.cr.commit()
        return payment_id


@tagged('post_install', '-at_install')
class TestOwnKind(SchoolCase):
    """A school has its fees paid by QPay."""

    def test_callback_pays_it(self):
        fee = self._create_fee()
        intent = self._ask(fee)
        self.assertEqual((intent.state, intent.amount), ('new', 90000))
        self.assertEqual((intent.object_type, intent._get_document()), ('booking', fee))
        payment_id = self._pay_and_settle(intent)
        self.assertBookedOnce(payment_id)
        row = intent.payment_ids
        self.assertEqual((row.state, row.discrepancy), ('settled', False))
        self.assertEqual(row.account_payment_id.partner_id, fee.partner_id.commercial_partner_id)
        self.assertIn(intent.name, row.transaction_id.reference)
        self.assertEqual((fee.amount_paid, intent.state), (90000, 'paid'))
        self.assertTrue(documents.of(fee).is_paid())

    def test_parts_and_too_much(self):
        fee = self._create_fee()
        first = self._ask(fee, 40000)
        self.assertTrue(first.has_chosen_amount)
        first.action_check()
        self._pay(first)
        first.last_check_at = False
        first.action_check()
        self.assertEqual(documents.of(fee).get_maximum_amount(), 50000)
        second = self._ask(fee)
        self.assertEqual(second.amount, 50000)
        fee.amount = 60000
        self.own.cr.commit()
        self._pay_and_settle(second)
        self.assertEqual(second.payment_ids.discrepancy, 'surplus')
        self.assertTrue(second.payment_ids.activity_ids)
        self.assertTrue(documents.of(fee).is_paid())

    def test_money_that_waits_is_not_asked_for_again(self):
        fee = self._create_fee()
        self._record_paid(self._ask(fee))
        document = documents.of(fee)
        self.assertEqual(document.get_unpaid_amount(), 90000)
        self.assertEqual(document.get_maximum_amount(), 0)
        self.assertIn('being booked', document.get_waiting_reason())

    def test_changes_end_the_qr(self):
        other = self.own['res.partner'].create({'name': 'Өөр'})
        for change in ({'amount': 80000}, {'amount': 100000}, {'partner_id': other.id}):
            with self.subTest(change):
                fee = self._create_fee()
                intent = self._ask(fee)
                fee.write(change)
                self.own.cr.commit()
                self.system['qpay.intent']._cron_recheck()
                self.own.cr.commit()
                self.assertEqual(intent.state, 'cancelled')
                self.assertEqual(self._status_at_qpay(intent), 'CANCELED')

    def test_pupil_who_has_left(self):
        fee = self._create_fee()
        intent = self._ask(fee)
        fee.active = False
        self.own.cr.commit()
        self._pay_and_settle(intent)
        self.assertEqual(intent.payment_ids.discrepancy, 'surplus')
        self.assertEqual(fee.amount_paid, 0)

    def test_payment_form_and_refund(self):
        fee = self._create_fee()
        intent = self._ask(fee)
        provider = intent.provider_id
        transaction = self.system['payment.transaction'].create({
            'provider_id': provider.id,
            'payment_method_id': intent.transaction_id.payment_method_id.id,
            'amount': 90000,
            'currency_id': fee.currency_id.id,
            'partner_id': fee.partner_id.id,
            'school_fee_id': fee.id,
            'operation': 'online_redirect',
            'reference': f'FEE-{fee.id}',
        })
        self.assertEqual(documents.of_transaction(transaction).records, fee)
        transaction._get_processing_values()
        self.assertEqual((intent.transaction_id, intent.state), (transaction, 'new'))
        self._pay_and_settle(intent, method='CARD')
        self.assertEqual(fee.amount_paid, 90000)
        transaction._refund()
        self.own.cr.commit()
        self.assertEqual(intent.payment_ids.status, 'refunded')

    def test_permanent_link(self):
        fee = self._create_fee()
        link = documents.of(fee).get_link()
        path = link[link.index('/payment/qpay/link/school/'):]
        server = OdooServer(
            self.database.name, self.database.name, 0, {'QPAY_CALLBACK_URL': '{url}'},
            program=school_odoo.__file__,
        )
        self.addCleanup(server.kill)
        server.start()
        with self.assertRaisesRegex(OSError, '404'):
            fetch(f'{server.url}{path}x')
        _status, page = fetch(server.url + path)
        self.assertIn(fee.name, page)
        self.assertIn('data-view="opening"', page)
        intent = self._ask(fee)
        _status, page = fetch(server.url + path)
        self.assertIn('data-view="open"', page)
        self.assertIn(intent.qr_text, page)


@tagged('post_install', '-at_install')
class TestChangedKind(SchoolCase):
    """The school's module asks for half of an invoice first."""

    def test_half_of_invoices(self):
        invoice = self._create_invoice(30000)
        self.assertEqual(invoice.qpay_create_intent()['amount'], 15000)
        intent = invoice.qpay_intent_ids.with_env(self.system)
        self._pay_and_settle(intent)
        self.assertEqual(invoice.amount_residual, 15000)
        self.assertEqual(invoice.qpay_create_intent()['amount'], 15000)
        self.assertEqual(documents.of(invoice).get_maximum_amount(), 15000)

    def test_several_changes_are_joined(self):
        document = documents.of(self._create_invoice(30000))
        names = [cls.__name__ for cls in type(document).__mro__]
        self.assertEqual(names[1:4], ['HalfInvoiceDocument', 'InvoiceDocument', 'Document'])


@tagged('post_install', '-at_install')
class TestNotInstalled(TransactionCase):
    """What is imported, but not installed in a database, does nothing there."""

    def setUp(self):
        super().setUp()
        school_odoo.find_addons()
        module = importlib.import_module(f'odoo.addons.{MODULE}.models.school_fee')
        self.kind = module.SchoolFeeDocument

    def test_nothing_changes(self):
        self.assertNotIn('school.fee', self.env)
        moves = self.env['account.move']
        self.assertIs(type(documents.of(moves)), documents.InvoiceDocument)
        self.assertNotIn(self.kind, self.env['qpay.intent']._get_document_classes().values())
        self.assertIsNone(documents.of_link(self.env, self.kind.link_name, 1, 'token'))
        self.assertFalse(documents.is_asked_for(self.env, 'school.fee'))
        self.assertTrue(documents.is_asked_for(self.env, 'account.move'))
