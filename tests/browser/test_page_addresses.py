"""Where QPay calls and where payers are led: never to an address that the present request names."""

from lxml import html

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_pay_page import PayPageCase


@tagged('post_install', '-at_install')
class TestAddresses(PayPageCase):

    def test_public_address_is_for_qpay_and_for_links(self):
        self.provider.qpay_callback_url = 'https://odoo.example.mn/ '
        intent = self._create_intent(self.bill)
        for address in (self.bill.qpay_link, intent.pay_url, self._get_callback_url()):
            self.assertTrue(address.startswith('https://odoo.example.mn/payment/qpay/'), address)

    def test_payer_of_a_form_stays_on_its_server(self):
        """The session, and with it the shop's confirmation, belong to the address of the form."""
        self.provider.qpay_callback_url = 'https://odoo.example.mn'
        transaction = self._create_transaction(
            'redirect', provider_id=self.provider.id, amount=15000, currency_id=self.mnt.id,
            payment_method_id=self.provider.payment_method_ids[:1].id,
            invoice_ids=self.bill.ids,
        )
        form = html.fromstring(transaction._get_processing_values()['redirect_form_html'])
        self.assertEqual(form.get('action'), self._path(self._intents()))

    def test_host_that_a_visitor_makes_up_is_not_called(self):
        base_url = self.env['ir.config_parameter'].sudo().get_param('web.base.url')
        kind, document_id, token = self._split(self.bill.qpay_link)
        params = {'kind': kind, 'document_id': int(document_id), 'token': token}
        answer = self.url_open(
            '/payment/qpay/renew', json={'params': params}, headers={'Host': 'evil.example'},
        )
        self.assertTrue(answer.json()['result']['url'])
        self.env.invalidate_all()
        for address in (self._get_callback_url(), self._intents().pay_url, self.bill.qpay_link):
            self.assertTrue(address.startswith(f'{base_url}/payment/qpay/'), address)

    def test_link_that_is_sent_from_the_office_leads_to_the_public_server(self):
        base_url = self.env['ir.config_parameter'].sudo().get_param('web.base.url')
        self.authenticate('qpay_accountant', 'qpay_accountant')
        # A cookie of no host goes with every request.
        self.opener.cookies['session_id'] = self.session.sid
        answer = self.url_open('/web/dataset/call_kw', headers={'Host': '10.0.0.5:8069'}, json={
            'params': {
                'model': 'account.move',
                'method': 'read',
                'args': [self.bill.ids, ['qpay_link']],
                'kwargs': {},
            },
        })
        [values] = answer.json()['result']
        self.assertTrue(values['qpay_link'].startswith(f'{base_url}/payment/qpay/'))

    def _get_callback_url(self):
        """Return what QPay was told to call."""
        [invoice] = self.qpay.invoices()
        return invoice['callback_url']
