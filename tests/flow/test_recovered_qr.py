"""A QR whose answer was lost and whose payment was found has no expiry, and fails nowhere."""

from contextlib import suppress
from unittest.mock import patch

from lxml import etree

from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestRecoveredQr(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        create_invoice = QPayClient.create_invoice

        def _die(client, request):
            create_invoice(client, request)
            raise KeyboardInterrupt

        # The process dies while QPay makes the QR; a part of it is paid.
        with patch.object(QPayClient, 'create_invoice', _die), suppress(KeyboardInterrupt):
            self._create_intent(self.bill)
        self.intent = self.bill.sudo().qpay_intent_ids
        self.payment = self.qpay.pay(self.qpay.invoices()[0]['invoice_id'], amount=5000)
        self._call_back(self.intent, self.payment['payment_id'])
        self._process_callbacks()

    def test_it_is_recovered_without_an_expiry(self):
        self.assertEqual((self.intent.state, self.intent.expires_at), ('new', False))
        self.assertEqual(self.bill.amount_residual, 10000)

    def test_whoever_looks_at_it(self):
        token = self.intent.access_token
        self.assertIn('result', self._check_route(self.intent.id, access_token=token))
        page = self.url_open(f'/payment/qpay/pay/{self.intent.id}/{token}')
        self.assertEqual(page.status_code, 200)
        self.assertFalse(self.intent._is_payable())
        self.assertEqual(self.intent._get_seconds_left(), 0)
        action = self.bill.with_user(self.accountant).action_qpay_qr()
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as wizard:
            self.assertFalse(wizard.intent_id)

    def test_lists_and_forms_show_it(self):
        for view_type in ('list', 'form'):
            view = self.intent.sudo(False).with_user(self.accountant).get_view(None, view_type)
            fields_shown = {
                node.get('name'): {} for node in etree.fromstring(view['arch']).iter('field')
                if not node.xpath('ancestor::field')
            }
            [shown] = self.intent.sudo(False).with_user(self.accountant).web_read(fields_shown)
            self.assertFalse(shown['expires_at'])

    def test_whoever_asks_for_its_state(self):
        self.assertFalse(self.intent._get_status_payload()['expires_at'])

    def test_payer_of_it_gets_a_new_qr(self):
        rest = self.intent._renew()
        self.assertEqual((rest.amount, rest.state), (10000, 'new'))
        self.assertEqual(self.intent.state, 'cancelled')

    def test_comparison_takes_in_what_else_is_paid_by_it(self):
        self.qpay.pay(self.qpay.invoices()[0]['invoice_id'], amount=10000)
        self.assertEqual(self._reconcile().state, 'done')
        self.assertEqual((self.intent.state, self.bill.amount_residual), ('paid', 0))

    def test_scheduled_action_ends_it(self):
        self._recheck(self.intent)
        self.assertEqual(self.intent.state, 'cancelled')

    def test_new_qr_takes_its_place(self):
        self._recheck(self.intent)
        rest = self._create_intent(self.bill)
        self.assertEqual((rest.amount, rest.state), (10000, 'new'))

    def test_asking_for_the_same_again(self):
        intent = documents.of(self.bill).get_or_create_intent(10000)
        self.assertNotEqual(intent, self.intent)
        self.assertEqual((self.intent.state, intent.state), ('cancelled', 'new'))
