"""Who gets in at the payer's page, what it gives away, and what other sites can do with it."""

import json
import logging
from unittest.mock import patch

from lxml import html

from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.flow.test_pay_page import PayPageCase

SECRET_HEADERS = {
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex',
}


@tagged('post_install', '-at_install')
class TestPageSecurity(PayPageCase):

    def setUp(self):
        super().setUp()
        self.customer.write({
            'phone': '+976 9911 2233', 'email': 'payer@mail.example', 'vat': 'УБ12345678',
            'street': 'Яармаг 41-12',
        })
        self.intent = self._create_intent(self.bill)
        self.addresses = (self._path(self.intent), self._create_invoice(700).qpay_link)

    def test_nothing_is_cached_framed_indexed_or_passed_on(self):
        for address in (*self.addresses, self.bill.qpay_link):
            with self.subTest(address=address):
                headers = self._open(address).headers
                self.assertEqual({**headers, **SECRET_HEADERS}, dict(headers))
                self.assertIn("frame-ancestors 'none'", headers['Content-Security-Policy'])

    def test_only_what_the_payer_needs_is_shown(self):
        for address in self.addresses:
            text = self._open(address).text
            for secret in (
                '9911 2233', 'payer@mail.example', 'УБ12345678', 'Яармаг', self.customer.name,
                self.intent.callback_token, self.provider.qpay_client_secret,
                self.intent.qpay_invoice_id,
            ):
                with self.subTest(address=address, secret=secret):
                    self.assertNotIn(secret, text)

    def test_page_has_no_code_in_its_markup(self):
        """A strict content security policy must be able to allow the page."""
        root = self._get_root(self.addresses[0])
        self.assertFalse(root.xpath('.//script'))
        self.assertFalse(root.xpath('.//@*[starts-with(name(), "on")]'))
        self.assertFalse(root.xpath('.//@style'))
        self.assertFalse(root.xpath('.//@*[starts-with(., "javascript:")]'))

    def test_addresses_are_not_logged(self):
        kind, document_id, token = self._split(self.bill.qpay_link)
        with self.assertLogs('werkzeug', logging.INFO) as logs:
            for address in (
                *self.addresses, f'{self.bill.qpay_link}/qr.png',
                f'/payment/qpay/receipt/{self.intent.id}/{self.intent.access_token}',
            ):
                self._open(address)
        text = '\n'.join(logs.output)
        self.assertIn(f'/payment/qpay/link/{kind}/{document_id}/[REDACTED]', text)
        self.assertIn(f'/payment/qpay/receipt/{self.intent.id}/[REDACTED]', text)
        self.assertNotIn(token, text)
        self.assertNotIn(self.intent.access_token, text)

    def test_tokens_are_compared_in_constant_time(self):
        with (
            patch('odoo.addons.payment_qpay.models.qpay_intent_access.consteq') as compare_intent,
            patch('odoo.addons.payment_qpay.documents.link.consteq') as compare_document,
        ):
            compare_intent.return_value = compare_document.return_value = False
            for address in self.addresses:
                self.assertEqual(self._open(address).status_code, 404)
            unknown = '/payment/qpay/pay/999999999/x', '/payment/qpay/link/invoice/999999999/x'
            for address in unknown:
                self.assertEqual(self._open(address).status_code, 404)
        # Whose language it is is asked first, in the same way.
        self.assertEqual(compare_intent.call_count, 4)
        self.assertEqual(compare_document.call_count, 4)

    def test_tokens_cannot_be_guessed(self):
        self.assertGreaterEqual(len(self.intent.access_token), 32)
        self.assertGreaterEqual(len(self._split(self.bill.qpay_link)[2]), 32)
        other = self._create_intent(self._create_invoice(100))
        self.assertEqual(
            self._open(f'/payment/qpay/pay/{other.id}/{self.intent.access_token}').status_code, 404
        )


