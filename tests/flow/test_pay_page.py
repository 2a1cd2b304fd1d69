"""The payer's way to a QR over HTTP: the permanent link, new QRs and the receipt."""

import base64
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.qr_code import draw_qr
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CREATE = 'POST /v2/invoice'


class PayPageCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)

    def _open(self, path):
        """Open a page as somebody who is not signed in, and return the answer."""
        self.authenticate(None, None)
        return self.url_open(path, allow_redirects=False)

    def _get_root(self, path):
        """Open a page and return the element that holds its state."""
        answer = self._open(path)
        self.assertEqual(answer.status_code, 200)
        [root] = html.fromstring(answer.text).xpath("//*[contains(@class, 'o_qpay_page')]")
        return root

    def _get_view(self, path):
        return self._get_root(path).get('data-view')

    def _renew(self, **params):
        """Press "Get a new QR" as somebody who is not signed in."""
        self.authenticate(None, None)
        answer = self.make_jsonrpc_request('/payment/qpay/renew', params)
        self.env.invalidate_all()
        return answer

    def _renew_by_link(self, document=None):
        kind, document_id, token = self._split(documents.of(document or self.bill).get_link())
        return self._renew(kind=kind, document_id=int(document_id), token=token)

    def _renew_intent(self, intent):
        return self._renew(intent_id=intent.id, access_token=intent.access_token)

    @staticmethod
    def _split(link):
        return link.split('/payment/qpay/link/')[1].split('/')

    @staticmethod
    def _path(intent):
        return f'/payment/qpay/pay/{intent.id}/{intent.access_token}'

    def _intents(self, document=None):
        return self.env['qpay.intent'].sudo().search([
            ('invoice_ids', 'in', (document or self.bill).ids),
        ])


@tagged('post_install', '-at_install')
class TestPermanentLink(PayPageCase):

    def test_link_is_the_same_for_ever(self):
        link = self.bill.qpay_link
        self._pay_and_settle(self._create_intent(self.bill))
        self.assertEqual(self.bill.qpay_link, link)
        self.assertLess(len(link.partition('/payment/')[2]), 70)

    def test_each_document_has_its_own_token(self):
        other = self._create_invoice(7000)
        own_token = self._split(self.bill.qpay_link)[2]
        self.assertNotEqual(own_token, self._split(other.qpay_link)[2])
        self.assertEqual(
            self._open(f'/payment/qpay/link/invoice/{other.id}/{own_token}').status_code, 404
        )

    def test_looking_at_the_link_makes_no_qr(self):
        """Messengers fetch links to show what is behind them."""
        for _visit in range(3):
            root = self._get_root(self.bill.qpay_link)
            self.assertEqual(root.get('data-view'), 'opening')
        self.assertFalse(self._intents())
        self.assertEqual(self._calls(CREATE), 0)

    def test_page_asks_for_the_qr_and_goes_to_it(self):
        answer = self._renew_by_link()
        intent = self._intents()
        self.assertEqual(answer, {'url': self._path(intent), 'message': '', 'view': 'open'})
        self.assertEqual(intent.amount, 15000)
        self.assertEqual(self._get_root(answer['url']).get('data-view'), 'open')

    def test_opening_again_and_again_keeps_one_open_qr(self):
        urls = {self._renew_by_link()['url'] for _visit in range(4)}
        self.assertEqual(len(urls), 1)
        redirect = self._open(self.bill.qpay_link)
        self.assertEqual(redirect.status_code, 303)
        self.assertTrue(redirect.headers['Location'].endswith(urls.pop()))
        self.assertEqual(self._calls(CREATE), 1)
        self.assertEqual(self._intents().mapped('state'), ['new'])

    def test_open_qr_of_another_amount_is_kept(self):
        """The accountant has asked for a part: the payer's link leads to the same QR."""
        part = self._create_intent(self.bill, 5000)
        self.assertEqual(self._renew_by_link()['url'], self._path(part))

    def test_says_paid_when_paid_by_qpay(self):
        intent = self._create_intent(self.bill)
        self._pay_and_settle(intent)
        root = self._get_root(self.bill.qpay_link)
        self.assertEqual(root.get('data-view'), 'settled')
        self.assertIn(f'/payment/qpay/receipt/{intent.id}/', html.tostring(root).decode())

    def test_says_paid_when_paid_in_another_way(self):
        self._register_payment(self.bill)
        root = self._get_root(self.bill.qpay_link)
        self.assertEqual(root.get('data-view'), 'settled')
        self.assertIn("The invoice is already paid.", root.text_content())
        answer = self._renew_by_link()
        self.assertEqual((answer['url'], answer['view']), ('', 'settled'))
        self.assertEqual(answer['message'], "The invoice is already paid.")
        self.assertEqual(self._calls(CREATE), 0)

    def test_says_that_the_invoice_is_cancelled(self):
        link = self.bill.qpay_link
        self.bill.button_draft()
        self.bill.button_cancel()
        root = self._get_root(link)
        self.assertEqual(root.get('data-view'), 'ended')
        self.assertIn("The invoice is cancelled.", root.text_content())
        self.assertEqual(self._renew_by_link()['view'], 'ended')

    def test_unpaid_rest_can_be_paid_by_the_same_link(self):
        self._pay_and_settle(self._create_intent(self.bill, 5000))
        self.assertEqual(self._get_root(self.bill.qpay_link).get('data-view'), 'opening')
        self._renew_by_link()
        self.assertEqual(self._intents().filtered(lambda i: i.state == 'new').amount, 10000)

    def test_wrong_links_are_not_found(self):
        kind, document_id, token = self._split(self.bill.qpay_link)
        for path in (
            f'{kind}/{document_id}/{token[:-1]}x',
            f'{kind}/{document_id}/{token}x',
            f'{kind}/999999999/{token}',
            f'{kind}/{document_id}99999999999999999999/{token}',
            f'order/{document_id}/{token}',
            f'pos.order/{document_id}/{token}',
            f'{kind}/{document_id}/%ED%A0%80',
        ):
            with self.subTest(path=path):
                self.assertEqual(self._open(f'/payment/qpay/link/{path}').status_code, 404)

    def test_drafts_and_bills_of_vendors_have_no_link(self):
        self.assertFalse(self._create_invoice(post=False).qpay_link)
        self.assertFalse(self._create_invoice(move_type='in_invoice').qpay_link)
        self.assertFalse(self._create_invoice(move_type='out_refund').qpay_link)
        self.provider.state = 'disabled'
        self.bill.invalidate_recordset(['qpay_link'])
        self.assertFalse(self.bill.qpay_link)

    def test_picture_of_the_link_for_emails(self):
        answer = self._open(f'{self.bill.qpay_link}/qr.png')
        self.assertEqual(answer.headers['Content-Type'], 'image/png')
        self.assertEqual(answer.content, base64.b64decode(draw_qr(self.bill.qpay_link)))
        self.assertEqual(self._open(f'{self.bill.qpay_link}x/qr.png').status_code, 404)

    def _register_payment(self, invoice):
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({})._create_payments()


