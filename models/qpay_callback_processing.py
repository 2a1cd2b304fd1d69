import itertools
import logging
from collections import Counter, defaultdict, deque

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, isolated, lock_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import Asker, QPayError
from odoo.addons.payment_qpay.reasons import get_reason
from odoo.addons.payment_qpay.scheduling import as_one_run, is_time_left, wake_cron

from .qpay_callback_list import Lists

_logger = logging.getLogger(__name__)

# The scheduled actions that process callbacks: each wakes the next one when it cannot take on all.
_ACTIONS = ('ir_cron_process_callbacks', 'ir_cron_help_1', 'ir_cron_help_2')
# How long nobody looks for further callbacks while QPay is asked about others.
_LOOK_SECONDS = 1


class QPayCallback(models.Model):
    """How QPay is asked about the QRs of callbacks, several at once, and what it says is taken in
    as it comes.
    """

    _inherit = 'qpay.callback'

    @api.model
    def _cron_process(self):
        """Process the callbacks that are due, also those that come meanwhile.

        :return: None
        """
        due = as_one_run(self).search(self._get_due_domain(), order='next_attempt_at, id')
        due._process(is_going_on=True)

    @api.model
    def _get_due_domain(self):
        return Domain('state', '=', 'received') & super()._get_due_domain()

    def _process(self, is_going_on=False):
        """Ask QPay about the QRs of these callbacks, once a QR, and settle what was paid as the
        answers come. When the time of a scheduled action is over, the rest is left to the next run.

        :param bool is_going_on: Whether callbacks that become due meanwhile are processed, too.
        :return: None
        """
        at_once = self.env['payment.provider']._qpay_get_questions_at_once()
        # As many again are in hand, to be asked about while those answered are booked.
        run = _Run(self, 2 * at_once, is_over=not is_time_left(self.env))
        with Asker(at_once) as asker:
            while run.is_under_way:
                self._begin_to_list(run, asker)
                while some := run.take():
                    run.asked.update(some._begin_to_ask(asker, run.lists))
                if is_going_on and run.has_free:
                    self._call_for_help(run)
                self._settle_answered(run, run.lists.end(asker.wait(_LOOK_SECONDS)))
                if run.is_over:
                    asker.stop()
                elif is_going_on:
                    # What others have committed meanwhile is seen in a new transaction.
                    self.env.cr.commit()
                    run.add(self.search(self._get_due_domain(), order='next_attempt_at, id'))
        if waiting := run.count_waiting():
            self.env['ir.cron']._commit_progress(remaining=waiting)
            self._trigger(fields.Datetime.now())

    @api.model
    def _call_for_help(self, run):
        """Have another process take on callbacks, too, if there is one that is free.

        :param _Run run: The run, in which that is done once.
        :return: None
        """
        if run.has_help:
            return
        run.has_help = True
        present = self.env.context.get('cron_id')
        for name, helper in itertools.pairwise(_ACTIONS):
            cron = self.env.ref(f'payment_qpay.{name}', raise_if_not_found=False)
            if cron and cron.id == present:
                wake_cron(self.env, helper)
                self.env.cr.commit()

    def _begin_to_ask(self, asker, lists):
        """Begin to ask QPay about the QRs of those of these callbacks that no other process has
        taken on, and for which no list has answered.

        :param Asker asker: What asks.
        :param Lists lists: The lists of the run.
        :return: The QR and its callbacks by the question.
        :rtype: dict[Question, tuple]
        """
        asked, clients = {}, {}
        for intent, callbacks in self._claim().grouped('intent_id').items():
            question = intent._get_question(callbacks.mapped('qpay_payment_id'))
            listed, clients[question] = lists.pop(intent.id), None
            try:
                is_asked = not intent.payment_ids or callbacks._finish_known()
                if is_asked and not (listed and question.take_answer_of(
                    listed, intent.qr_text, intent._get_decimal_amount()
                )):
                    clients[question] = intent._get_client()
            except QPayError as error:
                question.error = error
            except Exception as error:  # noqa: BLE001 - told when it is taken in
                self.env.cr.rollback()
                question.error = error
            asked[question] = intent, callbacks
        # Nothing is locked while QPay answers.
        self.env.cr.commit()
        for question, client in clients.items():
            asker.ask(question, client)
        return asked

    def _claim(self):
        """Take on these callbacks, so that no other process does so for a while.

        Should this process die, they are due again after `const.CALLBACK_LEASE`.

        :return: The callbacks that are ours to process.
        :rtype: qpay.callback
        """
        claimed = lock_in_new_transaction(self)._filter_due()
        claimed._begin_attempt(const.CALLBACK_LEASE)
        self.env.cr.commit()
        return claimed

    def _give_back(self):
        """Leave these callbacks, which this process has claimed, to the next run."""
        for callback in self._lock_waiting():
            callback._retry_after(attempts=callback.attempts - 1)
        self.env.cr.commit()

    def _settle_answered(self, run, questions):
        """Settle together what QPay says was paid, and finish the callbacks.

        :param _Run run: The run.
        :param list questions: The questions that are answered, or left.
        :return: None
        """
        answers, left = [], self.browse()
        for question in questions:
            intent, callbacks = run.asked.pop(question)
            if question.is_left:
                left += callbacks
            else:
                answers.append((intent, callbacks, callbacks._record_answer(intent, question)))
        if left:
            left._give_back()
        if not answers:
            return
        booked = self.env['qpay.intent'].union(
            *(intent for intent, _callbacks, problem in answers if not problem)
        )._settle_pending()
        settled = []
        for intent, callbacks, problem in answers:
            if intent in booked and not problem:
                settled.append(callbacks)
            else:
                isolated(self.env, callbacks._finish, problem)
        if not isolated(self.env, self.browse().concat(*settled)._finish, '', True):
            # One that cannot be finished must not hold up the others.
            for callbacks in settled:
                isolated(self.env, callbacks._finish, '', True)
        run.is_over = run.is_over or not self.env['ir.cron']._commit_progress(
            len(answers), remaining=run.count_waiting() + len(run.asked)
        )

    def _record_answer(self, intent, question):
        """Record what QPay says was paid for the QR of these callbacks.

        :param qpay.intent intent: The QR.
        :param PaidQuestion question: The question, which is answered.
        :return: Why QPay's answer could not be taken in, for people; '' if it was.
        :rtype: str
        """
        try:
            question.must_be_answered()
            if not intent._adopt_invoice_of(question):
                return ''
            if intent._record(intent._get_paid(question)):
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
            return get_reason(self.env, 'unexpected')
        return get_reason(self.env, 'another_process')

    def _finish(self, problem, is_booked=False):
        """Finish these callbacks, or plan their next attempt.

        :param str problem: What kept QPay's answer from being taken in, for people.
        :param bool is_booked: Whether what QPay has said is taken in, and booked.
        :return: True
        """
        unknown = self._finish_known(is_checked=is_booked)
        if not is_booked and not problem:
            problem = get_reason(self.env, 'another_process')
        unknown._retry_later(problem, is_unavailable=not is_booked)
        return True

    def _finish_known(self, is_checked=False):
        """Finish the callbacks whose payment is in the ledger, and not about to be booked.

        :param bool is_checked: Whether QPay was asked just now.
        :return: The callbacks whose payment is not in the ledger, locked.
        :rtype: qpay.callback
        """
        waiting = self._lock_waiting()
        payments = self.env['qpay.payment'].search_fetch([
            ('intent_id', 'in', waiting.intent_id.ids), ('state', '!=', 'to_settle'),
        ], ['intent_id', 'qpay_txn_id'])
        known_ids = {(payment.intent_id, payment.qpay_txn_id) for payment in payments}
        known = waiting.filtered(
            lambda callback: (callback.intent_id, callback.qpay_payment_id) in known_ids
            or (is_checked and callback.intent_id in payments.intent_id
                and not callback.qpay_payment_id)
        )
        known.write({
            'state': 'processed' if is_checked else 'duplicate',
            'message': get_reason(self.env, 'payment_recorded'),
            'processed_at': fields.Datetime.now(),
        })
        known.filtered('is_notified').intent_id.activity_unlink([const.ACTIVITY_TYPE])
        return waiting - known

    def _lock_waiting(self):
        """Lock those of these callbacks that still wait: where QPay took longer than the lease, or
        a person has had them processed again, another process may have finished them.
        """
        locked = lock_in_new_transaction(self, LOCK_TIMEOUT)
        return locked.filtered(lambda callback: callback.state == 'received')


