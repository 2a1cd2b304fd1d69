"""Access and refresh tokens (QPay contract §1.2 to §1.5)."""
import secrets

from .errors import QPayRefusal
from .model import Token


class TokenBook:
    """The tokens that were given out.

    QPay's are JSON Web Tokens whose own expiry is nonsense; these are opaque, as they should be to
    whoever uses them.
    """

    def __init__(self, backend):
        self._backend = backend

    def log_in(self, username, password):
        """Check a user name and password and return the answer of ``/auth/token``."""
        merchant = self._backend.merchants.get(username)
        if not merchant or merchant.password != password:
            raise QPayRefusal('AUTHENTICATION_FAILED', 401)
        return self._issue(merchant)

    def refresh(self, refresh_token):
        """Exchange a refresh token for a new pair and return the answer of ``/auth/refresh``."""
        return self._issue(self._merchant_of('refresh', refresh_token))

    def merchant_of(self, access_token):
        """Return the merchant whose access token this is."""
        return self._merchant_of('access', access_token)

    def expire(self, access_token):
        """Let a token and its refresh token end now, if there is one."""
        with self._backend.lock:
            self._end(token for token in self._alive() if token.access == access_token)

    def _issue(self, merchant):
        settings = self._backend.settings
        if settings.new_token_kills_old:
            self._end(token for token in self._alive() if token.merchant == merchant.username)
        now = int(self._backend.now())
        expires_at = now + int(settings.token_lifetime)
        token = Token(
            access=secrets.token_urlsafe(180), refresh=secrets.token_urlsafe(150),
            merchant=merchant.username, expires_at=expires_at,
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
        now = self._backend.now()
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
