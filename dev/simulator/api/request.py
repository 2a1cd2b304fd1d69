"""What every call of the API reads from its request."""
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
    """Return user name and password of HTTP Basic."""
    given = request.authorization
    if not given or given.type != 'basic':
        raise QPayRefusal('AUTHENTICATION_FAILED', 401)
    return given.username, given.password


def bearer_token():
    """Return the bearer token, or an empty text, which is never valid."""
    given = request.authorization
    return given.token or '' if given and given.type == 'bearer' else ''


def for_merchant(view):
    """Decorate a view that needs an access token; it gets the merchant as its first argument."""
    @functools.wraps(view)
    def checked(**values):
        return view(backend().tokens.merchant_of(bearer_token()), **values)
    return checked


def json_body():
    """Return the JSON object of the request, with fractions as Decimal.

    Like Express, a body of another content type counts as empty.
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
