from odoo import fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const


class AccountMove(models.Model):
    """What QPay has to do with an invoice, for lists of invoices."""

    _inherit = 'account.move'

    qpay_status = fields.Selection(
        string="QPay",
        selection=[
            ('open', "QR open"),
            ('paid', "Paid by QPay"),
            ('refunded', "Refunded"),
        ],
        compute='_compute_qpay_status',
        search='_search_qpay_status',
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    def _compute_qpay_status(self):
        for move in self:
            # Whoever reads an invoice may know how it is paid.
            intents = move.sudo().qpay_intent_ids
            payments = move.sudo().matched_payment_ids.qpay_payment_ids
            if 'new' in intents.mapped('state'):
                move.qpay_status = 'open'
            elif not all(payment._is_refunded() for payment in payments):
                move.qpay_status = 'paid'
            else:
                move.qpay_status = 'refunded' if payments else False

    def _search_qpay_status(self, operator, value):
        if operator != 'in':
            return NotImplemented
        is_open = Domain('qpay_intent_ids.state', '=', 'new')
        is_kept = ~Domain(const.REFUNDED_DOMAIN)
        is_paid = Domain('matched_payment_ids.qpay_payment_ids', 'any', is_kept)
        is_booked = Domain('matched_payment_ids.qpay_payment_ids', '!=', False)
        domains = {
            'open': is_open,
            'paid': is_paid & ~is_open,
            'refunded': is_booked & ~is_paid & ~is_open,
            False: ~is_booked & ~is_open,
        }
        return Domain.OR(domains[status] for status in value if status in domains)
