from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.documents.ebarimt import TaxReceipt


class QPayQrWizard(models.TransientModel):
    """Whom the VAT receipt of a QR's payment is for."""

    _inherit = 'qpay.qr.wizard'

    ebarimt_mode = fields.Selection(
        selection=list(const.EBARIMT_MODES), compute='_compute_ebarimt'
    )
    ebarimt_receiver_type = fields.Selection(
        string="VAT Receipt For",
        selection=list(const.EBARIMT_RECEIVERS_OR_NOBODY),
        compute='_compute_ebarimt_receiver',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )
    ebarimt_receiver = fields.Char(
        string="Number on the VAT Receipt",
        help="The phone number that a citizen has registered with e-Barimt, or the register number"
             " of an organisation.",
        compute='_compute_ebarimt_receiver',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )
    ebarimt_problem = fields.Char(string="VAT Receipt Error", compute='_compute_ebarimt')

    # === COMPUTE METHODS === #

    @api.depends('res_model', 'res_id', 'invoice_ids')
    def _compute_ebarimt(self):
        for wizard in self:
            document = wizard._get_document()
            provider = document.find_provider()
            mode = provider.qpay_ebarimt_mode
            wizard.ebarimt_mode = mode
            wizard.ebarimt_problem = mode != 'none' and TaxReceipt(
                document, provider, has_lines=mode == 'with_invoice'
            ).get_receipt_error()

    @api.depends('res_model', 'res_id', 'invoice_ids')
    def _compute_ebarimt_receiver(self):
        """ Propose whom the open QR's receipt is for, else what is known of the customer. """
        for wizard in self:
            intent = wizard._get_intent()
            kind, number = (
                (intent.ebarimt_receiver_type, intent.ebarimt_receiver)
                if intent.ebarimt_receiver_type
                else wizard._get_document().partner._qpay_get_receiver()
            )
            wizard.ebarimt_receiver_type = kind
            wizard.ebarimt_receiver = number

    # === ACTION METHODS === #

    def action_generate_without_receipt(self):
        """Ask QPay for a QR of whose payment no VAT receipt is issued; see `action_generate`.

        :return: The action that shows the QR in the dialog.
        :rtype: dict
        """
        self.ensure_one()
        check_records(self, 'write')
        self.ebarimt_receiver_type = 'none'
        return self.action_generate()

    # === GETTERS === #

    def _get_options(self):
        """ Override of `qpay.qr.wizard` to say whom the VAT receipt is for.

        :raise UserError: If QPay would refuse the receipt.
        :raise ValidationError: If the number has not its form.
        """
        if self.ebarimt_mode == 'none':
            return super()._get_options()
        kind = self.ebarimt_receiver_type or 'none'
        if self.ebarimt_problem and kind != 'none':
            raise UserError(self.ebarimt_problem)
        number = self.env['res.partner']._qpay_normalise_receiver(kind, self.ebarimt_receiver)
        return {**super()._get_options(), 'receiver': (kind, number)}
