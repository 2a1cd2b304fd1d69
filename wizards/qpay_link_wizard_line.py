from odoo import api, fields, models


class QPayLinkWizardLine(models.TransientModel):
    """One invoice in the dialog that sends links: who gets it, and what it asks for."""

    _name = 'qpay.link.wizard.line'
    _inherit = ['qpay.guarded']
    _description = "Invoice Whose QPay Link Is Sent"

    wizard_id = fields.Many2one(
        comodel_name='qpay.link.wizard', required=True, ondelete='cascade', index=True
    )
    move_id = fields.Many2one(
        string="Invoice", comodel_name='account.move', required=True, ondelete='cascade'
    )
    partner_id = fields.Many2one(
        string="Customer", related='move_id.partner_id', related_sudo=False
    )
    email = fields.Char(string="E-mail", related='partner_id.email', related_sudo=False)
    currency_id = fields.Many2one(related='move_id.currency_id', related_sudo=False)
    amount = fields.Monetary(string="To pay", compute='_compute_request', compute_sudo=False)
    reason = fields.Char(string="Not sent", compute='_compute_request', compute_sudo=False)

    @api.depends('move_id')
    def _compute_request(self):
        for line in self:
            line.move_id.check_access('read')
            line.reason = line.move_id._qpay_get_sending_blocking_reason()
            line.amount = 0 if line.reason else line.move_id._qpay_get_next_payment()[0]
