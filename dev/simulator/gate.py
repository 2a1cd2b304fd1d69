"""The door: one request at a time; those to an API are counted and meet the ordered faults."""
import io
import json
import re
import socket
import threading
import time

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from .errors import QPayRefusal, TaxSystemBusy
from .wire import json_answer

_PLACEHOLDER = re.compile(r'<[^>]*>')
_GARBAGE = '<html><body><h1>It works!</h1></body>'
# QPay's, and the tax office's.
_PREFIXES = ('/v2/', '/api/info/')


class Gate:
    """WSGI layer around the web application; it also writes QPay's own ``Date``."""

    def __init__(self, application, url_map, backend):
        self._application = application
        self._url_map = url_map
        self._backend = backend
        #: While it is set the server is stopping: nobody is delayed.
        self.stopping = threading.Event()

    def endpoints(self):
        """Return the names of all endpoints of the API."""
        return {
            f'{method} {_PLACEHOLDER.sub("{id}", rule.rule)}'
            for rule in self._url_map.iter_rules() if rule.rule.startswith(_PREFIXES)
            for method in rule.methods - {'HEAD', 'OPTIONS'}
        }

    def __call__(self, environ, start_response):
        request = Request(environ)
        # Read here, so that the application finds it read, whatever becomes of the connection.
        environ['wsgi.input'] = io.BytesIO(request.get_data())
        if not request.path.startswith(_PREFIXES):
            return self._work(request)(environ, start_response)
        started = time.monotonic()
        with self._backend.lock:
            entry = self._entry(request)
            fault, released = self._take_fault(entry['endpoint']), self._backend.released
            self._backend.calls.append(entry)
        if fault:
            entry['fault'] = fault['fault']
        response = self._disturbed(request, fault, released) if fault else self._work(request)
        entry['duration'] = round(time.monotonic() - started, 4)
        if response is None:
            _hang_up(environ)
        entry['status'] = response.status_code
        response.headers['Date'] = http_date(self._backend.now())
        response.headers['Server'] = 'nginx/1.28.0'
        return response(environ, start_response)

    def _entry(self, request):
        """Return what is noted of a request; never its token or password."""
        try:
            body = json.loads(request.get_data())
        except ValueError:
            body = None
        return {
            'endpoint': self._endpoint(request), 'method': request.method, 'path': request.path,
            'authorization': request.headers.get('Authorization', '').partition(' ')[0] or None,
            'body': body, 'time': self._backend.now(),
            'fault': None, 'status': None, 'duration': None,
        }

    def _take_fault(self, endpoint):
        """Return the oldest open order for a request and use it up once, or None."""
        for order in self._backend.faults:
            if order['endpoint'] in ('*', endpoint):
                if order['times'] is not None:
                    order['times'] -= 1
                    if not order['times']:
                        self._backend.faults.remove(order)
                return order
        return None

    def _endpoint(self, request):
        try:
            rule, _values = self._url_map.bind_to_environ(request.environ).match(return_rule=True)
        except HTTPException:
            return f'{request.method} {request.path}'
        return f'{request.method} {_PLACEHOLDER.sub("{id}", rule.rule)}'

    def _disturbed(self, request, fault, released):
        """Return the answer, or None when there shall be none."""
        if fault['fault'] == 'expired_token':
            if request.authorization:
                self._backend.tokens.expire(request.authorization.token)
            return self._work(request)
        done = self._work(request) if fault.get('after') else None
        if fault['fault'] == 'delay':
            stopped = self.stopping.wait(float(fault['seconds']))
            return None if stopped else done or self._work(request)
        if fault['fault'] == 'hold':
            released.wait()
            return None if self.stopping.is_set() else done or self._work(request)
        return None if fault['fault'] == 'drop' else _false_answer(fault, request)

    def _work(self, request):
        with self._backend.lock:
            return Response.from_app(self._application, request.environ, buffered=True)


def _false_answer(fault, request):
    if fault['fault'] == 'status':
        return Response(
            fault.get('body', ''), status=fault.get('status', 500),
            content_type=fault.get('content_type', 'text/html'),
        )
    if fault['fault'] == 'garbage':
        return Response(fault.get('body', _GARBAGE), content_type='text/html')
    if fault['fault'] == 'system_busy':
        refusal = TaxSystemBusy() if '/ebarimt' in request.path else QPayRefusal('SYSTEM_BUSY', 500)
        return json_answer(refusal.body(), refusal.status)
    problem = {
        'type': fault.get('type', 'MIN_NUMBER'),
        'message': fault.get('message', 'Number min value [1]!'),
    }
    return json_answer({'error': {fault.get('field', 'page_limit'): problem}}, 400)


def _hang_up(environ):
    """Close the connection without an answer.

    :raise ConnectionAbortedError: always; the server takes it as the client's own leaving.
    """
    try:
        environ['werkzeug.socket'].shutdown(socket.SHUT_RDWR)
    except OSError as error:
        raise ConnectionAbortedError('the client has left') from error
    raise ConnectionAbortedError('closed on purpose')
