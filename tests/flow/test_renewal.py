"""What a new QR takes over from an earlier one, and where its payer goes on."""

from lxml import html

import odoo.http
from odoo.tests import tagged

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.flow.test_pay_page import CREATE, PayPageCase

MONITORED = PaymentPostProcessing.MONITORED_TX_ID_KEY


class RenewalCase(PayPageCase):

    def _create_form_transaction(self, user=None, amount=15000, **values):
        """Let somebody choose QPay in Odoo's payment form.

        :return: The transaction, and its QR.
        """
        transaction = self._create_transaction(
            'redirect', provider_id=self.provider.id, amount=amount, currency_id=self.mnt.id,
            payment_method_id=self.provider.payment_method_ids[:1].id,
            reference=f'form-{self.env["payment.transaction"].search_count([])}',
            partner_id=self.customer.id, **values,
        )
        transaction.with_user(user or self.env.ref('base.public_user')).sudo()\
            ._get_specific_rendering_values({})
        intent = self.env['qpay.intent'].sudo().search([('transaction_id', '=', transaction.id)])
        return transaction, intent

    def _visit(self, intent, transaction):
        """Open the page of a QR as who has come from the payment form of a transaction.

        :return: Where the page lets the payer go on; '' if nowhere.
        """
        self.authenticate(None, None)
        self.session[MONITORED] = transaction.id
        odoo.http.root.session_store.save(self.session)
        page = html.fromstring(self.url_open(self._path(intent)).content)
        [*links] = {link.get('href') for link in page.find_class('o_qpay_continue')}
        self.assertLess(len(links), 2)
        return links[0] if links else ''


@tagged('post_install', '-at_install')
class TestWhereItsPayerGoesOn(RenewalCase):

    def setUp(self):
        super().setUp()
        self.way = f'/my/invoices/{self.bill.id}'
        self.transaction, self.intent = self._create_form_transaction(
            landing_route=self.way, invoice_ids=self.bill.ids,
        )

    def test_payer_of_a_form_goes_on_as_with_the_earlier_qr(self):
        self._expire(self.intent)
        self.assertEqual(self._visit(self.intent, self.transaction), self.way)
        self._renew_intent(self.intent)
        fresh = self._intents() - self.intent
        self.assertNotEqual(fresh.transaction_id, self.transaction)

        self._pay_and_settle(fresh)

        self.assertEqual(fresh.transaction_id.state, 'done')
        self.assertEqual(self._visit(fresh, self.transaction), self.way)

    def test_whoever_has_come_by_a_link_goes_on_nowhere(self):
        self._pay_and_settle(self.intent)
        self.assertNotIn('o_qpay_continue', self._open(self._path(self.intent)).text)

    def test_transaction_of_something_else_is_not_followed(self):
        other, _qr = self._create_form_transaction(landing_route='/my/home', amount=700)
        self._pay_and_settle(self.intent)
        self.assertEqual(self._visit(self.intent, other), '')

    def test_two_payers_of_one_qr_go_on_each_as_they_came(self):
        other, live = self._create_form_transaction(
            landing_route='/shop/payment/validate', invoice_ids=self.bill.ids,
        )
        self.assertEqual(live, self.intent)
        self._pay_and_settle(live)
        self.assertEqual(self._visit(live, self.transaction), self.way)
        self.assertEqual(self._visit(live, other), '/shop/payment/validate')

    def test_qr_of_an_accountant_does_not_take_the_way_away(self):
        """Its transaction leads nowhere, as does whoever opens it by a link."""
        self._expire(self.intent)
        plain = self._create_intent(self.bill)
        self._pay_and_settle(plain)
        self.assertEqual(self._visit(plain, self.transaction), self.way)

    def test_money_that_comes_late_is_followed(self):
        self._expire(self.intent)
        self._pay_and_settle(self.intent)
        confirmed = self._ledger(self.intent).transaction_id
        self.assertNotEqual(confirmed, self.transaction)
        self.assertEqual(self._visit(self.intent, self.transaction), self.way)

    def test_payment_that_is_not_booked_leads_nowhere(self):
        self._pay_and_settle(self._create_intent(self._create_invoice(100)))
        self._take_journals_away()
        self._pay_and_settle(self.intent)
        self.assertEqual(self._ledger(self.intent).state, 'needs_attention')
        self.assertEqual(self._visit(self.intent, self.transaction), '')

    def test_page_that_confirms_a_transaction_is_told_the_new_one(self):
        self.transaction.landing_route = (
            f'/pos/pay/confirmation/7?access_token=a%20b&tx_id={self.transaction.id}&exit_route='
        )
        self._expire(self.intent)
        self._renew_intent(self.intent)
        fresh = self._intents() - self.intent
        self._pay_and_settle(fresh)
        self.assertEqual(
            self._visit(fresh, self.transaction),
            '/pos/pay/confirmation/7?access_token=a+b'
            f'&tx_id={fresh.transaction_id.id}&exit_route=',
        )


@tagged('post_install', '-at_install')
class TestPaymentWithoutDocument(RenewalCase):
    """The payment form also takes money for nothing but itself."""

    def setUp(self):
        super().setUp()
        self.transaction, self.intent = self._create_form_transaction(amount=9000)

    def test_renewed_and_paid_once(self):
        self._expire(self.intent)
        self._renew_intent(self.intent)
        fresh = self._get_renewed()
        self.assertEqual(fresh.amount, 9000)

        payment = self._pay_and_settle(fresh)

        self.assertEqual(self._account_payments(payment['payment_id']).amount, 9000)
        self.assertTrue(documents.of(self.transaction).is_paid())
        self.assertEqual(self._get_view(self._path(self.intent)), 'settled')
        answer = self._renew_intent(self.intent)
        self.assertEqual((answer['url'], answer['view']), ('', 'settled'))
        self.assertEqual(self._calls(CREATE), 2)

    def test_rest_of_a_part_can_be_paid(self):
        self._expire(self.intent)
        self._renew_intent(self.intent)
        fresh = self._get_renewed()
        self._pay_and_settle(fresh, amount=4000)
        self._expire(fresh)
        self._renew_intent(fresh)
        self.assertEqual(self._get_renewed().amount, 5000)

    def test_new_confirmation_has_its_own_token(self):
        self.transaction.landing_route = (
            f'/payment/confirmation?tx_id={self.transaction.id}&access_token=old'
        )
        self._expire(self.intent)
        self._renew_intent(self.intent)
        fresh = self._get_renewed()
        self._pay_and_settle(fresh)
        way = self._visit(fresh, self.transaction)
        self.assertNotIn('access_token=old', way)
        page = self.url_open(way)
        self.assertEqual(page.status_code, 200)
        self.assertIn(fresh.transaction_id.reference, page.text)

    def test_payers_do_not_have_qr_after_qr_made(self):
        for _number in range(const.PUBLIC_QR_LIMIT - 1):
            self.assertTrue(self._create_form_transaction(amount=100)[1])
        refused, intent = self._create_form_transaction(amount=100)
        self.assertFalse(intent)
        self.assertEqual(refused.state, 'error')
        self.assertIn("Too many QRs were asked for", refused.state_message)
        self.assertEqual(self._calls(CREATE), const.PUBLIC_QR_LIMIT)

    def _get_renewed(self):
        return self.env['qpay.intent'].sudo().search([
            ('res_model', '=', 'payment.transaction'), ('state', '=', 'new'),
        ])
