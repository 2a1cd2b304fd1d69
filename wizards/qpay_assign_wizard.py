import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.checks import check_accountant, check_records
from odoo.addons.payment_qpay.locking import check_no_savepoint
from odoo.addons.payment_qpay.qpay_api import clean_text


class QPayAssignWizard(models.TransientModel):
    """The dialog in which a person says whose an unknown QPay payment is, and what it pays.

    All that it shows is read with the rights of who looks.
    """

    _name = 'qpay.assign.wizard'
    _inherit = ['qpay.guarded']
    _description = "Assign a QPay Payment"

    payment_id = fields.Many2one(comodel_name='qpay.payment', required=True)
    company_id = fields.Many2one(related='payment_id.company_id', related_sudo=False)
    amount = fields.Monetary(related='payment_id.amount', related_sudo=False)
    currency_id = fields.Many2one(related='payment_id.currency_id', related_sudo=False)
    description = fields.Char(related='payment_id.description', related_sudo=False)
    partner_id = fields.Many2one(
        string="Customer",
        comodel_name='res.partner',
        compute='_compute_proposal',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    invoice_ids = fields.Many2many(
        string="Invoices",
        help="What the payment pays, in the order of the due dates. What is over, or all of it"
             " where no invoice is chosen, is the customer's credit.",
        comodel_name='account.move',
        compute='_compute_proposal',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
        domain="""[
            ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'),
            ('payment_state', 'in', ('not_paid', 'partial')),
            ('company_id', 'child_of', company_id),
            ('commercial_partner_id', 'parent_of', partner_id),
        ]""",
    )

    # === COMPUTE METHODS === #

    @api.depends('payment_id')
    def _compute_proposal(self):
        """ Propose the open invoice that the bank's text names, else one of this very amount. """
        for wizard in self:
            check_accountant(wizard.payment_id)
            invoice = wizard._find_invoice()
            wizard.partner_id = invoice.partner_id
            wizard.invoice_ids = invoice

    def _find_invoice(self):
        """Return the open invoice that the payment is most likely for; empty if none is."""
        payment = self.payment_id
        if not payment:
            return self.env['account.move']
        open_invoices = self.env['account.move'].search([
            ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'),
            ('payment_state', 'in', ('not_paid', 'partial')),
            ('company_id', 'child_of', payment.company_id.id),
            ('currency_id', '=', payment.currency_id.id),
            ('invoice_date', '<=', payment._get_payment_date()),
        ], order='invoice_date_due, id')
        named = open_invoices.filtered(lambda m: _names(payment.description or '', m.name))
        same_amount = open_invoices.filtered(
            lambda m: m.currency_id.compare_amounts(m.amount_residual, payment.amount) == 0
        )
        return (named & same_amount or named or same_amount)[:1]

    # === ACTION METHODS === #

    def action_assign(self):
        """Book the payment as the chosen customer's; this commits.

        :return: The action that closes the dialog.
        :rtype: dict
        :raise UserError: If the payment is booked already, or an invoice is not the customer's;
            within a savepoint.
        """
        self.ensure_one()
        check_records(self, 'write')
        check_accountant(self.payment_id)
        check_no_savepoint(self.env)
        payment = self.payment_id.sudo()
        if payment.intent_id or not payment._filter_unsettled():
            raise UserError(self.env._("This payment is already known."))
        self.partner_id.check_access('read')
        self.invoice_ids.check_access('write')
        if self.invoice_ids.commercial_partner_id - self.partner_id.commercial_partner_id:
            raise UserError(self.env._("All invoices must be the customer's."))
        if reason := documents.of(self.invoice_ids).get_account_blocking_reason():
            raise UserError(reason)
        payment.write(self._get_assignment_values())
        payment.message_post(body=self.env._(
            "Assigned to %(customer)s. %(documents)s",
            customer=self.partner_id.name, documents=payment.document_name or '',
        ))
        payment.action_settle()
        return {'type': 'ir.actions.act_window_close'}

    def _get_assignment_values(self):
        """Return what the payment remembers of its assignment.

        :rtype: dict
        """
        return {
            'assigned_partner_id': self.partner_id.id,
            'assigned_invoice_ids': self.invoice_ids.ids,
        }


def _names(text, name):
    """Whether a text of QPay names a document, and not one whose number merely begins so."""
    number = re.escape(clean_text(name, const.MAX_DESCRIPTION_LENGTH))
    return bool(re.search(rf'(?<![\w/-]){number}(?![\w/-])', text))
