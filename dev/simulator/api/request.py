"""What every call of the API reads from its request."""
import base64
import binascii
import functools
import json
from decimal import Decimal

from flask import current_app, request

from ..errors import QPayRefusal


class MalformedBody(Exception):
    """A body that says it is JSON and is not."""


def backend():
    """Return the simulator's state."""
    return current_app.config['BACKEND']


def basic_credentials():
    """Return user name and password of HTTP Basic.

    :raise QPayRefusal: AUTHENTICATION_FAILED when there are none.
    """
    scheme, _space, encoded = request.headers.get('Authorization', '').partition(' ')
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(':')
    except (binascii.Error, UnicodeDecodeError):
        colon = ''
    if scheme.lower() != 'basic' or not colon:
        raise QPayRefusal('AUTHENTICATION_FAILED', 401)
    return username, password


def bearer_token():
    """Return the bearer token, or an empty text, which is never valid."""
    scheme, _space, token = request.headers.get('Authorization', '').partition(' ')
    return token.strip() if scheme.lower() == 'bearer' else ''


def for_merchant(view):
    """Decorate a view that needs an access token; it gets the merchant as its first argument."""
    @functools.wraps(view)
    def checked(**values):
        return view(backend().tokens.merchant_of(bearer_token()), **values)
    return checked


def json_body():
    """Return the JSON object of the request, with fractions as Decimal.

    Like Express, a body of another content type counts as empty.

    :rtype: dict
    :raise MalformedBody: when it is not JSON, or not an object.
    """
    raw = request.get_data()
    if not raw or not request.is_json:
        return {}
    try:
        value = json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except ValueError as error:
        raise MalformedBody(str(error)) from error
    if not isinstance(value, dict):
        raise MalformedBody('an object is expected')
    return value


def _refuse_constant(name):
    raise ValueError(f'{name} is not JSON')
