import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import (
    LOCK_TIMEOUT,
    check_no_savepoint,
    isolated,
    lock_in_new_transaction,
)
from odoo.addons.payment_qpay.qpay_api import QPayError
from odoo.addons.payment_qpay.scheduling import as_one_run, each_in_time, wake_cron

_logger = logging.getLogger(__name__)

# QPay's ids have 15 or 36 characters (QPay contract §4.1).
_MAX_PAYMENT_ID_LENGTH = 64


class QPayCallback(models.Model):
    """The inbox: one row each time that QPay called. A call only means that there may be
    something to see; what counts is what QPay answers to our own request (QPay contract §6).
    """

    _name = 'qpay.callback'
    _inherit = ['qpay.guarded']
    _description = 'QPay Callback'
    _order = 'id desc'
    _rec_name = 'qpay_payment_id'

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(related='intent_id.company_id', store=True, index=True)
    document_company_id = fields.Many2one(
        related='intent_id.document_company_id', store=True, index=True
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
    message = fields.Char(string="Outcome", readonly=True)
    attempts = fields.Integer(readonly=True)
    next_attempt_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    processed_at = fields.Datetime(readonly=True)
    is_notified = fields.Boolean(
        string="Somebody Was Told", help="That QPay gives no answer.", readonly=True
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
        callback = self.create({
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

    @api.model
    def _cron_process(self):
        """Process the callbacks that are due, some QRs at a time.

        :return: None
        """
        due = as_one_run(self).search(self._get_due_domain(), order='next_attempt_at, id')
        batches = [
            due.browse().union(*some)
            for some in split_every(const.SETTLE_BATCH, due.grouped('intent_id').values())
        ]
        for callbacks in each_in_time(self.env, batches):
            callbacks._process()

    @api.model
    def _get_due_domain(self):
        return Domain('state', '=', 'received') & Domain(
            'next_attempt_at', '<=', fields.Datetime.now()
        )

    def _process(self):
        """Ask QPay about the QRs of these callbacks, once a QR, and settle together what was paid.

        :return: None
        """
        claimed = left = self._claim()
        answers = []
        for intent, callbacks in claimed._group_by_intent():
            answers.append((intent, callbacks, callbacks._ask_about(intent)))
            left -= callbacks
            if not self.env['ir.cron']._commit_progress():
                left._give_back()
                break
        asked = self.env['qpay.intent'].union(
            *(intent for intent, _callbacks, problem in answers if not problem)
        )
        booked = asked._settle_pending()
        for intent, callbacks, problem in answers:
            isolated(self.env, callbacks._finish, intent, problem, intent in booked)

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
        claimed = lock_in_new_transaction(self)._filter_due()
        for callback in claimed:
            callback.attempts += 1
        if claimed:
            lease_end = fields.Datetime.now() + const.CALLBACK_LEASE
            claimed.next_attempt_at = lease_end
            self._trigger(lease_end)
        self.env.cr.commit()
        return claimed

    def _give_back(self):
        """Leave these callbacks, which this process has claimed, to the next run."""
        now = fields.Datetime.now()
        for callback in self._lock_waiting():
            callback.write({'attempts': callback.attempts - 1, 'next_attempt_at': now})
        self._trigger(now)
        self.env.cr.commit()

    def _ask_about(self, intent):
        """Ask QPay about the QR of these callbacks, and record what was paid, unless it is known.

        :param qpay.intent intent: The intent of these callbacks.
        :return: Why QPay's answer could not be taken in, for people; '' if it was.
        :rtype: str
        """
        try:
            waiting = self._finish_known(intent)
            if not waiting or not waiting._find_invoice(intent):
                return ''
            if intent._record(intent._fetch_new_payments()):
                return ''
        except QPayError as error:
            _logger.info("QPay could not be asked about %s: %s.", intent.name, error)
            return intent.provider_id._qpay_get_error_message(error)
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # Another process was faster.
        except Exception:
            # One that cannot be processed must not hold up the others.
            self.env.cr.rollback()
            _logger.exception("The callbacks %s could not be processed.", self.ids)
            return self.env._("An unexpected error happened. The server's log says more.")
        return self.env._("Another process is booking the payments of this QR.")

    def _find_invoice(self, intent):
        """Find the QPay invoice of the QR of these callbacks, should its answer have been lost.

        :param qpay.intent intent: The intent of these callbacks.
        :return: Whether it is known.
        :rtype: bool
        :raise QPayError: If QPay gives no answer.
        """
        return bool(intent.qpay_invoice_id) or any(
            intent._recover_invoice(callback.qpay_payment_id)
            for callback in self if callback.qpay_payment_id
        )

    def _finish(self, intent, problem, is_booked):
        """Finish these callbacks, or plan their next attempt.

        :param qpay.intent intent: The intent of these callbacks.
        :param str problem: What kept QPay's answer from being taken in, for people.
        :param bool is_booked: Whether what QPay has said is taken in, and booked.
        :return: None
        """
        unknown = self._finish_known(intent, is_checked=is_booked)
        if not is_booked and not problem:
            problem = self.env._("Another process is booking the payments of this QR.")
        unknown._retry_later(problem, is_unavailable=not is_booked)

    def _finish_known(self, intent, is_checked=False):
        """Finish the callbacks whose payment is in the ledger, and not about to be booked.

        :param qpay.intent intent: The intent of these callbacks.
        :param bool is_checked: Whether QPay was asked just now.
        :return: The callbacks whose payment is not in the ledger, locked.
        :rtype: qpay.callback
        """
        waiting = self._lock_waiting()
        payments = intent.payment_ids.filtered(lambda payment: payment.state != 'to_settle')
        known_ids = set(payments.mapped('qpay_txn_id'))
        known = waiting.filtered(
            lambda callback: callback.qpay_payment_id in known_ids
            or (is_checked and known_ids and not callback.qpay_payment_id)
        )
        known.write({
            'state': 'processed' if is_checked else 'duplicate',
            'message': self.env._("The payment is recorded."),
            'processed_at': fields.Datetime.now(),
        })
        if any(known.mapped('is_notified')):
            intent.activity_unlink([const.ACTIVITY_TYPE])
        return waiting - known

    def _lock_waiting(self):
        """Lock those of these callbacks that still wait: where QPay took longer than the lease, or
        a person has had them processed again, another process may have finished them.
        """
        locked = lock_in_new_transaction(self, LOCK_TIMEOUT)
        return locked.filtered(lambda callback: callback.state == 'received')

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
                    'state': 'failed' if is_unavailable else 'ignored',
                    'message': problem or self.env._("QPay knows no such payment for this QR."),
                    'processed_at': now,
                })
                continue
            delay = delays[min(callback.attempts, len(delays)) - 1]
            if is_unavailable and now + delay - callback.received_at >= const.TELL_PERIOD:
                callback._notify_unanswered(problem)
            callback.write({
                'message': problem or self.env._("QPay does not show the payment yet."),
                'next_attempt_at': now + delay,
            })
            self._trigger(now + delay)

    def _notify_unanswered(self, problem):
        """Tell somebody, once, that QPay gives no answer about the payment that it announced.

        :param str problem: Why, for people.
        :return: None
        """
        self.ensure_one()
        if self.is_notified:
            return
        self.is_notified = True
        self.intent_id._schedule_activity(
            self.env._("QPay gives no answer about a payment"),
            self.env._(
                "QPay called because of a payment (%(payment)s) of this QR, but has not answered"
                " what was paid: %(problem)s Odoo goes on asking for two weeks. Please see in"
                " QPay's portal whether the QR was paid.",
                payment=self.qpay_payment_id or '-',
                problem=problem or self.env._("another process is booking its payments."),
            ),
        )

    @api.model
    def _trigger(self, moment):
        wake_cron(self.env, 'ir_cron_process_callbacks', moment)

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
