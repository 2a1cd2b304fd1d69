"""What payers read when QPay cannot be used: the truth, but not the company's own affairs."""

from lxml import html

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_pay_page import CREATE, PayPageCase

NEUTRAL = (
    "QPay cannot be used at this moment. Please try again later, or pay in another way."
)


@tagged('post_install', '-at_install')
class TestQPayIsSwitchedOff(PayPageCase):

    def setUp(self):
        super().setUp()
        self.link = self.bill.qpay_link

    def test_printed_link_says_that_qpay_is_not_used_now(self):
        self.provider.state = 'disabled'
        root = self._get_root(self.link)
        self.assertEqual(root.get('data-view'), 'ended')
        self.assertIn(
            f"{self.company.name} does not take payments by QPay now.", root.text_content()
        )
        self.assertIn("Nothing can be paid here.", root.text_content())
        self.assertFalse(root.xpath("//*[contains(@class, 'o_qpay_renew ')]"))

    def test_paid_says_paid(self):
        intent = self._create_intent(self.bill)
        self._pay_and_settle(intent)
        self.provider.state = 'disabled'
        root = self._get_root(self.link)
        self.assertEqual(root.get('data-view'), 'settled')
        self.assertIn(f'/payment/qpay/receipt/{intent.id}/', html.tostring(root).decode())

    def test_page_of_an_expired_qr_offers_none(self):
        intent = self._create_intent(self.bill)
        self._expire(intent)
        self.provider.state = 'disabled'
        self.assertEqual(self._get_view(self._path(intent)), 'ended')
        answer = self._renew_intent(intent)
        self.assertEqual((answer['url'], answer['view']), ('', 'ended'))
        self.assertEqual(answer['message'], NEUTRAL)

    def test_emails_show_no_picture(self):
        self.provider.state = 'disabled'
        self.assertEqual(self._open(f'{self.link}/qr.png').status_code, 404)

    def test_link_works_again_when_qpay_does(self):
        self.provider.state = 'disabled'
        self._get_root(self.link)
        self.provider.state = 'test'
        self.assertEqual(self._get_view(self.link), 'opening')


@tagged('post_install', '-at_install')
class TestWhoIsTold(PayPageCase):

    def test_wrong_password_is_nothing_for_payers(self):
        self.provider.qpay_client_secret = 'wrong'
        self.assertEqual(self._renew_by_link()['message'], NEUTRAL)
        self.assertIn("does not accept the user name", self._intents().state_message)
        self.assertIn("does not accept the user name", self._renew_as_accountant()['message'])

    def test_missing_journal_is_nothing_for_payers(self):
        self._pay_and_settle(self._create_intent(self._create_invoice(100)))
        self._take_journals_away()
        self.assertEqual(self._renew_by_link()['message'], NEUTRAL)
        self.assertIn("has no payment journal", self._renew_as_accountant()['message'])

    def test_payment_form_tells_no_more(self):
        self.provider.qpay_client_secret = 'wrong'
        transaction = self._create_transaction(
            'redirect', provider_id=self.provider.id, amount=5000,
            payment_method_id=self.provider.payment_method_ids[:1].id,
        )
        public = self.env.ref('base.public_user')
        transaction.with_user(public).sudo()._get_specific_rendering_values({})
        self.assertEqual((transaction.state, transaction.state_message), ('error', NEUTRAL))

    def test_check_that_fails(self):
        intent = self._create_intent(self.bill)
        params = {'intent_id': intent.id, 'now': True}
        with self._qpay_down():
            self.authenticate(None, None)
            told = self._check_route(access_token=intent.access_token, **params)
            intent.last_check_at = False
            self.authenticate('qpay_accountant', 'qpay_accountant')
            told_to_accountant = self._check_route(**params)
        self.assertEqual(told['result']['message'], NEUTRAL)
        self.assertIn("QPay cannot be reached", told_to_accountant['result']['message'])

    def _renew_as_accountant(self):
        kind, document_id, token = self._split(self.bill.qpay_link)
        self.authenticate('qpay_accountant', 'qpay_accountant')
        return self.make_jsonrpc_request('/payment/qpay/renew', {
            'kind': kind, 'document_id': int(document_id), 'token': token,
        })


@tagged('post_install', '-at_install')
class TestQrInCreation(PayPageCase):

    def test_second_payer_waits_for_the_qr_of_the_first(self):
        intent = self.env['qpay.intent'].sudo().create({
            'name': 'QR-IN-CREATION',
            'provider_id': self.provider.id,
            'environment': 'sandbox',
            'object_type': 'invoice',
            'res_model': 'account.move',
            'res_id': self.bill.id,
            'invoice_ids': self.bill.ids,
            'document_currency_id': self.mnt.id,
            'document_amount': 15000,
            'currency_id': self.mnt.id,
            'amount': 15000,
            'recheck_at': fields.Datetime.now(),
        })
        answer = self._renew_by_link()
        self.assertEqual((answer['url'], answer['view']), ('', 'wait'))
        self.assertIn("being made at this moment", answer['message'])
        self.assertEqual(self._calls(CREATE), 0)
        self.assertEqual(intent.state, 'new')
