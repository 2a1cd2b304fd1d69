from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import check_no_savepoint
from odoo.addons.payment_qpay.qr_code import draw_qr
from odoo.addons.payment_qpay.reasons import ReasonField, get_reason


class QPayEbarimt(models.Model):
    """One VAT receipt (e-Barimt) of a payment, from the intention to issue it to its end.

    How QPay is asked for it is in `qpay_ebarimt_request`, and how it is cancelled in
    `qpay_ebarimt_cancel`.
    """

    _name = 'qpay.ebarimt'
    _description = 'VAT Receipt'
    _inherit = ['qpay.guarded', 'qpay.reasoned', 'qpay.activity.mixin', 'qpay.retry.mixin']
    _order = 'id desc'
    _rec_name = 'receipt_number'

    # Both to issue it and, afterwards, to cancel it.
    _retry_cron = 'ir_cron_ebarimt'
    _retry_delays = const.EBARIMT_RETRY_DELAYS

    payment_id = fields.Many2one(
        string="QPay Payment", comodel_name='qpay.payment', required=True, readonly=True,
        index=True, ondelete='restrict',
    )
    intent_id = fields.Many2one(related='payment_id.intent_id', string="QR")
    provider_id = fields.Many2one(related='payment_id.provider_id', store=True)
    company_id = fields.Many2one(related='payment_id.company_id', store=True, index=True)
    document_company_id = fields.Many2one(
        related='payment_id.document_company_id', store=True, index=True
    )
    environment = fields.Selection(related='payment_id.environment', store=True)
    partner_id = fields.Many2one(
        related='payment_id.partner_id', store=True, index='btree_not_null'
    )
    document_name = fields.Char(related='payment_id.document_name')
    currency_id = fields.Many2one(related='payment_id.currency_id')
    generation = fields.Selection(
        string="e-Barimt Version",
        selection=list(const.EBARIMT_GENERATIONS),
        required=True,
        readonly=True,
    )
    receiver_type = fields.Selection(
        string="Issued to",
        selection=list(const.EBARIMT_RECEIVERS),
        required=True,
        readonly=True,
    )
    receiver = fields.Char(
        string="Receiver's Number",
        help="The phone number of a citizen, or the register number of a company.",
        readonly=True,
        copy=False,
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('to_issue', "To issue"),
            ('sending', "Being issued"),
            ('failed', "Failed"),
            ('unknown', "Outcome unknown"),
            ('issued', "Issued"),
            ('cancelled', "Cancelled"),
        ],
        default='to_issue',
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    state_message = ReasonField(string="Reason", readonly=True, copy=False)
    amount = fields.Monetary(readonly=True)
    vat_amount = fields.Monetary(string="VAT", readonly=True)
    city_tax_amount = fields.Monetary(string="City Tax", readonly=True)
    qpay_ebarimt_id = fields.Char(string="QPay's Id", readonly=True, copy=False)
    receipt_number = fields.Char(
        help="The tax office's number of the receipt.", readonly=True, copy=False
    )
    lottery = fields.Char(string="Lottery Number", readonly=True, copy=False)
    qr_data = fields.Char(string="QR Data", readonly=True, copy=False)
    qr_image = fields.Binary(string="Receipt's QR", compute='_compute_qr_image')
    issued_at = fields.Datetime(string="Issued On", readonly=True, copy=False)
    raw_data = fields.Json(
        string="QPay's Answer", readonly=True, copy=False, groups='base.group_system'
    )
    cancellation_ids = fields.One2many(
        comodel_name='qpay.ebarimt.cancellation',
        inverse_name='ebarimt_id',
        groups='base.group_system',
    )
    is_cancellation_requested = fields.Boolean(
        string="To Cancel", compute='_compute_is_cancellation_requested', compute_sudo=True
    )

    _one_valid = models.UniqueIndex(
        "(payment_id) WHERE state IN ('to_issue', 'sending', 'issued', 'unknown')",
        "This payment has a VAT receipt already.",
    )
    _due_index = models.Index('(next_attempt_at) WHERE next_attempt_at IS NOT NULL')

    # === COMPUTE METHODS === #

    @api.depends('qr_data')
    def _compute_qr_image(self):
        for receipt in self:
            receipt.qr_image = receipt.qr_data and draw_qr(receipt.qr_data)

    @api.depends('receipt_number', 'document_name')
    def _compute_display_name(self):
        for receipt in self:
            receipt.display_name = receipt.receipt_number or self.env._(
                "VAT receipt of %s", receipt.payment_id.qpay_txn_id
            )

    def _compute_is_cancellation_requested(self):
        for receipt in self:
            receipt.is_cancellation_requested = bool(receipt.cancellation_ids)

    # === ACTION METHODS === #

    def action_issue(self):
        """Issue receipts that failed, after the cause is gone.

        :return: True
        """
        check_accountant(self)
        failed = self.sudo().filtered(lambda receipt: receipt.state == 'failed')
        failed._requeue()
        return True

    def action_issue_anew(self):
        """Issue a new receipt of the payment of this one, which was cancelled.

        :return: True
        :raise UserError: If there is nothing any more that a receipt could be for.
        """
        self.ensure_one()
        check_accountant(self)
        self.sudo().payment_id._issue_ebarimt_anew(self.receiver_type, self.receiver)
        return True

    def action_change_receiver(self):
        """Open the dialog in which an accountant says whom this receipt is for.

        :return: The action of the dialog.
        :rtype: dict
        """
        self.ensure_one()
        check_accountant(self)
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Whom is the VAT receipt for?"),
            'res_model': 'qpay.receiver.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_ebarimt_id': self.id},
        }

    def action_send_again(self):
        """Issue receipts of which a person knows that QPay has not issued them.

        :return: True
        """
        check_accountant(self)
        unknown = self.sudo().filtered(lambda receipt: receipt.state == 'unknown')
        unknown._requeue()
        return True

    def action_confirm_issued(self):
        """Take a person's word that QPay has issued these receipts, whatever it answered.

        :return: True
        """
        check_accountant(self)
        unknown = self.sudo().filtered(lambda receipt: receipt.state == 'unknown')
        for receipt in unknown:
            receipt._confirm_issued()
        return True

    def action_look_up(self):
        """Ask QPay whether it has issued this receipt; this commits.

        :return: True
        :raise UserError: If QPay does not say so, or within a savepoint.
        """
        self.ensure_one()
        check_accountant(self)
        check_no_savepoint(self.env)
        receipt = self.sudo()
        if receipt.state != 'unknown':
            return True
        answer = receipt._retrieve()
        if not answer:
            raise UserError(get_reason(self.env, 'receipt_not_found'))
        receipt._store_outcome(partial(receipt._set_issued, answer))
        return True

    def action_cancel(self):
        """Have QPay cancel these receipts.

        :return: True
        """
        check_accountant(self)
        self.sudo()._request_cancellation()
        return True

    # === GETTERS === #

    def _get_asker(self):
        return self.intent_id.create_uid

    def _is_changeable(self):
        """Whether it can still be said whom this receipt is for.

        :rtype: bool
        """
        self.ensure_one()
        return self.state in ('to_issue', 'failed')

    def _get_payer_values(self):
        """Return what the payer may know about this receipt.

        :rtype: dict
        """
        self.ensure_one()
        is_issued = self.state == 'issued'
        return {
            'state': self.state,
            'receipt_number': is_issued and self.receipt_number or '',
            'receiver_type': self.receiver_type,
            'amount': self.amount,
            'vat_amount': self.vat_amount,
            'city_tax_amount': self.city_tax_amount,
            'lottery': is_issued and self.lottery or '',
            'qr_image': is_issued and self.qr_image and self.qr_image.decode() or '',
        }
