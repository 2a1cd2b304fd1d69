from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.locking import touch


class AccountPayment(models.Model):
    _name = 'account.payment'
    _inherit = ['account.payment', 'qpay.guarded']

    qpay_txn_id = fields.Char(
        string="QPay Payment", readonly=True, copy=False, index='btree_not_null'
    )

    qpay_payment_ids = fields.One2many(
        string="QPay's Payments",
        help="The row of QPay's ledger that this payment books.",
        comodel_name='qpay.payment',
        inverse_name='account_payment_id',
        readonly=True,
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    qpay_paid_back_id = fields.Many2one(
        string="Pays Back",
        help="The QPay payment that this transfer pays back.",
        comodel_name='account.payment',
        check_company=True,
        copy=False,
        index='btree_not_null',
    )

    _qpay_txn_uniq = models.UniqueIndex(
        '(company_id, qpay_txn_id) WHERE qpay_txn_id IS NOT NULL',
        "This QPay payment is already in the books.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to keep in the books what QPay has taken. """
        if vals.get('state') in ('draft', 'canceled', 'rejected'):
            self._qpay_check_kept()
        if 'amount' in vals:
            amount = float(vals['amount'] or 0)
            self.filtered(
                lambda payment: payment.qpay_txn_id
                and payment.currency_id.compare_amounts(payment.amount, amount)
            )._qpay_check_kept()
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
        # Whoever changes entries need not be allowed to see payments.
        payments = self.sudo().filtered('qpay_txn_id')
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

    def _qpay_get_credit_items(self):
        """Return the journal items of these payments that are the customer's credit: those for
        which nothing is owed, or is known to be.

        :rtype: account.move.line
        """
        return self.move_id.line_ids.filtered(
            lambda item: item.account_id == item.payment_id.destination_account_id
            and item.parent_state == 'posted'
            and not item.reconciled
        )

    def _qpay_reconcile_credit(self, paid):
        """Reconcile what this payment gives back with what is credit of an earlier one.

        :param account.payment paid: The payment that is paid back.
        :return: None
        """
        credit = paid._qpay_get_credit_items()
        items = (credit | self._qpay_get_credit_items()).filtered(
            lambda item: item.account_id == paid.destination_account_id
            and item.partner_id == paid.partner_id
        )
        if credit:
            items.reconcile()

    # === BUSINESS METHODS - PAY BACK === #

    @api.constrains('qpay_paid_back_id', 'state', 'amount', 'currency_id')
    def _check_qpay_paid_back_amount(self):
        """Make sure that no more is paid back than was paid."""
        transfers = self.filtered(lambda payment: payment.state in ('in_process', 'paid'))
        for paid in transfers.qpay_paid_back_id:
            # Two people may pay back or refund the same payment at the same moment.
            rows = paid._qpay_find_rows()
            touch(rows)
            rows._check_no_refund()
            if paid.currency_id.compare_amounts(paid._qpay_get_paid_back_amount(), paid.amount) > 0:
                raise ValidationError(self.env._(
                    "No more than %(amount)s was paid by QPay payment %(qpay_txn_id)s, so no more"
                    " can be paid back.",
                    amount=paid.currency_id.format(paid.amount), qpay_txn_id=paid.qpay_txn_id,
                ))

    def _qpay_get_paid_back_amount(self):
        """Return how much of this payment is paid back, by QPay and by bank transfers, in its own
        currency.

        :rtype: float
        """
        self.ensure_one()
        row = self.env['qpay.payment'].sudo().search([('account_payment_id', '=', self.id)])
        back = self.sudo().search([
            ('state', 'in', ('in_process', 'paid')),
            '|', ('qpay_paid_back_id', '=', self.id), ('source_payment_id', '=', self.id),
        ])
        total = 0
        for currency, payments in back.grouped('currency_id').items():
            amount = sum(payments.mapped('amount'))
            if currency == self.currency_id:
                total += amount
            elif currency == row.currency_id:
                # What was paid in tögrög for an invoice in another currency.
                total += self.amount * amount / row.amount
            else:
                total += currency._convert(amount, self.currency_id, self.company_id, self.date)
        return self.currency_id.round(total)

    # === ACTION METHODS === #

    def action_post(self):
        """ Override of `account` to take transfers that pay back off the customer's credit. """
        transfers = self.filtered('qpay_paid_back_id')
        for transfer in transfers.filtered(lambda payment: payment.state == 'draft'):
            paid = transfer.qpay_paid_back_id
            if transfer.partner_id == paid.partner_id:
                transfer.destination_account_id = paid.destination_account_id
        result = super().action_post()
        for transfer in transfers:
            transfer._qpay_reconcile_credit(transfer.qpay_paid_back_id)
        return result

    def action_qpay_pay_back(self):
        """Open a payment that registers the bank transfer with which a payment is paid back: QPay
        itself gives back card payments only (QPay contract §4.4).

        :return: The action of the payment's form.
        :rtype: dict
        :raise UserError: If all of it is paid back, or QPay refunds it.
        """
        self.ensure_one()
        check_records(self, 'write')
        self._qpay_find_rows()._check_no_refund()
        rest = self.currency_id.round(self.amount - self._qpay_get_paid_back_amount())
        if self.currency_id.compare_amounts(rest, 0) <= 0:
            raise UserError(self.env._("All of this payment is already paid back."))
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
                'default_amount': rest,
                'default_qpay_paid_back_id': self.id,
                'default_memo': self.env._("Paid back: %s", self.memo),
            },
        }
