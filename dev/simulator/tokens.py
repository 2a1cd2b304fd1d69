"""Access and refresh tokens (QPay contract §1.2 to §1.5)."""
import base64
import hashlib
import hmac
import json
import secrets
import uuid

from .errors import QPayRefusal
from .model import TokenPair

#: In QPay's tokens the refresh token's (meaningless) ``exp`` lies so much later.
_REFRESH_MARGIN = 14400


class TokenBook:
    """The tokens that are valid, by merchant."""

    def __init__(self, merchants, settings, clock, lock, store):
        self._merchants = {merchant.username: merchant for merchant in merchants}
        self._settings = settings
        self._clock = clock
        self._lock = lock
        self._store = store
        self._key = secrets.token_bytes(32)
        self._pairs = {}

    # -- what the API asks

    def log_in(self, username, password):
        """Check a user name and password.

        :return: the answer of ``/auth/token``.
        :rtype: dict
        :raise QPayRefusal: AUTHENTICATION_FAILED.
        """
        merchant = self._merchants.get(username)
        if not merchant or not hmac.compare_digest(merchant.password.encode(), password.encode()):
            raise QPayRefusal('AUTHENTICATION_FAILED', 401)
        return self._issue(merchant)

    def refresh(self, refresh_token):
        """Exchange a refresh token for a new pair.

        :return: the answer of ``/auth/refresh``.
        :rtype: dict
        :raise QPayRefusal: the 401 of a token that is not valid.
        """
        pair = self._find('refresh', refresh_token)
        return self._issue(self._merchants[pair.merchant])

    def merchant_of(self, access_token):
        """Return the merchant whose access token this is.

        :rtype: Merchant
        :raise QPayRefusal: the 401 of a token that is not valid.
        """
        return self._merchants[self._find('access', access_token).merchant]

    # -- what the faults and the state file ask

    def expire_pair(self, token):
        """Let the pair end now to which this access or refresh token belongs, if there is one."""
        with self._lock:
            for username, pairs in self._pairs.items():
                kept = [pair for pair in pairs if token not in (pair.access, pair.refresh)]
                if len(kept) != len(pairs):
                    self._keep(username, kept)
                    return

    def restore(self, record):
        """Take one merchant's tokens from the state file."""
        self._pairs[record['merchant']] = [TokenPair.from_record(pair) for pair in record['pairs']]

    def records(self):
        """Yield what :meth:`restore` needs."""
        for username, pairs in self._pairs.items():
            yield self._record(username, pairs)

    def clear(self):
        """Forget all tokens."""
        self._pairs.clear()

    # -- inside

    def _issue(self, merchant):
        with self._lock:
            now = int(self._clock.now())
            expires_at = now + int(self._settings.token_lifetime)
            pair = TokenPair(
                merchant=merchant.username,
                access=self._access_token(merchant, now, expires_at),
                refresh=self._refresh_token(now, expires_at),
                expires_at=expires_at,
            )
            kept = []
            if not self._settings.new_token_kills_old:
                former = self._pairs.get(merchant.username, [])
                kept = [old for old in former if old.expires_at > now]
            self._keep(merchant.username, [*kept, pair])
        expiry = expires_at if self._settings.token_expiry == 'absolute' else expires_at - now
        return {
            'token_type': 'bearer',
            'refresh_expires_in': expiry,
            'refresh_token': pair.refresh,
            'access_token': pair.access,
            'expires_in': expiry,
            'scope': 'get_token',
            'not-before-policy': '0',
            'session_state': self._settings.session_state,
        }

    def _find(self, kind, token):
        now = self._clock.now()
        with self._lock:
            for pairs in self._pairs.values():
                for pair in pairs:
                    if getattr(pair, kind) == token and pair.expires_at > now:
                        return pair
        raise QPayRefusal(self._settings.credentials_key, 401)

    def _keep(self, username, pairs):
        self._pairs[username] = pairs
        self._store.append('tokens', self._record(username, pairs))

    @staticmethod
    def _record(username, pairs):
        return {'merchant': username, 'pairs': [pair.to_record() for pair in pairs]}

    def _access_token(self, merchant, now, expires_at):
        return self._sign({
            'client_id': str(uuid.uuid4()),
            'session_id': secrets.token_urlsafe(24),
            'merchant_id': merchant.merchant_id,
            'v1_merchant_flag': False,
            'iat': now,
            # Like QPay's own: the issue time added to an absolute time. Nobody may build on it.
            'exp': now + expires_at,
        })

    def _refresh_token(self, now, expires_at):
        return self._sign({
            'id': str(uuid.uuid4()),
            'session_secret': '$2b$10$' + secrets.token_urlsafe(40)[:53],
            'extra': {},
            'iat': now,
            'exp': now + expires_at + _REFRESH_MARGIN,
        })

    def _sign(self, claims):
        """Return a JSON Web Token (HS256)."""
        parts = [_encode({'alg': 'HS256', 'typ': 'JWT'}), _encode(claims)]
        digest = hmac.new(self._key, '.'.join(parts).encode(), hashlib.sha256).digest()
        return '.'.join([*parts, _base64url(digest)])


def _encode(value):
    return _base64url(json.dumps(value, separators=(',', ':')).encode())


def _base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()
