from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.payment_qpay import const


class AccountMove(models.Model):
    _inherit = 'account.move'

    qpay_intent_ids = fields.Many2many(
        string="QPay QRs",
        comodel_name='qpay.intent',
        relation='qpay_intent_invoice_rel',
        column1='invoice_id',
        column2='intent_id',
        readonly=True,
        copy=False,
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

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to look after the live QRs of what is no longer owed. """
        result = super().write(vals)
        if 'state' in vals:
            self._qpay_look_after_intents()
        return result

    def unlink(self):
        """ Override of `account` to end the live QRs of deleted invoices. """
        self._qpay_look_after_intents()
        return super().unlink()

    def _qpay_look_after_intents(self):
        """Have the live QRs of these documents looked at, because what is owed may have changed.

        :return: None
        """
        self.env['qpay.intent'].sudo()._get_live(self)._look_soon()

    # === ACTION METHODS === #

    def action_qpay_qr(self):
        """Open the dialog that makes and shows the QPay QR of these invoices.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the invoices cannot be paid by one QPay QR.
        """
        self.check_access('write')
        self._qpay_check_payable()
        self._qpay_get_provider()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("QPay QR"),
            'res_model': 'qpay.qr.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_res_model': self._name,
                'default_res_id': self.ids[0],
                'default_invoice_ids': self.ids,
            },
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
        """Return the live QPay QR of these invoices, made now if there is none.

        :param float amount: The amount in tögrög; by default what is due next.
        :return: The QR and its state: see `qpay.intent._get_normalised_values`.
        :rtype: dict
        :raise UserError: If the invoices or the amount cannot be paid by QPay, or QPay refuses.
        """
        self.check_access('write')
        self._qpay_check_payable()
        if amount is None:
            amount = self._qpay_get_default_amount()
        return self._qpay_get_or_create_intent(amount)._get_normalised_values()

    # === BUSINESS METHODS === #

    def _qpay_get_or_create_intent(self, amount):
        """Return the live QPay QR of these invoices for an amount.

        :param float amount: The amount in tögrög.
        :rtype: qpay.intent
        :raise UserError: See `qpay_create_intent`.
        """
        self._qpay_check_payable()
        self._qpay_check_amount(amount)
        return self.env['qpay.intent'].sudo()._request(
            self, amount, self._qpay_get_provider(), self[:1].partner_id
        )

    def _qpay_check_payable(self):
        """Make sure that one customer owes money on these invoices that QPay can collect.

        :raise UserError: If not, with the reason.
        """
        for move in self:
            if reason := move._qpay_get_obstacle():
                raise UserError(reason)
        if len(self.commercial_partner_id) != 1 or len(self.company_id) != 1:
            raise UserError(self.env._("One QR can only be made for the invoices of one customer."))
        if len(self.currency_id) != 1:
            raise UserError(self.env._("One QR can only be made for invoices in one currency."))

    def _qpay_get_obstacle(self):
        """Return why QPay cannot collect the payment of this invoice; None if it can.

        :rtype: str
        """
        self.ensure_one()
        if self.move_type != 'out_invoice':
            return self.env._("Only customer invoices can be paid by QPay.")
        if self.state == 'draft':
            return self.env._("Please confirm the invoice first.")
        if self.state == 'cancel':
            return self.env._("The invoice is cancelled.")
        if self.currency_id.is_zero(self.amount_residual):
            return self.env._("The invoice is already paid.")
        if not self._qpay_has_rate():
            return self.env._(
                "QPay collects tögrög only, and there is no exchange rate between %(currency)s and"
                " tögrög.",
                currency=self.currency_id.name,
            )
        return None

    def _qpay_check_amount(self, amount):
        """Make sure that an amount is more than nothing and at most what is unpaid.

        :param float amount: The amount in tögrög.
        :raise ValidationError: If not.
        """
        currency = self._qpay_get_currency()
        if currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("The amount must be more than zero."))
        if currency.compare_amounts(amount, self._qpay_get_maximum_amount()) > 0:
            raise ValidationError(self.env._(
                "The amount must not be more than the unpaid %s.",
                currency.format(self._qpay_get_maximum_amount()),
            ))

    def _qpay_get_provider(self):
        """Return the QPay provider of the invoices' company, in sudo mode.

        :rtype: payment.provider
        :raise UserError: If there is none, or it has no journal.
        """
        company = self.company_id
        providers = self.env['payment.provider'].sudo()
        provider = providers.search([
            *providers._check_company_domain(company),
            ('code', '=', const.PROVIDER_CODE),
            ('state', 'in', ('enabled', 'test')),
        ], order='state, sequence', limit=1)
        if not provider:
            raise UserError(self.env._(
                "QPay is not set up for %s. Please ask your administrator.", company.name
            ))
        provider._qpay_check_journal()
        return provider

    def _qpay_get_maximum_amount(self):
        """Return what is unpaid, in tögrög."""
        return self._qpay_to_mnt(sum(self.mapped('amount_residual')))

    def _qpay_get_default_amount(self):
        """Return what is due next, in tögrög: an installment, what an early payment costs, or all
        that is unpaid.
        """
        if len(self) > 1:
            return self._qpay_get_maximum_amount()
        next_payment = self._get_invoice_next_payment_values()
        is_early = next_payment.get('installment_state') == 'epd'
        due = next_payment.get('amount_due' if is_early else 'next_amount_to_pay')
        return self._qpay_to_mnt(due or self.amount_residual)

    def _qpay_get_discount_lines(self, amount):
        """Return the journal items of the discount that an early payment of this invoice earns.

        Odoo itself books it for a transaction in the invoice's currency only.

        :param float amount: The amount of the payment, in the invoice's currency.
        :return: The values of the items; none if the payment earns no discount.
        :rtype: list
        """
        if len(self) != 1 or self.state != 'posted':
            return []
        next_payment = self._get_invoice_next_payment_values()
        if next_payment.get('installment_state') != 'epd' or self.currency_id.compare_amounts(
            amount, next_payment['amount_due']
        ):
            return []
        line = next_payment['epd_line']
        items_by_kind = self._get_invoice_counterpart_amls_for_early_payment_discount([{
            'aml': line,
            'amount_currency': -line.amount_residual_currency,
            'balance': -line.balance,
        }], next_payment['epd_discount_amount'])
        return [
            {**item, 'partner_id': self.commercial_partner_id.id}
            for items in items_by_kind.values() for item in items
        ]

    def _qpay_get_live_intent(self):
        """Return the QR of exactly these invoices that can be paid now, if there is one."""
        live = self.env['qpay.intent']._get_live(self)
        return live.filtered(lambda intent: intent.invoice_ids == self)[:1]

    # === CURRENCY === #

    def _qpay_get_currency(self):
        """Return the currency in which QPay collects."""
        return self.env.ref('base.MNT')

    def _qpay_has_rate(self):
        """Whether this invoice's currency can be turned into tögrög: it is, or has a rate."""
        currencies = (self.currency_id | self._qpay_get_currency()) - self.company_currency_id
        return self.currency_id == self._qpay_get_currency() or all(
            currency.with_company(self.company_id).rate_ids for currency in currencies
        )

    def _qpay_to_mnt(self, amount):
        """Return an amount of these invoices' currency in tögrög, at the day's rate.

        :param float amount: The amount in the invoices' currency.
        :rtype: float
        """
        return self.currency_id._convert(
            amount, self._qpay_get_currency(), self.company_id, const.today()
        )

    def _qpay_from_mnt(self, amount):
        """Return which amount of these invoices an amount in tögrög pays: all that is unpaid for
        all that is unpaid, to the last cent.

        :param float amount: The amount in tögrög.
        :rtype: float
        """
        mnt = self._qpay_get_currency()
        if self.currency_id == mnt:
            return amount
        if mnt.compare_amounts(amount, self._qpay_get_maximum_amount()) == 0:
            return sum(self.mapped('amount_residual'))
        return mnt._convert(amount, self.currency_id, self.company_id, const.today())

    def _qpay_get_rate_text(self):
        """Return the day's rate for people; '' for invoices in tögrög.

        :rtype: str
        """
        mnt = self._qpay_get_currency()
        if self.currency_id == mnt:
            return ''
        return self.env._(
            "%(amount)s at the rate of %(date)s: 1 %(currency)s = %(rate)s",
            amount=self.currency_id.format(sum(self.mapped('amount_residual'))),
            date=format_date(self.env, const.today()),
            currency=self.currency_id.name,
            rate=mnt.format(self._qpay_to_mnt(1)),
        )
