"""Providers and transactions that are not QPay's: Odoo does what it always does."""

import os
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.tests import new_test_user, tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.core_answers import ask_core

STATES = ('draft', 'pending', 'done', 'cancel', 'error')
OPERATIONS = ('online_redirect', 'online_direct', 'offline', 'validation', 'refund')


@tagged('post_install', '-at_install')
class TestTransactionsOfOthers(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(1000)
        self.transaction = self._create_others()

    def _create_others(self, number=0, **values):
        return self._create_transaction('direct', **{
            'provider_id': self.dummy_provider.id,
            'reference': f'other-{number}',
            'currency_id': self.mnt.id,
            'amount': 1000,
            'partner_id': self.customer.id,
            'invoice_ids': self.bill.ids,
            **values,
        })

    def assertAsCore(self, records, name, *args, **options):
        self.assertEqual(
            getattr(records, name)(*args, **options), ask_core(records, name, *args, **options)
        )

    def test_rendering_and_processing(self):
        transaction = self.transaction
        for values in ({}, {'reference': 'x', 'amount': None}, None):
            self.assertAsCore(transaction, '_get_specific_rendering_values', values)
            self.assertAsCore(transaction, '_extract_amount_data', values)
            self.assertAsCore(transaction, '_apply_updates', values)
        self.assertAsCore(transaction, '_send_refund_request')

    def test_processing_of_any_operation(self):
        for number, operation in enumerate(OPERATIONS, 1):
            for invoices in (self.bill.ids, False):
                for currency in (self.mnt, self.env.ref('base.USD')):
                    with self.subTest(operation=operation, invoices=invoices, currency=currency):
                        transaction = self._create_others(
                            f'{number}-{bool(invoices)}-{currency.name}', operation=operation,
                            invoice_ids=invoices, currency_id=currency.id,
                        )
                        self.assertAsCore(transaction, '_get_processing_values')

    def test_messages(self):
        number = 1
        for operation in OPERATIONS:
            for state in STATES:
                with self.subTest(operation=operation, state=state):
                    transaction = self._create_others(
                        number, operation=operation, state=state, state_message="Шалтгаан",
                    )
                    number += 1
                    self.assertAsCore(transaction, '_get_received_message')

    def test_messages_are_posted_as_odoo_does(self):
        several = self.transaction | self._create_others(1) | self._create_others(2)
        for uid in (self.accountant.id, self.env.ref('base.public_user').id, SUPERUSER_ID):
            for name in ('_log_sent_message', '_log_received_message'):
                for records in (several.browse(), self.transaction, several):
                    records = records.with_user(uid).sudo()
                    records.state = 'pending'
                    before = self.bill.message_ids
                    self.assertIsNone(getattr(records, name)())
                    ours = self.bill.message_ids - before
                    before = self.bill.message_ids
                    ask_core(records, name)
                    core = self.bill.message_ids - before
                    self.assertEqual(_told(ours), _told(core))
                    self.assertEqual(len(ours), len(records))

    def test_payment_is_booked(self):
        self.transaction._set_done()
        self.transaction._post_process()
        payment = self.transaction.payment_id
        self.assertEqual((payment.amount, payment.qpay_txn_id), (1000, False))
        self.assertEqual(self.bill.amount_residual, 0)

    def test_payment_with_values_of_others(self):
        payment = self.transaction._create_payment(memo="Миний", date='2026-11-05')
        self.assertEqual((payment.memo, str(payment.date)), ("Миний", '2026-11-05'))
        self.assertEqual(self.transaction.payment_id, payment)

    def test_payment_without_a_document(self):
        transaction = self._create_others(1, invoice_ids=False)
        payment = transaction._create_payment()
        self.assertEqual((payment.amount, payment.memo), (1000, 'other-1 - '))

    def test_refund(self):
        self.transaction._set_done()
        for amount in (None, 400, 1000):
            with self.subTest(amount=amount):
                refund = self.transaction._refund(amount_to_refund=amount)
                self.assertEqual((refund.amount, refund.operation), (-(amount or 1000), 'refund'))

    def test_qpay_transaction_that_is_not_in_the_ledger(self):
        """Somebody may confirm one by hand, or by a program."""
        transaction = self._create_others(
            1, provider_id=self.provider.id, payment_method_id=self.provider.with_context(
                active_test=False
            ).payment_method_ids[:1].id,
        )
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(transaction.payment_id.amount, 1000)
        self.assertFalse(transaction.payment_id.qpay_txn_id)


def _told(messages):
    return [
        (message.author_id.id, str(message.body), message.subtype_id.id)
        for message in messages.sorted('id')
    ]


@tagged('post_install', '-at_install')
class TestProvidersOfOthers(QPayCommon):

    def setUp(self):
        super().setUp()
        self.other = self.dummy_provider

    def test_no_providers_and_several(self):
        providers = self.env['payment.provider']
        for records in (providers, self.other, self.other | self.provider):
            self.assertTrue(records.write({'sequence': 3}))
            self.assertIsNone(records._check_required_if_provider())
            self.assertIsNone(records._compute_feature_support_fields())
        self.assertFalse(self.other.support_refund != 'none')
        self.assertEqual(self.provider.support_refund, 'full_only')
        self.assertFalse(providers.create([]))

    def test_values_of_others_are_odoos_own(self):
        new = self.env['payment.provider'].new({'code': 'none'})
        unsaved = self.env['payment.provider'].new({'code': 'qpay', 'state': 'test'})
        for name in ('_get_supported_currencies', '_get_default_payment_method_codes'):
            for records in (self.other, new):
                with self.subTest(name=name, records=records):
                    self.assertEqual(getattr(records, name)(), ask_core(records, name))
            self.assertTrue(getattr(unsaved, name)())
        self.assertIsNone(new._ensure_payment_method_line())
        self.assertIsNone(unsaved._ensure_payment_method_line())

    def test_providers_of_others_are_switched(self):
        for state in ('disabled', 'enabled', 'disabled', 'test'):
            self.other.state = state
            self.assertEqual(self.other.state, state)
        copy = self.other.copy({'name': "Өөр"})
        self.assertEqual((copy.code, copy.state), ('none', 'disabled'))

    def test_secret_of_the_server_concerns_qpay_only(self):
        """Whoever may write another provider may not write QPay's settings."""
        employee = new_test_user(self.env, 'qpay_shop', 'base.group_user')
        self.env['ir.model.access'].create({
            'name': "x", 'model_id': self.env['ir.model']._get_id('payment.provider'),
            'group_id': self.env.ref('base.group_user').id, 'perm_read': True, 'perm_write': True,
            'perm_create': True, 'perm_unlink': False,
        })
        self.provider.qpay_client_secret = 'stored earlier'
        with patch.dict(os.environ, {'QPAY_CLIENT_SECRET': 'of the server'}):
            self.assertTrue(self.other.with_user(employee).write({'sequence': 7}))
            self.provider.write({'sequence': 7})
        self.assertFalse(self.provider.qpay_client_secret)

    def test_settings_are_whatever_odoo_takes_for_a_text(self):
        self.provider.write({'qpay_invoice_code': 12345, 'qpay_callback_url': False})
        self.assertEqual(self.provider.qpay_invoice_code, '12345')
        self.provider.qpay_invoice_code = '  TEST_INVOICE\n'
        self.assertEqual(self.provider.qpay_invoice_code, 'TEST_INVOICE')
