import logging
from dataclasses import replace
from datetime import timezone

import psycopg2
import pytz

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError
from odoo.addons.payment_qpay.utils import check_accountant

_logger = logging.getLogger(__name__)

_ACTIVITY_TYPE = 'mail.mail_activity_data_warning'


class QPayPayment(models.Model):
    """The ledger: one row for each payment that QPay confirmed to our own request."""

    _name = 'qpay.payment'
    _description = 'QPay Payment'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'paid_at desc, id desc'
    _rec_name = 'qpay_txn_id'
    # Nobody writes rows by hand, but accountants talk about them.
    _mail_post_access = 'read'

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    provider_id = fields.Many2one(
        comodel_name='payment.provider', required=True, readonly=True, ondelete='restrict',
    )
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='intent_id.partner_id')
    document_name = fields.Char(related='intent_id.document_name')
    qpay_txn_id = fields.Char(string="QPay Payment", required=True, readonly=True)
    currency_id = fields.Many2one(comodel_name='res.currency', required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    fee = fields.Monetary(string="QPay's Fee", readonly=True)
    payment_type = fields.Selection(
        selection=[('p2p', "Bank transfer"), ('card', "Card")], readonly=True,
    )
    wallet = fields.Char(string="Paid with", readonly=True)
    paid_at = fields.Datetime(required=True, readonly=True)
    status = fields.Selection(
        string="Status at QPay",
        selection=[('paid', "Paid"), ('refunded', "Refunded")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        string="Booking",
        selection=[
            ('to_settle', "To book"),
            ('settled', "Booked"),
            ('needs_attention', "Needs attention"),
        ],
        default='to_settle',
        required=True,
        readonly=True,
    )
    state_message = fields.Char(string="Reason", readonly=True)
    transaction_id = fields.Many2one(
        comodel_name='payment.transaction', readonly=True, index='btree_not_null'
    )
    account_payment_id = fields.Many2one(
        string="Payment", comodel_name='account.payment', readonly=True, index='btree_not_null'
    )
    raw_data = fields.Json(string="QPay's Row", readonly=True, groups='base.group_system')

    _txn_uniq = models.Constraint(
        'unique(provider_id, qpay_txn_id)',
        "This QPay payment is already recorded.",
    )
    _open_index = models.Index("(state) WHERE state != 'settled'")

    # === ACTION METHODS === #

    def action_settle(self):
        """Book the payments that need attention again, after the cause is gone.

        :return: True
        """
        check_accountant(self)
        waiting = self.sudo().filtered(lambda payment: payment.state != 'settled')
        for intent, payments in waiting.grouped('intent_id').items():
            payments.state = 'to_settle'
            intent._settle([])
        return True

    # === BUSINESS METHODS - RECORD === #

    @api.model
    def _complete(self, payment, client):
        """Return a payment with the moment it was made, which payment/check does not say of every
        kind (QPay contract §4.1, §4.2).

        :param Payment payment: The payment, as checked.
        :param QPayClient client: The client that checked it.
        :rtype: Payment
        """
        if payment.paid_at:
            return payment
        try:
            paid_at = client.get_payment(payment.payment_id).paid_at
        except QPayError as error:
            # The money is certain; its moment is then the one at which we learnt of it.
            _logger.warning("QPay did not date payment %s: %s.", payment.payment_id, error)
            paid_at = None
        return replace(payment, paid_at=paid_at or _now())

    @api.model
    def _record(self, intent, payments):
        """Record verified payments that are not recorded yet. The intent must be locked.

        :param qpay.intent intent: The intent that was paid.
        :param list payments: The verified `Payment` values.
        :rtype: qpay.payment
        """
        known_ids = set(self.search([
            ('provider_id', '=', intent.provider_id.id),
            ('qpay_txn_id', 'in', [payment.payment_id for payment in payments]),
        ]).mapped('qpay_txn_id'))
        recorded = self.create([
            {
                'intent_id': intent.id,
                'provider_id': intent.provider_id.id,
                'qpay_txn_id': payment.payment_id,
                'currency_id': intent.currency_id.id,
                'amount': float(payment.amount),
                'fee': float(payment.fee),
                'payment_type': {'P2P': 'p2p', 'CARD': 'card'}.get(payment.payment_type, False),
                'wallet': payment.wallet,
                'paid_at': payment.paid_at.astimezone(timezone.utc).replace(tzinfo=None),
                'status': 'paid',
                'raw_data': payment.raw,
            }
            for payment in payments if payment.payment_id not in known_ids
        ])
        # Should this process die before they are booked, the cron books them.
        self.env.ref('payment_qpay.ir_cron_process_callbacks').sudo()._trigger(
            at=fields.Datetime.now() + const.CALLBACK_LEASE
        )
        return recorded

    # === BUSINESS METHODS - SETTLEMENT === #

    def _settle(self):
        """Book these payments, each by itself; the intent must be locked.

        A payment that cannot be booked needs attention and says why; it holds up no other.

        :return: None
        """
        for payment in self:
            booking = payment.with_user(SUPERUSER_ID).with_company(payment.company_id).with_context(
                lang=payment.company_id.partner_id.lang
            )
            try:
                with self.env.cr.savepoint():
                    booking._book()
            except psycopg2.OperationalError:
                # Another transaction was in the way: whoever called tries all of it again.
                raise
            except UserError as error:
                booking._need_attention(str(error))
            except Exception:
                # Whatever stands in the way of the books must not lose the payment.
                _logger.exception("QPay payment %s could not be booked.", payment.qpay_txn_id)
                booking._need_attention(self.env._(
                    "The payment could not be booked because of an unexpected error. The server's"
                    " log says more."
                ))

    def _book(self):
        """Book one payment through Odoo's own pipeline: transaction, payment, reconciliation.

        :raise UserError: If the payment cannot be booked.
        """
        self.ensure_one()
        self.provider_id._qpay_check_journal()
        transaction = self._get_transaction()
        transaction._process(const.PROVIDER_CODE, {
            'reference': transaction.reference,
            'qpay_txn_id': self.qpay_txn_id,
            'amount': self.amount,
            'currency_code': self.currency_id.name,
        })
        transaction._post_process()
        if not transaction.payment_id:
            raise UserError(self.env._("Odoo did not create a payment for this transaction."))
        self.write({
            'state': 'settled',
            'state_message': False,
            'account_payment_id': transaction.payment_id.id,
        })
        self.activity_unlink([_ACTIVITY_TYPE])

    def _get_transaction(self):
        """Return the transaction that this payment confirms, for exactly the money that arrived.

        :rtype: payment.transaction
        """
        expected = self.intent_id.transaction_id
        if expected.state == 'draft':
            expected.amount = self.amount
            self.transaction_id = expected
        else:
            self.transaction_id = self.intent_id._create_transaction(self.amount)
        return self.transaction_id

    @api.model
    def _settle_left_over(self):
        """Book the payments whose process died between their record and their booking.

        :return: None
        """
        before = fields.Datetime.now() - const.CALLBACK_LEASE
        left_over = self.search([('state', '=', 'to_settle'), ('create_date', '<=', before)])
        for intent in left_over.intent_id:
            try:
                intent._settle([])
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Another process is at it.

    def _need_attention(self, reason):
        """Leave the payment to a person, and say why.

        :param str reason: A translated sentence.
        """
        self.ensure_one()
        self.write({'state': 'needs_attention', 'state_message': reason})
        self.activity_unlink([_ACTIVITY_TYPE])
        self.activity_schedule(
            _ACTIVITY_TYPE,
            summary=self.env._("A QPay payment waits to be booked"),
            note=reason,
            user_id=self._get_responsible_user().id,
        )

    def _get_responsible_user(self):
        """Return who is asked to look at this payment: who made the QR, else the administrator."""
        creator = self.intent_id.create_uid
        is_accountant = creator.has_group('account.group_account_invoice')
        return creator if is_accountant and creator.active else self.env.ref('base.user_admin')

    # === GETTERS === #

    def _get_payment_date(self):
        """Return the day of the payment in Mongolia.

        :rtype: date
        """
        self.ensure_one()
        moment = self.paid_at.replace(tzinfo=timezone.utc)
        return moment.astimezone(pytz.timezone(const.TIMEZONE)).date()


def _now():
    return fields.Datetime.now().replace(tzinfo=timezone.utc)
