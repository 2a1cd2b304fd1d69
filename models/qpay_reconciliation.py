import logging
from datetime import timedelta
from functools import partial

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import check_no_savepoint, isolated
from odoo.addons.payment_qpay.qpay_api import QPayError
from odoo.addons.payment_qpay.reasons import ReasonField, get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run

_logger = logging.getLogger(__name__)


class QPayReconciliation(models.Model):
    """A comparison of QPay's list of the payments of a period with the ledger.

    It finds what no callback ever told: payments of our QRs, which are settled; payments of
    nobody's, which wait for a person; and refunds made in QPay's own portal. How the list is read
    is in `qpay_reconciliation_list`, what the ledger has beside it in `qpay_reconciliation_ledger`,
    and when Odoo compares by itself in `qpay_reconciliation_schedule`.
    """

    _name = 'qpay.reconciliation'
    _inherit = [
        'qpay.guarded', 'qpay.reasoned', 'qpay.activity.mixin', 'qpay.reconciliation.totals',
    ]
    _description = 'QPay Reconciliation'
    _order = 'id desc'
    _rec_name = 'create_date'

    provider_id = fields.Many2one(
        comodel_name='payment.provider',
        required=True,
        default=lambda self: self._get_default_provider(),
        domain=[('code', '=', const.PROVIDER_CODE), ('state', '!=', 'disabled')],
        ondelete='cascade',
    )
    provider_choice = fields.Selection(
        string="Merchant Account",
        help="The same for accountants, who may not look for providers themselves.",
        selection='_get_provider_choices',
        compute='_compute_provider_choice',
        inverse='_inverse_provider_choice',
    )
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    date_from = fields.Datetime(
        string="From", required=True, default=lambda self: self._get_default_date_from()
    )
    date_to = fields.Datetime(
        string="To", required=True, default=fields.Datetime.now
    )
    state = fields.Selection(
        string="Status",
        selection=[('draft', "To run"), ('done', "Done"), ('failed', "Failed")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
    )
    state_message = ReasonField(string="Reason", readonly=True, copy=False)
    is_scheduled = fields.Boolean(
        string="By Odoo",
        help="Made by the scheduled action, not by a person.",
        readonly=True,
        copy=False,
    )
    matched_count = fields.Integer(string="Known", readonly=True, copy=False)
    recovered_count = fields.Integer(string="Recovered", readonly=True, copy=False)
    unknown_count = fields.Integer(string="Unknown", readonly=True, copy=False)
    refunded_count = fields.Integer(string="Refunded at QPay", readonly=True, copy=False)
    day_ids = fields.One2many(
        string="Days",
        comodel_name='qpay.reconciliation.day',
        inverse_name='reconciliation_id',
        readonly=True,
        copy=False,
    )
    payment_ids = fields.Many2many(
        string="New and Changed", comodel_name='qpay.payment', readonly=True, copy=False
    )

    # === DEFAULTS === #

    @api.model
    def _get_default_provider(self):
        return self._get_providers(self.env.company)[:1]

    @api.model
    def _get_provider_choices(self):
        return [(str(provider.id), provider.name) for provider in self._get_providers(
            self.env.companies
        )]

    @api.model
    def _get_providers(self, companies):
        """Return the active QPay providers of companies, those that take real money first."""
        return self.env['payment.provider'].sudo().search([
            ('company_id', 'in', companies.ids),
            ('code', '=', const.PROVIDER_CODE),
            ('state', '!=', 'disabled'),
        ], order='state, sequence, id')

    @api.model
    def _get_default_date_from(self):
        return fields.Datetime.now() - const.RECONCILIATION_PERIOD

    # === COMPUTE METHODS === #

    @api.depends('provider_id')
    def _compute_provider_choice(self):
        choices = dict(self._get_provider_choices())
        for reconciliation in self:
            choice = str(reconciliation.provider_id.id)
            reconciliation.provider_choice = choice in choices and choice

    def _inverse_provider_choice(self):
        for reconciliation in self.filtered('provider_choice'):
            reconciliation.provider_id = int(reconciliation.provider_choice)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `base` to have comparisons stay in the user's companies: access rules look
        at what is changed, not at what comes of it.
        """
        result = super().write(vals)
        self.check_access('write')
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains('provider_id')
    def _check_provider_id(self):
        if set(self.provider_id.sudo().mapped('code')) - {const.PROVIDER_CODE}:
            raise ValidationError(self.env._("Only the payments of QPay can be compared."))

    # === ACTION METHODS === #

    def action_run(self):
        """Compare QPay's list with the ledger now; this commits.

        :return: True
        :raise UserError: If the period is empty or too long, or within a savepoint.
        """
        self.ensure_one()
        check_accountant(self)
        check_no_savepoint(self.env)
        if not timedelta(0) < self.date_to - self.date_from <= const.RECONCILIATION_MAX_PERIOD:
            raise UserError(self.env._(
                "The period must be between one second and %s days long.",
                const.RECONCILIATION_MAX_PERIOD.days,
            ))
        now = fields.Datetime.now()
        if self.date_from > now:
            raise UserError(self.env._("The period has not begun yet."))
        self.sudo().write({
            'date_to': min(self.date_to, now),
            # Of what period, a person decides: it takes no scheduled comparison's place.
            'is_scheduled': False,
        })
        as_one_run(self.sudo())._in_company_language()._run()
        return True

    # === BUSINESS METHODS === #

    def _run(self):
        """Read QPay's list (QPay contract §4.3), settle what is ours, and note the rest.

        All that is to be asked is asked before anything is written.

        :return: None
        """
        self.ensure_one()
        ledger = self._find_rows_of_period()
        self.env.cr.commit()
        try:
            payments = self._list_payments(self.date_from, self._get_end())
        except QPayError as error:
            _logger.warning("QPay's list of payments could not be read: %s.", error)
            self.write({
                'state': 'failed', 'state_message': self.provider_id._qpay_get_error_message(error),
            })
            return
        refunds, is_complete = self._list_refunds({payment.payment_id for payment in payments})
        payments += refunds
        rows = ledger | self._find_rows(payments)
        shown, payments = payments, self._with_payment_dates(payments, rows)
        known_ids = set(rows.mapped('qpay_txn_id'))
        missing = [
            payment for payment in payments
            if payment.is_money and payment.payment_id not in known_ids
        ]
        intents = self._find_intents(missing)
        isolated(self.env, self._prove_list, shown, rows)
        self._compare(payments, rows, missing, intents, is_complete)

    # === WHAT IS WRITTEN === #

    def _compare(self, payments, rows, missing, intents, is_complete):
        """Take in what is missing in the ledger, then what QPay says about refunds, and note what
        both sides come to.

        :param list payments: The `Payment` values of the list.
        :param qpay.payment rows: The rows of the ledger that are on the list or of the period.
        :param list missing: Those of the payments that are not in the ledger.
        :param dict intents: The QRs of the missing payments, by QPay's id of the payment.
        :param bool is_complete: Whether QPay has answered all that was asked.
        """
        listed_ids = {payment.payment_id for payment in payments}
        listed = rows.filtered(lambda row: row.qpay_txn_id in listed_ids)
        lost = isolated(self.env, self._find_lost()._notice_lost) or self.env['qpay.payment']
        recovered, unknown, is_taken_in = self._sync_missing(missing, intents)
        is_complete = is_complete and is_taken_in
        refunded = self._sync_refunds(listed.filtered(lambda row: row.status == 'paid'), payments)
        self._notify_unanswered_refunds()
        self.write({
            'state': 'done' if is_complete else 'failed',
            'state_message': False if is_complete else get_reason(
                self.env, 'comparison_incomplete'
            ),
            'matched_count': len(
                listed.filtered(lambda row: self._is_within(row.paid_at)) - refunded
            ),
            'recovered_count': len(recovered),
            'unknown_count': len(unknown),
            'refunded_count': len(refunded),
            'payment_ids': [Command.set((refunded | recovered | unknown | lost).ids)],
            **self._get_totals(payments, rows, recovered),
        })
        self.env.cr.commit()

    def _sync_missing(self, missing, intents):
        """Settle the missing payments of our QRs, and note the others for a person.

        :param list missing: The `Payment` values that are not in the ledger.
        :param dict intents: Their QRs, by QPay's id of the payment.
        :return: The rows of our QRs, the rows of nobody's, and whether all could be taken in.
        :rtype: tuple
        """
        ledger = unknown = self.env['qpay.payment']
        is_complete = True
        payments_by_intent = {}
        for payment in missing:
            if intent := intents.get(payment.payment_id):
                payments_by_intent.setdefault(intent, []).append(payment)
        for intent, payments in payments_by_intent.items():
            is_settled = isolated(self.env, intent._in_company_language()._sync_payments, payments)
            is_complete = is_complete and bool(is_settled)
        for payment in missing:
            if payment.payment_id not in intents:
                row = isolated(self.env, ledger._record_unknown, self.provider_id, payment)
                is_complete = is_complete and row is not None
                unknown |= row or ledger
        recovered = ledger.search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in missing]),
        ]) - unknown
        return recovered, unknown, is_complete

    def _sync_refunds(self, rows, payments):
        """Take note of what QPay's list says about refunds.

        :param qpay.payment rows: The rows of the ledger that are on the list, and paid.
        :param list payments: The `Payment` values of the list.
        :return: The rows that QPay has refunded.
        :rtype: qpay.payment
        """
        refunded_ids = {
            payment.payment_id for payment in payments
            if payment.status in const.REFUNDED_STATUSES
        }
        refunded = rows.filtered(lambda row: row.qpay_txn_id in refunded_ids)
        since = fields.Datetime.now() - const.REFUND_PERIOD
        not_refunded = (rows - refunded).filtered(
            lambda row: row.refund_transaction_id.state in ('draft', 'pending')
            and row.refund_transaction_id.create_date < since
        )
        for row in refunded | not_refunded:
            isolated(
                self.env, row._apply_refund if row in refunded else row._apply_no_refund,
                on_failure=partial(row._flag_for_review, get_reason(self.env, 'refund_not_booked')),
            )
        return refunded

    def _notify_unanswered_refunds(self):
        """Tell somebody of refunds about which QPay's list has said nothing for a day."""
        rows = self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('refund_transaction_id.state', 'in', ('draft', 'pending')),
            ('refund_transaction_id.create_date', '<=', fields.Datetime.now() - const.TELL_PERIOD),
            ('activity_ids', '=', False),
        ])
        for row in rows:
            isolated(
                self.env,
                row._schedule_activity,
                self.env._("A refund without an answer"),
                self.env._(
                    "QPay was asked to refund this payment, and has not said whether it did. Please"
                    " look in QPay's portal."
                ),
            )

    # === GETTERS === #

    def _get_days(self):
        return self.day_ids

    def _get_end(self):
        """Return until when QPay is asked: if the period lasts until now, a little longer, because
        QPay's clock may be ahead, and what was paid this second belongs to it.

        :rtype: datetime
        """
        end = self.date_to + const.MAX_CLOCK_SKEW
        return end if end > fields.Datetime.now() else self.date_to

    def _get_companies(self):
        return self.company_id
