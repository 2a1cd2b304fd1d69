from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.checks import check_number, check_records, has_ids


class QPayQrWizard(models.TransientModel):
    """The dialog in which somebody asks for the QR of a document and watches it being paid.

    Whoever may change the document may open it. Everything that it shows is computed with the
    rights of who looks, also where it is stored, and begins with the check of that; only what lies
    behind the check, the QR and the provider, is read as the system: salespeople have no access to
    QPay's records.
    """

    _name = 'qpay.qr.wizard'
    _inherit = ['qpay.guarded']
    _description = "QPay QR Dialog"

    res_model = fields.Char(string="Document Model", required=True)
    res_id = fields.Integer(string="Document", required=True)
    invoice_ids = fields.Many2many(
        string="Invoices",
        help="The invoices that one QR pays together, in the order of their due dates.",
        comodel_name='account.move',
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency',
        compute='_compute_request',
        compute_sudo=False,
        store=True,
        precompute=True,
    )
    provider_id = fields.Many2one(
        comodel_name='payment.provider',
        compute='_compute_request',
        compute_sudo=False,
        store=True,
        precompute=True,
    )
    intent_id = fields.Many2one(
        string="QR",
        comodel_name='qpay.intent',
        compute='_compute_request',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )
    amount = fields.Monetary(
        compute='_compute_request',
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    amount_max = fields.Monetary(string="Unpaid", compute='_compute_amount_max')
    is_for_several = fields.Boolean(compute='_compute_amount_max')
    rate_text = fields.Char(string="Rate", compute='_compute_amount_max')
    amount_note = fields.Char(
        help="How the QR's amount was calculated, if it is not the whole unpaid amount.",
        compute='_compute_intent',
    )
    has_payment_access = fields.Boolean(
        help="Whether the user may open Odoo's payment of what was paid.",
        compute='_compute_intent',
    )
    environment = fields.Selection(
        selection=[('sandbox', "Sandbox"), ('live', "Live")], compute='_compute_intent',
    )
    is_simulation_allowed = fields.Boolean(compute='_compute_intent')
    document_link = fields.Char(
        string="Link for the Customer",
        help="Leads the customer to this payment. It never goes stale.",
        compute='_compute_amount_max',
    )
    seconds_left = fields.Integer(
        help="How long the QR can still be paid. The server counts, because the clock of the"
             " person who looks at it may be wrong.",
        compute='_compute_intent',
    )
    payment_apps = fields.Json(compute='_compute_intent')

    # === COMPUTE METHODS === #

    @api.depends('res_model', 'res_id', 'invoice_ids')
    def _compute_request(self):
        """ Propose the QR that is open already, else the amount that is due next. """
        for wizard in self:
            document = wizard._get_document()
            document.check_payable()
            open_intent = document.find_open_intent().filtered(wizard._is_payable)
            wizard.currency_id = document.currency
            wizard.provider_id = open_intent.provider_id or document.get_provider()
            wizard.intent_id = open_intent
            wizard.amount = open_intent.amount or document.get_default_amount()

    @api.depends('res_model', 'res_id', 'invoice_ids')
    def _compute_amount_max(self):
        for wizard in self:
            document = wizard._get_document()
            wizard.is_for_several = len(document.records) > 1
            wizard.amount_max = document.get_maximum_amount()
            wizard.rate_text = document.get_rate_text()
            wizard.document_link = document.get_link()

    @api.depends('res_model', 'res_id', 'invoice_ids', 'intent_id')
    @api.depends_context('uid', 'lang')
    def _compute_intent(self):
        has_payment_access = self.env['account.payment'].has_access('read')
        for wizard in self:
            intent, document = wizard._get_intent(), wizard._get_document()
            provider = document.find_provider()
            wizard.amount_note = intent and document.get_amount_note(intent.amount)
            wizard.has_payment_access = has_payment_access
            wizard.environment = (
                intent.environment or provider and provider._qpay_environment()
            )
            wizard.is_simulation_allowed = intent.is_simulation_allowed
            wizard.seconds_left = intent and intent._get_seconds_left()
            wizard.payment_apps = intent and intent._get_payment_apps() or {}

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `base` to refuse in a sentence what is no amount. """
        for vals in vals_list:
            self._check_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        """ Override of `base` to refuse in a sentence what is no amount. """
        self._check_values(vals)
        return super().write(vals)

    @api.model
    def _check_values(self, vals):
        if 'amount' in vals:
            check_number(self.env, vals['amount'])

    # === CONSTRAINT METHODS === #

    @api.constrains('amount')
    def _check_amount(self):
        for wizard in self:
            wizard._get_document().check_amount(wizard.amount)

    @api.constrains('intent_id')
    def _check_intent(self):
        for wizard in self:
            wizard._get_intent()

    # === ACTION METHODS === #

    def action_generate(self):
        """Ask QPay for a QR of the amount, or take the one that is open already.

        Another amount than that of the open QR cancels the open one. This commits.

        :return: The action that shows the QR in the dialog.
        :rtype: dict
        :raise UserError: If the document cannot be paid by QPay, the amount is not between zero
            and what is unpaid, QPay gives no QR, or this is within a savepoint.
        """
        self.ensure_one()
        check_records(self, 'write')
        self.intent_id = self._get_document().get_or_create_intent(
            self.amount, **self._get_options()
        )
        return {
            **self._get_action(self._get_document(), self.amount),
            'res_id': self.id,
        }

    @api.model
    def _open_for(self, res_model, res_id):
        """Open the dialog of a record; see `_open`.

        :param str res_model: The model of the record.
        :param int res_id: The id of the record.
        :rtype: dict
        :raise AccessError: If the user may not change the record, or it is gone.
        """
        return self._open(self.new({'res_model': res_model, 'res_id': res_id})._get_document())

    @api.model
    def _open(self, document):
        """Open the dialog that makes and shows the QR of a document.

        :param Document document: What is paid.
        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the document cannot be paid by a QR.
        """
        document.check_payable()
        document.get_provider()
        records = document.records
        context = {'default_res_model': records._name, 'default_res_id': records.ids[0]}
        if records._name == 'account.move':
            context['default_invoice_ids'] = records.ids
        return {
            **self._get_action(document, document.get_default_amount()), 'context': context,
        }

    # === GETTERS === #

    @api.model
    def _get_action(self, document, amount):
        """Return the action of the dialog, which is called by what is paid, and by whom.

        :param Document document: What is paid.
        :param float amount: The amount in tögrög.
        :rtype: dict
        """
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._(
                "QPay: %(document)s, %(customer)s, %(amount)s",
                document=document.name,
                customer=document.partner.display_name or '',
                amount=document.currency.format(amount),
            ),
            'res_model': self._name,
            'view_mode': 'form',
            'target': 'new',
        }

    def _get_options(self):
        """Return what was chosen for the QR besides its amount, see
        `qpay.intent._get_option_values`.

        :rtype: dict
        """
        return {}

    def _is_payable(self, intent):
        """Whether an open QR can still be shown: it is valid, and what it asks for is owed."""
        return intent._is_payable() and not intent._get_closing_reason()

    def _get_intent(self):
        """Return the QR that the dialog shows, in sudo mode; empty if there is none yet.

        :rtype: qpay.intent
        :raise ValidationError: If it is another document's, or there is no such QR.
        :raise AccessError: If the user may not change the document.
        """
        self.ensure_one()
        records = self._get_document().records
        intent = self.intent_id.sudo()
        is_own = has_ids(intent) and intent.exists() and intent._get_document() == records
        if intent and not is_own:
            raise ValidationError(self.env._("This QR is another document's."))
        return intent

    def _get_document(self):
        """Return what is to be paid: one document, or several invoices.

        :rtype: Document
        :raise UserError: If documents of its kind cannot be paid by QPay.
        :raise AccessError: If the user may not change the document, or it is gone: who may not
            change a document does not learn whether there is one.
        """
        self.ensure_one()
        if not documents.is_asked_for(self.env, self.res_model):
            raise UserError(self.env._("QPay cannot collect the payment of this document."))
        records = self.env[self.res_model].browse(self.invoice_ids.ids or [self.res_id])
        if not has_ids(records) or records.exists()._filtered_access('write') != records:
            raise AccessError(self.env._(
                "The document has been deleted, or you may not change it."
            ))
        return documents.of(records)
