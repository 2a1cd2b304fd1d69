import logging
from datetime import timedelta

import psycopg2

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError
from odoo.addons.payment_qpay.utils import check_accountant

_logger = logging.getLogger(__name__)


class QPayReconciliation(models.Model):
    """A comparison of QPay's list of the payments of a period with the ledger.

    It finds what no callback ever told: payments of our QRs, which are settled; payments of
    nobody's, which wait for a person; and refunds made in QPay's own portal. How the list is read
    is in `qpay_reconciliation_list`.
    """

    _name = 'qpay.reconciliation'
    _inherit = ['qpay.guarded', 'qpay.activity.mixin']
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
        string="To", required=True, default=lambda self: self._get_default_date_to()
    )
    state = fields.Selection(
        string="Status",
        selection=[('draft', "To run"), ('done', "Done"), ('failed', "Failed")],
        default='draft',
        required=True,
        readonly=True,
        copy=False,
    )
    state_message = fields.Char(string="Reason", readonly=True, copy=False)
    is_scheduled = fields.Boolean(
        string="By Odoo",
        help="Made by the scheduled action, not by a person.",
        readonly=True,
        copy=False,
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency',
        default=lambda self: self.env.ref('base.MNT'),
        readonly=True,
        copy=False,
    )
    matched_count = fields.Integer(string="Known", readonly=True, copy=False)
    recovered_count = fields.Integer(string="Recovered", readonly=True, copy=False)
    unknown_count = fields.Integer(string="Unknown", readonly=True, copy=False)
    refunded_count = fields.Integer(string="Refunded at QPay", readonly=True, copy=False)
    qpay_total = fields.Monetary(string="Total at QPay", readonly=True, copy=False)
    ledger_total = fields.Monetary(string="Total in Odoo", readonly=True, copy=False)
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

    @api.model
    def _get_default_date_to(self):
        # QPay's clock may be ahead, and what was paid this second belongs to the period.
        return fields.Datetime.now() + const.MAX_CLOCK_SKEW

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
        """Compare QPay's list with the ledger now.

        :return: True
        :raise UserError: If the period is empty or too long.
        """
        self.ensure_one()
        check_accountant(self)
        if not timedelta(0) < self.date_to - self.date_from <= const.RECONCILIATION_MAX_PERIOD:
            raise UserError(self.env._(
                "The period must be between one second and %s days long.",
                const.RECONCILIATION_MAX_PERIOD.days,
            ))
        if self.date_from > self._get_default_date_to():
            raise UserError(self.env._("The period has not begun yet."))
        self.sudo()._in_company_language()._run()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _cron_reconcile(self):
        """Reconcile each active provider, from where its last successful comparison ended, with an
        overlap for what QPay shows late. Then fees that wait are tried again.

        :return: None
        """
        providers = self.env['payment.provider'].search([
            ('code', '=', const.PROVIDER_CODE), ('state', '!=', 'disabled'),
        ])
        for number, provider in enumerate(providers, 1):
            remaining = len(providers) - number
            # What is left of a long gap when the time is over is compared the next day.
            while self._compare_next(provider)._leaves_gap():
                if not self.env['ir.cron']._commit_progress(remaining=remaining):
                    break
            self.env['ir.cron']._commit_progress(1, remaining=remaining)
        self.env['qpay.payment']._settle_waiting_fees()

    @api.model
    def _compare_next(self, provider):
        """Compare the payments of a provider from where the last successful comparison ended.

        :param payment.provider provider: The provider.
        :return: The comparison.
        :rtype: qpay.reconciliation
        """
        date_from = self._get_next_date_from(provider)
        reconciliation = self.create({
            'provider_id': provider.id,
            'date_from': date_from,
            'date_to': min(
                date_from + const.RECONCILIATION_MAX_PERIOD, self._get_default_date_to()
            ),
            'is_scheduled': True,
        })
        try:
            reconciliation._in_company_language()._run()
        except Exception:
            # One provider that cannot be reconciled must not hold up the others.
            self.env.cr.rollback()
            _logger.exception("The payments of %s could not be compared.", provider.name)
            reconciliation.write({'state': 'failed', 'state_message': self.env._(
                "An unexpected error happened. The server's log says more."
            )})
        reconciliation._tell_failures()
        return reconciliation

    def _leaves_gap(self):
        """Whether this comparison succeeded, and the time after its end is to be compared too."""
        return self.state == 'done' and self.date_to < fields.Datetime.now()

    def _tell_failures(self):
        """Tell somebody, once, that scheduled comparisons fail again and again; and no more, once
        one has succeeded.

        :return: None
        """
        self.ensure_one()
        scheduled = [('provider_id', '=', self.provider_id.id), ('is_scheduled', '=', True)]
        if self.state == 'done':
            told = self.search([*scheduled, ('activity_ids', '!=', False)])
            told.activity_unlink([const.ACTIVITY_TYPE])
            return
        last = self.search(scheduled, limit=const.TELL_FAILED_COMPARISONS)
        is_often = len(last) == const.TELL_FAILED_COMPARISONS
        if is_often and set(last.mapped('state')) == {'failed'} and not last.activity_ids:
            self._in_company_language()._schedule_activity(
                self.env._("QPay's list of payments cannot be compared"),
                self.env._(
                    "The last %(count)s daily comparisons failed, so payments that QPay has not"
                    " announced may be missing. %(reason)s",
                    count=len(last), reason=self.state_message or '',
                ),
            )

    @api.model
    def _get_next_date_from(self, provider):
        """Return from when on QPay's list is to be read.

        What a person compared counts for nothing here: it may leave a gap.

        :param payment.provider provider: The provider.
        :rtype: datetime
        """
        now = fields.Datetime.now()
        last = self.search([
            ('provider_id', '=', provider.id),
            ('state', '=', 'done'),
            ('is_scheduled', '=', True),
        ], limit=1)
        if not last:
            return now - const.RECONCILIATION_PERIOD
        return min(last.date_to, now) - const.RECONCILIATION_OVERLAP

    def _run(self):
        """Read QPay's list (QPay contract §4.3), settle what is ours, and note the rest.

        All that is to be asked is asked before anything is written.

        :return: None
        """
        self.ensure_one()
        self.env.cr.commit()
        try:
            payments = self._list_payments(self.date_from, self.date_to)
            payments += self._list_refunds({payment.payment_id for payment in payments})
        except QPayError as error:
            _logger.warning("QPay's list of payments could not be read: %s.", error)
            self.write({
                'state': 'failed', 'state_message': self.provider_id._qpay_explain(error),
            })
            return
        rows = self._find_rows(payments)
        payments = self._date(payments, rows)
        known_ids = set(rows.mapped('qpay_txn_id'))
        missing = [
            payment for payment in payments
            if payment.is_money and payment.payment_id not in known_ids
        ]
        intents = self._find_intents(missing)
        self.env.cr.commit()
        self._compare(payments, rows, missing, intents)

    # === WHAT IS WRITTEN === #

    def _compare(self, payments, rows, missing, intents):
        """Take in what is missing in the ledger, then what QPay says about refunds.

        :param list payments: The `Payment` values of the list.
        :param qpay.payment rows: The rows of the ledger that are on the list.
        :param list missing: Those of the payments that are not in the ledger.
        :param dict intents: The QRs of the missing payments, by QPay's id of the payment.
        """
        lost = self._try(self._find_lost()._notice_lost) or self.env['qpay.payment']
        recovered, unknown, is_complete = self._take_in(missing, intents)
        refunded = self._take_in_refunds(rows.filtered(lambda row: row.status == 'paid'), payments)
        self._tell_unanswered_refunds()
        self.write({
            'state': 'done' if is_complete else 'failed',
            'state_message': False if is_complete else self.env._(
                "Some payments could not be taken in, or are being booked by another process."
                " Please compare again."
            ),
            'matched_count': len(rows.filtered(
                lambda row: self.date_from <= row.paid_at <= self.date_to
            ) - refunded),
            'recovered_count': len(recovered),
            'unknown_count': len(unknown),
            'refunded_count': len(refunded),
            'qpay_total': sum(float(p.amount) for p in payments if self._is_counted(p)),
            'ledger_total': self._get_ledger_total(),
            'payment_ids': [Command.set((refunded | recovered | unknown | lost).ids)],
        })
        self.env.cr.commit()

    def _take_in(self, missing, intents):
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
            is_settled = self._try(intent._in_company_language()._settle, payments)
            is_complete = is_complete and bool(is_settled)
        for payment in missing:
            if payment.payment_id not in intents:
                row = self._try(ledger._record_unknown, self.provider_id, payment)
                is_complete = is_complete and row is not None
                unknown |= row or ledger
        recovered = ledger.search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in missing]),
        ]) - unknown
        return recovered, unknown, is_complete

    def _take_in_refunds(self, rows, payments):
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
            self._try(self._take_in_refund, row, row in refunded)
        return refunded

    def _tell_unanswered_refunds(self):
        """Tell somebody of refunds about which QPay's list has said nothing for a day."""
        rows = self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('refund_transaction_id.state', 'in', ('draft', 'pending')),
            ('refund_transaction_id.create_date', '<=', fields.Datetime.now() - const.TELL_PERIOD),
            ('activity_ids', '=', False),
        ])
        for row in rows:
            self._try(
                row._schedule_activity,
                self.env._("A refund without an answer"),
                self.env._(
                    "QPay was asked to refund this payment, and has not said whether it did. Please"
                    " look in QPay's portal."
                ),
            )

    def _take_in_refund(self, row, is_refunded):
        """Take note of whether QPay has refunded a payment, or let a person see to it.

        :param qpay.payment row: The row of the ledger.
        :param bool is_refunded: What QPay's list says.
        """
        try:
            row._notice_refund() if is_refunded else row._notice_no_refund()
        except psycopg2.OperationalError:
            raise
        except Exception:
            self.env.cr.rollback()
            _logger.exception("The refund of QPay payment %s could not be booked.", row.qpay_txn_id)
            row._need_attention(self.env._(
                "What QPay's list says about the refund of this payment could not be booked because"
                " of an unexpected error. The server's log says more."
            ))

    def _try(self, function, *arguments):
        """Do a part of the comparison in a transaction of its own, so that what is wrong with one
        payment holds up no other.

        :param callable function: What does it.
        :return: What the function returns; None if it failed.
        """
        self.env.cr.commit()
        try:
            result = function(*arguments)
            self.env.cr.commit()
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # Another process was faster.
            return None
        except Exception:
            self.env.cr.rollback()
            _logger.exception("A payment on QPay's list could not be taken in.")
            return None
        return result

    # === GETTERS === #

    def _in_company_language(self):
        """Return this comparison for writing down texts that the company's people will read."""
        return self.with_context(lang=self.company_id.partner_id.lang)
