import logging
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.payment_qpay import const, documents

_logger = logging.getLogger(__name__)


class QPayPayment(models.Model):
    """How a row of the ledger gets into the books, and whom it concerns."""

    _inherit = 'qpay.payment'

    # === BOOKING === #

    def _settle(self):
        """Book those of these payments that wait for it; their intents must be locked, or the rows
        themselves where there is no intent.

        Those that can be are booked together, which costs less. Should that fail, each is booked
        by itself: one that cannot be booked needs attention and says why, and holds up no other.

        :return: None
        """
        waiting = self.filtered(lambda payment: payment.state == 'to_settle')
        for payments in waiting.grouped('company_id').values():
            payments = payments._as_bookkeeper()
            together = payments.filtered(lambda payment: payment._can_be_booked_together())
            alone = payments - together
            for batch in split_every(const.BOOKING_BATCH, together.ids, together.browse):
                if len(batch) == 1 or not batch._try_to_book():
                    alone += batch
            for payment in alone:
                payment._settle_alone()

    def _as_bookkeeper(self):
        """Return these payments, of one company, for booking as the system, in the company's
        language.
        """
        company = self.company_id
        return self.with_user(SUPERUSER_ID).with_company(company).with_context(
            lang=company.partner_id.lang
        )

    def _settle_alone(self):
        """Book one payment, or say why it cannot be booked."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._book()
        except psycopg2.OperationalError:
            # Another transaction was in the way: whoever called tries all of it again.
            raise
        except UserError as error:
            self._need_attention(str(error))
        except Exception:
            # Whatever stands in the way of the books must not lose the payment.
            _logger.exception("QPay payment %s could not be booked.", self.qpay_txn_id)
            self._need_attention(self.env._(
                "The payment could not be booked because of an unexpected error. The server's"
                " log says more."
            ))

    def _try_to_book(self):
        """Book payments together.

        :return: Whether it was done; if not, nothing was.
        :rtype: bool
        """
        try:
            with self.env.cr.savepoint():
                self._book()
        except psycopg2.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001
            # Which of them it was, and why, turns out when each is booked by itself.
            _logger.info("%s payments could not be booked together: %s", len(self), error)
            return False
        return True

    def _can_be_booked_together(self):
        """Whether this payment needs nothing but a payment and its reconciliation: it is for one
        confirmed invoice in tögrög, without a discount for early payment.
        """
        self.ensure_one()
        invoice = self.intent_id.invoice_ids
        return (
            len(invoice) == 1
            and invoice.state == 'posted'
            and invoice.currency_id == self.currency_id
            and not invoice.invoice_payment_term_id.early_discount
        )

    def _book(self):
        """Book payments through Odoo's own pipeline: transaction, payment, reconciliation.

        :raise UserError: If a payment cannot be booked.
        """
        for provider in self.provider_id:
            provider._qpay_check_journal()
        # What is still owed is no longer known when the payments are booked.
        surplus = self.filtered(lambda payment: payment._is_more_than_order_takes())
        drafts = {}
        for payment in self:
            payment._check_environment()
            payment._confirm_transaction()
            drafts[payment] = payment._leave_drafts()
        if len(self) > 1:
            self.transaction_id._qpay_create_payments(self)
        self.transaction_id._post_process()
        for payment in self:
            if not payment.transaction_id.payment_id:
                raise UserError(self.env._("Odoo did not create a payment for this transaction."))
            payment.write({
                'state': 'settled',
                'state_message': False,
                'account_payment_id': payment.transaction_id.payment_id.id,
            })
            if drafts[payment]:
                payment.transaction_id.invoice_ids += drafts[payment]
            payment.activity_unlink([const.ACTIVITY_TYPE])
            payment._book_fee()
            if payment.case in (False, 'partial'):
                payment.case = payment._find_later_case(payment in surplus)
            payment._tell_about_case()
        self._plan_ebarimt()

    def _check_environment(self):
        """Make sure that a sandbox payment settles nothing once the provider takes real money.

        :raise UserError: If it would.
        """
        self.ensure_one()
        if not self._is_real_money():
            raise UserError(self.env._(
                "This is a payment of QPay's sandbox, which is no real money."
            ))

    def _is_more_than_order_takes(self):
        """Whether this payment is for an order that owes less: it was cancelled, or paid in another
        way in the meantime. Of invoices, their items tell when it is booked.

        :rtype: bool
        """
        self.ensure_one()
        document = documents.of(self._get_document())
        # What stands for itself owes nothing beyond its own payments.
        if document.model in ('account.move', 'payment.transaction'):
            return False
        order = document.records
        takes_money = (
            order and order.state != 'cancel' and document.takes_money(self._get_payment_date())
        )
        owed = document.get_unpaid_amount_before(self.transaction_id) if takes_money else 0
        # Odoo does not reckon anew what is paid when a transaction is done.
        order.invalidate_recordset(['amount_paid'])
        return self.currency_id.compare_amounts(self.amount, owed) > 0

    def _find_later_case(self, is_surplus):
        """Return how a usual payment turns out to be unusual when it is booked.

        :param bool is_surplus: Whether it is more than its order takes.
        :return: One of the values of `case`, or False.
        """
        if is_surplus or self._has_unexpected_credit():
            return 'surplus'
        customer = self._get_asked_customer()
        is_anothers = customer and self.account_payment_id.partner_id != customer
        return 'moved' if is_anothers else self.case

    def _has_unexpected_credit(self):
        """Whether a part of this payment of invoices found nothing that was still owed: they were
        paid or changed in another way in the meantime.

        :rtype: bool
        """
        self.ensure_one()
        if self.intent_id.res_model != 'account.move':
            return False
        payment = self.account_payment_id
        return any(
            not line.currency_id.is_zero(line.amount_residual_currency)
            for line in payment.move_id.line_ids
            if line.account_id == payment.destination_account_id
        )

    @api.model
    def _settle_left_over(self):
        """Book the payments whose process died between their record and their booking.

        :return: None
        """
        now = fields.Datetime.now()
        left_over = self.search([
            ('state', '=', 'to_settle'), ('create_date', '<=', now - const.CALLBACK_LEASE),
        ])
        for intent in left_over.intent_id:
            try:
                intent._book_waiting()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Another process is at it.
                self.env['qpay.callback']._trigger(now + const.CALLBACK_LEASE)
            except Exception:
                # Payments that cannot even be left to a person must not hold up the others.
                self.env.cr.rollback()
                _logger.exception("The payments of the QPay QR %s wait.", intent.name)

    def _get_currency_values(self, invoices):
        """Return what is different about a payment of invoices in another currency: it is booked
        in theirs, for the part of them that was asked for, so that it closes them to the last
        cent; its value is what arrived. Odoo books the exchange difference.

        :param account.move invoices: What is paid.
        :return: Values of the `account.payment`.
        :rtype: dict
        """
        self.ensure_one()
        intent = self.intent_id
        if intent.document_currency_id in (self.env['res.currency'], self.currency_id):
            return {}
        if invoices and invoices.currency_id != intent.document_currency_id:
            return {}  # They have changed since.
        amount = intent._get_document_share(self.amount)
        if intent.document_currency_id.is_zero(amount):
            # Less than the smallest coin of theirs is still money: a credit in tögrög.
            return {}
        values = {
            'currency_id': intent.document_currency_id.id,
            'amount': amount,
            'write_off_line_vals': invoices._qpay_get_discount_lines(amount),
        }
        if self.company_id.currency_id == self.currency_id:
            values['force_balance'] = self.amount
        return values

    def _book_fee(self):
        """Book QPay's fee, if the provider has an account for it, so that what is outstanding in
        the journal is what QPay pays out.

        :return: None
        """
        self.ensure_one()
        fee_account = self.provider_id.qpay_fee_account_id
        if not fee_account or self.fee_move_id or self.currency_id.is_zero(self.fee):
            return
        payment = self.account_payment_id
        self.fee_move_id = self.env['account.move'].create({
            'move_type': 'entry',
            'journal_id': payment.journal_id.id,
            'date': payment.date,
            'ref': self.env._("QPay's fee of %s", self.qpay_txn_id),
            'line_ids': [
                Command.create({
                    'account_id': account.id,
                    'currency_id': self.currency_id.id,
                    'amount_currency': amount,
                })
                for account, amount in (
                    (fee_account, self.fee), (payment.outstanding_account_id, -self.fee),
                )
            ],
        })
        self.fee_move_id.action_post()

    # === TELLING PEOPLE === #

    def _tell_about_case(self):
        """Tell the responsible accountant about an unusual payment, and what can be done.

        :return: None
        """
        self.ensure_one()
        if not self.case:
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
            'moved': self.env._(
                "%(amount)s arrived for a QR of another customer. The document is %(customer)s's"
                " now, for whom the payment is booked. Please see whose payment it is.",
                amount=amount, customer=self.account_payment_id.partner_id.name,
            ),
        }[self.case]
        self._schedule_activity(self.env._("An unusual QPay payment"), note)

    def _forget_parts(self):
        """Take back what people were asked to do about parts of a QR: the rest has arrived.

        :return: None
        """
        parts = self.filtered(lambda payment: payment.case == 'partial')
        settled = parts.filtered(lambda payment: payment.state == 'settled')
        settled.activity_unlink([const.ACTIVITY_TYPE])

    def _need_attention(self, reason):
        """Leave the payment to a person, and say why.

        :param str reason: A translated sentence.
        """
        self.ensure_one()
        self.write({'state': 'needs_attention', 'state_message': reason})
        summary = (
            self.env._("A QPay payment is no longer matched") if self.is_unmatched
            else self.env._("A QPay payment waits to be booked")
        )
        self._schedule_activity(summary, reason)
        self._try_beside_the_books(self._ask_nobody_again)

    def _schedule_activity(self, summary, note, activity_type=const.ACTIVITY_TYPE):
        """Ask the responsible person to look at this payment, instead of what was asked before.
        Should that fail, the list of payments still shows it.
        """
        self._try_beside_the_books(
            partial(super()._schedule_activity, summary, note, activity_type)
        )

    def _try_beside_the_books(self, act):
        """Do what keeps no payment from the books if it fails.

        :param callable act: What to do.
        :return: None
        """
        try:
            with self.env.cr.savepoint():
                act()
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("Something about QPay payment %s failed.", self.qpay_txn_id)
