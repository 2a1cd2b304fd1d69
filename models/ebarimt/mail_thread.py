from odoo import models

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.locking import try_in_savepoint


class MailThread(models.AbstractModel):
    _inherit = 'mail.thread'

    def write(self, vals):
        """ Override of `mail` to look after the VAT receipts of what is returned at the till.

        The model of its orders cannot be extended: `point_of_sale` may not be installed.
        """
        result = super().write(vals)
        if self._name == 'pos.order' and vals.get('state') == 'paid':
            self.sudo()._qpay_correct_returned_receipts()
        return result

    def _qpay_correct_returned_receipts(self):
        """Have the VAT receipts of orders put right whose goods are returned by these orders, which
        are paid. The till is not held up by what goes wrong with it.

        :return: None
        """
        field_name = documents.of(self).transaction_field
        if field_name not in self.env['payment.transaction']._fields:
            return  # Nobody pays online at the till.
        for order in self.lines.refunded_orderline_id.order_id:
            receipts = self.env['qpay.ebarimt'].search([
                (f'payment_id.transaction_id.{field_name}', 'in', order.ids),
            ])
            if receipts:
                is_all = not order.has_refundable_lines
                try_in_savepoint(self.env, receipts._take_pay_back, is_all)
