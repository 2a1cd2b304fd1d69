from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_records


class QPayReconciliationTotals(models.AbstractModel):
    """What QPay says of some time, and what Odoo's books say of it: of all that was compared, or of
    one day. Each total leads to the payments that it is made of.
    """

    _name = 'qpay.reconciliation.totals'
    _description = 'Totals of a QPay Reconciliation'

    currency_id = fields.Many2one(
        comodel_name='res.currency',
        default=lambda self: const.get_tugrik(self.env),
        readonly=True,
        copy=False,
    )
    qpay_total = fields.Monetary(
        string="Total at QPay",
        help="What QPay's list shows as paid and not refunded, but for payments that are not ours.",
        readonly=True,
        copy=False,
    )
    fee_total = fields.Monetary(
        string="Fees", help="What QPay keeps of it.", readonly=True, copy=False
    )
    net_total = fields.Monetary(string="Net", compute='_compute_net_total')
    ledger_total = fields.Monetary(
        string="Settled in Odoo",
        help="What is in Odoo's books, and not refunded there. What was only recorded waits.",
        readonly=True,
        copy=False,
    )
    found_total = fields.Monetary(
        string="Found and Settled",
        help="What this comparison found missing, and settled.",
        readonly=True,
        copy=False,
    )
    waiting_total = fields.Monetary(
        string="Waiting",
        help="What QPay has confirmed, and is not in the books.",
        readonly=True,
        copy=False,
    )
    refunded_total = fields.Monetary(
        string="Refunded",
        help="What QPay has refunded, whether it is booked or not.",
        readonly=True,
        copy=False,
    )
    difference = fields.Monetary(
        help="The total at QPay, less what is settled in Odoo.",
        compute='_compute_difference',
        store=True,
    )
    has_difference = fields.Boolean(
        string="QPay and Odoo Differ", compute='_compute_difference', store=True
    )

    # === COMPUTE METHODS === #

    @api.depends('qpay_total', 'fee_total')
    def _compute_net_total(self):
        for totals in self:
            totals.net_total = totals.currency_id.round(totals.qpay_total - totals.fee_total)

    @api.depends('qpay_total', 'ledger_total')
    def _compute_difference(self):
        for totals in self:
            currency = totals.currency_id
            totals.difference = currency.round(totals.qpay_total - totals.ledger_total)
            totals.has_difference = bool(
                currency.compare_amounts(totals.qpay_total, totals.ledger_total)
            )

    # === ACTION METHODS === #

    def action_view_entries(self):
        """Open the payments that one of the totals, which the context names, is made of.

        :return: The action of the list.
        :rtype: dict
        :raise UserError: If there is no such total.
        """
        self.ensure_one()
        check_records(self)
        name = self.env.context.get('qpay_total')
        entries = self._get_entries().get(name)
        if entries is None:
            raise UserError(self.env._("There is no such total."))
        return {
            'type': 'ir.actions.act_window',
            'name': self._fields[name].get_description(self.env, ['string'])['string'],
            'res_model': 'qpay.payment',
            'view_mode': 'list,kanban,form,pivot,graph',
            'mobile_view_mode': 'kanban',
            'domain': [('id', 'in', entries.ids)],
        }

    # === GETTERS === #

    def _get_days(self):
        """Return the days that are told of.

        :rtype: qpay.reconciliation.day
        """
        raise NotImplementedError

    def _get_entries(self):
        """Return the payments that each total is made of, by the name of the total.

        :rtype: dict
        """
        days = self._get_days()
        listed, settled = days.listed_payment_ids, days.settled_payment_ids
        return {
            'qpay_total': listed,
            'fee_total': listed,
            'net_total': listed,
            'ledger_total': settled,
            'found_total': days.found_payment_ids,
            'waiting_total': days.waiting_payment_ids,
            'refunded_total': days.refunded_payment_ids,
            'difference': (listed | settled) - (listed & settled),
        }
