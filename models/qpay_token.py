from datetime import datetime, timedelta, timezone

import psycopg2

from odoo import api, fields, models

from odoo.addons.payment_qpay.qpay_api import (
    TIMEOUT,
    QPayUnauthorized,
    QPayUnknownOutcome,
    Token,
)

# Each try that loses the row waits for the winner, and then finds the winner's token.
_MAX_TRIES = 5
# A token that is about to expire is not worth a call.
_MARGIN = timedelta(minutes=1)


class QPayToken(models.Model):
    """The access token of an account at QPay, shared by all processes of this database.

    A new token kills the account's earlier one (QPay contract §1.4), so whoever needs one takes
    the row's lock first, and looks again before it logs in. The row is written in a transaction
    of its own: a request that fails later must not lose the token that QPay now counts on.
    """

    _name = 'qpay.token'
    _inherit = ['qpay.guarded']
    _description = 'QPay Access Token'
    _rec_name = 'account'

    account = fields.Char(required=True, readonly=True)
    access_token = fields.Char(readonly=True)
    expires_at = fields.Datetime(readonly=True)
    clock_skew = fields.Integer(
        help="How many seconds this server's clock was ahead of QPay's at the last login.",
        readonly=True,
    )
    refused_at = fields.Datetime(
        help="When QPay refused the last login. Empty if it accepted it.", readonly=True
    )

    _account_uniq = models.Constraint(
        'unique(account)',
        "An account has one token.",
    )

    @api.model
    def _for_login(self, login, patience=TIMEOUT):
        """Return the token store of a login, as `QPayClient` uses it.

        :param str login: Where, without `/v2`, and as whom, see `_qpay_get_login_key`.
        :param float patience: For how many seconds somebody else's login is waited for.
        :rtype: SharedToken
        """
        return SharedToken(self.env.registry, login, patience)

    @api.model
    def _for_trial(self, login):
        """Return the token store of a login that is not saved yet.

        :param str login: Where, without `/v2`, and as whom.
        :rtype: TriedToken
        """
        return TriedToken(self.env.registry, login)


class SharedToken:
    """One row of `qpay.token` as the token store of a `QPayClient`.

    :param registry: The registry of the database.
    :param str account: What the row is known by.
    :param float patience: For how many seconds somebody else's login is waited for.
    """

    def __init__(self, registry, account, patience=TIMEOUT):
        self._registry = registry
        self._account = account
        self._patience = patience

    def current(self, log_in, rejected=''):
        """Return the account's token, logging in if there is none that can be used.

        :param callable log_in: Returns a new `Token`.
        :param str rejected: An access token that QPay did not accept.
        :rtype: Token
        :raise QPayError: If logging in fails.
        """
        with self._registry.cursor() as cr:
            token = self._read(cr)
        if _is_usable(token, rejected):
            return token
        return self._renew(log_in, lambda token: _is_usable(token, rejected))

    def renew(self, log_in):
        """Log in, whatever token there is, and share the new one.

        :param callable log_in: Returns a new `Token`.
        :rtype: Token
        :raise QPayError: If logging in fails.
        """
        return self._renew(log_in, lambda _token: False)

    def _renew(self, log_in, is_enough):
        for _attempt in range(_MAX_TRIES):
            with self._registry.cursor() as cr:
                try:
                    token = self._lock(cr)
                    if not is_enough(token):
                        token = log_in()
                        self._write(cr, token)
                    return token
                except QPayUnauthorized:
                    self._note_refusal(cr)
                    raise
                except psycopg2.errors.SerializationFailure:
                    # Somebody else renewed the token while this one waited for the row.
                    cr.rollback()
                except psycopg2.errors.LockNotAvailable:
                    cr.rollback()
                    break
        raise QPayUnknownOutcome(message='the token is being renewed elsewhere')

    def _lock(self, cr):
        """Lock the account's row, made now if there is none, and return its token."""
        cr.execute('SET LOCAL lock_timeout = %s', [round(self._patience * 1000)])
        cr.execute(
            'INSERT INTO qpay_token (account) VALUES (%s) ON CONFLICT DO NOTHING',
            [self._account],
            log_exceptions=False,
        )
        cr.execute(
            'SELECT id FROM qpay_token WHERE account = %s FOR UPDATE',
            [self._account],
            log_exceptions=False,
        )
        return self._read(cr)

    def _read(self, cr):
        cr.execute(
            'SELECT access_token, expires_at FROM qpay_token WHERE account = %s', [self._account]
        )
        access_token, expires_at = cr.fetchone() or (None, None)
        return access_token and Token(access_token, expires_at.replace(tzinfo=timezone.utc))

    def _write(self, cr, token):
        skew = _now() - token.server_time if token.server_time else timedelta()
        cr.execute(
            'UPDATE qpay_token SET access_token = %s, expires_at = %s, clock_skew = %s,'
            ' refused_at = NULL WHERE account = %s',
            [
                token.access_token, token.expires_at.replace(tzinfo=None),
                round(skew.total_seconds()), self._account,
            ],
        )

    def _note_refusal(self, cr):
        """Remember that QPay refused the login. A token that it gave earlier stays in use."""
        cr.execute(
            'UPDATE qpay_token SET refused_at = %s WHERE account = %s',
            [_now().replace(tzinfo=None, microsecond=0), self._account],
        )
        cr.commit()


class TriedToken(SharedToken):
    """The token of a login that is only tried: if QPay refuses it, the one in use is as good as it
    was.
    """

    def _note_refusal(self, cr):
        cr.rollback()


def _is_usable(token, rejected):
    """Whether a token can be tried: not the rejected one, and not expired."""
    return (
        token
        and token.access_token != rejected
        and token.expires_at > _now() + _MARGIN
    )


def _now():
    return datetime.now(timezone.utc)
