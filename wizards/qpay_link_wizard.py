from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay.checks import check_records


class QPayLinkWizard(models.TransientModel):
    """The dialog in which an accountant sends the customers of several invoices the links by which
    they pay, and sees before who gets what, and who is left out.
    """

    _name = 'qpay.link.wizard'
    _inherit = ['qpay.guarded']
    _description = "Send QPay Links"

    line_ids = fields.One2many(
        string="Invoices", comodel_name='qpay.link.wizard.line', inverse_name='wizard_id'
    )
    is_invoice_attached = fields.Boolean(
        string="Attach the invoice", help="Each customer gets the invoice as a PDF, too."
    )
    sendable_count = fields.Integer(compute='_compute_sendable_count', compute_sudo=False)

    @api.depends('line_ids.reason')
    def _compute_sendable_count(self):
        for wizard in self:
            wizard.sendable_count = len(wizard.line_ids.filtered(lambda line: not line.reason))

    @api.model
    def _open_for(self, moves):
        """Return the action of the dialog that sends the links of these invoices.

        :param account.move moves: The invoices.
        :rtype: dict
        """
        wizard = self.create({
            'line_ids': [Command.create({'move_id': move.id}) for move in moves],
        })
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Send QPay link"),
            'res_model': self._name,
            'res_id': wizard.id,
            'view_mode': 'form',
            'target': 'new',
        }

    def action_send(self):
        """Send the links of the invoices that can be paid.

        :return: The action that says how many were sent, and closes the dialog.
        :rtype: dict
        :raise UserError: If there is nothing to send any more.
        """
        self.ensure_one()
        check_records(self, 'write')
        check_records(self.line_ids.move_id, 'write')
        lines = self.line_ids.filtered(lambda line: not line.reason)
        if not lines:
            raise UserError(self.env._("None of these invoices can be paid by QPay."))
        for line in lines:
            line.move_id._qpay_send_link(is_invoice_attached=self.is_invoice_attached)
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': self.env._("Links sent: %s", len(lines)),
                'type': 'success',
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }
