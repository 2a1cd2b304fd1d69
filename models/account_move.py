from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const


class AccountMove(models.Model):
    _inherit = 'account.move'

    qpay_intent_ids = fields.One2many(
        string="QPay QRs",
        comodel_name='qpay.intent',
        inverse_name='res_id',
        domain=[('res_model', '=', 'account.move')],
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    qpay_intent_count = fields.Integer(
        string="QPay QR Count",
        compute='_compute_qpay_intent_count',
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    # === COMPUTE METHODS === #

    @api.depends('qpay_intent_ids')
    def _compute_qpay_intent_count(self):
        for move in self:
            move.qpay_intent_count = len(move.qpay_intent_ids)

    # === ACTION METHODS === #

    def action_qpay_qr(self):
        """Open the dialog that makes and shows the QPay QR of this invoice.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the invoice cannot be paid by QPay.
        """
        self.ensure_one()
        self.check_access('write')
        self._qpay_check_payable()
        self._qpay_get_provider()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("QPay QR"),
            'res_model': 'qpay.qr.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_res_model': self._name, 'default_res_id': self.id},
        }

    def action_view_qpay_intents(self):
        """Open the QRs of this invoice.

        :return: The action of their list.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('payment_qpay.action_qpay_intent')
        return {**action, 'domain': [('id', 'in', self.qpay_intent_ids.ids)], 'context': {}}

    def qpay_create_intent(self, amount=None):
        """Return the live QPay QR of this invoice, made now if there is none.

        :param float amount: The amount in tögrög; by default what is due next.
        :return: The QR and its state: see `qpay.intent._get_normalised_values`.
        :rtype: dict
        :raise UserError: If the invoice or the amount cannot be paid by QPay, or QPay refuses.
        """
        self.ensure_one()
        self.check_access('write')
        if amount is None:
            amount = self._qpay_get_default_amount()
        return self._qpay_get_or_create_intent(amount)._get_normalised_values()

    # === BUSINESS METHODS === #

    def _qpay_get_or_create_intent(self, amount):
        """Return the live QPay QR of this invoice for an amount.

        :param float amount: The amount in tögrög.
        :rtype: qpay.intent
        :raise UserError: See `qpay_create_intent`.
        """
        self.ensure_one()
        self._qpay_check_payable()
        self._qpay_check_amount(amount)
        return self.env['qpay.intent'].sudo()._request(
            self, amount, self._qpay_get_provider(), self.partner_id
        )

    def _qpay_check_payable(self):
        """Make sure that a customer owes money on this invoice that QPay can collect.

        :raise UserError: If not, with the reason.
        """
        self.ensure_one()
        reason = None
        if self.move_type != 'out_invoice':
            reason = self.env._("Only customer invoices can be paid by QPay.")
        elif self.state == 'draft':
            reason = self.env._("Please confirm the invoice first.")
        elif self.state == 'cancel':
            reason = self.env._("The invoice is cancelled.")
        elif self.currency_id.name not in const.SUPPORTED_CURRENCIES:
            reason = self.env._(
                "QPay collects tögrög only; this invoice is in %s.", self.currency_id.name
            )
        elif self.currency_id.is_zero(self.amount_residual):
            reason = self.env._("The invoice is already paid.")
        if reason:
            raise UserError(reason)

    def _qpay_check_amount(self, amount):
        """Make sure that an amount is more than nothing and at most what is unpaid.

        :param float amount: The amount in tögrög.
        :raise ValidationError: If not.
        """
        self.ensure_one()
        currency = self.currency_id
        if currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("The amount must be more than zero."))
        if currency.compare_amounts(amount, self._qpay_get_maximum_amount()) > 0:
            raise ValidationError(self.env._(
                "The amount must not be more than the unpaid %s.",
                currency.format(self._qpay_get_maximum_amount()),
            ))

    def _qpay_get_provider(self):
        """Return the QPay provider of this invoice's company, in sudo mode.

        :rtype: payment.provider
        :raise UserError: If there is none, or it has no journal.
        """
        self.ensure_one()
        providers = self.env['payment.provider'].sudo()
        provider = providers.search([
            *providers._check_company_domain(self.company_id),
            ('code', '=', const.PROVIDER_CODE),
            ('state', 'in', ('enabled', 'test')),
        ], order='state, sequence', limit=1)
        if not provider:
            raise UserError(self.env._(
                "QPay is not set up for %s. Please ask your administrator.", self.company_id.name
            ))
        provider._qpay_check_journal()
        return provider

    def _qpay_get_maximum_amount(self):
        """Return what is unpaid."""
        self.ensure_one()
        return self.amount_residual

    def _qpay_get_default_amount(self):
        """Return what is due next: an installment, or all that is unpaid."""
        self.ensure_one()
        next_payment = self._get_invoice_next_payment_values()
        return next_payment.get('next_amount_to_pay') or self.amount_residual

    def _qpay_get_live_intent(self):
        """Return the QR of this invoice that can be paid now, if there is one."""
        self.ensure_one()
        return self.env['qpay.intent']._get_live(self)
