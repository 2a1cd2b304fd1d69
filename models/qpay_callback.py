from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import (
    LOCK_TIMEOUT,
    check_no_savepoint,
    lock_in_new_transaction,
)
from odoo.addons.payment_qpay.reasons import ReasonField, get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run

# QPay's ids have 15 or 36 characters (QPay contract §4.1).
_MAX_PAYMENT_ID_LENGTH = 64


class QPayCallback(models.Model):
    """The inbox: one row each time that QPay called. A call only means that there may be
    something to see; what counts is what QPay answers to our own request (QPay contract §6).

    How rows are processed is in `qpay_callback_processing`.
    """

    _name = 'qpay.callback'
    _inherit = ['qpay.guarded', 'qpay.reasoned', 'qpay.retry.mixin']
    _description = 'QPay Callback'
    _order = 'id desc'
    _rec_name = 'qpay_payment_id'
    _reason_name = 'message'

    _retry_cron = 'ir_cron_process_callbacks'
    _retry_delays = const.CALLBACK_RETRY_DELAYS

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(
        related='intent_id.company_id', store=True, precompute=True, index=True
    )
    document_company_id = fields.Many2one(
        related='intent_id.document_company_id', store=True, precompute=True, index=True
    )
    document_name = fields.Char(related='intent_id.document_name')
    qpay_payment_id = fields.Char(
        string="Announced Payment", help="What the call claimed; not verified.", readonly=True
    )
    received_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    call_count = fields.Integer(
        string="Calls",
        help="How often QPay called. After very many calls for a QR, one row counts the next ones.",
        default=1,
        readonly=True,
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('received', "To process"),
            ('processed', "Processed"),
            ('duplicate', "Known already"),
            ('ignored', "Nothing to settle"),
            ('failed', "Given up"),
        ],
        default='received',
        required=True,
        readonly=True,
    )
    message = ReasonField(string="Outcome", readonly=True)
    next_attempt_at = fields.Datetime(default=fields.Datetime.now)
    processed_at = fields.Datetime(readonly=True)
    is_notified = fields.Boolean(
        string="Somebody Was Told",
        help="Whether somebody was told that QPay gives no answer.",
        readonly=True,
    )

    _due_index = models.Index("(next_attempt_at) WHERE state = 'received'")

    # === ACTION METHODS === #

    def action_process(self):
        """Process these callbacks again, now; this commits.

        :raise UserError: Within a savepoint.
        """
        check_accountant(self)
        check_no_savepoint(self.env)
        callbacks = lock_in_new_transaction(as_one_run(self.sudo()), LOCK_TIMEOUT)
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
        :param qpay_payment_id: The payment that the call names: whatever came over the wire.
        :return: The row that stands for the call.
        :rtype: qpay.callback
        """
        now = fields.Datetime.now()
        if self.search_count([
            ('intent_id', '=', intent.id), ('received_at', '>', now - const.CALLBACK_LIMIT_PERIOD),
        ]) >= const.CALLBACK_LIMIT:
            return self._count(intent)
        callback = self.with_company(intent.company_id).create({
            'intent_id': intent.id, 'qpay_payment_id': _clean_payment_id(qpay_payment_id),
        })
        self._trigger(now)
        # Whoever looks processes it at once, should the scheduler be busy.
        intent._notify_viewers(with_documents=False)
        return callback

    @api.model
    def _count(self, intent):
        """Count a call that comes after very many, instead of storing it.

        One row stands for all calls of a while, at the end of which it is processed: QPay is then
        asked about the QR, so whatever was paid before any of these calls is found.

        :param qpay.intent intent: The intent that the call's token belongs to.
        :return: The row that counts it.
        :rtype: qpay.callback
        """
        now = fields.Datetime.now()
        # Only such a row is not due yet though nobody has tried it.
        counting = self.search([
            ('intent_id', '=', intent.id), ('state', '=', 'received'), ('attempts', '=', 0),
            ('next_attempt_at', '>', now),
        ], limit=1)
        if not counting:
            end = now + const.CALLBACK_COUNT_PERIOD
            self._trigger(end)
            return self.create({'intent_id': intent.id, 'next_attempt_at': end})
        # Nobody waits to be counted: whoever holds the row asks QPay later than this call came.
        for callback in lock_in_new_transaction(counting):
            callback.call_count += 1
        return counting

    def _filter_due(self):
        """Return those of these callbacks that are to be processed now."""
        now = fields.Datetime.now()
        return self.filtered(lambda c: c.state == 'received' and c.next_attempt_at <= now)

    def _retry_later(self, problem, is_unavailable):
        """Plan the next attempt, or give up on callbacks that announce what QPay does not know.

        :param str problem: What kept QPay from answering, for people.
        :param bool is_unavailable: Whether QPay's answer is still missing.
        """
        now = fields.Datetime.now()
        delays = self._retry_delays
        for callback in self:
            is_over = (
                now - callback.received_at > const.CALLBACK_RETRY_PERIOD if is_unavailable
                else callback.attempts > len(delays)
            )
            if is_over:
                callback.write({
                    'state': 'failed' if is_unavailable else 'ignored',
                    'message': problem or get_reason(self.env, 'payment_unknown'),
                    'processed_at': now,
                })
                continue
            delay = delays[min(callback.attempts, len(delays)) - 1]
            callback._retry_after(
                delay, message=problem or get_reason(self.env, 'payment_not_shown'),
            )
            if is_unavailable and now + delay - callback.received_at >= const.TELL_PERIOD:
                callback._notify_unanswered()

    def _notify_unanswered(self):
        """Tell somebody, once, that QPay gives no answer about the payment that it announced."""
        self.ensure_one()
        if self.is_notified:
            return
        self.is_notified = True
        intent = self.intent_id._in_company_language()
        intent._schedule_activity(
            intent.env._("QPay gives no answer about a payment"),
            intent.env._(
                "QPay called because of a payment (%(payment)s) of this QR, but has not answered"
                " what was paid: %(problem)s Odoo goes on asking for two weeks. Please see in"
                " QPay's portal whether the QR was paid.",
                payment=self.qpay_payment_id or '-',
                problem=self.with_env(intent.env).message,
            ),
        )

    @api.autovacuum
    def _gc_finished(self):
        """Delete the calls that were dealt with long ago."""
        old = self.search([
            ('state', '!=', 'received'),
            ('received_at', '<', fields.Datetime.now() - const.CALLBACK_KEEPING_PERIOD),
        ], limit=const.CLEANING_BATCH)
        old.unlink()
        return len(old), len(old) == const.CLEANING_BATCH


def _clean_payment_id(value):
    """Return what a call names as its payment, in a form that the database takes.

    :param value: What came over the wire: a text, whatever it holds, or a file.
    :rtype: str
    """
    text = value if isinstance(value, str) else ''
    return ''.join(filter(str.isprintable, text[:_MAX_PAYMENT_ID_LENGTH]))
