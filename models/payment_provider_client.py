import os
import time

from odoo import api, models
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import TIMEOUT, Breaker, QPayClient, QPayUnreachable


class PaymentProvider(models.Model):
    """Who may ask QPay, and how long they wait for an answer."""

    _inherit = 'payment.provider'

    # === REQUEST HELPERS === #

    def _qpay_client(self, environment=None):
        """Return the client of the provider's account at QPay.

        :param str environment: 'sandbox' or 'live'; by default the provider's present one.
        :rtype: QPayClient
        """
        self.ensure_one()
        base_url, username = self._qpay_get_login(environment)
        deadline = _get_deadline(self.env)
        patience = TIMEOUT if deadline is None else const.VISITOR_TIMEOUT
        return QPayClient(
            base_url,
            username,
            self._qpay_setting('qpay_client_secret'),
            tokens=self.env['qpay.token']._for_login(
                self._qpay_get_login_key(environment), patience
            ),
            outage=self._qpay_get_outage(environment),
            breaker=self._qpay_get_breaker(environment),
            deadline=deadline,
        )

    def _qpay_is_silent(self, environment):
        """Return whether QPay is not asked now, because it did not answer a moment ago.

        :param str environment: 'sandbox' or 'live'.
        :rtype: bool
        """
        breaker = self._qpay_get_breaker(environment)
        return (
            breaker and breaker.is_open
            or self._qpay_get_outage(environment, is_obeyed=True).is_silent()
        )

    def _qpay_check_answers(self):
        """Make sure that somebody who waits for an answer of QPay may get one.

        :raise UserError: If QPay is not asked now.
        """
        if request and self._qpay_is_silent(self._qpay_environment()):
            reason = self._qpay_get_error_message(QPayUnreachable())
            raise UserError(self._qpay_get_public_message(reason))

    def _qpay_get_outage(self, environment=None, is_obeyed=None):
        """Return the store of the account's outage: requests obey it, scheduled actions do not."""
        is_obeyed = bool(request) if is_obeyed is None else is_obeyed
        return self.env['qpay.outage']._for_login(
            self._qpay_get_login_key(environment), is_obeyed
        )

    def _qpay_get_breaker(self, environment=None):
        """Return what ends this run of a scheduled action for the account while QPay is down; None
        where there is no such run.
        """
        breakers = self.env.context.get('qpay_breakers')
        if breakers is None:
            return None
        return breakers.setdefault(
            self._qpay_get_login_key(environment), Breaker(self._qpay_get_questions_at_once())
        )

    @api.model
    def _qpay_get_questions_at_once(self):
        """Return how many questions may wait at once for answers of one account.

        :rtype: int
        """
        text = os.environ.get(const.QUESTIONS_VARIABLE) or ''
        number = int(text) if text.isdecimal() else const.QUESTIONS_AT_ONCE
        return min(max(number, 1), const.MAX_QUESTIONS_AT_ONCE)

    def _qpay_get_login(self, environment=None):
        """Return where the provider logs in, and as whom."""
        environment = environment or self._qpay_environment()
        return (
            self._qpay_setting(f'qpay_base_url_{environment}'),
            self._qpay_setting('qpay_client_id'),
        )

    def _qpay_get_login_key(self, environment=None):
        """Return what all processes know the provider's login by.

        :param str environment: 'sandbox' or 'live'; by default the provider's present one.
        :rtype: str
        """
        return ' '.join(self._qpay_get_login(environment))


def _get_deadline(env):
    """Return until when the present request may wait for QPay, however often it asks.

    Employees who have asked for something may wait longer: they have more to lose by an answer that
    comes too late. Their open dialogs ask for nothing.

    :param Environment env: The environment.
    :return: The moment, by `time.monotonic`; None for those employees and scheduled actions.
    :rtype: float
    """
    is_looking = env.context.get('qpay_is_looking')
    if not request or (request.env.user._is_internal() and not is_looking):
        return None
    return request.httprequest.environ.setdefault(
        'payment_qpay.deadline', time.monotonic() + const.VISITOR_TIMEOUT
    )
