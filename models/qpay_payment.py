from dataclasses import replace
from datetime import timezone

import psycopg2

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import (
    LOCK_TIMEOUT,
    check_no_savepoint,
    get_lock_error,
    lock_in_new_transaction,
)
from odoo.addons.payment_qpay.reasons import ReasonField


class QPayPayment(models.Model):
    """The ledger: one row for each payment that QPay confirmed to our own request.

    How a row gets into the books is in `qpay_payment_settlement`.
    """

    _name = 'qpay.payment'
    _description = 'QPay Payment'
    _inherit = ['qpay.guarded', 'qpay.reasoned', 'qpay.account.mixin', 'qpay.activity.mixin']
    _order = 'paid_at desc, id desc'
    _rec_name = 'qpay_txn_id'

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    provider_id = fields.Many2one(
        comodel_name='payment.provider', required=True, readonly=True, ondelete='restrict',
    )
    environment = fields.Selection(
        selection=[('sandbox', "Sandbox"), ('live', "Live")], required=True, readonly=True,
    )
    company_id = fields.Many2one(
        related='provider_id.company_id', store=True, precompute=True, index=True
    )
    document_company_id = fields.Many2one(
        string="Company or Branch",
        comodel_name='res.company',
        compute='_compute_document',
        store=True,
        precompute=True,
        index=True,
    )
    assigned_partner_id = fields.Many2one(
        help="Whose payment it is, where no QR tells.", comodel_name='res.partner', readonly=True,
        index='btree_not_null',
    )
    assigned_invoice_ids = fields.Many2many(
        help="What was paid, where no QR tells.", comodel_name='account.move', readonly=True
    )
    partner_id = fields.Many2one(
        string="Customer", comodel_name='res.partner', compute='_compute_document', store=True,
        precompute=True, index='btree_not_null',
    )
    document_name = fields.Char(
        string="Document", compute='_compute_document', store=True, precompute=True
    )
    description = fields.Char(help="What the payer's bank showed.", readonly=True)
    qpay_txn_id = fields.Char(string="QPay Payment", required=True, readonly=True)
    currency_id = fields.Many2one(comodel_name='res.currency', required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    fee = fields.Monetary(string="QPay's Fee", readonly=True)
    payment_type = fields.Selection(
        selection=[('p2p', "Bank transfer"), ('card', "Card")], readonly=True,
    )
    wallet = fields.Char(string="Paid with", readonly=True)
    paid_at = fields.Datetime(required=True, readonly=True)
    status = fields.Selection(
        string="Status at QPay",
        selection=[('paid', "Paid"), ('refunded', "Refunded")],
        required=True,
        readonly=True,
    )
    discrepancy = fields.Selection(
        string="Unusual",
        help="How the payment differs from what was asked for.",
        selection=[
            ('partial', "Less than asked"),
            ('exceeding', "More than asked"),
            ('double', "Paid once more"),
            ('late', "Paid after the end of the QR"),
            ('surplus', "More than was still owed"),
            ('undiscounted', "Paid after the discount"),
            ('moved', "Document is another customer's now"),
        ],
        readonly=True,
    )
    state = fields.Selection(
        string="Settlement",
        selection=[
            ('to_settle', "To settle"),
            ('needs_attention', "Needs attention"),
            ('settled', "Settled"),
            ('not_ours', "Not ours"),
        ],
        default='to_settle',
        required=True,
        readonly=True,
    )
    state_message = ReasonField(string="Reason", readonly=True)
    transaction_id = fields.Many2one(
        comodel_name='payment.transaction', readonly=True, index='btree_not_null'
    )
    account_payment_id = fields.Many2one(
        string="Payment", comodel_name='account.payment', readonly=True, index='btree_not_null'
    )
    raw_data = fields.Json(string="QPay's Row", readonly=True, groups='base.group_system')

    _txn_uniq = models.Constraint(
        'unique(provider_id, qpay_txn_id)',
        "This QPay payment is already recorded.",
    )
    _account_txn_uniq = models.Constraint(
        'unique(account, qpay_txn_id)',
        "This QPay payment is already recorded.",
    )
    _paid_at_index = models.Index('(paid_at DESC, id DESC)')
    _recorded_index = models.Index('(provider_id, create_date)')
    _open_index = models.Index("(state) WHERE state IN ('to_settle', 'needs_attention')")

    # === COMPUTE METHODS === #

    @api.depends('intent_id')
    def _compute_account(self):
        """ Override of `qpay.account.mixin`: what pays a QR was taken by the QR's account. """
        own = self.filtered('intent_id')
        for payment in own:
            payment.account = payment.intent_id.account
        return super(QPayPayment, self - own)._compute_account()

    @api.depends('intent_id', 'assigned_partner_id', 'assigned_invoice_ids')
    def _compute_document(self):
        for payment in self:
            payment.partner_id = payment.intent_id.partner_id or payment.assigned_partner_id
            payment.document_company_id = (
                payment.intent_id.document_company_id
                or payment.assigned_invoice_ids.company_id[:1]
            )
            payment.document_name = (
                payment.intent_id.document_name
                or ', '.join(payment.assigned_invoice_ids.mapped('name'))
            )

    # === ACTION METHODS === #

    def action_settle(self):
        """Settle the payments that need attention again, after the cause is gone; this commits.

        :return: True
        :raise UserError: Within a savepoint.
        """
        check_accountant(self)
        check_no_savepoint(self.env)
        for intent, payments in self.sudo().grouped('intent_id').items():
            # Whoever books payments of a QR holds the QR, else the rows themselves.
            if lock_in_new_transaction(intent or payments, LOCK_TIMEOUT) != (intent or payments):
                raise intent._get_lock_error()
            payments.filtered('is_unmatched')._match_again()
            payments._filter_unsettled().state = 'to_settle'
            payments._book_waiting_fees()
            if not intent:
                payments._settle_pending()
                self.env.cr.commit()
            elif not intent._settle_pending():
                raise intent._get_lock_error()
        return True

    def action_assign(self):
        """Open the dialog in which a person says whose an unknown payment is.

        :return: The action of the dialog.
        :rtype: dict
        """
        self.ensure_one()
        check_accountant(self)
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Assign the payment"),
            'res_model': 'qpay.assign.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_payment_id': self.id},
        }

    def action_book_refund(self):
        """Book the refund that was made in QPay's own portal; this commits.

        :return: True
        :raise LockError: If another process is changing the payment.
        :raise UserError: Within a savepoint.
        """
        check_accountant(self)
        check_no_savepoint(self.env)
        for payment in self.sudo():
            if payment.is_refund_noticed and not payment._book_refund():
                raise get_lock_error(self.env)
        return True

    # === BUSINESS METHODS - RECORD === #

    @api.model
    def _with_payment_date(self, payment):
        """Return a payment with the moment it was made: the money is certain, so where QPay does
        not tell it (QPay contract §4.1, §4.2), it is the one at which we learnt of it.

        :param Payment payment: The payment.
        :rtype: Payment
        """
        return payment if payment.paid_at else replace(payment, paid_at=_now())

    @api.model
    def _record(self, intent, payments):
        """Record verified payments that are not recorded yet. The intent must be locked.

        :param qpay.intent intent: The intent that was paid.
        :param list payments: The verified `Payment` values.
        :rtype: qpay.payment
        """
        provider = intent.provider_id
        known = self.search([
            '|',
            ('provider_id', '=', provider.id),
            ('account', '=', intent.account),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ])
        recorded = self.browse()
        for row in known.filtered(lambda row: row._is_unknown()):
            # QPay's list showed it before it was known which QR it paid.
            row.write({
                'discrepancy': self._get_discrepancy(intent, row.amount),
                'intent_id': intent.id,
                'provider_id': provider.id,
                'environment': intent.environment,
                'other_shop_id': False,
                'state': 'to_settle',
                'email_due_at': fields.Datetime.now(),
            })
            recorded += row
        known_ids = set(known.mapped('qpay_txn_id'))
        for payment in sorted(payments, key=lambda payment: payment.paid_at):
            if payment.payment_id not in known_ids:
                discrepancy = self._get_discrepancy(intent, float(payment.amount))
                recorded += self._create_once({
                    **self._get_values(provider, payment),
                    'environment': intent.environment,
                    'intent_id': intent.id,
                    'discrepancy': discrepancy,
                })
        self._trigger_settlement()
        return recorded

    @api.model
    def _record_unknown(self, provider, payment):
        """Record a payment of QPay's list that belongs to no QR of ours, for a person to assign.

        :param payment.provider provider: The provider whose list it is on.
        :param Payment payment: The payment.
        :return: Its row; none if another process has just recorded it.
        :rtype: qpay.payment
        """
        row = self._create_once(self._get_values(provider, payment))
        if row and (shop := self.env['qpay.other.shop']._find_for(row)):
            row._set_not_ours(shop)
        elif row:
            row._ask_whose()
        return row

    @api.model
    def _create_once(self, values):
        """Create a row, unless another process has recorded this payment in this very moment: the
        next look at QPay finds it here.

        :param dict values: The values of the row.
        :return: The row, if it was created.
        :rtype: qpay.payment
        """
        try:
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                # That it was created is what the row itself says.
                row = self.with_context(
                    mail_create_nolog=True, mail_create_nosubscribe=True
                ).create(values)
                return row.with_env(self.env)
        except psycopg2.errors.UniqueViolation:
            return self.browse()

    def _filter_unsettled(self):
        """Return those of these payments that are not in the books. One that waits because it was
        refunded at QPay is.
        """
        return self.filtered(
            lambda payment: payment.state in const.UNSETTLED_STATES
            and not payment.account_payment_id
        )

    def _is_unknown(self):
        """Whether nobody knows yet whose payment this is.

        :rtype: bool
        """
        self.ensure_one()
        is_assigned = self.intent_id or self.assigned_partner_id
        return self.state in ('needs_attention', 'not_ours') and not is_assigned

    @api.model
    def _get_values(self, provider, payment):
        """Return the values of the row of a verified payment."""
        return {
            'provider_id': provider.id,
            'environment': provider._qpay_environment(),
            'qpay_txn_id': payment.payment_id,
            'currency_id': const.get_tugrik(self.env).id,
            'amount': float(payment.amount),
            'fee': float(payment.fee),
            'payment_type': {'P2P': 'p2p', 'CARD': 'card'}.get(payment.payment_type, False),
            'wallet': payment.wallet,
            'description': payment.description,
            'paid_at': payment.paid_at.astimezone(timezone.utc).replace(tzinfo=None),
            'status': 'paid',
            'raw_data': payment.raw,
        }

    @api.model
    def _get_discrepancy(self, intent, amount):
        """Return how a payment differs from what a QR asks for before it is recorded.

        :param qpay.intent intent: The intent that was paid.
        :param float amount: The amount of the payment, in tögrög.
        :return: One of the values of `discrepancy`, or False.
        """
        currency = intent.currency_id
        total = intent.amount_paid + amount
        if intent._has_full_amount():
            return 'double'
        if intent.state in ('cancelled', 'failed'):
            return 'late'
        if currency.compare_amounts(total, intent.amount) > 0:
            return 'exceeding'
        if currency.compare_amounts(total, intent.amount) < 0:
            return False if intent.provider_id.qpay_allow_partial else 'partial'
        return False

    # === GETTERS === #

    def _get_asker(self):
        return self.intent_id.create_uid

    def _get_document(self):
        """Return what this payment paid; empty if nobody knows.

        :rtype: recordset
        """
        self.ensure_one()
        return self.intent_id._get_document() if self.intent_id else self.assigned_invoice_ids

    def _get_payment_date(self):
        """Return the day of the payment in Mongolia.

        :rtype: date
        """
        self.ensure_one()
        return const.get_day(self.paid_at)


def _now():
    return fields.Datetime.now().replace(tzinfo=timezone.utc)
