"""Answers as QPay's Express server writes them (QPay contract §1.1)."""
import base64
import hashlib
import json

from werkzeug.wrappers import Response

_SUCCESS_HEADERS = {
    'Strict-Transport-Security': 'max-age=15552000; includeSubDomains',
    'X-Frame-Options': 'SAMEORIGIN',
    'X-Content-Type-Options': 'nosniff',
}


def json_answer(value, status=200):
    """Return a JSON answer.

    :param value: the body.
    :param int status: the HTTP status.
    :rtype: werkzeug.wrappers.Response
    """
    body = json.dumps(value, ensure_ascii=False, separators=(',', ':'), default=str).encode()
    response = Response(body, status=status, content_type='application/json; charset=utf-8')
    response.headers['X-Powered-By'] = 'Express'
    response.headers['Access-Control-Allow-Origin'] = 'undefined'
    response.headers['ETag'] = weak_etag(body)
    if status == 200:
        response.headers.update(_SUCCESS_HEADERS)
    return response


def html_error(status, text):
    """Return Express's own page for what no handler took."""
    body = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n'
        f'</head>\n<body>\n<pre>{text}</pre>\n</body>\n</html>\n'
    )
    response = Response(body, status=status, content_type='text/html; charset=utf-8')
    response.headers['X-Powered-By'] = 'Express'
    return response


def weak_etag(body):
    """Return Express's weak ETag: the length in hexadecimal and the SHA-1 of the body."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()[:27]
    return f'W/"{len(body):x}-{digest}"'
