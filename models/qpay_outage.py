import contextlib
from datetime import datetime, timezone

import psycopg2

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayUnreachable


class QPayOutage(models.Model):
    """An account of which QPay does not answer at present, known to all processes.

    Requests of people do not ask about it for a while, so that they do not wait in vain, and keep
    nobody else from being served. After the while, one of them tries. Scheduled actions ask all
    the same, though each run only once (see `Breaker`). Whoever gets an answer ends the outage.
    """

    _name = 'qpay.outage'
    _inherit = ['qpay.guarded']
    _description = 'QPay Outage'
    _rec_name = 'account'

    account = fields.Char(required=True, readonly=True)
    until = fields.Datetime(
        help="From when on a request of somebody tries again.", required=True, readonly=True
    )

    _account_uniq = models.Constraint(
        'unique(account)',
        "An account has one outage.",
    )

    @api.model
    def _for_account(self, base_url, username, is_obeyed):
        """Return the store of an account's outage, as `QPayClient` uses it.

        :param str base_url: The host, without `/v2`.
        :param str username: QPay's user name of the merchant.
        :param bool is_obeyed: Whether QPay is not asked during an outage.
        :rtype: SharedOutage
        """
        return SharedOutage(self.env.registry, f'{base_url} {username}', is_obeyed)


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
        self._is_known = False

    def is_silent(self):
        """Return whether QPay is not to be asked now.

        :rtype: bool
        """
        until = self._read()
        return self._is_obeyed and bool(until) and until > _now()

    def check(self):
        """Make sure that QPay may be asked now.

        :raise QPayUnreachable: If not.
        """
        until = self._read()
        if until and self._is_obeyed and (until > _now() or not self._claim(until)):
            raise QPayUnreachable(message='no answer a moment ago')

    def begin(self):
        """Take note that QPay does not answer."""
        self._execute(
            'INSERT INTO qpay_outage (account, until) VALUES (%s, %s)'
            ' ON CONFLICT (account) DO UPDATE SET until = EXCLUDED.until',
            self._account, _now() + const.OUTAGE_PERIOD,
        )
        self._is_known = True

    def end(self):
        """Take note that QPay answers."""
        if self._is_known:
            self._execute('DELETE FROM qpay_outage WHERE account = %s', self._account)
            self._is_known = False

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
            cr.execute('SELECT until FROM qpay_outage WHERE account = %s', [self._account])
            [until] = cr.fetchone() or [None]
        self._is_known = bool(until)
        return until

    def _execute(self, query, *params):
        """Write the row, unless another process does so at this moment.

        :return: How many rows were written.
        :rtype: int
        """
        with (
            contextlib.suppress(psycopg2.errors.SerializationFailure),
            self._registry.cursor() as cr,
        ):
            cr.execute(query, params, log_exceptions=False)
            return cr.rowcount
        return 0


def _now():
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
