"""Answers as QPay's Express server writes them (QPay contract §1.1)."""
import json

from werkzeug.wrappers import Response


def json_answer(value, status=200):
    """Return a JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(',', ':'), default=str)
    return Response(body, status=status, content_type='application/json; charset=utf-8')


def html_error(status, text):
    """Return Express's own page for what no handler took."""
    body = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n'
        f'</head>\n<body>\n<pre>{text}</pre>\n</body>\n</html>\n'
    )
    return Response(body, status=status, content_type='text/html; charset=utf-8')
