"""Quotations and sales orders paid by QPay: what salespeople do, and what is booked."""

from datetime import timedelta

from lxml import html

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CREATE = 'POST /v2/invoice'


class OrderCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user('qpay_seller', "Худалдагч", 'sales_team.group_sale_salesman')
        cls.product = cls.env['product.product'].create({
            'name': 'Сургалт', 'type': 'service', 'invoice_policy': 'order', 'taxes_id': [],
        })

    def _create_order(self, amount=100000, deposit=None, user=None, **values):
        """Return a quotation; it requires to be paid as far as a deposit says."""
        return self.env['sale.order'].sudo().create({
            'partner_id': self.customer.id,
            'company_id': self.company.id,
            'user_id': (user or self.seller).id,
            'require_signature': False,
            'require_payment': deposit is not None,
            'prepayment_percent': deposit or 1,
            'order_line': [Command.create({
                'product_id': self.product.id, 'price_unit': amount, 'tax_ids': [],
            })],
            **values,
        })

    def _create_order_intent(self, order, amount=None):
        document = documents.of(order)
        return document.get_or_create_intent(amount or document.get_default_amount())

    def _pay_in_another_way(self, order, amount):
        self._create_transaction(
            'direct', reference=f'cash-{order.id}', sale_order_ids=[Command.set(order.ids)],
            amount=amount, state='done', provider_id=self.dummy_provider.id,
            payment_method_id=self.payment_method_id,
        )

    def _open_dialog(self, order, user=None):
        return self.env['qpay.qr.wizard'].with_user(user or self.seller).create({
            'res_model': 'sale.order', 'res_id': order.id,
        })


