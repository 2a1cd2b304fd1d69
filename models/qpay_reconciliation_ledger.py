from datetime import timezone

from odoo import models


class QPayReconciliation(models.Model):
    """What the ledger says of the period of a comparison."""

    _inherit = 'qpay.reconciliation'

    def _find_rows(self, payments):
        """Return the rows of the ledger that payments of the list have.

        :param list payments: The `Payment` values.
        :rtype: qpay.payment
        """
        return self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ])

    def _find_lost(self):
        """Return the settled rows of the period whose payment is missing, draft or cancelled."""
        return self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('state', '=', 'settled'),
            ('status', '=', 'paid'),
            ('account_payment_id', 'not any', [
                ('state', 'in', ('in_process', 'paid')), ('move_id.state', '=', 'posted'),
            ]),
            ('paid_at', '>=', self.date_from),
            ('paid_at', '<=', self.date_to),
        ])

    def _get_ledger_domain(self):
        """Return which rows of the ledger can be on QPay's list."""
        return self.provider_id._qpay_get_list_domain()

    def _is_counted(self, payment):
        """Whether a payment of the list is money of the period."""
        start, end = (
            moment.replace(tzinfo=timezone.utc) for moment in (self.date_from, self.date_to)
        )
        return payment.is_money and start <= payment.paid_at <= end

    def _get_ledger_total(self):
        [(total,)] = self.env['qpay.payment']._read_group([
            *self._get_ledger_domain(),
            ('status', '=', 'paid'),
            ('paid_at', '>=', self.date_from),
            ('paid_at', '<=', self.date_to),
        ], aggregates=['amount:sum'])
        return total