@tagged('post_install', '-at_install')
class TestNewQr(PayPageCase):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self.bill)

    def test_expired_qr_is_renewed(self):
        self._expire(self.intent)
        self.assertEqual(self._get_root(self._path(self.intent)).get('data-view'), 'expired')

        answer = self._renew_intent(self.intent)

        fresh = self._intents() - self.intent
        self.assertEqual(answer['url'], self._path(fresh))
        self.assertEqual((fresh.state, fresh.amount), ('new', 15000))
        self._pay_and_settle(fresh)
        self.assertEqual(self.bill.amount_residual, 0)

    def test_expired_qr_that_was_not_yet_closed_is_renewed(self):
        self.intent.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        answer = self._renew_intent(self.intent)
        self.assertNotEqual(answer['url'], self._path(self.intent))
        self.assertEqual(self.intent.state, 'cancelled')

    def test_open_qr_is_kept(self):
        self.assertEqual(self._renew_intent(self.intent)['url'], self._path(self.intent))
        self.assertEqual(self._calls(CREATE), 1)

    def test_two_payers_get_the_same_new_qr(self):
        self._expire(self.intent)
        first, second = (self._renew_intent(self.intent) for _payer in range(2))
        self.assertEqual(first['url'], second['url'])
        self.assertEqual(self._calls(CREATE), 2)

    def test_qr_that_was_paid_at_the_last_moment_is_not_renewed(self):
        self._pay(self.intent)
        self.intent.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        answer = self._renew_intent(self.intent)
        self.assertEqual((answer['url'], answer['view']), ('', 'paid'))
        self.assertEqual(self.bill.amount_residual, 0)
        self.assertEqual(self._calls(CREATE), 1)

    def test_invoice_paid_in_another_way_is_not_asked_for_again(self):
        self._pay_and_settle(self._create_intent(self.bill))
        self._expire(self.intent)
        answer = self._renew_intent(self.intent)
        self.assertEqual(answer['url'], '')

    def test_only_what_is_still_owed_is_asked_for(self):
        self._expire(self.intent)
        self._pay_and_settle(self._create_intent(self.bill, 9000))
        self._renew_intent(self.intent)
        self.assertEqual(self._intents().filtered(lambda i: i.state == 'new').amount, 6000)

    def test_qpay_that_does_not_answer_can_be_asked_again(self):
        self._expire(self.intent)
        with self._qpay_down():
            answer = self._renew_intent(self.intent)
        self.assertEqual((answer['url'], answer['view']), ('', 'expired'))
        self.assertIn("QPay cannot be used at this moment", answer['message'])
        self.assertTrue(self._renew_intent(self.intent)['url'])

    def test_payers_do_not_have_qr_after_qr_made(self):
        for _round in range(const.PUBLIC_QR_LIMIT - 1):
            self._expire(self._intents().filtered(lambda i: i.state == 'new'))
            self.assertTrue(self._renew_intent(self.intent)['url'])
        self._expire(self._intents().filtered(lambda i: i.state == 'new'))

        refused = self._renew_intent(self.intent)

        self.assertEqual(refused['url'], '')
        self.assertEqual(
            refused['message'], "Too many QRs were asked for. Please try again in 10 minutes."
        )
        self.assertEqual(self._calls(CREATE), const.PUBLIC_QR_LIMIT)
        self.assertTrue(self._renew_by_link(self._create_invoice(100))['url'])
        self._age(self._intents(), const.PUBLIC_QR_PERIOD)
        self.assertTrue(self._renew_intent(self.intent)['url'])

    def test_accountants_are_not_held_up(self):
        for amount in range(1000, 1000 + const.PUBLIC_QR_LIMIT + 2):
            self._create_intent(self.bill, amount)
        self.assertEqual(self._calls(CREATE), const.PUBLIC_QR_LIMIT + 3)

    def test_wrong_tokens_make_nothing(self):
        self._expire(self.intent)
        kind, document_id, token = self._split(self.bill.qpay_link)
        for params in (
            {},
            {'intent_id': self.intent.id},
            {'intent_id': self.intent.id, 'access_token': self.intent.callback_token},
            {'intent_id': {'a': 1}, 'access_token': ['x']},
            {'kind': kind, 'document_id': document_id, 'token': token[::-1]},
            {'kind': 'account.move', 'document_id': document_id, 'token': token},
        ):
            with self.subTest(params=params):
                answer = self.url_open('/payment/qpay/renew', json={'params': params})
                self.assertEqual(answer.status_code, 403)
        self.assertEqual(self._calls(CREATE), 1)


