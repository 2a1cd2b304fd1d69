"""Every role at the QRs of sales orders, and all that the invoices' matrix proves once more, beside
salespeople and with the shop's own rules.
"""

from odoo.service.model import call_kw
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.flow import test_rights_matrix
from odoo.addons.payment_qpay.tests.sales.test_orders import OrderCase


@tagged('post_install', '-at_install')
class TestOrders(test_rights_matrix.MatrixCase, OrderCase):

    def _take_order(self, user):
        """Let a quotation of somebody's be what everybody is at."""
        self.order = self._create_order(user=user)
        self.order_intent = self._create_order_intent(self.order).sudo()
        self.dialogs['qpay.qr.wizard'] = {'res_model': 'sale.order', 'res_id': self.order.id}

    def _may_enter(self, role, entry):
        if entry == '/payment/qpay/check':
            self._sign_in(role)
            return 'error' not in self._check_route(self.order_intent.id)
        model, method = entry.rsplit('.', 1)
        if model != 'qpay.qr.wizard':
            return self._may_call(role, model, method, self.order_intent.ids)
        if method == 'create':
            return self._may_create(role, model, self.dialogs[model])
        return self._call_dialog(role, model, method)

    def _compare_entries(self, title):
        for row in self.table.rows('QRs of orders'):
            for entry in self.table.names(row['Entries']):
                with self.subTest(entry=entry, title=title):
                    allowed = {role for role in self.users if self._may_enter(role, entry)}
                    self._compare(allowed, self.table.who(row[title]), (entry, title))

    def test_every_role_at_an_order_of_ones_own(self):
        self._take_order(self.users['seller'])
        self._compare_entries("A seller's own order")

    def test_every_role_at_an_order_of_another_seller(self):
        self._take_order(self.users['administrator'])
        self._compare_entries("Another's order")

    def test_seller_sees_in_the_dialog_what_is_to_be_seen(self):
        self._take_order(self.users['seller'])
        dialog = self.env['qpay.qr.wizard'].with_user(self.users['seller']).create(
            self.dialogs['qpay.qr.wizard']
        )
        [shown] = call_kw(dialog, 'web_read', [dialog.ids], {'specification': {
            'intent_id': {'fields': {}}, 'amount': {}, 'payment_apps': {}, 'seconds_left': {},
            'environment': {}, 'ebarimt_receiver': {}, 'document_link': {},
        }})
        self.assertEqual(shown['intent_id'], self.order_intent.id)
        self.assertEqual((shown['amount'], shown['environment']), (100000, 'sandbox'))
        self.assertTrue(shown['payment_apps'])
        self.assertEqual(shown['document_link'], documents.of(self.order).get_link())


class TestRoutes(test_rights_matrix.TestRoutes):
    """The same where the website is."""


class TestMethods(test_rights_matrix.TestMethods):
    """The same with salespeople."""


class TestRecords(test_rights_matrix.TestRecords):
    """The same with salespeople."""


class TestFields(test_rights_matrix.TestFields):
    """The same with salespeople and the shop's rules."""
