"""What tests of the till share."""

import uuid

from odoo import Command

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


class TillCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref('point_of_sale.group_pos_manager')
        cls.provider.journal_id = cls.company_data['default_journal_bank']
        online = cls.env['pos.payment.method'].create({
            'name': 'QPay',
            'is_online_payment': True,
            'online_payment_provider_ids': [Command.set(cls.provider.ids)],
        })
        cls.cash = cls.env['pos.payment.method'].create({
            'name': 'Бэлэн мөнгө', 'journal_id': cls.company_data['default_journal_cash'].id,
        })
        cls.till = cls.env['pos.config'].create({
            'name': 'Касс', 'payment_method_ids': [Command.set((cls.cash | online).ids)],
        })
        cls.product = cls.env['product.product'].create({
            'name': 'Засвар', 'type': 'service', 'available_in_pos': True, 'list_price': 8000,
            'taxes_id': [Command.clear()],
        })

    def setUp(self):
        super().setUp()
        self.session = self._open_session()

    def _open_session(self):
        self.till.open_ui()
        session = self.till.current_session_id
        session.set_opening_control(0, '')
        return session

    def _create_order(self, price=8000, quantity=1, **values):
        """Save an unpaid order as the till does."""
        saved = self.env['pos.order'].sync_from_ui([{
            'uuid': str(uuid.uuid4()),
            'session_id': self.session.id,
            'user_id': self.env.uid,
            'partner_id': self.customer.id,
            'access_token': str(uuid.uuid4()),
            'state': 'draft',
            'amount_paid': 0, 'amount_return': 0, 'amount_tax': 0, 'amount_total': price,
            'payment_ids': [],
            'lines': [(0, 0, {
                'product_id': self.product.id, 'qty': quantity,
                'price_unit': price / quantity,
                'price_subtotal': price, 'price_subtotal_incl': price, 'tax_ids': [(5, 0, 0)],
            })],
            **values,
        }])
        order = self.env['pos.order'].browse(saved['pos.order'][0]['id'])
        order.get_and_set_online_payments_data(price)
        return order

    def _take_cash(self, order, amount):
        """Take cash for an order, or give it back; the order is closed once all is paid."""
        self.env['pos.make.payment'].with_context(
            active_id=order.id, active_ids=order.ids
        ).create({'amount': amount, 'payment_method_id': self.cash.id}).check()

    def _close_session(self, session, cash=0):
        """Close the till; its entries balance or Odoo refuses."""
        session.post_closing_cash_details(cash)
        closed = session.close_session_from_ui()
        self.assertTrue(closed['successful'], closed)
        self.assertEqual(session.state, 'closed')

    def _get_receivable(self):
        """Return what stays open of the customer."""
        items = self.env['account.move.line'].search([
            ('partner_id', '=', self.customer.id), ('account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
        ])
        return sum(items.mapped('amount_residual'))
