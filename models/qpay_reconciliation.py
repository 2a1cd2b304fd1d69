import logging
from datetime import timedelta, timezone

import pytz

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError
from odoo.addons.payment_qpay.utils import check_accountant

_logger = logging.getLogger(__name__)

# How exactly the list is asked for one payment.
_MOMENT = timedelta(minutes=1)


class QPayReconciliation(models.Model):
    """A comparison of QPay's list of the payments of a period with the ledger.

    It finds what no callback ever told: payments of our QRs, which are settled; payments of
    nobody's, which wait for a person; and refunds made in QPay's own portal.
    """

    _name = 'qpay.reconciliation'
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
        string="Provider",
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
    )
    state_message = fields.Char(string="Reason", readonly=True)
    is_scheduled = fields.Boolean(
        string="By Odoo", help="Made by the scheduled action, not by a person.", readonly=True
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency', default=lambda self: self.env.ref('base.MNT'), readonly=True
    )
    matched_count = fields.Integer(string="Known", readonly=True)
    recovered_count = fields.Integer(string="Recovered", readonly=True)
    unknown_count = fields.Integer(string="Unknown", readonly=True)
    refunded_count = fields.Integer(string="Refunded at QPay", readonly=True)
    qpay_total = fields.Monetary(string="Total at QPay", readonly=True)
    ledger_total = fields.Monetary(string="Total in Odoo", readonly=True)
    payment_ids = fields.Many2many(
        string="New and Changed", comodel_name='qpay.payment', readonly=True
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
        self.sudo()._in_company_language()._run()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _cron_reconcile(self):
        """Reconcile each active provider, from where its last successful comparison began to end,
        with an overlap for what QPay shows late.

        :return: None
        """
        providers = self.env['payment.provider'].search([
            ('code', '=', const.PROVIDER_CODE), ('state', '!=', 'disabled'),
        ])
        for number, provider in enumerate(providers, 1):
            reconciliation = self.create({
                'provider_id': provider.id,
                'date_from': self._get_next_date_from(provider),
                'is_scheduled': True,
            })
            try:
                reconciliation._in_company_language()._run()
            except Exception:
                # One provider that cannot be reconciled must not hold up the others.
                _logger.exception("The payments of %s could not be compared.", provider.name)
                self.env.cr.rollback()
                reconciliation.write({'state': 'failed', 'state_message': self.env._(
                    "An unexpected error happened. The server's log says more."
                )})
            self.env['ir.cron']._commit_progress(1, remaining=len(providers) - number)

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
        return max(
            min(last.date_to, now) - const.RECONCILIATION_OVERLAP,
            now - const.RECONCILIATION_MAX_PERIOD,
        )

    def _run(self):
        """Read QPay's list (QPay contract §4.3), settle what is ours, and note the rest.

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
        self.env.cr.commit()
        self._compare(payments)

    def _list_payments(self, start, end):
        """Return the payments of QPay's list.

        :param datetime start: The beginning of the period, in UTC.
        :param datetime end: The end of the period, in UTC.
        :return: The `Payment` values.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        provider = self.provider_id
        return list(provider._qpay_client().list_payments(
            provider._qpay_setting('qpay_invoice_code'),
            _to_ulaanbaatar(start),
            _to_ulaanbaatar(end),
        ).payments)

    def _list_refunds(self, listed_ids):
        """Return the payments whose refund was asked for without an answer, and that were made
        before the period: one call each.

        :param set listed_ids: QPay's ids of the payments that are known already.
        :return: The `Payment` values.
        :rtype: list
        :raise QPayError: If QPay gives no answer.
        """
        rows = self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('status', '=', 'paid'),
            ('refund_transaction_id.state', 'in', ('draft', 'pending')),
            ('qpay_txn_id', 'not in', list(listed_ids)),
        ])
        return [
            payment
            for row in rows
            for payment in self._list_payments(row.paid_at - _MOMENT, row.paid_at + _MOMENT)
            if payment.payment_id == row.qpay_txn_id
        ]

    def _compare(self, payments):
        """Compare the payments of QPay's list with the ledger, and take in what is missing.

        :param list payments: The `Payment` values of the list.
        """
        rows = self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ])
        known_ids = set(rows.mapped('qpay_txn_id'))
        refunded = self._take_in_refunds(rows.filtered(lambda row: row.status == 'paid'), payments)
        recovered, unknown, is_complete = self._take_in([
            payment for payment in payments
            if payment.is_money and payment.payment_id not in known_ids
        ])
        self.write({
            'state': 'done' if is_complete else 'failed',
            'state_message': False if is_complete else self.env._(
                "Some payments are being booked by another process. Please compare again."
            ),
            'matched_count': len(rows - refunded),
            'recovered_count': len(recovered),
            'unknown_count': len(unknown),
            'refunded_count': len(refunded),
            'qpay_total': sum(float(p.amount) for p in payments if self._is_counted(p)),
            'ledger_total': self._get_ledger_total(),
            'payment_ids': [Command.set((refunded | recovered | unknown).ids)],
        })
        self.env.cr.commit()

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
        for row in refunded:
            row._notice_refund()
        for row in rows - refunded:
            refund = row.refund_transaction_id
            is_waiting = refund.state in ('draft', 'pending')
            if is_waiting and refund.create_date < fields.Datetime.now() - const.REFUND_PERIOD:
                row._notice_no_refund()
        return refunded

    def _take_in(self, missing):
        """Settle the missing payments of our QRs, and note the others for a person.

        :param list missing: The `Payment` values that are not in the ledger.
        :return: The rows of our QRs, the rows of nobody's, and whether all could be taken in.
        :rtype: tuple
        """
        ledger = self.env['qpay.payment']
        payments_by_intent, unknown = {}, ledger
        for payment in missing:
            if intent := self._find_intent(payment):
                payments_by_intent.setdefault(intent, []).append(payment)
            else:
                unknown += ledger._record_unknown(self.provider_id, payment)
        self.env.cr.commit()
        settled = [
            intent._in_company_language()._settle(payments)
            for intent, payments in payments_by_intent.items()
        ]
        recovered = ledger.search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in missing]),
        ]) - unknown
        return recovered, unknown, all(settled)

    def _find_intent(self, payment):
        """Return the QR that a payment paid; empty if it is none of ours.

        :param Payment payment: A payment of the list.
        :rtype: qpay.intent
        """
        if not payment.invoice_id:
            return self.env['qpay.intent']
        intents = self.env['qpay.intent'].search([
            ('provider_id', 'in', self.provider_id._qpay_get_same_account().ids),
            '|', ('qpay_invoice_id', '=', payment.invoice_id),
            '&', ('qpay_invoice_id', '=', False), ('create_date', '>=', self.date_from),
        ])
        intent = intents.filtered(lambda intent: intent.qpay_invoice_id == payment.invoice_id)
        if intent or not intents:
            return intent
        # The answer to its creation may have been lost, and QPay's call as well.
        try:
            number = self.provider_id._qpay_client().get_sender_invoice_no(payment.invoice_id)
        except QPayError as error:
            _logger.warning("QPay could not be asked about a payment's invoice: %s.", error)
            return intent
        intent = intents.filtered(lambda intent: intent.name == number)
        intent.qpay_invoice_id = payment.invoice_id
        return intent

    # === GETTERS === #

    def _in_company_language(self):
        """Return this comparison for writing down texts that the company's people will read."""
        return self.with_context(lang=self.company_id.partner_id.lang)

    def _get_ledger_domain(self):
        """Return which rows of the ledger can be on QPay's list."""
        return [
            ('provider_id', 'in', self.provider_id._qpay_get_same_account().ids),
            ('environment', '=', self.provider_id._qpay_environment()),
        ]

    def _is_counted(self, payment):
        """Whether a payment of the list is money of the period."""
        start, end = _to_ulaanbaatar(self.date_from), _to_ulaanbaatar(self.date_to)
        return payment.is_money and start <= payment.paid_at <= end

    def _get_ledger_total(self):
        [(total,)] = self.env['qpay.payment']._read_group([
            *self._get_ledger_domain(),
            ('status', '=', 'paid'),
            ('paid_at', '>=', self.date_from),
            ('paid_at', '<=', self.date_to),
        ], aggregates=['amount:sum'])
        return total


def _to_ulaanbaatar(moment):
    """Return a naive UTC moment as QPay's list is asked for it: in Ulaanbaatar's time."""
    return moment.replace(tzinfo=timezone.utc).astimezone(pytz.timezone(const.TIMEZONE))
