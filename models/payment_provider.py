import ipaddress
import os
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const


class PaymentProvider(models.Model):
    _name = 'payment.provider'
    _inherit = ['payment.provider', 'qpay.guarded']

    code = fields.Selection(
        selection_add=[(const.PROVIDER_CODE, "QPay")],
        ondelete={const.PROVIDER_CODE: 'set default'},
    )
    qpay_client_id = fields.Char(
        string="QPay User Name",
        help="The user name that QPay gave you for its merchant API.",
        copy=False,
        groups='base.group_system',
    )
    qpay_client_secret = fields.Char(
        string="QPay Password",
        help="The password that QPay gave you for its merchant API.",
        copy=False,
        groups='base.group_system',
    )
    qpay_invoice_code = fields.Char(
        string="QPay Invoice Code",
        help="QPay's code for the invoices of your company, for example COMPANY_INVOICE.",
        copy=False,
        groups='base.group_system',
    )
    qpay_receiver_code = fields.Char(
        string="QPay Receiver Code",
        help="QPay's code for a payer that it does not know.",
        default='terminal',
        groups='base.group_system',
    )
    qpay_base_url_sandbox = fields.Char(
        string="QPay Sandbox Address",
        default='https://merchant-sandbox.qpay.mn',
        groups='base.group_system',
    )
    qpay_base_url_live = fields.Char(
        string="QPay Live Address",
        default='https://merchant.qpay.mn',
        groups='base.group_system',
    )
    qpay_callback_url = fields.Char(
        string="QPay Callback Address",
        help="The public address of this Odoo: QPay calls it when somebody has paid, and the links"
             " that customers get begin with it. Leave it empty to use the address of this"
             " database.",
        copy=False,
        groups='base.group_system',
    )
    qpay_qr_minutes = fields.Integer(
        string="QR Valid for (Minutes)",
        help="An unpaid QR is cancelled at QPay after this time. Money that arrives later is"
             " booked all the same.",
        default=const.DEFAULT_QR_MINUTES,
    )
    qpay_allow_partial = fields.Boolean(
        string="Allow Partial Payment",
        help="The payer may pay a QR in several parts.",
    )
    qpay_allow_exceed = fields.Boolean(
        string="Allow Excess Payment",
        help="What is paid beyond the amount of a QR stays as the customer's credit.",
    )
    qpay_is_on_invoice = fields.Boolean(
        string="QR on Printed Invoices",
        help="Unpaid invoices are printed with a QR that leads the customer to their payment by"
             " QPay. It never goes stale.",
        default=True,
    )
    qpay_email_receipts = fields.Boolean(
        string="E-mail Receipts",
        help="Customers who have an e-mail address get one after each payment, in their language:"
             " with the receipt, and with the VAT receipt if QPay issues one.",
        default=True,
    )
    qpay_fee_account_id = fields.Many2one(
        string="Fee Account",
        comodel_name='account.account',
        help="With each payment, QPay's fee is booked as an expense on this account, so that the"
             " outstanding amount is what QPay pays out. Leave it empty to only show the fees.",
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        check_company=True,
        copy=False,
    )
    qpay_responsible_id = fields.Many2one(
        string="Responsible for QPay",
        comodel_name='res.users',
        help="Who is told about unusual payments. By default, who made the QR.",
        domain="[('share', '=', False)]",
        copy=False,
    )
    qpay_effective_callback_url = fields.Char(
        string="Callback Address", compute='_compute_qpay_setup', groups='base.group_system'
    )
    qpay_callback_is_public = fields.Boolean(
        string="QPay Can Call", compute='_compute_qpay_setup', groups='base.group_system'
    )
    qpay_environment_variables = fields.Char(
        string="Set by the Server",
        help="These settings come from the server's environment, which wins over this form.",
        compute='_compute_qpay_setup',
        groups='base.group_system',
    )

    qpay_unbooked_fees = fields.Char(
        string="Fees That Are Not Booked",
        compute='_compute_qpay_unbooked_fees',
        groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    def _get_supported_currencies(self):
        """ Override of `payment` to return the supported currencies. """
        supported_currencies = super()._get_supported_currencies()
        if self.code == const.PROVIDER_CODE:
            supported_currencies = supported_currencies.filtered(
                lambda currency: currency.name in const.SUPPORTED_CURRENCIES
            )
        return supported_currencies

    @api.depends('code', 'qpay_callback_url')
    def _compute_qpay_setup(self):
        """ Show where QPay calls back and which settings the server's environment decides. """
        names = [*const.ENVIRONMENT_VARIABLES.values(), const.ENVIRONMENT_VARIABLE]
        overrides = ', '.join(name for name in names if os.environ.get(name))
        for provider in self:
            is_qpay = provider.code == const.PROVIDER_CODE
            url = provider._qpay_callback_base_url() if is_qpay else False
            provider.qpay_effective_callback_url = url
            provider.qpay_callback_is_public = bool(url) and _is_public(url)
            provider.qpay_environment_variables = overrides if is_qpay else False

    @api.depends('qpay_fee_account_id')
    def _compute_qpay_unbooked_fees(self):
        """ Say how much QPay has kept that is in no books, where there is no account for it. """
        for provider in self:
            fees = [] if provider.qpay_fee_account_id else self.env['qpay.payment']._read_group([
                ('provider_id', 'in', provider._origin.ids), ('fee_move_id', '=', False),
                ('status', '=', 'paid'), ('fee', '>', 0),
            ], ['currency_id'], ['fee:sum', '__count'])
            provider.qpay_unbooked_fees = '\n'.join(
                self.env._(
                    "QPay's fees are not booked: it has kept %(fees)s of %(count)s payments, which"
                    " stay open in the books. Choose an account for those to come.",
                    fees=currency.format(fee), count=count,
                )
                for currency, fee, count in fees
            )

    def _compute_feature_support_fields(self):
        """ Override of `payment` to enable additional features. """
        result = super()._compute_feature_support_fields()
        self.filtered(lambda p: p.code == const.PROVIDER_CODE).support_refund = 'full_only'
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains('qpay_qr_minutes')
    def _check_qpay_qr_minutes(self):
        for provider in self:
            if provider.code == const.PROVIDER_CODE and provider.qpay_qr_minutes < 1:
                raise ValidationError(self.env._("A QR must be valid for at least one minute."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to keep out of the database what the environment decides. """
        return super().create([
            self._qpay_clean_values(values, values.get('code') == const.PROVIDER_CODE)
            for values in vals_list
        ])

    def write(self, vals):
        """ Override of `payment` to keep out of the database what the environment decides. """
        is_own = const.PROVIDER_CODE in self.mapped('code')
        result = super().write(self._qpay_clean_values(vals, is_own))
        if 'state' in vals:
            # QRs of the other environment must end.
            self.env['qpay.intent'].sudo().search([
                ('provider_id', 'in', self.ids), ('state', '=', 'new'),
            ])._enqueue_recheck()
        return result

    @api.model
    def _qpay_clean_values(self, values, is_own):
        """Return values without the blanks around pasted settings, and without those settings
        that the server's environment decides: its secret must not be stored a second time.

        :param dict values: The values of a creation or write.
        :param bool is_own: Whether they are a QPay provider's.
        :rtype: dict
        """
        cleaned = dict(values)
        if is_own and os.environ.get(const.ENVIRONMENT_VARIABLES['qpay_client_secret']):
            # One that was stored earlier goes, too.
            cleaned['qpay_client_secret'] = False
        for name, variable in const.ENVIRONMENT_VARIABLES.items():
            if name in cleaned:
                text = cleaned[name]
                cleaned[name] = False if os.environ.get(variable) else text and str(text).strip()
        return cleaned

    def _check_required_if_provider(self):
        """ Override of `payment` to require QPay's settings, from the form or the environment. """
        result = super()._check_required_if_provider()
        for provider in self.sudo().filtered(
            lambda p: p.code == const.PROVIDER_CODE and p.state != 'disabled'
        ):
            missing = [
                self.env['ir.model.fields']._get(self._name, name).field_description
                for name in const.REQUIRED_SETTINGS
                if not provider._qpay_setting(name)
            ]
            if missing:
                raise ValidationError(self.env._(
                    "The following fields must be filled: %s", ", ".join(missing)
                ))
        return result

    def _get_default_payment_method_codes(self):
        """ Override of `payment` to return the default payment method codes. """
        self.ensure_one()
        if self.code != const.PROVIDER_CODE:
            return super()._get_default_payment_method_codes()
        return const.DEFAULT_PAYMENT_METHOD_CODES

    # === SETTINGS === #

    def _qpay_setting(self, name):
        """Return a setting: the server's environment wins over the provider's own field.

        :param str name: The name of the field.
        :return: The setting; '' if there is none.
        :rtype: str
        """
        self.ensure_one()
        return os.environ.get(const.ENVIRONMENT_VARIABLES[name]) or self.sudo()[name] or ''

    def _qpay_environment(self):
        """Return which of QPay's environments the provider talks to.

        :return: 'sandbox' or 'live'.
        :rtype: str
        :raise UserError: If the server's environment names neither.
        """
        self.ensure_one()
        environment = os.environ.get(const.ENVIRONMENT_VARIABLE)
        if not environment:
            return 'live' if self.state == 'enabled' else 'sandbox'
        if environment not in ('sandbox', 'live'):
            raise UserError(self.env._(
                "The environment variable %s must be sandbox or live.", const.ENVIRONMENT_VARIABLE
            ))
        return environment

    def _qpay_environment_name(self):
        """Return the present environment in words.

        :rtype: str
        """
        names = self.env['qpay.intent']._fields['environment']._description_selection(self.env)
        return dict(names)[self._qpay_environment()]

    def _qpay_callback_base_url(self):
        """Return the address of this Odoo as QPay and payers see it, without a trailing slash.

        Never the one of the present request, which Odoo's websites would return for a provider: an
        employee may work by another address than payers, and anybody can make one up.

        :rtype: str
        """
        base_url = self._qpay_setting('qpay_callback_url') or (
            self._qpay_get_website() or self.company_id
        ).get_base_url()
        return base_url.rstrip('/')

    def _qpay_get_website(self):
        """Return the only website that the provider is for; False if it is for all."""
        return ('website_id' in self._fields and self.website_id) or False


def _is_public(url):
    """Whether QPay can be expected to reach an address of ours over the internet."""
    parts = urlsplit(url)
    host = parts.hostname or ''
    try:
        return parts.scheme == 'https' and ipaddress.ip_address(host).is_global
    except ValueError:
        is_local = host.endswith(('.local', '.localhost', '.internal', '.lan'))
        return parts.scheme == 'https' and '.' in host and not is_local