@tagged('post_install', '-at_install')
class TestReceipt(PayPageCase):

    def test_receipt_of_what_was_paid(self):
        intent = self._create_intent(self.bill)
        path = f'/payment/qpay/receipt/{intent.id}/{intent.access_token}'
        self.assertEqual(self._open(path).status_code, 404)
        self._pay_and_settle(intent)

        self._open(path)
        self.env['qpay.receipt'].sudo()._cron_make()
        answer = self._open(path)

        self.assertEqual(answer.status_code, 200)
        self.assertIn('15,000', html.fromstring(answer.content).text_content())
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')

    def test_receipt_needs_the_token(self):
        intent = self._create_intent(self.bill)
        self._pay_and_settle(intent)
        for token in ('x', intent.callback_token):
            self.assertEqual(
                self._open(f'/payment/qpay/receipt/{intent.id}/{token}').status_code, 404
            )

    def test_receipt_is_offered_once_the_payment_is_booked(self):
        intent = self._create_intent(self.bill)
        path = f'/payment/qpay/receipt/{intent.id}/{intent.access_token}'
        # A payment of the provider must have been booked before its journal can go.
        self._pay_and_settle(self._create_intent(self._create_invoice(100)))
        journals = self._take_journals_away()

        self._pay_and_settle(intent)

        self.assertEqual(self._ledger(intent).state, 'needs_attention')
        root = self._get_root(self._path(intent))
        self.assertEqual(root.get('data-view'), 'paid')
        self.assertNotIn('/payment/qpay/receipt/', html.tostring(root).decode())
        self.assertEqual(self._open(path).status_code, 404)

        journals.active = True
        self._call_kw(self._ledger(intent), 'action_settle')
        self.assertIn(path, html.tostring(self._get_root(self._path(intent))).decode())
        self.assertEqual(self._open(path).status_code, 200)
