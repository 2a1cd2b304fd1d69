"""How a merchant's account at QPay is called: token, errors, patience."""

import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from . import parsing
from .errors import (
    QPayError,
    QPayRefused,
    QPayUnauthorized,
    QPayUnknownOutcome,
    QPayUnreachable,
)

# Seconds to connect, and to wait for bytes; nobody documents QPay's own limits (§8.1).
TIMEOUT = 20
# With less than this left, a call is not worth beginning.
_LEAST_SECONDS = 0.1

_NEVER_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.ProxyError,
)


class Connection:
    """A merchant's account at one QPay host.

    :param str base_url: The host, without `/v2`.
    :param str username: QPay's user name of the merchant.
    :param str password: QPay's password of the merchant.
    :param tokens: Where the account's one token is kept: an object with
        `current(log_in, rejected='')`, which returns the `Token` to use and logs in if there is
        none but the rejected one, and `renew(log_in)`, which always logs in.
    :param outage: Where it is kept that QPay does not answer: an object with `check()`, which
        raises `QPayUnreachable` if QPay is not to be asked now, `begin()`, `end(failure='')` and
        `fail(failure)`; by default nothing is kept.
    :param Breaker breaker: What ends a run of many calls while QPay is down; by default nothing
        does.
    :param float timeout: Seconds to connect, and to wait for bytes of an answer.
    :param float deadline: Until when all calls together must be over, by `time.monotonic`; by
        default there is no such moment.
    :param requests.Session session: What keeps connections between calls; by default nothing does.
    """

    def __init__(self, base_url, username, password, tokens, outage=None, breaker=None,
                 timeout=TIMEOUT, deadline=None, session=requests):
        self._base_url = base_url.rstrip('/')
        self._credentials = (username, password)
        self._tokens = tokens
        self._outage = outage
        self.breaker = breaker
        self._timeout = timeout
        self._deadline = deadline
        self._session = session

    @property
    def account(self):
        """Where it logs in, and as whom."""
        return self._base_url, self._credentials[0]

    def aside(self, **options):
        """Return a client for the same account and as long, for calls beside those of others.

        :param options: Its `tokens`, `outage`, `breaker` and `session`.
        :rtype: Connection
        """
        return type(self)(
            self._base_url, *self._credentials, timeout=self._timeout, deadline=self._deadline,
            **options,
        )

    def check_outage(self):
        """Make sure that QPay may be asked now.

        :raise QPayUnreachable: If not.
        """
        if self._outage:
            self._outage.check()

    def note_outage(self, note):
        """Take note of how calls went that were made aside.

        :param callable note: What is to be told the store of the outage; None if there was no call.
        """
        if self._outage and note:
            note(self._outage)

    # === TOKEN === #

    def log_in(self):
        """Log in anew and keep the token (QPay contract §1.2); the earlier one dies (§1.4).

        :return: The new token.
        :rtype: Token
        :raise QPayUnauthorized: If the user name or password is wrong.
        :raise QPayError: See `errors`.
        """
        return self._tokens.renew(self._fetch_token)

    def get_token(self, rejected=''):
        """Return the token to use, logging in if there is none but the rejected one.

        :param str rejected: An access token that QPay did not accept.
        :rtype: Token
        :raise QPayError: See `errors`.
        """
        return self._watch(self._get_token, rejected)

    def _fetch_token(self):
        response = self._send('POST', '/v2/auth/token', auth=self._credentials)
        return parsing.parse_token(
            self._decode(response),
            now=datetime.now(timezone.utc),
            server_time=_server_time(response),
        )

    # === REQUEST HELPERS === #

    def _call(self, method, path, payload=None):
        """Make one call, unless the run is to make no more."""
        answer = self._watch(self._call_with_login, method, path, payload)
        if self.breaker:
            self.breaker.note()
        return answer

    def _watch(self, act, *arguments):
        """Do what may call QPay, and let the breaker know if it fails."""
        if not self.breaker:
            return act(*arguments)
        self.breaker.check()
        try:
            return act(*arguments)
        except QPayError as error:
            self.breaker.note(error)
            raise

    def _call_with_login(self, method, path, payload):
        """Make one call with the account's token, logging in again once on a 401 (§1.4)."""
        token = self._get_token()
        try:
            return self._call_with_token(method, path, payload, token)
        except QPayUnauthorized:
            token = self._get_token(rejected=token.access_token)
            return self._call_with_token(method, path, payload, token)

    def _get_token(self, rejected=''):
        """Return the token of a call. A login without an answer means that the call itself is never
        sent.
        """
        try:
            return self._tokens.current(self._fetch_token, rejected=rejected)
        except QPayUnknownOutcome as error:
            raise QPayUnreachable(error.key, error.status, error.message) from error

    def _call_with_token(self, method, path, payload, token):
        headers = {'Authorization': f'Bearer {token.access_token}'}
        return self._decode(self._send(method, path, json=payload, headers=headers))

    def _send(self, method, path, **options):
        timeout = self._get_timeout()
        self.check_outage()
        try:
            response = self._session.request(
                method, self._base_url + path, timeout=timeout, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            if self._outage and _is_silence(error):
                self._outage.begin()
            elif self._outage:
                self._outage.fail('unreachable')
            # The exceptions' own texts hold addresses and are not for people.
            if _was_never_sent(error):
                raise QPayUnreachable(message='no connection') from error
            raise QPayUnknownOutcome(message='no answer') from error
        if self._outage:
            self._outage.end(_get_failure(response, is_login='auth' in options))
        if 400 <= response.status_code < 500:
            error_class = QPayUnauthorized if response.status_code == 401 else QPayRefused
            raise error_class(**parsing.parse_error(response.status_code, _json(response)))
        if response.status_code != 200:
            raise QPayUnknownOutcome(**parsing.parse_error(response.status_code, _json(response)))
        return response

    def _get_timeout(self):
        """Return how long the next call may take.

        :raise QPayUnreachable: If there is no time left for it.
        """
        if self._deadline is None:
            return self._timeout
        left = self._deadline - time.monotonic()
        if left < _LEAST_SECONDS:
            raise QPayUnreachable(message='no time left')
        return min(left, self._timeout)

    @staticmethod
    def _decode(response):
        data = _json(response)
        if not isinstance(data, dict):
            raise QPayUnknownOutcome(status=response.status_code, message='not a JSON object')
        return data


def _was_never_sent(error):
    """Whether a request failed before it left, so that nothing can have happened at QPay."""
    if isinstance(error, _NEVER_SENT):
        return True
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, ConnectTimeoutError | NewConnectionError | SSLError)


def _is_silence(error):
    """Whether a request failed because nobody answered for as long as it waited."""
    reason = error.args[0] if error.args else None
    return isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError)


def _get_failure(response, is_login):
    """Return what is wrong with QPay's answer itself, in a word; '' if nothing is.

    That it refuses what it was asked is an answer, and that it wants a new login, too.
    """
    if is_login and response.status_code == 401:
        return 'refused'
    is_refusal = 400 <= response.status_code < 500
    is_answer = response.status_code == 200 and isinstance(_json(response), dict)
    return '' if is_refusal or is_answer else 'error'


def _json(response):
    try:
        return response.json()
    except requests.JSONDecodeError:
        return None


def _server_time(response):
    try:
        return parsedate_to_datetime(response.headers['Date'])
    except (KeyError, ValueError):
        return None
