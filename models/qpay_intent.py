import math
import secrets
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.locking import check_no_savepoint
from odoo.addons.payment_qpay.qpay_api import QPayError
from odoo.addons.payment_qpay.qr_code import draw_qr
from odoo.addons.payment_qpay.reasons import ReasonField, get_reason


class QPayIntent(models.Model):
    """What was asked of a payer: one QPay invoice, so one QR, for one document.

    How QPay is asked for the QR is in `qpay_intent_create`, and what follows, up to its end, in
    `qpay_intent_sync`.
    """

    _name = 'qpay.intent'
    _inherit = ['qpay.guarded', 'qpay.reasoned', 'qpay.account.mixin', 'qpay.activity.mixin']
    _description = 'QPay QR'
    _order = 'id desc'

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    provider_id = fields.Many2one(
        comodel_name='payment.provider', required=True, readonly=True, ondelete='restrict',
    )
    company_id = fields.Many2one(
        related='provider_id.company_id', store=True, precompute=True, index=True
    )
    environment = fields.Selection(
        selection=[('sandbox', "Sandbox"), ('live', "Live")], required=True, readonly=True,
    )
    object_type = fields.Selection(
        string="For",
        selection=[('invoice', "Invoice"), ('booking', "Order")],
        required=True,
        readonly=True,
    )
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field='res_model', readonly=True, copy=False
    )
    document_name = fields.Char(readonly=True)
    invoice_ids = fields.Many2many(
        string="Invoices",
        comodel_name='account.move',
        relation='qpay_intent_invoice_rel',
        column1='intent_id',
        column2='invoice_id',
        readonly=True,
        copy=False,
    )
    document_currency_id = fields.Many2one(
        string="Document's Currency", comodel_name='res.currency', readonly=True
    )
    document_amount = fields.Monetary(
        string="Amount in the Document's Currency",
        currency_field='document_currency_id',
        readonly=True,
    )
    partner_id = fields.Many2one(
        string="Customer", comodel_name='res.partner', readonly=True, index='btree_not_null'
    )
    transaction_id = fields.Many2one(
        comodel_name='payment.transaction',
        help="The transaction that becomes confirmed when this QR is paid.",
        readonly=True,
        copy=False,
        index='btree_not_null',
    )
    payment_ids = fields.One2many(
        string="QPay Payments", comodel_name='qpay.payment', inverse_name='intent_id'
    )
    callback_ids = fields.One2many(
        string="Callbacks", comodel_name='qpay.callback', inverse_name='intent_id'
    )
    currency_id = fields.Many2one(comodel_name='res.currency', required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    amount_paid = fields.Monetary(
        compute='_compute_amount_paid', store=True, precompute=True, readonly=True
    )
    amount_refunded = fields.Monetary(
        compute='_compute_amount_paid', store=True, precompute=True, readonly=True
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('new', "Waiting for payment"),
            ('failed', "Failed"),
            ('paid', "Paid"),
            ('cancelled', "Cancelled"),
        ],
        default='new',
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    state_message = ReasonField(string="Reason", readonly=True, copy=False)
    qpay_invoice_id = fields.Char(
        string="QPay Invoice", readonly=True, copy=False, index='btree_not_null'
    )
    qr_text = fields.Char(
        string="QR Text", readonly=True, copy=False, index='btree_not_null'
    )
    qr_image = fields.Binary(string="QR", compute='_compute_qr_image')
    short_url = fields.Char(string="Short Link", readonly=True, copy=False)
    deeplinks = fields.Json(string="Bank Links", readonly=True, copy=False)
    raw_response = fields.Json(
        string="QPay's Answer", readonly=True, copy=False, prefetch=False
    )
    expires_at = fields.Datetime(readonly=True, copy=False)
    access_token = fields.Char(
        help="Secret that opens the payer's page.",
        required=True,
        readonly=True,
        copy=False,
        default=lambda _self: secrets.token_urlsafe(24),
        groups='account.group_account_invoice',
    )
    callback_token = fields.Char(
        help="Secret part of the callback address.",
        required=True,
        readonly=True,
        copy=False,
        default=lambda _self: secrets.token_urlsafe(24),
        groups='base.group_system',
    )
    pay_url = fields.Char(
        string="Payer's Page",
        compute='_compute_pay_url',
        groups='account.group_account_invoice',
    )

    # The budget of calls to QPay: see `const`.
    last_check_at = fields.Datetime(string="Last Asked QPay", readonly=True, copy=False)
    view_checks = fields.Integer(readonly=True, copy=False)
    recheck_at = fields.Datetime(
        help="When Odoo next checks this QR by itself: at its expiry, and until QPay has confirmed"
             " that it can no longer be paid.",
        readonly=True,
        copy=False,
    )
    close_attempts = fields.Integer(readonly=True, copy=False)
    recheck_ids = fields.One2many(
        comodel_name='qpay.intent.recheck', inverse_name='intent_id', groups='base.group_system'
    )

    _name_uniq = models.Constraint('unique(name)', "The number of a QR must be unique.")
    _amount_positive = models.Constraint('CHECK(amount > 0)', "The amount must be positive.")
    _one_open_qr = models.UniqueIndex(
        "(res_model, res_id) WHERE state = 'new' AND res_id > 0",  # Several have no id.
        "A QR for this document is being made at this moment. Please try again.",
    )
    _document_index = models.Index('(res_model, res_id)')
    _open_index = models.Index("(id) WHERE state = 'new'")
    _recheck_index = models.Index('(recheck_at) WHERE recheck_at IS NOT NULL')

    # === COMPUTE METHODS === #

    @api.depends('payment_ids.amount', 'payment_ids.status')
    def _compute_amount_paid(self):
        for intent in self:
            paid = intent.payment_ids.filtered(lambda payment: payment.status == 'paid')
            intent.amount_paid = sum(paid.mapped('amount'))
            intent.amount_refunded = sum((intent.payment_ids - paid).mapped('amount'))

    @api.depends('qr_text')
    def _compute_qr_image(self):
        for intent in self:
            intent.qr_image = intent.qr_text and draw_qr(intent.qr_text)

    @api.depends('access_token')
    def _compute_pay_url(self):
        for intent in self:
            intent.pay_url = (
                f'{intent.provider_id.sudo()._qpay_callback_base_url()}{intent._get_pay_path()}'
            )

    # === ACTION METHODS === #

    def action_check(self):
        """Ask QPay now whether this QR was paid, and settle what was; this commits.

        QPay is asked at most once in `const.CHECK_INTERVAL`; in between, the state stands.

        :return: True
        :raise AccessError: If the user is no accountant and may not change the document.
        :raise UserError: If QPay gives no answer, another process is at this QR, or within a
            savepoint.
        """
        self.ensure_one()
        self._check_operator()
        check_no_savepoint(self.env)
        intent = self.sudo()
        if intent.qpay_invoice_id and intent._claim_check():
            try:
                intent._sync_or_raise()
            except QPayError as error:
                raise UserError(intent.provider_id._qpay_get_error_message(error)) from error
        return True

    def action_cancel(self):
        """Cancel this QR at QPay; if it turns out to be paid, settle it instead; this commits.

        :return: True
        :raise UserError: If QPay gives no answer; the QR is then cancelled here, and watched. Or
            within a savepoint.
        :raise LockError: If another process is at this QR, which is then not cancelled.
        """
        self.ensure_one()
        self._check_operator()
        check_no_savepoint(self.env)
        intent = self.sudo()
        if intent.state == 'new' and not intent._close(
            get_reason(self.env, 'cancelled_by_employee'), is_notified=True
        ):
            raise UserError(self.env._(
                "QPay did not confirm that the QR is cancelled. It is cancelled here; Odoo tries"
                " again by itself, and books the payment if somebody still pays."
            ))
        return True

    def action_open_document(self):
        """Open the document that this QR is for.

        :return: The action of its form, or of the list of several invoices.
        :rtype: dict
        :raise UserError: If it is gone.
        """
        self.ensure_one()
        check_records(self)
        if not self._get_document():
            raise UserError(get_reason(self.env, 'deleted'))
        action = {
            'type': 'ir.actions.act_window',
            'name': self.document_name,
            'res_model': self.res_model,
        }
        if len(self.invoice_ids) > 1:
            domain = [('id', 'in', self.invoice_ids.ids)]
            return {
                **action, 'view_mode': 'list,kanban,form', 'mobile_view_mode': 'kanban',
                'domain': domain,
            }
        return {**action, 'view_mode': 'form', 'res_id': self.res_id}

    def action_view_payments(self):
        """Open Odoo's payments of what was paid by this QR.

        :return: The action of their form, or of their list.
        :rtype: dict
        """
        self.ensure_one()
        self._check_operator()
        payments = self.sudo().payment_ids.account_payment_id.sudo(False)
        payments.check_access('read')
        action = {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payments"),
            'res_model': payments._name,
        }
        if len(payments) == 1:
            return {**action, 'views': [(False, 'form')], 'res_id': payments.id}
        return {
            **action, 'mobile_view_mode': 'kanban', 'domain': [('id', 'in', payments.ids)],
            'views': [(False, 'list'), (False, 'kanban'), (False, 'form')],
        }

    # === GETTERS === #

    def _get_asker(self):
        return self.create_uid

    def _is_payable(self):
        """Whether this QR is there, and can be paid now. What has arrived is not asked for."""
        self.ensure_one()
        is_open = self._has_open_qr() and not self._is_expired()
        return is_open and not self._has_full_amount()

    def _has_open_qr(self):
        """Whether there is a QR to show, be its time over or not."""
        self.ensure_one()
        return self.state == 'new' and bool(self.qr_text)

    def _is_expired(self):
        """Whether the time of this QR is over. A QR whose answer was lost never had any."""
        self.ensure_one()
        return not self.expires_at or self.expires_at <= fields.Datetime.now()

    def _is_refunded(self):
        """Whether all that was paid by this QR was refunded."""
        self.ensure_one()
        currency = self.currency_id
        return currency.is_zero(self.amount_paid) and not currency.is_zero(self.amount_refunded)

    def _get_pay_path(self):
        """Return where the payer's page is on this server."""
        self.ensure_one()
        return f'/payment/qpay/pay/{self.id}/{self.access_token}'

    def _get_booked_payments(self):
        """Return Odoo's payments of what was paid by this QR and not paid back."""
        return self.payment_ids.filtered(lambda row: row.status == 'paid').account_payment_id

    def _get_seconds_left(self):
        """Return how many seconds this QR can still be paid.

        The server counts: the clock of the person who looks may be wrong. Upwards, because nobody
        may offer a new QR while the server still holds to this one.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        left = (self.expires_at or now) - now
        return max(0, math.ceil(left.total_seconds()))

    def _get_document(self):
        """Return the document that this QR is for; empty if it is gone."""
        self.ensure_one()
        if self.res_model == 'account.move':
            return self.invoice_ids
        if self.res_model not in self.env:
            return self.browse()  # The model went with its module.
        return self.env[self.res_model].browse(self.res_id).exists()

    def _get_decimal_amount(self):
        """Return the amount as it goes over the wire.

        :rtype: Decimal
        """
        return Decimal(float_repr(self.amount, self.currency_id.decimal_places))

    def _get_status_message(self):
        """Return what people are told about the state: translated, and safe to show."""
        self.ensure_one()
        if self.state == 'new':
            return self.env._("Waiting for payment.")
        if self.state == 'paid':
            if self._is_refunded():
                return self.env._("This payment was refunded.")
            return self.env._("Paid. Thank you.")
        if self.state == 'failed':
            return self.state_message or self.env._("QPay did not make a QR.")
        document = documents.of(self._get_document())
        if document.is_paid():
            return document.get_blocking_reason()
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            return self.env._("This QR has expired.")
        return self.env._("This QR was cancelled.")

    def _get_status_payload(self):
        """Return the state of this QR in the form that every client of the addon gets.

        :rtype: dict
        """
        self.ensure_one()
        has_qr = self._has_open_qr()
        return {
            'intent_id': self.id,
            'state': self.state,
            'environment': self.environment,
            'amount': self.amount,
            'amount_paid': self.amount_paid,
            'currency': self.currency_id.name,
            'qr_text': self.qr_text or '' if has_qr else '',
            'qr_image': self.qr_image.decode() if has_qr else '',
            'short_url': self.short_url or '' if has_qr else '',
            'deeplinks': self.deeplinks or [] if has_qr else [],
            'pay_url': self.pay_url,
            'expires_at': self.expires_at and f'{self.expires_at.isoformat()}Z',
            # Other systems get it over XML-RPC, which takes no kinds of texts.
            'message': str(self._get_status_message()),
        }