@tagged('post_install', '-at_install')
class TestBooking(OrderCase):

    def test_paid_in_full_confirms_the_quotation(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self.assertEqual((intent.object_type, intent.amount), ('booking', 100000))
        self.assertEqual((intent.res_model, intent.res_id), ('sale.order', order.id))

        payment = self._pay_and_settle(intent)

        self.assertEqual(order.state, 'sale')
        self.assertEqual(order.amount_paid, 100000)
        booked = self._account_payments(payment['payment_id'])
        self.assertEqual((booked.amount, booked.state), (100000, 'in_process'))
        self.assertEqual(order.transaction_ids.mapped('state'), ['done'])

    def test_deposit_confirms_the_quotation_and_the_rest_can_be_asked_for(self):
        order = self._create_order(deposit=0.3)
        intent = self._create_order_intent(order)
        self.assertEqual(intent.amount, 30000)

        self._pay_and_settle(intent)

        self.assertEqual((order.state, order.amount_paid), ('sale', 30000))
        rest = self._create_order_intent(order)
        self.assertEqual(rest.amount, 70000)
        self._pay_and_settle(rest)
        self.assertEqual(order.amount_paid, 100000)
        with self.assertRaisesRegex(UserError, "already paid"):
            self._create_order_intent(order, 1)

    def test_deposit_is_named_to_the_payer(self):
        order = self._create_order(deposit=0.3)
        intent = self._create_order_intent(order)
        self.authenticate(None, None)
        self.opener.cookies.set('frontend_lang', 'en_US')
        page = self.url_open(f'/payment/qpay/pay/{intent.id}/{intent.access_token}')
        text = html.fromstring(page.text).text_content()
        self.assertIn("Deposit; the order's total is 100,000.00", text)

    def test_less_than_the_deposit_is_booked_but_confirms_nothing(self):
        order = self._create_order(deposit=0.5)
        self._pay_and_settle(self._create_order_intent(order, 20000))
        self.assertEqual((order.state, order.amount_paid), ('draft', 20000))
        self.assertEqual(self._create_order_intent(order).amount, 30000)

    def test_money_is_reconciled_with_the_invoice_of_the_order(self):
        order = self._create_order(deposit=1)
        self._pay_and_settle(self._create_order_intent(order))
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertIn(invoice.payment_state, ('paid', 'in_payment'))

    def test_twenty_callbacks_confirm_once(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        payment = self._pay(intent)
        for _call in range(20):
            self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(len(self._account_payments(payment['payment_id'])), 1)
        self.assertEqual(order.amount_paid, 100000)

    def test_payment_after_cancellation_is_the_customers_credit(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        order._action_cancel()
        self._expire(intent)
        self.assertEqual(intent.state, 'cancelled')

        self._pay_and_settle(intent)

        self.assertEqual(order.state, 'cancel')
        self.assertEqual(self._credit(), 100000)
        self.assertIn("after the QR had ended", self._note(self._ledger(intent)))

    def test_money_for_an_order_that_takes_none_any_more_is_told_about(self):
        for change in (
            lambda order: order._action_cancel(),
            lambda order: self._pay_in_another_way(order, 100000),
            lambda order: self._pay_in_another_way(order, 60000),
            lambda order: order.unlink(),
        ):
            order = self._create_order(deposit=1)
            intent = self._create_order_intent(order)
            payment = self._pay(intent)
            change(order)
            self._call_back(intent, payment['payment_id'])
            self._process_callbacks()
            row = self._ledger(intent)
            self.assertEqual((row.state, row.discrepancy), ('settled', 'surplus'))
            self.assertIn("customer's credit", self._note(row))
            self.assertEqual(self._account_payments(payment['payment_id']).amount, 100000)

    def test_page_of_a_deleted_quotation_says_so(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        path = f'/payment/qpay/pay/{intent.id}/{intent.access_token}'
        order.unlink()
        self._recheck()
        self.authenticate(None, None)
        page = html.fromstring(self.url_open(path).text)
        [root] = page.xpath("//*[contains(@class, 'o_qpay_page')]")
        self.assertEqual(root.get('data-view'), 'ended')
        self.assertIn("has been deleted", page.text_content())

    def test_part_for_a_cancelled_order_is_credit(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        payment = self._pay(intent, amount=40000)
        order._action_cancel()
        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()
        self.assertEqual(self._ledger(intent).discrepancy, 'surplus')

    def test_second_payer_is_credit(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._pay_and_settle(intent)
        self._pay_and_settle(intent)
        self.assertEqual(order.amount_paid, 200000)
        self.assertEqual(self._ledger(intent).mapped('discrepancy').count('double'), 1)


@tagged('post_install', '-at_install')
class TestEndOfOrders(OrderCase):

    def test_cancelled_order_ends_its_qr_while_somebody_looks(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        order._action_cancel()
        self._check_route(intent.id, access_token=intent.access_token)
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')
        [invoice] = self.qpay.invoices()
        self.assertEqual(invoice['invoice_status'], 'CANCELED')

    def test_order_paid_in_another_way_ends_its_qr(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._pay_in_another_way(order, 100000)
        self._check_route(intent.id, access_token=intent.access_token)
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')

    def test_order_paid_in_another_way_ends_its_qr_when_qpay_is_asked_too(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        intent.sudo().last_check_at = fields.Datetime.now() - timedelta(hours=1)
        self._pay_in_another_way(order, 100000)
        self._check_route(intent.id, access_token=intent.access_token)
        self._recheck()
        self.assertEqual(intent.state, 'cancelled')

    def test_what_cannot_be_paid_is_refused(self):
        cancelled = self._create_order()
        cancelled._action_cancel()
        expired = self._create_order(
            validity_date=fields.Date.today() - timedelta(days=1)
        )
        invoiced = self._create_order()
        invoiced.action_confirm()
        invoiced._create_invoices().action_post()
        in_dollars = self._create_order()
        in_dollars.currency_id = self.env.ref('base.USD')
        for order, reason in (
            (cancelled, "The order is cancelled"),
            (expired, "The quotation has expired"),
            (invoiced, "The order is invoiced"),
            (in_dollars, "another currency"),
            (self._create_order(amount=0), "nothing to pay"),
        ):
            with self.subTest(reason=reason), self.assertRaisesRegex(UserError, reason):
                self._create_order_intent(order, 1000)
        self.assertEqual(self._calls(CREATE), 0)


@tagged('post_install', '-at_install')
class TestOrderLink(OrderCase):

    def test_link_of_a_quotation_leads_to_its_deposit(self):
        order = self._create_order(deposit=0.3)
        answer = self._renew(order)
        intent = self.env['qpay.intent'].search([('res_model', '=', 'sale.order')], limit=1)
        self.assertEqual(answer['url'], f'/payment/qpay/pay/{intent.id}/{intent.access_token}')
        self.assertEqual(intent.amount, 30000)

    def test_changed_quotation_gets_a_qr_of_what_confirms_it(self):
        order = self._create_order(deposit=1)
        intent = self._create_order_intent(order)
        self._expire(intent)
        order.order_line.price_unit = 120000
        self.authenticate(None, None)
        self.make_jsonrpc_request('/payment/qpay/renew', {
            'intent_id': intent.id, 'access_token': intent.access_token,
        })
        self.env.invalidate_all()
        fresh = self.env['qpay.intent'].search([('res_id', '=', order.id)]) - intent
        self.assertEqual((fresh.state, fresh.amount), ('new', 120000))

    def _renew(self, order):
        kind, order_id, token = documents.of(order).get_link().split('/link/')[1].split('/')
        self.authenticate(None, None)
        answer = self.make_jsonrpc_request('/payment/qpay/renew', {
            'kind': kind, 'document_id': int(order_id), 'token': token,
        })
        self.env.invalidate_all()
        return answer


@tagged('post_install', '-at_install')
class TestSalespeople(OrderCase):

    def test_form_of_the_order_has_the_button(self):
        view = self.env['sale.order'].with_user(self.seller).get_view(view_type='form')
        self.assertIn('o_qpay_qr_button', view['arch'])
        invoice_view = self.env['account.move'].with_user(self.accountant).get_view(
            view_type='form'
        )
        self.assertNotIn('o_qpay_qr_button', invoice_view['arch'])

    def test_salesperson_makes_and_watches_a_qr(self):
        order = self._create_order(deposit=0.3)
        wizard = self._open_dialog(order)
        self.assertEqual((wizard.amount, wizard.amount_max), (30000, 100000))
        self.assertEqual(wizard.environment, 'sandbox')
        self.assertTrue(wizard.document_link)

        wizard.action_generate()

        intent = wizard.intent_id.sudo()
        self.assertEqual((intent.state, intent.amount), ('new', 30000))
        with Form(wizard) as dialog:
            self.assertEqual(dialog.environment, 'sandbox')
        self.authenticate('qpay_seller', 'qpay_seller')
        # As if it had just been made: a look asks QPay after a while, and then nobody does so soon.
        self._age(intent, -const.VIEW_CHECK_DELAYS[0])
        self.assertEqual(self._check_route(intent.id)['result']['state'], 'new')
        self._pay(intent)
        intent.with_user(self.seller).action_check()
        self.assertEqual(order.state, 'sale')

    def test_salesperson_cancels_a_qr(self):
        wizard = self._open_dialog(self._create_order())
        wizard.action_generate()
        wizard.intent_id.action_cancel()
        self.assertEqual(wizard.intent_id.sudo().state, 'cancelled')

    def test_open_qr_is_shown_again(self):
        order = self._create_order()
        intent = self._create_order_intent(order)
        self.assertEqual(self._open_dialog(order).intent_id.sudo(), intent)

    def test_amount_is_limited(self):
        for amount in (0, -1, 100000.01):
            with self.subTest(amount=amount), self.assertRaises(ValidationError):
                self._open_dialog(self._create_order()).amount = amount

    def test_other_peoples_orders_are_not_theirs(self):
        colleague = self._create_user('qpay_other', "Өөр", 'sales_team.group_sale_salesman')
        order = self._create_order(user=colleague)
        intent = self._create_order_intent(order)
        with self.assertRaises(AccessError):
            self._open_dialog(order)
        for method in ('action_check', 'action_cancel'):
            with self.assertRaises(AccessError):
                getattr(intent.with_user(self.seller), method)()
        self.authenticate('qpay_seller', 'qpay_seller')
        self.assertIn('error', self._check_route(intent.id))

    def test_qrs_of_invoices_are_not_theirs(self):
        intent = self._create_intent(self._create_invoice())
        self.authenticate('qpay_seller', 'qpay_seller')
        self.assertIn('error', self._check_route(intent.id))
        with self.assertRaises(AccessError):
            intent.with_user(self.seller).action_cancel()

    def test_dialog_shows_the_qr_of_its_own_document_only(self):
        intent = self._create_intent(self._create_invoice())
        with self.assertRaises(ValidationError):
            self._open_dialog(self._create_order()).write({'intent_id': intent.id})
