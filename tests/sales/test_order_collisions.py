"""Orders that are paid while salespeople edit them."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.race.test_interleaving_bookings import EditedCase


@tagged('post_install', '-at_install')
class TestManyOrders(EditedCase):

    def setUp(self):
        super().setUp()
        self.product = self.system['product.product'].create({
            'name': 'Сургалт', 'type': 'service', 'invoice_policy': 'order', 'taxes_id': [],
        })
        self.company = self.own.user.company_id
        self.own.cr.commit()

    def _get_edit(self):
        return {'client_order_ref': 'Засав'}

    def _create_qr(self, amount=15000):
        """Return the QR of a new quotation, in sudo mode."""
        order = self.system['sale.order'].create({
            'partner_id': self.system['res.partner'].search([('vat', '=', '5234568')], limit=1).id,
            'company_id': self.company.id,
            'require_signature': False,
            'require_payment': True,
            'order_line': [(0, 0, {
                'product_id': self.product.id, 'price_unit': amount, 'tax_ids': [],
            })],
        })
        self.own.cr.commit()
        document = documents.of(order)
        intent = document.get_or_create_intent(document.get_default_amount())
        self.own.cr.commit()
        return intent

    def test_edit_of_one_order_holds_up_no_other(self):
        edited, *others = (self._create_qr(1000 + number) for number in range(4))
        waiting, booked = self._settle_all_but(edited, others)
        for intent in others:
            self.assertEqual(intent._get_document().state, 'sale')
        self.assertEqual(edited._get_document().state, 'draft')

        self._watch(edited)

        self.assertBookedOnce(waiting, *booked)
        order = edited._get_document()
        self.assertEqual((order.state, order.client_order_ref), ('sale', 'Засав'))

    def test_orders_are_committed_one_by_one(self):
        intents = [self._create_qr(1000 + number) for number in range(3)]
        payment_ids = [self._pay(intent) for intent in intents]
        for intent, payment_id in zip(intents, payment_ids, strict=True):
            self._call_back(intent, payment_id)
        payments = self.registry['qpay.payment']
        confirm = payments._confirm_transaction
        seen = []

        def _confirm_transaction(payment):
            with self._rival() as env:
                seen.append(env['account.payment'].search_count([
                    ('qpay_txn_id', 'in', payment_ids),
                ]))
            return confirm(payment)

        with patch.object(payments, '_confirm_transaction', _confirm_transaction):
            self.system['qpay.callback']._cron_process()
        self.assertEqual(seen, [0, 1, 2])
        self.assertBookedOnce(*payment_ids)
