import logging

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.reasons import get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run, each_in_time

_logger = logging.getLogger(__name__)


class QPayReconciliation(models.Model):
    """When Odoo compares by itself, and who is told that it cannot."""

    _inherit = 'qpay.reconciliation'

    @api.model
    def _cron_reconcile(self):
        """Reconcile each active provider. Then fees that wait are tried again.

        :return: None
        """
        reconciliations = as_one_run(self)
        # What the last run had no time for comes first, and what it broke off comes last.
        planned = reconciliations.search([
            ('is_scheduled', '=', True), ('state', '=', 'draft'),
        ], order='write_date, id') or reconciliations._plan(
            self.env['payment.provider'].search([
                ('code', '=', const.PROVIDER_CODE), ('state', '!=', 'disabled'),
            ])
        )
        while planned:
            for reconciliation in each_in_time(self.env, planned):
                reconciliation._in_company_language()._run_scheduled()
            # What is left of a long gap when the time is over is compared the next day.
            planned = reconciliations._plan(planned.filtered(
                lambda reconciliation: reconciliation._leaves_gap()
            ).provider_id)
        self.env['qpay.payment']._settle_waiting_fees()

    @api.model
    def _plan(self, providers):
        """Plan a comparison for each of these providers.

        :param payment.provider providers: The providers.
        :rtype: qpay.reconciliation
        """
        return self.create([
            {'provider_id': provider.id, 'is_scheduled': True} for provider in providers
        ])

    def _run_scheduled(self):
        """Compare from where the provider's last successful comparison ended, with an overlap for
        what QPay shows late.

        :return: None
        """
        self.ensure_one()
        date_from = self._get_next_date_from(self.provider_id)
        self.write({
            'date_from': date_from,
            'date_to': min(date_from + const.RECONCILIATION_MAX_PERIOD, fields.Datetime.now()),
        })
        self.env.cr.commit()
        try:
            self._run()
        except Exception:
            # One provider that cannot be reconciled must not hold up the others.
            self.env.cr.rollback()
            _logger.exception("The payments of %s could not be compared.", self.provider_id.name)
            self.write({'state': 'failed', 'state_message': get_reason(self.env, 'unexpected')})
        self._notify_failures()

    def _leaves_gap(self):
        """Whether this comparison succeeded, and was of the beginning of a longer time only. What
        is paid while it runs is the next day's: that one begins before the end of this one.
        """
        is_cut = self.date_to - self.date_from >= const.RECONCILIATION_MAX_PERIOD
        return self.state == 'done' and is_cut and self.date_to < fields.Datetime.now()

    def _notify_failures(self):
        """Tell somebody, once, that scheduled comparisons fail again and again; and no more, once
        one has succeeded.

        :return: None
        """
        self.ensure_one()
        scheduled = [('provider_id', '=', self.provider_id.id), ('is_scheduled', '=', True)]
        warning_id = self.env['ir.model.data']._xmlid_to_res_id(const.ACTIVITY_TYPE)
        told = self.search([*scheduled, ('activity_ids.activity_type_id', '=', warning_id)])
        if self.state == 'done':
            told.activity_unlink([const.ACTIVITY_TYPE])
            return
        last = self.search(scheduled, limit=const.TELL_FAILED_COMPARISONS)
        is_often = len(last) == const.TELL_FAILED_COMPARISONS
        if is_often and set(last.mapped('state')) == {'failed'} and not told:
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
            return self._get_default_date_from()
        return min(last.date_to, now) - const.RECONCILIATION_OVERLAP
