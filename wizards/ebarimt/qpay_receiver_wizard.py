from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant, check_records
from odoo.addons.payment_qpay.locking import lock


class QPayReceiverWizard(models.TransientModel):
    """The dialog in which an accountant says whom a VAT receipt is for that is not issued yet.

    All that it shows is read with the rights of who looks.
    """

    _name = 'qpay.receiver.wizard'
    _inherit = ['qpay.guarded']
    _description = "Receiver of a VAT Receipt"

    ebarimt_id = fields.Many2one(comodel_name='qpay.ebarimt', required=True)
    receiver_type = fields.Selection(
        string="Issued to",
        selection=list(const.EBARIMT_RECEIVERS),
        compute='_compute_receiver',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    receiver = fields.Char(
        string="Receiver's Number",
        help="The phone number that a citizen has registered with e-Barimt, or the register number"
             " of an organisation.",
        compute='_compute_receiver',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('ebarimt_id')
    def _compute_receiver(self):
        for wizard in self:
            check_accountant(wizard.ebarimt_id)
            wizard.receiver_type = wizard.ebarimt_id.receiver_type
            wizard.receiver = wizard.ebarimt_id.receiver

    # === ACTION METHODS === #

    def action_apply(self):
        """Issue the receipt to this receiver; one that failed is issued again.

        :return: None
        :raise UserError: If it is being issued, or is issued.
        :raise ValidationError: If the number has not its form.
        """
        self.ensure_one()
        check_records(self, 'write')
        check_accountant(self.ebarimt_id)
        receipt = self.ebarimt_id.sudo()
        number = self.env['res.partner']._qpay_normalise_receiver(
            self.receiver_type, self.receiver
        )
        lock(receipt)
        if not receipt._is_changeable():
            raise UserError(self.env._("The VAT receipt can no longer be changed."))
        receipt.write({'receiver_type': self.receiver_type, 'receiver': number})
        if receipt.state == 'failed':
            receipt._requeue()
