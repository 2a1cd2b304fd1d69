import logging
from datetime import timedelta, timezone

import pytz

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError
from odoo.addons.payment_qpay.utils import check_accountant

_logger = logging.getLogger(__name__)


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
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    date_from = fields.Datetime(
        string="From", required=True, default=lambda self: self._get_default_date_from()
    )
    date_to = fields.Datetime(string="To", required=True, default=fields.Datetime.now)
    state = fields.Selection(
        string="Status",
        selection=[('draft', "To run"), ('done', "Done"), ('failed', "Failed")],
        default='draft',
        required=True,
        readonly=True,
    )
    state_message = fields.Char(string="Reason", readonly=True)
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
        return self.env['payment.provider'].sudo().search([
            *self.env['payment.provider']._check_company_domain(self.env.company),
            ('code', '=', const.PROVIDER_CODE),
            ('state', '!=', 'disabled'),
        ], order='state', limit=1)

    @api.model
    def _get_default_date_from(self):
        return fields.Datetime.now() - const.RECONCILIATION_PERIOD

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
        self.sudo()._run()
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
            self.create({
                'provider_id': provider.id,
                'date_from': self._get_next_date_from(provider),
            })._run()
            self.env['ir.cron']._commit_progress(1, remaining=len(providers) - number)

    @api.model
    def _get_next_date_from(self, provider):
        now = fields.Datetime.now()
        last = self.search([('provider_id', '=', provider.id), ('state', '=', 'done')], limit=1)
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
        provider = self.provider_id
        self.env.cr.commit()
        try:
            payments = provider._qpay_client().list_payments(
                provider._qpay_setting('qpay_invoice_code'),
                _to_ulaanbaatar(self.date_from),
                _to_ulaanbaatar(self.date_to),
            ).payments
        except QPayError as error:
            _logger.warning("QPay's list of payments could not be read: %s.", error)
            self.write({'state': 'failed', 'state_message': provider._qpay_explain(error)})
            return
        self.env.cr.commit()
        self._compare(payments)

    def _compare(self, payments):
        """Compare the payments of QPay's list with the ledger, and take in what is missing.

        :param tuple payments: The `Payment` values of the list.
        """
        rows = self.env['qpay.payment'].search([
            ('provider_id', '=', self.provider_id.id),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ])
        row_by_id = {row.qpay_txn_id: row for row in rows}
        refunded = rows.filtered(
            lambda row: row.status == 'paid' and row.qpay_txn_id in {
                payment.payment_id for payment in payments
                if payment.status in const.REFUNDED_STATUSES
            }
        )
        for row in refunded:
            row._notice_refund()
        missing = [
            payment for payment in payments
            if payment.is_money and payment.payment_id not in row_by_id
        ]
        recovered, unknown = self._take_in(missing)
        self.write({
            'state': 'done',
            'state_message': False,
            'matched_count': len(rows - refunded),
            'recovered_count': len(recovered),
            'unknown_count': len(unknown),
            'refunded_count': len(refunded),
            'qpay_total': sum(float(p.amount) for p in payments if p.is_money),
            'ledger_total': self._get_ledger_total(),
            'payment_ids': [Command.set((refunded | recovered | unknown).ids)],
        })
        self.env.cr.commit()

    def _take_in(self, missing):
        """Settle the missing payments of our QRs, and note the others for a person.

        :param list missing: The `Payment` values that are not in the ledger.
        :return: The rows of our QRs, and the rows of nobody's.
        :rtype: tuple
        """
        ledger = self.env['qpay.payment']
        intents = self.env['qpay.intent'].search([
            ('provider_id', '=', self.provider_id.id),
            ('qpay_invoice_id', 'in', [p.invoice_id for p in missing if p.invoice_id]),
        ])
        intent_by_invoice = {intent.qpay_invoice_id: intent for intent in intents}
        payments_by_intent, unknown = {}, ledger
        for payment in missing:
            if intent := intent_by_invoice.get(payment.invoice_id):
                payments_by_intent.setdefault(intent, []).append(payment)
            else:
                unknown += ledger._record_unknown(self.provider_id, payment)
        self.env.cr.commit()
        for intent, payments in payments_by_intent.items():
            intent._in_company_language()._settle(payments)
        recovered = ledger.search([
            ('provider_id', '=', self.provider_id.id),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in missing]),
        ]) - unknown
        return recovered, unknown

    def _get_ledger_total(self):
        [(total,)] = self.env['qpay.payment']._read_group([
            ('provider_id', '=', self.provider_id.id),
            ('status', '=', 'paid'),
            ('paid_at', '>=', self.date_from),
            ('paid_at', '<=', self.date_to),
        ], aggregates=['amount:sum'])
        return total


def _to_ulaanbaatar(moment):
    """Return a naive UTC moment as QPay's list is asked for it: in Ulaanbaatar's time."""
    return moment.replace(tzinfo=timezone.utc).astimezone(pytz.timezone(const.TIMEZONE))
