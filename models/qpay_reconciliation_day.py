from odoo import fields, models


class QPayReconciliationDay(models.Model):
    """One day of a comparison: what QPay and the books had of it when they were compared."""

    _name = 'qpay.reconciliation.day'
    _description = 'Day of a QPay Reconciliation'
    _inherit = ['qpay.reconciliation.totals']
    _order = 'date desc, id desc'
    _rec_name = 'date'

    reconciliation_id = fields.Many2one(
        comodel_name='qpay.reconciliation', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='reconciliation_id.company_id', store=True, index=True)
    date = fields.Date(string="Day", help="The day in Mongolia.", required=True, readonly=True)
    listed_payment_ids = fields.Many2many(
        string="Payments on QPay's List", comodel_name='qpay.payment',
        relation='qpay_reconciliation_day_listed_rel', readonly=True,
    )
    settled_payment_ids = fields.Many2many(
        string="Settled Payments", comodel_name='qpay.payment',
        relation='qpay_reconciliation_day_settled_rel', readonly=True,
    )
    found_payment_ids = fields.Many2many(
        string="Payments Found and Settled", comodel_name='qpay.payment',
        relation='qpay_reconciliation_day_found_rel', readonly=True,
    )
    waiting_payment_ids = fields.Many2many(
        string="Payments Not in the Books", comodel_name='qpay.payment',
        relation='qpay_reconciliation_day_waiting_rel', readonly=True,
    )
    refunded_payment_ids = fields.Many2many(
        string="Refunded Payments", comodel_name='qpay.payment',
        relation='qpay_reconciliation_day_refunded_rel', readonly=True,
    )

    def _get_days(self):
        return self
