"""Payers of one document share a QR, but not the way on from it: each goes on as the form of his
own session says, and only to pages of this site.
"""

from contextlib import contextmanager

from lxml import html

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.checks import is_own_path
from odoo.addons.payment_qpay.tests.flow.test_pay_page import PayPageCase

HOSTILE = (
    'javascript:alert(document.domain)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'https://evil.example/my/invoices/1',
    'http:evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '\x01//evil.example',
    '/./\n/evil.example',
    '/.//evil.example',
    '/my/..//evil.example',
)


@tagged('post_install', '-at_install')
class TestOwnPaths(BaseCase):

    def test_nothing_else_is_a_path_of_this_site(self):
        for address in (*HOSTILE, '', False, None, 'my/invoices', 'evil.example'):
            with self.subTest(address=address):
                self.assertFalse(is_own_path(address))

    def test_what_odoo_leads_to_is_one(self):
        for address in (
            '/', '/my/invoices/5?access_token=a-b', '/shop/payment/validate', '/mn/my/орд?a=1#top',
            '/pos/pay/confirmation/7?access_token=a&exit_route=https%3A%2F%2Ftill.example',
        ):
            with self.subTest(address=address):
                self.assertTrue(is_own_path(address))


@tagged('post_install', '-at_install')
class TestWhereOthersLead(PayPageCase):

    def setUp(self):
        super().setUp()
        self._take_bill(self.bill)

    def _take_bill(self, bill):
        """Let this be the invoice that everybody pays."""
        self.bill = bill
        self.token = bill._portal_ensure_token()
        self.way = f'/my/invoices/{bill.id}?access_token={self.token}'

    @contextmanager
    def _payer(self, payer=None):
        """Be one of several payers, each with a browser of his own.

        :param payer: The one who has been here before; by default somebody new.
        """
        if not payer:
            self.session = None  # The others' sessions go on.
            self.authenticate(None, None)
            payer = self.session, self.opener
        self.session, self.opener = payer
        yield payer

    def _start(self, landing_route):
        """Choose QPay in the form of the invoice's portal page; the browser may say what it will.

        :return: The path of the payer's page, to which the form leads.
        """
        values = self.make_jsonrpc_request(f'/invoice/transaction/{self.bill.id}', {
            'access_token': self.token,
            'provider_id': self.provider.id,
            'payment_method_id': self.provider.payment_method_ids[:1].id,
            'token_id': None,
            'amount': self.bill.amount_residual,
            'flow': 'redirect',
            'tokenization_requested': False,
            'landing_route': landing_route,
        })
        self.env.invalidate_all()
        return html.fromstring(values['redirect_form_html']).get('action')

    def _get_ways(self, path):
        """Return where the payer's page leads who looks at it now."""
        page = html.fromstring(self.url_open(path).content)
        return {link.get('href') for link in page.find_class('o_qpay_continue')}

    def _poll_odoo(self):
        """Return where Odoo's own page of the status leads the present session."""
        return self.make_jsonrpc_request('/payment/status/poll')['landing_route']

    def test_who_starts_later_does_not_lead_the_others(self):
        for landing_route in (*HOSTILE, '/web/session/logout'):
            with self.subTest(landing_route=landing_route):
                self._take_bill(self._create_invoice(700))
                with self._payer() as honest:
                    path = self._start(self.way)
                with self._payer():
                    self.assertEqual(self._start(landing_route), path)
                with self._payer(honest):
                    self.url_open(path)
                    self._pay_and_settle(self._intents())
                    self.assertEqual(self._get_ways(path), {self.way})
                    self.assertEqual(self._poll_odoo(), self.way)

    def test_who_starts_first_does_not_lead_the_others(self):
        with self._payer():
            path = self._start(HOSTILE[0])
        with self._payer():
            self.assertEqual(self._start(self.way), path)
            self._pay_and_settle(self._intents())
            self.assertEqual(self._get_ways(path), {self.way})

    def test_own_form_leads_to_this_site_only(self):
        with self._payer():
            path = self._start(HOSTILE[0])
            self._pay_and_settle(self._intents())
            self.assertEqual(self._get_ways(path), set())

    def test_confirmation_is_that_of_the_confirmed_transaction(self):
        with self._payer() as honest:
            path = self._start('/payment/confirmation?tx_id=1&access_token=mine')
        with self._payer():
            self._start('/payment/confirmation?tx_id=2&access_token=his')
        with self._payer(honest):
            self._pay_and_settle(self._intents())
            [way] = self._get_ways(path)
            self.assertIn(self._intents().transaction_id.reference, self.url_open(way).text)
