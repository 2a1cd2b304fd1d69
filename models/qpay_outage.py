import contextlib
from datetime import datetime, timezone
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayUnreachable


class QPayOutage(models.Model):
    """How QPay answered an account last, and whether it does at present, known to all processes.

    During an outage, requests of people do not ask about it for a while, so that they do not wait
    in vain, and keep nobody else from being served. After the while, one of them tries. Scheduled
    actions ask all the same, though each run only once (see `Breaker`). Whoever gets an answer ends
    the outage.
    """

    _name = 'qpay.outage'
    _inherit = ['qpay.guarded']
    _description = 'QPay Outage'
    _rec_name = 'account'

    account = fields.Char(required=True, readonly=True)
    until = fields.Datetime(
        help="When a user's request tries QPay again. Empty while QPay answers.",
        readonly=True,
    )
    answered_at = fields.Datetime(
        help="When QPay last answered as it should, to the minute.", readonly=True
    )
    failed_at = fields.Datetime(
        help="When a call last failed, to the minute.", readonly=True
    )
    failure = fields.Selection(
        string="Last Failure",
        selection=[
            ('unreachable', "No connection to QPay"),
            ('silent', "QPay did not answer in time"),
            ('error', "QPay answered with an error of its own"),
            ('refused', "QPay refused the user name and password"),
        ],
        readonly=True,
    )

    _account_uniq = models.Constraint(
        'unique(account)',
        "An account has one outage.",
    )

    def _is_failing(self):
        """Return whether the last call of an account failed.

        :rtype: bool
        """
        return _is_failing(self)

    @api.model
    def _for_login(self, login, is_obeyed):
        """Return the store of a login's outage, as `QPayClient` uses it.

        :param str login: Where, without `/v2`, and as whom, see `_qpay_get_login_key`.
        :param bool is_obeyed: Whether QPay is not asked during an outage.
        :rtype: SharedOutage
        """
        return SharedOutage(self.env.registry, login, is_obeyed)


class SharedOutage:
    """One row of `qpay.outage` as the store of a `QPayClient`. It is written in transactions of
    their own, which wait for nobody: other processes note the same.

    :param registry: The registry of the database.
    :param str account: What the row is known by.
    :param bool is_obeyed: Whether QPay is not asked during an outage.
    """

    def __init__(self, registry, account, is_obeyed):
        self._registry = registry
        self._account = account
        self._is_obeyed = is_obeyed
        self._known = _Known()

    def is_silent(self):
        """Return whether QPay is not to be asked now.

        :rtype: bool
        """
        until = self._read().until
        return self._is_obeyed and bool(until) and until > _now()

    def check(self):
        """Make sure that QPay may be asked now.

        :raise QPayUnreachable: If not.
        """
        until = self._read().until
        if until and self._is_obeyed and (until > _now() or not self._claim(until)):
            raise QPayUnreachable(message='no answer a moment ago')

    def begin(self):
        """Take note that QPay does not answer."""
        now = _now()
        self._write(until=now + const.OUTAGE_PERIOD, failed_at=now, failure='silent')

    def end(self, failure=''):
        """Take note that QPay answers.

        :param str failure: What is wrong with the answer; '' if nothing is.
        """
        if self._known.until:
            self._write(until=None)
        if failure:
            self.fail(failure)
        elif _is_answer_news(self._known) and _is_answer_news(self._read()):
            self._write(answered_at=_now())

    def fail(self, failure):
        """Take note that a call failed.

        :param str failure: Why: see `qpay.outage.failure`.
        """
        known = self._known
        is_new = failure != known.failure or not _is_failing(known)
        if is_new or _is_long_ago(known.failed_at):
            self._write(failed_at=_now(), failure=failure)

    def _claim(self, until):
        """Be the one who tries whether QPay answers again.

        :param datetime until: When the outage ended, as far as is known.
        :return: Whether nobody else is.
        :rtype: bool
        """
        return bool(self._execute(
            'UPDATE qpay_outage SET until = %s WHERE account = %s AND until = %s',
            _now() + const.OUTAGE_PERIOD, self._account, until,
        ))

    def _read(self):
        with self._registry.cursor() as cr:
            cr.execute(
                'SELECT until, answered_at, failed_at, failure FROM qpay_outage WHERE account = %s',
                [self._account],
            )
            self._known = _Known(*cr.fetchone() or ())
        return self._known

    def _write(self, **values):
        names = list(values)
        self._execute(SQL(
            'INSERT INTO qpay_outage (account, %(columns)s) VALUES (%(account)s, %(values)s)'
            ' ON CONFLICT (account) DO UPDATE SET %(changes)s',
            account=self._account,
            columns=SQL(', ').join(map(SQL.identifier, names)),
            values=SQL(', ').join(SQL('%s', value) for value in values.values()),
            changes=SQL(', ').join(
                SQL('%s = EXCLUDED.%s', SQL.identifier(name), SQL.identifier(name))
                for name in names
            ),
        ))
        self._known = self._known._replace(**values)

    def _execute(self, query, *params):
        """Write the row, unless another process does so at this moment.

        :return: How many rows were written.
        :rtype: int
        """
        with (
            contextlib.suppress(psycopg2.errors.SerializationFailure),
            self._registry.cursor() as cr,
        ):
            cr.execute(query, params or None, log_exceptions=False)
            return cr.rowcount
        return 0


class _Known(NamedTuple):
    """What is known of an account."""

    until: datetime = None
    answered_at: datetime = None
    failed_at: datetime = None
    failure: str = None


def _is_failing(known):
    """Whether the last call of an account failed.

    :param known: Its row, or what is known of it.
    """
    return bool(known.failed_at) and (
        not known.answered_at or known.failed_at > known.answered_at
    )


def _is_answer_news(known):
    return _is_failing(known) or _is_long_ago(known.answered_at)


def _is_long_ago(moment):
    return not moment or moment < _now() - const.NOTE_INTERVAL


def _now():
    return datetime.now(timezone.utc).replace(tzinfo=None)