class _Run:
    """What one process has to do with callbacks until its time is over.

    :param qpay.callback callbacks: The callbacks, in the order in which they are processed.
    :param int limit: How many QRs of an account are in hand at once.
    :param bool is_over: Whether its time is over before it begins.
    """

    def __init__(self, callbacks, limit, is_over):
        self.is_over = is_over
        #: The QR and its callbacks by the question that is under way about it.
        self.asked = {}
        #: The lists that may answer for many of them.
        self.lists = Lists()
        #: Whether another process was called for help.
        self.has_help = False
        self._limit = limit
        # The QRs that nobody has taken on yet, with their callbacks, by account.
        self._waiting = defaultdict(deque)
        self._accounts = {}
        # The QRs for which it was seen to whether a list may answer.
        self._looked_at = set()
        self._seen = callbacks.browse()
        self.add(callbacks)

    @property
    def is_under_way(self):
        """Whether there is something left to do in this run."""
        is_more = self.count_waiting() or self.lists.are_under_way
        return bool(self.asked or is_more and not self.is_over)

    @property
    def has_free(self):
        """Whether there are QRs that could be taken on."""
        return any(map(self._get_free, self._waiting.values()))

    def count_waiting(self):
        """Return how many QRs nobody has taken on yet."""
        return sum(map(len, self._waiting.values()))

    def take(self):
        """Return the callbacks of the next QRs: an account that is slow leaves the others theirs.

        :return: The callbacks; none once the time is over.
        :rtype: qpay.callback
        """
        some = self._seen.browse()
        if self.is_over:
            return some
        in_hand = Counter(self._accounts[intent.id] for intent, _callbacks in self.asked.values())
        for account, waiting in self._waiting.items():
            for one in self._get_free(waiting)[:max(self._limit - in_hand[account], 0)]:
                waiting.remove(one)
                some |= one[1]
        return some

    def _get_free(self, waiting):
        """Return those QRs of an account, with their callbacks, that wait for no list."""
        return [one for one in waiting if not self.lists.is_waited_for(one[0])]

    def find_many(self):
        """Yield the callbacks of each account of which many QRs wait, each QR once.

        :rtype: iterator
        """
        for account, waiting in self._waiting.items():
            new = [one for one in waiting if one[0] not in self._looked_at]
            is_worth = len(new) >= const.LIST_FOR_MANY and account not in self.lists.failed
            if is_worth and not self.is_over:
                self._looked_at.update(intent_id for intent_id, _callbacks in new)
                yield account, self._seen.union(*(callbacks for _intent_id, callbacks in new))

    def add(self, due):
        """Take callbacks in, too. Those about a QR that is in hand wait until it is no more."""
        in_hand = {intent.id for intent, _callbacks in self.asked.values()}
        for waiting in self._waiting.values():
            in_hand.update(intent_id for intent_id, _callbacks in waiting)
        further = (due - self._seen).filtered(lambda callback: callback.intent_id.id not in in_hand)
        for intent, callbacks in further.grouped('intent_id').items():
            self._accounts[intent.id] = intent.account
            self._waiting[intent.account].append((intent.id, callbacks))
        self._seen |= further
