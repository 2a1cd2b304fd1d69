from odoo import api, fields, models

from odoo.addons.payment_qpay import const


class QPayAssignWizard(models.TransientModel):
    """Whether a VAT receipt of an assigned payment is issued, and to whom: by default to nobody,
    for whoever paid may have one from elsewhere.
    """

    _inherit = 'qpay.assign.wizard'

    is_ebarimt_possible = fields.Boolean(compute='_compute_is_ebarimt_possible', compute_sudo=True)
    ebarimt_receiver_type = fields.Selection(
        string="VAT Receipt For",
        selection=list(const.EBARIMT_RECEIVERS_OR_NOBODY),
        default='none',
        required=True,
    )
    ebarimt_receiver = fields.Char(
        string="Receiver's Number",
        help="The phone number that a citizen has registered with e-Barimt, or the register number"
             " of an organisation.",
        compute='_compute_ebarimt_receiver',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )

    @api.depends('payment_id')
    def _compute_is_ebarimt_possible(self):
        for wizard in self:
            # What nobody asked for by a QR has no lines at QPay.
            mode = wizard.payment_id.provider_id.qpay_ebarimt_mode
            wizard.is_ebarimt_possible = mode == 'after_payment'

    @api.depends('partner_id', 'ebarimt_receiver_type')
    def _compute_ebarimt_receiver(self):
        """ Propose the customer's own number of that kind. """
        for wizard in self:
            kind, number = wizard.partner_id._qpay_get_receiver()
            wizard.ebarimt_receiver = number if kind == wizard.ebarimt_receiver_type else False

    def _get_assignment_values(self):
        """ Override of `qpay.assign.wizard` to say whom the VAT receipt is for. """
        kind = self.ebarimt_receiver_type if self.is_ebarimt_possible else 'none'
        number = self.env['res.partner']._qpay_normalise_receiver(kind, self.ebarimt_receiver)
        return {
            **super()._get_assignment_values(),
            'ebarimt_receiver_type': kind,
            'ebarimt_receiver': number,
        }
