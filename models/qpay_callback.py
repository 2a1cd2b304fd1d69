import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay import QPayError
from odoo.addons.payment_qpay.utils import check_accountant, lock_afresh

_logger = logging.getLogger(__name__)


class QPayCallback(models.Model):
    """The inbox: one row each time that QPay called. A call only means that there may be
    something to see; what counts is what QPay answers to our own request (QPay contract §6).
    """

    _name = 'qpay.callback'
    _description = 'QPay Callback'
    _order = 'id desc'
    _rec_name = 'qpay_payment_id'

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='intent_id.company_id', store=True, index=True)
    document_name = fields.Char(related='intent_id.document_name')
    qpay_payment_id = fields.Char(
        string="Announced Payment", help="What the call claimed; not verified.", readonly=True
    )
    received_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    state = fields.Selection(
        string="Status",
        selection=[
            ('received', "To process"),
            ('processed', "Processed"),
            ('duplicate', "Known already"),
            ('ignored', "Nothing to book"),
        ],
        default='received',
        required=True,
        readonly=True,
    )
    message = fields.Char(string="What Came of It", readonly=True)
    attempts = fields.Integer(readonly=True)
    next_attempt_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    processed_at = fields.Datetime(readonly=True)

    _due_index = models.Index("(next_attempt_at) WHERE state = 'received'")

    # === ACTION METHODS === #

    def action_process(self):
        """Process these callbacks again, now.

        :return: True
        """
        check_accountant(self)
        callbacks = self.sudo()
        callbacks.write({
            'state': 'received', 'attempts': 0, 'next_attempt_at': fields.Datetime.now(),
        })
        callbacks._process()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _receive(self, intent, qpay_payment_id):
        """Store a call of QPay, and have it processed as soon as it is committed.

        :param qpay.intent intent: The intent that the call's token belongs to.
        :param str qpay_payment_id: The payment that the call names; not to be trusted.
        :rtype: qpay.callback
        """
        callback = self.create({'intent_id': intent.id, 'qpay_payment_id': qpay_payment_id})
        self.env.ref('payment_qpay.ir_cron_process_callbacks').sudo()._trigger()
        # Whoever looks processes it at once, should the scheduler be busy.
        intent._notify_viewers(with_documents=False)
        return callback

    def _filter_due(self):
        """Return those of these callbacks that are to be processed now."""
        now = fields.Datetime.now()
        return self.filtered(lambda c: c.state == 'received' and c.next_attempt_at <= now)

    @api.model
    def _cron_process(self):
        """Process the callbacks that are due, some QRs at a time.

        :return: None
        """
        due = self.search(self._get_due_domain(), order='next_attempt_at, id')
        remaining = len(due)
        for some in split_every(const.BOOKING_BATCH, due.grouped('intent_id').values()):
            callbacks = self.browse().union(*some)
            try:
                callbacks._process()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Another process was faster; what is left comes again.
            except Exception:
                # Some QRs that cannot be processed must not hold up the others.
                _logger.exception("The callbacks %s could not be processed.", callbacks.ids)
                self.env.cr.rollback()
            remaining -= len(callbacks)
            self.env['ir.cron']._commit_progress(len(callbacks), remaining=remaining)
        self.env['qpay.payment']._settle_left_over()

    @api.model
    def _get_due_domain(self):
        return Domain('state', '=', 'received') & Domain(
            'next_attempt_at', '<=', fields.Datetime.now()
        )

    def _process(self):
        """Ask QPay about the QRs of these callbacks, once a QR, and settle together what was paid.

        :return: None
        """
        asked = [
            (intent, waiting, waiting._ask_about(intent))
            for intent, callbacks in self._claim()._group_by_intent()
            if (waiting := callbacks._finish_known(intent))
        ]
        intents = self.env['qpay.intent'].union(*(intent for intent, *_rest in asked))
        booked = intents and intents._book_waiting()
        for intent, waiting, problem in asked:
            is_checked = problem is None and intent in booked
            unknown = waiting._finish_known(intent, is_checked=is_checked)
            unknown._retry_later(problem, is_unavailable=not is_checked)
        self.env.cr.commit()

    def _group_by_intent(self):
        """Yield each QR of these callbacks with its callbacks, for writing in its company's words.

        :rtype: iterator
        """
        for intent, callbacks in self.grouped('intent_id').items():
            intent = intent._in_company_language()
            yield intent, callbacks.with_env(intent.env)

    def _claim(self):
        """Take on these callbacks, so that no other process does so for a while.

        Should this process die, they are due again after `const.CALLBACK_LEASE`.

        :return: The callbacks that are ours to process.
        :rtype: qpay.callback
        """
        claimed = lock_afresh(self)._filter_due()
        for callback in claimed:
            callback.attempts += 1
        if claimed:
            lease_end = fields.Datetime.now() + const.CALLBACK_LEASE
            claimed.next_attempt_at = lease_end
            self.env.ref('payment_qpay.ir_cron_process_callbacks').sudo()._trigger(at=lease_end)
        self.env.cr.commit()
        return claimed

    def _ask_about(self, intent):
        """Ask QPay about the QR of these callbacks, and record what was paid.

        :param qpay.intent intent: The intent of these callbacks.
        :return: Why QPay's answer could not be taken in, for people; None if it was.
        :rtype: str
        """
        try:
            if not intent.qpay_invoice_id:
                payment_ids = self.filtered('qpay_payment_id').mapped('qpay_payment_id')
                if not any(intent._adopt_invoice(payment_id) for payment_id in payment_ids):
                    return None
            if intent._record(intent._ask_unseen_payments()):
                return None
        except QPayError as error:
            _logger.info("QPay could not be asked about %s: %s.", intent.name, error)
            return intent.provider_id._qpay_explain(error)
        return self.env._("Another process is booking the payments of this QR.")

    def _finish_known(self, intent, is_checked=False):
        """Finish the callbacks whose payment is in the ledger, and not about to be booked.

        :param qpay.intent intent: The intent of these callbacks.
        :param bool is_checked: Whether QPay was asked just now.
        :return: The callbacks whose payment is not in the ledger.
        :rtype: qpay.callback
        """
        payments = intent.payment_ids.filtered(lambda payment: payment.state != 'to_settle')
        known_ids = set(payments.mapped('qpay_txn_id'))
        known = self.filtered(
            lambda callback: callback.qpay_payment_id in known_ids
            or (is_checked and known_ids and not callback.qpay_payment_id)
        )
        known.write({
            'state': 'processed' if is_checked else 'duplicate',
            'message': self.env._("The payment is recorded."),
            'processed_at': fields.Datetime.now(),
        })
        self.env.cr.commit()
        return self - known

    def _retry_later(self, problem, is_unavailable):
        """Plan the next attempt, or give up on callbacks that announce what QPay does not know.

        :param str problem: What kept QPay from answering, for people.
        :param bool is_unavailable: Whether QPay's answer is still missing.
        """
        now = fields.Datetime.now()
        delays = const.CALLBACK_RETRY_DELAYS
        for callback in self:
            is_over = (
                now - callback.received_at > const.CALLBACK_RETRY_PERIOD if is_unavailable
                else callback.attempts > len(delays)
            )
            if is_over:
                callback.write({
                    'state': 'ignored',
                    'message': problem or self.env._("QPay knows no such payment for this QR."),
                    'processed_at': now,
                })
                continue
            delay = delays[min(callback.attempts, len(delays)) - 1]
            callback.write({
                'message': problem or self.env._("QPay does not show the payment yet."),
                'next_attempt_at': now + delay,
            })
            self.env.ref('payment_qpay.ir_cron_process_callbacks').sudo()._trigger(at=now + delay)
