"""The web application: the API, the steering and the bank application's pages."""
from pathlib import Path

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from . import bank, steering
from .api import BLUEPRINTS
from .api.request import MalformedBody
from .errors import QPayRefusal
from .gate import Gate
from .wire import html_error, json_answer

_FOLDER = str(Path(__file__).resolve().parent)


def create_application(backend):
    """Build the web application around a state.

    :return: the WSGI application, whose ``gate`` counts and disturbs the requests to ``/v2``.
    """
    # The folder is told, because Flask cannot find it inside Odoo's namespace package.
    application = Flask('qpay_simulator', root_path=_FOLDER, instance_path=_FOLDER)
    application.config['BACKEND'] = backend
    application.url_map.strict_slashes = False
    for blueprint in (*BLUEPRINTS, steering.blueprint, bank.blueprint):
        application.register_blueprint(blueprint)
    application.register_error_handler(QPayRefusal, _refusal)
    application.register_error_handler(MalformedBody, _malformed)
    application.register_error_handler(HTTPException, _unhandled)
    gate = Gate(application.wsgi_app, application.url_map, backend)
    backend.endpoints = gate.endpoints()
    application.wsgi_app = application.gate = gate
    return application


def _refusal(refusal):
    return json_answer(refusal.body(), refusal.status)


def _malformed(error):
    return html_error(400, f'SyntaxError: {error}')


def _unhandled(error):
    if not request.path.startswith('/v2/'):
        return error
    if error.code in (404, 405):
        return html_error(404, f'Cannot {request.method} {request.path}')
    return html_error(error.code or 500, error.name)