@tagged('post_install', '-at_install')
class TestForgedRequests(PayPageCase):
    """Another site can have a payer's browser send forms and plain texts, but no JSON."""

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self.bill)
        kind, document_id, token = self._split(self.bill.qpay_link)
        by_token = {'intent_id': self.intent.id, 'access_token': self.intent.access_token}
        self.requests = {
            '/payment/qpay/renew': {'kind': kind, 'document_id': document_id, 'token': token},
            '/payment/qpay/check': {**by_token, 'now': True},
            '/payment/qpay/ebarimt': {**by_token, 'receiver_type': 'citizen'},
        }

    def test_forms_and_plain_texts_are_refused_and_change_nothing(self):
        self._expire(self.intent)
        self.qpay.reset_calls()
        for login in (None, 'qpay_accountant'):
            self.authenticate(login, login)
            for route, params in self.requests.items():
                body = json.dumps({'jsonrpc': '2.0', 'method': 'call', 'params': params})
                for content_type, data in (
                    ('application/x-www-form-urlencoded', params),
                    ('multipart/form-data; boundary=x', body),
                    ('text/plain', body),
                ):
                    with self.subTest(route=route, content_type=content_type, login=login):
                        answer = self.url_open(route, data=data, headers={
                            'Content-Type': content_type, 'Origin': 'https://elsewhere.example',
                        })
                        self.assertGreaterEqual(answer.status_code, 400)
                        self.assertNotIn('intent_id', answer.text)
        self.env.invalidate_all()
        self.assertEqual(self.qpay.calls(), {})
        self.assertEqual(self._intents(), self.intent)
        self.assertFalse(self.intent.ebarimt_receiver_type)

    def test_other_sites_may_not_send_json(self):
        """A browser asks before it sends JSON to another site; nothing here permits it."""
        for route in self.requests:
            answer = self.url_open(route, method='OPTIONS', headers={
                'Origin': 'https://elsewhere.example',
                'Access-Control-Request-Method': 'POST',
                'Access-Control-Request-Headers': 'content-type',
            })
            self.assertNotIn('Access-Control-Allow-Origin', answer.headers)

    def test_wrong_tokens_are_answered_alike(self):
        for route, params in self.requests.items():
            names = [name for name in params if 'token' in name]
            for wrong in ({names[0]: 'x'}, {'intent_id': 999999999, 'document_id': 999999999}):
                with self.subTest(route=route, wrong=wrong):
                    answer = self.url_open(route, json={'params': {**params, **wrong}})
                    self.assertEqual(answer.status_code, 403)
                    self.assertEqual(answer.json()['error']['code'], 403)


@tagged('post_install', '-at_install')
class TestPageLanguage(PayPageCase):

    def setUp(self):
        super().setUp()
        self.customer.lang = 'mn_MN'
        self.intent = self._create_intent(self.bill)
        self.addresses = (
            self._path(self.intent), documents.of(self._create_invoice(700)).get_link(),
        )

    def test_page_speaks_the_customers_language(self):
        for address in self.addresses:
            self.assertEqual(self._get_language(address), 'mn-MN')

    def test_chosen_language_wins(self):
        for address in self.addresses:
            self.assertEqual(self._get_language(address, cookie='en_US'), 'en-US')
            path = '/' + address.split('/', 3)[3] if '://' in address else address
            self.assertEqual(self._get_language(f'/mn{path}'), 'mn-MN')
            self.customer.lang = 'en_US'
            self.assertEqual(self._get_language(f'/mn{path}'), 'mn-MN')
            self.customer.lang = 'mn_MN'

    def test_language_that_is_not_switched_on_is_left_to_the_browser(self):
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'fr_FR' WHERE id = %s", self.customer.ids
        )
        self.env.invalidate_all()
        for address in self.addresses:
            self.assertEqual(self._get_language(address), 'en-US')

    def test_wrong_token_tells_no_language(self):
        answer = self._open(f'{self.addresses[0]}x')
        self.assertEqual(answer.status_code, 404)

    def _get_language(self, address, cookie=None):
        """Open an address with a fresh browser, and return the language of the page."""
        self.authenticate(None, None)
        self.opener.cookies.pop('frontend_lang', None)
        if cookie:
            self.opener.cookies.set('frontend_lang', cookie)
        answer = self.url_open(address)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.text).get('lang')
