"""``/v2/auth``: tokens (QPay contract §1.2, §1.3)."""
from flask import Blueprint

from ..wire import json_answer
from .request import backend, basic_credentials, bearer_token

blueprint = Blueprint('auth', __name__, url_prefix='/v2/auth')


@blueprint.post('/token')
def token():
    """Log in with HTTP Basic."""
    return json_answer(backend().tokens.log_in(*basic_credentials()))


@blueprint.post('/refresh')
def refresh():
    """Exchange a refresh token."""
    return json_answer(backend().tokens.refresh(bearer_token()))
