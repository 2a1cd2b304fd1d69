"""Access and refresh tokens (QPay contract §1.2 to §1.5)."""
import base64
import hashlib
import hmac
import json
import secrets
import uuid

from .errors import QPayRefusal
from .model import Token

#: In QPay's tokens the refresh token's (meaningless) ``exp`` lies so much later.
_REFRESH_MARGIN = 14400
_KEY = secrets.token_bytes(32)


class TokenBook:
    """The tokens that were given out."""

    def __init__(self, backend):
        self._backend = backend

    def log_in(self, username, password):
        """Check a user name and password.

        :return: the answer of ``/auth/token``.
        :rtype: dict
        :raise QPayRefusal: AUTHENTICATION_FAILED.
        """
        merchant = self._backend.merchants.get(username)
        if not merchant or merchant.password != password:
            raise QPayRefusal('AUTHENTICATION_FAILED', 401)
        return self._issue(merchant)

    def refresh(self, refresh_token):
        """Exchange a refresh token for a new pair.

        :return: the answer of ``/auth/refresh``.
        :rtype: dict
        :raise QPayRefusal: the 401 of a token that is not valid.
        """
        return self._issue(self._merchant_of('refresh', refresh_token))

    def merchant_of(self, access_token):
        """Return the merchant whose access token this is.

        :rtype: Merchant
        :raise QPayRefusal: the 401 of a token that is not valid.
        """
        return self._merchant_of('access', access_token)

    def expire(self, access_token):
        """Let a token and its refresh token end now, if there is one."""
        with self._backend.lock:
            self._end(token for token in self._alive() if token.access == access_token)

    def _issue(self, merchant):
        settings = self._backend.settings
        if settings.new_token_kills_old:
            self._end(token for token in self._alive() if token.merchant == merchant.username)
        now = int(self._backend.clock.now())
        expires_at = now + int(settings.token_lifetime)
        # Like QPay's own: the issue time added to an absolute time. Nobody may build on it.
        times = {'iat': now, 'exp': now + expires_at}
        token = Token(
            access=_signed({
                'client_id': str(uuid.uuid4()),
                'session_id': secrets.token_urlsafe(24),
                'merchant_id': merchant.merchant_id,
                'v1_merchant_flag': False,
                **times,
            }),
            refresh=_signed({
                'id': str(uuid.uuid4()),
                'session_secret': '$2b$10$' + secrets.token_urlsafe(40)[:53],
                'extra': {},
                **times,
                'exp': times['exp'] + _REFRESH_MARGIN,
            }),
            merchant=merchant.username,
            expires_at=expires_at,
        )
        self._backend.store.save(token)
        expiry = expires_at if settings.token_expiry == 'absolute' else expires_at - now
        return {
            'token_type': 'bearer',
            'refresh_expires_in': expiry,
            'refresh_token': token.refresh,
            'access_token': token.access,
            'expires_in': expiry,
            'scope': 'get_token',
            'not-before-policy': '0',
            'session_state': 'sandbox',
        }

    def _alive(self):
        now = self._backend.clock.now()
        tokens = self._backend.store.all(Token).values()
        return [token for token in tokens if token.expires_at > now]

    def _merchant_of(self, kind, text):
        for token in self._alive():
            if getattr(token, kind) == text:
                return self._backend.merchants[token.merchant]
        raise QPayRefusal(self._backend.settings.credentials_key, 401)

    def _end(self, tokens):
        for token in tokens:
            token.expires_at = 0
            self._backend.store.save(token)


def _signed(claims):
    """Return a JSON Web Token (HS256)."""
    content = f'{_encode({"alg": "HS256", "typ": "JWT"})}.{_encode(claims)}'
    return f'{content}.{_base64url(hmac.digest(_KEY, content.encode(), hashlib.sha256))}'


def _encode(value):
    return _base64url(json.dumps(value, separators=(',', ':')).encode())


def _base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()
