from odoo import api, fields, models

from odoo.addons.payment_qpay.documents import Document


class SchoolFeeDocument(Document):
    """How QPay collects the fee of a pupil."""

    object_type = 'booking'
    link_name = 'school'
    transaction_field = 'school_fee_id'
    is_tracked = True

    def get_unpaid_amount(self):
        """Return what no confirmed transaction has paid."""
        return self.records.amount - self.records.amount_paid

    def get_version(self):
        """Return what ends a QR when it changes."""
        return f'{self.records.name} {self.records.amount}'

    def takes_money(self, day):
        """Whether the pupil is still at school."""
        return self.records.active


class SchoolFee(models.Model):
    _name = 'school.fee'
    _inherit = ['mail.thread']
    _description = "School Fee"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name='res.company', required=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        string="Who Pays", comodel_name='res.partner', required=True, tracking=True
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency', required=True, default=lambda self: self.env.ref('base.MNT')
    )
    amount = fields.Monetary(required=True, tracking=True)
    transaction_ids = fields.One2many(
        comodel_name='payment.transaction', inverse_name='school_fee_id'
    )
    amount_paid = fields.Monetary(compute='_compute_amount_paid')

    @api.depends('transaction_ids.state', 'transaction_ids.amount')
    def _compute_amount_paid(self):
        for fee in self:
            # Refunds are below zero.
            paid = fee.sudo().transaction_ids.filtered(lambda tx: tx.state == 'done')
            fee.amount_paid = sum(paid.mapped('amount'))

    @api.model
    def _qpay_document_classes(self):
        return (SchoolFeeDocument,)
