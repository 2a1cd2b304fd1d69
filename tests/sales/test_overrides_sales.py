"""Orders that have nothing to do with QPay, and people who may not see orders."""

import os
from unittest.mock import patch

from odoo import Command
from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.payment_qpay.tests.cases.core_answers import ask_core
from odoo.addons.payment_qpay.tests.cases.overrides_case import TableOfOverrides
from odoo.addons.payment_qpay.tests.sales.test_orders import OrderCase

DIALOG = 'payment_qpay.action_qpay_qr'


@tagged('post_install', '-at_install')
class TestTableWithSales(TableOfOverrides, TransactionCase):
    """With shop and till, more of Odoo may be overridden."""


@tagged('post_install', '-at_install')
class TestOrdersOfOthers(OrderCase):

    # === THE BUTTON === #

    def _button(self, **options):
        arch, _view = self.env['sale.order']._get_view(**options)
        return arch.findall('.//button[@class="o_qpay_qr_button"]')

    def test_button_is_on_the_form_only(self):
        self.assertEqual(len(self._button(view_type='form')), 1)
        for kind in ('list', 'kanban', 'search', 'pivot', 'graph', 'calendar', 'activity'):
            with self.subTest(kind=kind):
                self.assertFalse(self._button(view_type=kind))

    def test_forms_of_all_sorts_open(self):
        for arch, count in (
            ('<form><field name="name"/></form>', 0),
            ('<form><sheet><header/><field name="name"/></sheet></form>', 0),
            ('<form><field name="order_line"><form><header/></form></field></form>', 0),
            ('<form><header/><header/><field name="name"/></form>', 1),
        ):
            with self.subTest(arch=arch):
                view = self.env['ir.ui.view'].create({
                    'name': "x", 'model': 'sale.order', 'type': 'form', 'arch': arch,
                    'priority': 99,
                })
                self.assertEqual(len(self._button(view_id=view.id)), count)

    def test_form_opens_without_the_dialog(self):
        self.env.ref(DIALOG).unlink()
        self.assertFalse(self._button(view_type='form'))
        with Form(self._create_order().with_user(self.seller)) as form:
            form.client_order_ref = "Өөрчилсөн"

    # === CHANGES === #

    def test_orders_without_a_qr_are_changed(self):
        orders = self._create_order() | self._create_order()
        orders.with_user(self.seller).write({'client_order_ref': "x", 'state': 'sent'})
        self.env.cr.precommit.run()
        self.assertEqual(
            orders._message_track([], {}), ask_core(orders, '_message_track', [], {})
        )
        orders.with_user(self.seller).action_confirm()
        self.env.cr.precommit.run()
        self.assertEqual(set(orders.mapped('state')), {'sale'})

    def test_order_is_changed_while_the_server_is_set_up_wrongly(self):
        order = self._create_order()
        self._create_order_intent(order)
        with patch.dict(os.environ, {'QPAY_ENV': 'nonsense'}):
            order.order_line.price_unit = 5
            order.action_cancel()
            self.env.cr.precommit.run()
        self.assertEqual(order.state, 'cancel')

    def test_order_that_is_deleted_at_once(self):
        order = self._create_order()
        order.client_order_ref = "x"
        order.unlink()
        self.env.cr.precommit.run()
        self.assertFalse(order.exists())

    # === WHO MAY NOT SEE ORDERS === #

    def test_who_may_not_see_orders_registers_a_part_payment(self):
        """Odoo itself looks at the order when the invoice is posted and when it is paid in full."""
        order = self._create_order()
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        biller = self._create_user('qpay_biller', "Нэхэмжлэгч", 'account.group_account_invoice')
        self.env['ir.model.access'].search([
            ('model_id.model', 'in', ('sale.order', 'sale.order.line')),
        ]).write({'perm_read': False})
        self.assertFalse(order.with_user(biller).has_access('read'))

        self.env['account.payment.register'].with_user(biller).with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'amount': 40000})._create_payments()

        self.assertEqual(invoice.amount_residual, 60000)

    # === MESSAGES === #

    def test_employee_who_cancels_the_qr_of_an_order_is_named(self):
        order = self._create_order(500)
        intent = self._create_order_intent(order)
        before = order.message_ids

        _result, error = self._call_kw(intent, 'action_cancel', login=self.seller.login)

        self.assertFalse(error)
        [message] = (order.message_ids - before).filtered('preview')
        self.assertEqual(message.author_id, self.seller.partner_id)
        self.assertEqual(message.preview, "The QPay QR over 500.00 ₮ was cancelled.")

    def test_others_who_pay_an_order(self):
        order = self._create_order(500)
        transaction = self._create_transaction(
            'direct', provider_id=self.dummy_provider.id, reference='other', amount=500,
            currency_id=self.mnt.id, partner_id=self.customer.id,
            sale_order_ids=[Command.set(order.ids)],
        )
        transaction._set_done()
        transaction._post_process()
        self.assertEqual((order.state, transaction.payment_id.amount), ('sale', 500))
        self.assertFalse(transaction.payment_id.qpay_txn_id)
