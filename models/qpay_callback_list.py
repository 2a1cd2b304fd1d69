import logging
import time

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import isolated
from odoo.addons.payment_qpay.qpay_api import ListedQuestion

_logger = logging.getLogger(__name__)


class QPayCallback(models.Model):
    """How one list of QPay's answers for the callbacks of many QRs."""

    _inherit = 'qpay.callback'

    @api.model
    def _begin_to_list(self, run, asker):
        """Ask for QPay's list where many QRs wait. What keeps it from being asked, or answered,
        holds up none of them.

        :param _Run run: The run.
        :param Asker asker: What asks.
        """
        for account, callbacks in run.find_many():
            isolated(self.env, callbacks._ask_for_list, account, run.lists, asker)

    def _ask_for_list(self, account, lists, asker):
        """Ask for the list that may answer for the QRs of these callbacks, if it is trusted.

        :param str account: Their account.
        :param Lists lists: The lists of the run.
        :param Asker asker: What asks.
        """
        if not self.env['qpay.list.trust'].sudo()._find(account)._is_given():
            return
        intents = self._filter_due().intent_id._filter_listable()
        for provider, group in intents.grouped('provider_id').items():
            if len(group) < const.LIST_FOR_MANY or provider._qpay_account() != account:
                continue
            question = ListedQuestion(
                provider._qpay_invoice_codes(),
                const.to_ulaanbaatar(min(group.mapped('create_date')) - const.MAX_CLOCK_SKEW),
                const.to_ulaanbaatar(fields.Datetime.now() + const.MAX_CLOCK_SKEW),
                min(len(group) // const.LIST_FOR_MANY, const.LIST_MAX_CALLS),
            )
            client = provider._qpay_client()
            # Nothing is locked while QPay answers.
            self.env.cr.commit()
            lists.begin(question, account, group.ids)
            asker.ask(question, client)


class Lists:
    """The lists that one run asks for."""

    def __init__(self):
        # The list that may answer for a QR, by the QR's id.
        self._by_intent = {}
        # The account of each list that is under way, and until when its QRs wait for it.
        self._under_way = {}
        # The accounts whose list is asked for no more.
        self.failed = set()

    @property
    def are_under_way(self):
        """Whether one is."""
        return bool(self._under_way)

    def begin(self, question, account, intent_ids):
        """Have QRs wait for a list.

        :param ListedQuestion question: The list.
        :param str account: The account whose list it is.
        :param list intent_ids: The ids of the QRs.
        """
        self._by_intent |= dict.fromkeys(intent_ids, question)
        self._under_way[question] = account, time.monotonic() + const.LIST_PATIENCE

    def is_waited_for(self, intent_id):
        """Whether a QR is not to be asked about yet."""
        _account, until = self._under_way.get(self._by_intent.get(intent_id), ('', 0))
        return time.monotonic() < until

    def end(self, questions):
        """Take in the lists that are answered.

        :param list questions: The questions that are answered.
        :return: The other ones.
        :rtype: list
        """
        for question in self._under_way.keys() & set(questions):
            account, _until = self._under_way.pop(question)
            if question.error:
                self.failed.add(account)
                _logger.info(
                    "QPay's list could not be read for many QRs at once, each is asked about by"
                    " itself: %s.", question.error,
                )
        return [question for question in questions if not isinstance(question, ListedQuestion)]

    def pop(self, intent_id):
        """Return the list that may answer for a QR, this once; None if there is none."""
        question = self._by_intent.pop(intent_id, None)
        is_answered = question and question not in self._under_way and not question.error
        return question if is_answered else None
