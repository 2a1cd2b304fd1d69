"""The door of the API: here every request to ``/v2`` is counted and meets the ordered faults."""
import io
import json
import re
import socket
import threading
import time

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from .clock import http_date
from .errors import QPayRefusal, TaxSystemBusy
from .wire import json_answer

_PLACEHOLDER = re.compile(r'<[^>]*>')
_GARBAGE = '<html><body><h1>It works!</h1></body>'
_PREFIX = '/v2/'


class Gate:
    """WSGI layer around the web application; it also writes QPay's own ``Date``."""

    def __init__(self, application, url_map, backend):
        self._application = application
        self._url_map = url_map
        self._backend = backend
        self._stopping = threading.Event()

    def release(self):
        """Let go of requests that are being delayed: the server stops."""
        self._stopping.set()

    def resume(self):
        """Delay again: the server starts."""
        self._stopping.clear()

    def endpoints(self):
        """Return the names of all endpoints of the API."""
        return {
            f'{method} {_PLACEHOLDER.sub("{id}", rule.rule)}'
            for rule in self._url_map.iter_rules() if rule.rule.startswith(_PREFIX)
            for method in rule.methods - {'HEAD', 'OPTIONS'}
        }

    def __call__(self, environ, start_response):
        if not environ.get('PATH_INFO', '').startswith(_PREFIX):
            return self._application(environ, start_response)
        request = Request(environ)
        endpoint = self._endpoint(request)
        fault = self._backend.faults.take(endpoint)
        started = time.monotonic()
        entry = self._backend.calls.begin(
            endpoint=endpoint, method=request.method, path=request.path,
            authorization=request.headers.get('Authorization', '').partition(' ')[0] or None,
            body=_json_or_none(request), time=self._backend.clock.now(),
            fault=fault.kind if fault else None, status=None, duration=None,
        )
        response = self._respond(request, fault)
        elapsed = time.monotonic() - started
        if response is None:
            self._backend.calls.end(entry, None, elapsed)
            _hang_up(environ)
        response.headers['Date'] = http_date(self._backend.clock.now())
        response.headers['Server'] = 'nginx/1.28.0'
        self._backend.calls.end(entry, response.status_code, elapsed)
        return response(environ, start_response)

    def _endpoint(self, request):
        adapter = self._url_map.bind_to_environ(request.environ)
        try:
            rule, _values = adapter.match(return_rule=True)
        except HTTPException:
            return f'{request.method} {request.path}'
        return f'{request.method} {_PLACEHOLDER.sub("{id}", rule.rule)}'

    def _respond(self, request, fault):
        """Return the answer, or None when there shall be none."""
        if fault is None:
            return self._work(request)
        if fault.kind == 'delay':
            return self._delay(request, fault.options)
        if fault.kind == 'expired_token':
            scheme, _space, token = request.headers.get('Authorization', '').partition(' ')
            if scheme.lower() == 'bearer':
                self._backend.tokens.expire_pair(token)
            return self._work(request)
        if fault.options.get('after'):
            self._work(request)
        return None if fault.kind == 'drop' else _false_answer(fault, request)

    def _delay(self, request, options):
        done = self._work(request) if options.get('after') else None
        stopped = self._stopping.wait(options['seconds'])
        return None if stopped else done or self._work(request)

    def _work(self, request):
        return Response.from_app(self._application, request.environ, buffered=True)


def _false_answer(fault, request):
    options = fault.options
    if fault.kind == 'status':
        return Response(
            options.get('body', ''), status=options.get('status', 500),
            content_type=options.get('content_type', 'text/html'),
        )
    if fault.kind == 'garbage':
        return Response(options.get('body', _GARBAGE), content_type='text/html')
    if fault.kind == 'system_busy':
        refusal = TaxSystemBusy() if '/ebarimt' in request.path else QPayRefusal('SYSTEM_BUSY', 500)
        return json_answer(refusal.body(), refusal.status)
    problem = {
        'type': options.get('type', 'MIN_NUMBER'),
        'message': options.get('message', 'Number min value [1]!'),
    }
    return json_answer({'error': {options.get('field', 'page_limit'): problem}}, 400)


def _json_or_none(request):
    """Return the request's JSON body; reading it here leaves it readable for the application."""
    body = request.get_data(cache=True)
    request.environ['wsgi.input'] = io.BytesIO(body)
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _hang_up(environ):
    """Close the connection without an answer.

    :raise ConnectionAbortedError: always; the server takes it as the client's own leaving.
    """
    try:
        environ['werkzeug.socket'].shutdown(socket.SHUT_RDWR)
    except OSError as error:
        raise ConnectionAbortedError('the client has left') from error
    raise ConnectionAbortedError('closed on purpose')
