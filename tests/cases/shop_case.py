"""People who sell and buy: in the shop, by quotations, at the till."""

import re

from odoo.addons.payment_qpay.dev.demo.data import SELLER
from odoo.addons.payment_qpay.tests.cases.payment_form_case import PaymentFormCase

# A page of the shop asks for the cart in several requests of Odoo's own, which write the order.
CART_COLLISION = re.compile(
    r'[^\n]* bad query: b\' ?UPDATE "sale_order"[^\n]*\n'
    r'ERROR: could not serialize access due to concurrent update\n'
    r' *\n'
    r'[^\n]* SERIALIZATION_FAILURE, \d tries left[^\n]*\n'
)


class ShopCase(PaymentFormCase):
    """A browser, and a server with shop, orders and till."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls.server.log_in(SELLER['login'], SELLER['password'])
        [cls.seller_id] = cls.seller.call('res.users', 'search', [('login', '=', SELLER['login'])])

    def _leave_out_known(self, lines):
        """Odoo tries again what has collided with itself in the cart."""
        return re.sub(CART_COLLISION, '', '\n'.join(super()._leave_out_known(lines))).split('\n')

    def _find_product(self):
        """Return a product that is neither stored nor delivered."""
        return self.seller.call('product.product', 'search', [
            ('type', '=', 'service'), ('available_in_pos', '=', True),
        ], limit=1)[0]

    def _create_quotation(self, price, **values):
        """Create a quotation over an amount without taxes, which its customer is to confirm.

        :return: Its id, and its page in the portal with the customer's token.
        """
        [customer_id] = self.seller.call('res.partner', 'search', [('vat', '=', '5234568')])
        order_id = self.seller.call('sale.order', 'create', {
            'partner_id': customer_id,
            'require_signature': False,
            'require_payment': True,
            'order_line': [(0, 0, {
                'product_id': self._find_product(), 'price_unit': price, 'tax_ids': [(5, 0, 0)],
            })],
            **values,
        })
        self.seller.call('sale.order', 'action_quotation_sent', [order_id])
        return order_id, self.seller.call('sale.order', 'get_portal_url', [order_id])

    def assertOrderPaid(self, order_id, qr, payment_id, amount):
        """The order is confirmed, and paid by exactly one payment: QPay's."""
        query = self.database.query
        self.assertEqual(query('SELECT state FROM sale_order WHERE id = %s', order_id), [('sale',)])
        self.assertEqual(
            query('SELECT t.id, t.state, t.amount, t.is_post_processed FROM payment_transaction t'
                  ' JOIN sale_order_transaction_rel r ON r.transaction_id = t.id'
                  ' WHERE r.sale_order_id = %s', order_id),
            [(qr['transaction_id'], 'done', amount, True)],
        )
        self.assertEqual(
            query('SELECT amount, payment_transaction_id, state IN (%s, %s) FROM account_payment'
                  ' WHERE qpay_txn_id = %s', 'in_process', 'paid', payment_id),
            [(amount, qr['transaction_id'], True)],
        )
        self.assertEqual(
            query('SELECT state, amount_paid FROM qpay_intent WHERE id = %s', qr['id']),
            [('paid', amount)],
        )
