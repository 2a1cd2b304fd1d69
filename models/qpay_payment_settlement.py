import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.locking import try_in_savepoint
from odoo.addons.payment_qpay.reasons import get_reason
from odoo.addons.payment_qpay.scheduling import each_in_time, wake_cron

_logger = logging.getLogger(__name__)


class QPayPayment(models.Model):
    """How a row of the ledger gets into the books, and whom it concerns."""

    _inherit = 'qpay.payment'

    # === SETTLEMENT === #

    def _settle_pending(self):
        """Settle those of these payments that are pending; their intents must be locked, or where
        there is none the rows themselves.

        Those that can be are booked together, which costs less. Should that fail, each is booked
        by itself: one that cannot be booked needs attention and says why, and holds up no other.

        :return: None
        """
        waiting = self.filtered(lambda payment: payment.state == 'to_settle')
        for payments in waiting.grouped('company_id').values():
            payments = payments._as_bookkeeper()
            together = payments.filtered(lambda payment: payment._can_be_settled_together())
            alone = payments - together
            for batch in split_every(const.SETTLE_BATCH, together.ids, together.browse):
                # Which of them it was, and why, turns out when each is booked by itself.
                if len(batch) == 1 or try_in_savepoint(batch.env, batch._settle):
                    alone += batch
            for payment in alone:
                payment._settle_one()

    def _as_bookkeeper(self):
        """Return these payments, of one company, for booking as the system, in the company's
        language and Mongolia's time.
        """
        company = self.company_id
        return self.with_user(SUPERUSER_ID).with_company(company).with_context(
            lang=company.partner_id.lang, tz=const.TIMEZONE
        )

    def _settle_one(self):
        """Settle one payment, or flag it for review.

        If it cannot, it is tried once more without what else happens on the way: a message or an
        e-mail that fails does not keep the money out of the books.
        """
        self.ensure_one()
        reason = try_in_savepoint(self.env, self._settle)
        if reason and try_in_savepoint(self.env, self.with_context(
            qpay_messages_optional=True, skip_sale_auto_invoice_send=True
        )._settle):
            self._flag_for_review(reason)

    def _can_be_settled_together(self):
        """Whether these payments need nothing but a payment and its reconciliation: each is for one
        confirmed invoice in tögrög, without a discount for early payment.
        """
        return all(
            len(invoice := payment.intent_id.invoice_ids) == 1
            and invoice.state == 'posted'
            and invoice.currency_id == payment.currency_id
            and not invoice.invoice_payment_term_id.early_discount
            for payment in self
        )

    def _settle(self):
        """Settle payments through Odoo's own pipeline: transaction, payment, reconciliation.

        :raise UserError: If a payment cannot be booked.
        """
        for provider in self.provider_id:
            provider._qpay_check_journal()
        # What is still owed is no longer known when the payments are booked.
        surplus = self.filtered(
            lambda payment: documents.of(payment._get_document()).is_surplus(payment)
        )
        undiscounted = self.filtered(lambda payment: payment._has_missed_discount())
        drafts = {}
        for payment in self:
            if not payment._is_real_money():
                raise UserError(get_reason(self.env, 'sandbox_money'))
            payment._confirm_transaction()
            documents.of_transaction(payment.transaction_id).admit_payment()
            drafts[payment] = payment._leave_drafts()
        if len(self) > 1 and not self.transaction_id._qpay_is_creation_extended():
            self.transaction_id._qpay_create_payments(self)
        self.transaction_id.with_context(**self._get_invoicing_context())._post_process()
        for payment in self:
            if not payment.transaction_id.payment_id:
                raise UserError(get_reason(self.env, 'no_payment_created'))
            payment.write({
                'state': 'settled',
                'state_message': False,
                'account_payment_id': payment.transaction_id.payment_id.id,
            })
            if drafts[payment]:
                payment.transaction_id.invoice_ids += drafts[payment]
            if payment.discrepancy in (False, 'partial'):
                payment.discrepancy = payment._get_later_discrepancy(
                    payment in surplus, payment in undiscounted
                )
            payment._follow_up()

    def _get_invoicing_context(self):
        """Return which row is settled, and how Odoo makes the automatic invoice of the order that
        this payment pays: of its day, and of what is not invoiced yet. Those that are booked
        together pay no order.

        :rtype: dict
        """
        if len(self) > 1:
            return {}
        document = documents.of_transaction(self.transaction_id)
        return {
            'qpay_settled_row_id': self.id,
            'qpay_payment_date': self._get_payment_date(),
            'qpay_invoiced_amount': document.get_invoiced_amount(),
        }

    def _follow_up(self):
        """Do what follows once this payment is booked. Nothing of it keeps it out of the books."""
        self.ensure_one()
        self._book_fee()
        if self.activity_ids:
            try_in_savepoint(self.env, self.activity_unlink, [const.ACTIVITY_TYPE])
        self._notify_discrepancy()

    def _get_later_discrepancy(self, is_surplus, is_undiscounted):
        """Return how a usual payment turns out to be unusual when it is booked.

        :param bool is_surplus: Whether it is more than its order takes.
        :param bool is_undiscounted: Whether it came too late for the discount that it takes off.
        :return: One of the values of `discrepancy`, or False.
        """
        is_of_invoices = self.intent_id.res_model == 'account.move'
        if is_surplus or is_of_invoices and self._get_credit_items():
            # They were paid or changed in another way in the meantime.
            return 'surplus'
        if is_undiscounted:
            return 'undiscounted'
        customer = self._get_asked_customer()
        is_anothers = customer and self.account_payment_id.partner_id != customer
        return 'moved' if is_anothers else self.discrepancy

    @api.model
    def _cron_settle_pending(self):
        """Settle the payments whose process died between their record and their settlement, or
        that another process was in the way of.

        :return: None
        """
        pending = self.search([
            ('state', '=', 'to_settle'),
            ('create_date', '<=', fields.Datetime.now() - const.CALLBACK_LEASE),
        ])
        intents = pending.intent_id
        batches = [*split_every(const.SETTLE_BATCH, intents.ids, intents.browse)]
        for batch in each_in_time(self.env, batches):
            batch._settle_pending()

    @api.model
    def _trigger_settlement(self):
        """Have what is pending settled, should this process die before it has done so."""
        wake_cron(self.env, 'ir_cron_settle', fields.Datetime.now() + const.CALLBACK_LEASE)

    def _get_amount_values(self, invoices):
        """Return how much a payment of invoices pays of them. In another currency it is booked in
        theirs, so that it closes them to the last cent; its value is what arrived. Odoo books the
        exchange difference.

        :param account.move invoices: What is paid.
        :return: Values of the `account.payment`.
        :rtype: dict
        """
        self.ensure_one()
        currency, amount = self._get_document_amount()
        values = {'write_off_line_vals': [], 'amount': self.amount}
        if invoices.currency_id == currency:
            values['write_off_line_vals'] = invoices._qpay_get_discount_items(
                amount, self._get_payment_date()
            )
        if currency != self.currency_id:
            values.update(currency_id=currency.id, amount=amount)
            if currency != self.company_id.currency_id:
                values['force_balance'] = self._get_value(self._get_payment_date())
        return values

    def _get_document_amount(self):
        """Return which amount of the invoices this payment pays, and in which currency: what all
        payments of the QR pay so far, less what is booked of them. So parts add up.

        :rtype: tuple[res.currency, float]
        """
        self.ensure_one()
        intent = self.intent_id
        currency = intent.document_currency_id
        if currency in (self.env['res.currency'], self.currency_id):
            return self.currency_id, self.amount
        booked = self._get_settled_parts()
        share = intent._get_document_share(sum(booked.mapped('amount')) + self.amount)
        amount = currency.round(share - sum(booked.account_payment_id.mapped('amount')))
        if currency.compare_amounts(amount, 0) <= 0:
            # Less than the smallest coin of theirs is still money: a credit in tögrög.
            return self.currency_id, self.amount
        return currency, amount

    def _get_value(self, day):
        """Return what this payment is worth on a day, in the company's currency."""
        company = self.company_id
        return self.currency_id._convert(self.amount, company.currency_id, company, day)

    def _has_missed_discount(self):
        """Whether this payment is the discounted price of invoices, but came too late for it.

        :rtype: bool
        """
        self.ensure_one()
        invoices = self._get_document()
        currency, amount = self._get_document_amount()
        return bool(
            invoices._name == 'account.move'
            and invoices.currency_id == currency
            and invoices._qpay_find_discounted(amount)
            and not invoices._qpay_find_discounted(amount, self._get_payment_date())
        )

    # === TELLING PEOPLE === #

    def _notify_discrepancy(self):
        """Tell the responsible accountant about an unusual payment, and what can be done.

        :return: None
        """
        self.ensure_one()
        if not self.discrepancy:
            return
        amount = self.currency_id.format(self.amount)
        note = {
            'partial': self.env._(
                "%s arrived, which is less than was asked for. The invoice is partly paid; ask for"
                " the rest with a new QR.", amount,
            ),
            'exceeding': self.env._(
                "%s arrived, which is more than was asked for. What is over is the customer's"
                " credit: keep it for another invoice, or pay it back.", amount,
            ),
            'double': self.env._(
                "%s arrived for a QR that was already paid. It is the customer's credit: keep it"
                " for another invoice, or pay it back.", amount,
            ),
            'late': self.env._(
                "%s arrived after the QR had ended. It is booked; where the invoice is no longer"
                " open it is the customer's credit: keep it, or pay it back.", amount,
            ),
            'surplus': self.env._(
                "%s arrived, but the invoice or order was paid or changed in another way before."
                " What is over is the customer's credit: keep it for another invoice, or pay it"
                " back.",
                amount,
            ),
            'undiscounted': self.env._(
                "%s arrived after the last day of the discount for early payment, which the QR"
                " still took off. The invoice stays open by it: ask for the rest with a new QR, or"
                " credit it.", amount,
            ),
            'moved': self.env._(
                "%(amount)s arrived for a QR of another customer. The document is %(customer)s's"
                " now, for whom the payment is booked. Please see whose payment it is.",
                amount=amount, customer=self.account_payment_id.partner_id.name,
            ),
        }[self.discrepancy]
        self._schedule_activity(self.env._("An unusual QPay payment"), note)

    def _clear_partial_activities(self):
        """Clear activities of partial payments: the rest has arrived.

        :return: None
        """
        parts = self.filtered(lambda payment: payment.discrepancy == 'partial')
        settled = parts.filtered(lambda payment: payment.state == 'settled')
        if settled.activity_ids:
            try_in_savepoint(self.env, settled.activity_unlink, [const.ACTIVITY_TYPE])

    def _flag_for_review(self, reason):
        """Leave the payment to a person, and say why.

        :param str reason: A translated sentence.
        """
        self.ensure_one()
        self.write({'state': 'needs_attention', 'state_message': reason})
        summary = (
            self.env._("A QPay payment is no longer matched")
            if self.is_unmatched and not self.is_refund_noticed
            else self.env._("A QPay payment waits to be booked")
        )
        self._schedule_activity(summary, reason)
        try_in_savepoint(self.env, self._ask_nobody_again)

    def _schedule_activity(self, summary, note, activity_type=const.ACTIVITY_TYPE):
        """Schedule an activity about this payment, instead of an earlier one.
        Should that fail, the list of payments still shows it.
        """
        try_in_savepoint(self.env, self.activity_unlink, [activity_type])
        self._add_activity(summary, note, activity_type)

    def _add_activity(self, summary, note, activity_type=const.ACTIVITY_TYPE):
        if reason := try_in_savepoint(
            self.env, self.activity_schedule, activity_type, summary=summary, note=note,
            user_id=self._get_responsible_user().id,
        ):
            _logger.error(
                "Nobody could be told about QPay payment %s: %s", self.qpay_txn_id, reason
            )
