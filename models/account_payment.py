from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    qpay_txn_id = fields.Char(
        string="QPay Payment", readonly=True, copy=False, index='btree_not_null'
    )

    qpay_ebarimt_ids = fields.Many2many(
        string="VAT Receipts",
        comodel_name='qpay.ebarimt',
        compute='_compute_qpay_ebarimt_ids',
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    qpay_paid_back_id = fields.Many2one(
        string="Pays Back",
        help="The QPay payment that this transfer pays back.",
        comodel_name='account.payment',
        readonly=True,
        copy=False,
        index='btree_not_null',
    )

    _qpay_txn_uniq = models.UniqueIndex(
        '(company_id, qpay_txn_id) WHERE qpay_txn_id IS NOT NULL',
        "This QPay payment is already in the books.",
    )

    # === COMPUTE METHODS === #

    def _compute_qpay_ebarimt_ids(self):
        rows = self.env['qpay.payment'].search([('account_payment_id', 'in', self.ids)])
        receipts = {row.account_payment_id: row.ebarimt_ids for row in rows}
        for payment in self:
            payment.qpay_ebarimt_ids = receipts.get(payment)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to keep in the books what QPay has taken. """
        is_changed = 'amount' in vals and any(
            payment.currency_id.compare_amounts(payment.amount, vals['amount']) for payment in self
        )
        if is_changed or vals.get('state') in ('draft', 'canceled', 'rejected'):
            self._qpay_check_kept()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_qpay(self):
        self._qpay_check_kept()

    def _qpay_check_kept(self):
        """Make sure that none of these payments is in the books for one that QPay has taken.

        :raise UserError: If one is.
        """
        if kept := self._qpay_find_rows()[:1]:
            raise UserError(self.env._(
                "%(payment)s is the money of QPay payment %(qpay_txn_id)s, and stays in the books."
                " Pay it back, or match it with another invoice, if it is not this customer's.",
                payment=kept.account_payment_id.name,
                qpay_txn_id=kept.qpay_txn_id,
            ))

    def _qpay_find_rows(self, **values):
        """Return the rows of the ledger that these payments book.

        :param values: What fields of the rows must be.
        :return: The rows, in sudo mode.
        :rtype: qpay.payment
        """
        payments = self.filtered('qpay_txn_id')
        rows = self.env['qpay.payment'].sudo()
        return payments and rows.search([
            ('account_payment_id', 'in', payments.ids),
            *((name, '=', value) for name, value in values.items()),
        ]) or rows

    # === BUSINESS METHODS === #

    def _prepare_move_line_default_vals(self, write_off_line_vals=None, force_balance=None):
        """ Override of `account` to book what arrived in tögrög also where a discount is granted.

        :param list write_off_line_vals: The items of the discount.
        :param float force_balance: What arrived, in the company's currency.
        :return: The values of the journal items, the money's first and the customer's second.
        :rtype: list
        """
        items = super()._prepare_move_line_default_vals(
            write_off_line_vals=write_off_line_vals, force_balance=force_balance
        )
        if self.qpay_txn_id and write_off_line_vals and force_balance is not None:
            money, receivable = items[:2]
            difference = force_balance - (money['debit'] - money['credit'])
            money['debit'] += difference
            receivable['credit'] += difference
        return items

    def _qpay_look_after_receipts(self):
        """Have the VAT receipts of the payments that these transfers pay back cancelled, or where
        only a part is paid back, a person asked to correct them.

        :return: None
        """
        for paid in self.qpay_paid_back_id:
            transfers = self.search([
                ('qpay_paid_back_id', '=', paid.id),
                ('currency_id', '=', paid.currency_id.id),
                ('state', 'in', ('in_process', 'paid')),
            ])
            amount = sum(transfers.mapped('amount'))
            paid.sudo().qpay_ebarimt_ids._take_pay_back(
                is_all=paid.currency_id.compare_amounts(amount, paid.amount) >= 0
            )

    # === ACTION METHODS === #

    def action_post(self):
        """ Override of `account` to look after the VAT receipts of what is paid back. """
        result = super().action_post()
        self._qpay_look_after_receipts()
        return result

    def action_qpay_pay_back(self):
        """Open a payment that registers the bank transfer with which a payment is paid back: QPay
        itself gives back card payments only (QPay contract §4.4).

        :return: The action of the payment's form.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Pay back by transfer"),
            'res_model': self._name,
            'view_mode': 'form',
            'context': {
                'default_payment_type': 'outbound',
                'default_partner_type': 'customer',
                'default_partner_id': self.partner_id.id,
                'default_journal_id': self.journal_id.id,
                'default_currency_id': self.currency_id.id,
                'default_amount': self.amount,
                'default_qpay_paid_back_id': self.id,
                'default_memo': self.env._("Paid back: %s", self.memo),
            },
        }
