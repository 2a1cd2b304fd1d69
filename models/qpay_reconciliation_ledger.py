from collections import defaultdict
from datetime import timezone
from decimal import Decimal

from odoo import Command, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const


class QPayReconciliation(models.Model):
    """What the ledger says of the period of a comparison, beside what QPay says."""

    _inherit = 'qpay.reconciliation'

    # === THE LEDGER === #

    def _find_rows(self, payments):
        """Return the rows of the ledger that payments of the list have.

        :param list payments: The `Payment` values.
        :rtype: qpay.payment
        """
        return self.env['qpay.payment'].search([
            *self._get_ledger_domain(),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ])

    def _prove_list(self, payments, rows):
        """Look whether QPay's list shows what the ledger has by `payment/check`.

        :param list payments: The `Payment` values of the list, as it shows them.
        :param qpay.payment rows: The rows of the ledger.
        """
        listed = {payment.payment_id: payment for payment in payments}
        self.env['qpay.list.trust']._look_at(
            self.provider_id._qpay_account(), listed,
            rows.filtered(lambda row: row.qpay_txn_id in listed),
        )

    def _find_rows_of_period(self):
        """Return the rows of the ledger that were paid within the period."""
        return self.env['qpay.payment'].search(
            self._get_ledger_domain() & self._get_period_domain()
        )

    def _find_lost(self):
        """Return the settled rows of the period whose payment is missing, draft or cancelled."""
        payments = self.env['qpay.payment']
        return payments.search(
            self._get_ledger_domain()
            & self._get_period_domain()
            & Domain('state', '=', 'settled')
            & Domain('status', '=', 'paid')
            & ~payments._get_books_domain()
        )

    def _get_ledger_domain(self):
        """Return which rows of the ledger can be on QPay's list."""
        return self.provider_id._qpay_get_list_domain()

    def _get_period_domain(self):
        return Domain('paid_at', '>=', self.date_from) & Domain('paid_at', '<=', self._get_end())

    def _is_within(self, moment):
        """Whether a moment, as Odoo stores it, belongs to the period."""
        return self.date_from <= moment <= self._get_end()

    # === DAY BY DAY === #

    def _get_totals(self, payments, rows, recovered):
        """Return the totals of each day, and of all of them.

        Of the ledger count the rows that were there before QPay was asked, and those of its list:
        what is paid and recorded meanwhile is on one side only.

        :param list payments: The `Payment` values of the list.
        :param qpay.payment rows: The rows of the ledger that were there before.
        :param qpay.payment recovered: The rows that this comparison has recorded for our QRs.
        :return: The values to be written.
        :rtype: dict
        """
        listed = self._find_rows(payments)
        rows |= listed
        # Others may have settled them since they were read.
        rows.invalidate_recordset()
        days = self._group_by_day(payments, listed)
        rows_by_day = rows.filtered(
            lambda row: row.state != 'not_ours' and self._is_within(row.paid_at)
        ).grouped(lambda row: row._get_payment_date())
        values = [
            {'date': day, **self._get_day_values(
                days.get(day, []), rows_by_day.get(day, rows.browse()), recovered
            )}
            for day in sorted(days.keys() | rows_by_day.keys())
        ]
        return {
            'day_ids': [Command.clear(), *map(Command.create, values)],
            **{
                name: self._sum(day[name] for day in values)
                for name, field in self.env['qpay.reconciliation.totals']._fields.items()
                if field.type == 'monetary' and not field.compute
            },
        }

    def _group_by_day(self, payments, listed):
        """Return the payments of QPay's list that are money of the period, and not another shop's,
        by their days: those that the ledger says, of payments that are there.

        :rtype: dict
        """
        moments = {row.qpay_txn_id: row.paid_at for row in listed}
        not_ours = {row.qpay_txn_id for row in listed if row.state == 'not_ours'}
        days = defaultdict(list)
        for payment in payments:
            if payment.is_money and payment.payment_id not in not_ours:
                moment = moments.get(payment.payment_id) or payment.paid_at.astimezone(
                    timezone.utc
                ).replace(tzinfo=None)
                if self._is_within(moment):
                    days[const.get_day(moment)].append(payment)
        return days

    def _get_day_values(self, payments, rows, recovered):
        """Return the totals of a day, and the rows that they are made of.

        :param list payments: The `Payment` values of the day on QPay's list.
        :param qpay.payment rows: The rows of the day in the ledger.
        :param qpay.payment recovered: The rows that this comparison has recorded for our QRs.
        :rtype: dict
        """
        listed_ids = {payment.payment_id for payment in payments}
        paid = rows.filtered(lambda row: row.status == 'paid')
        settled = paid.filtered(lambda row: row._is_in_books())
        groups = {
            'found': settled & recovered,
            'waiting': paid - settled,
            'refunded': rows.filtered(lambda row: row._is_refunded()),
        }
        return {
            'qpay_total': self._sum(payment.amount for payment in payments),
            'fee_total': self._sum(payment.fee for payment in payments),
            'ledger_total': self._sum(settled.mapped('amount')),
            'listed_payment_ids': [Command.set(
                rows.filtered(lambda row: row.qpay_txn_id in listed_ids).ids
            )],
            'settled_payment_ids': [Command.set(settled.ids)],
            **{
                f'{name}_total': self._sum(group.mapped('amount'))
                for name, group in groups.items()
            },
            **{f'{name}_payment_ids': [Command.set(group.ids)] for name, group in groups.items()},
        }

    def _sum(self, amounts):
        """Return the exact sum of amounts, whatever they are held in.

        :rtype: float
        """
        total = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
        return self.currency_id.round(float(total))
