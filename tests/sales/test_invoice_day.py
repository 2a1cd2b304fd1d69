"""Odoo's automatic invoice of an order is of the day of the payment in Ulaanbaatar."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.sales.test_orders import OrderCase

# 1 December, 03:30 in Ulaanbaatar.
PAID_AT = '2026-11-30 19:30:00'
DAY = fields.Date.to_date('2026-12-01')


@tagged('post_install', '-at_install')
class TestInvoiceDay(OrderCase):

    def setUp(self):
        super().setUp()
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')

    def _pay_order(self, order, settled_at, **options):
        with freeze_time(PAID_AT):
            intent = self._create_order_intent(order)
            self._pay(intent, **options)
        with freeze_time(settled_at):
            self._reconcile(date_from=fields.Datetime.to_datetime(PAID_AT) - timedelta(days=1))
        return self._ledger(intent)

    def test_invoice_is_of_the_day_of_its_payment(self):
        for zone in ('America/Los_Angeles', 'Pacific/Kiritimati', False):
            for settled_at in (PAID_AT, '2026-12-04 23:00:00'):
                with self.subTest(zone=zone, settled_at=settled_at):
                    (self.env.user | self.env.ref('base.user_root')).tz = zone
                    row = self._pay_order(self._create_order(deposit=1), settled_at)
                    self.assertEqual(row.state, 'settled', row.state_message)
                    invoice = row.transaction_id.invoice_ids
                    self.assertEqual((invoice.state, invoice.amount_residual), ('posted', 0))
                    self.assertEqual((invoice.invoice_date, invoice.date), (DAY, DAY))
                    self.assertEqual(row.account_payment_id.date, DAY)

    def test_invoice_of_a_down_payment(self):
        row = self._pay_order(self._create_order(deposit=0.3), '2026-12-04 23:00:00')
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertEqual(row.transaction_id.invoice_ids.invoice_date, DAY)

    def test_e_mail_that_cannot_be_written_keeps_no_payment_out_of_the_books(self):
        self.env['ir.config_parameter'].sudo().set_param('sale.async_emails', 'False')
        order = self._create_order(deposit=1)

        def _create(*_args):
            raise UserError(DAY.isoformat())

        with (
            patch.object(self.registry['mail.compose.message'], 'create', _create),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            row = self._pay_order(order, PAID_AT)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertEqual(order.state, 'sale')
