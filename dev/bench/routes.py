"""What it costs to be asked over HTTP: a poll without news and QPay's call, beside routes that do
nothing.
"""

import statistics
import time
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from odoo import http, sql_db
from odoo.http import request

from .measure import print_row
from .serving import serving

_GOES = 60
# Whatever is made only once, such as the map of the routes.
_WARM_UP = 5
_SECONDS = 30


class BenchController(http.Controller):
    """Routes that do nothing: the yardsticks."""

    @http.route('/payment_qpay/bench/json', type='jsonrpc', auth='public', website=True)
    def bench_json(self, **_values):
        """Answer as a poll without news is answered."""
        return {}

    @http.route(
        '/payment_qpay/bench/http', type='http', auth='public', csrf=False, save_session=False,
    )
    def bench_http(self, **_values):
        """Answer as QPay's call is answered."""
        return request.make_response('SUCCESS', [('Content-Type', 'text/plain; charset=utf-8')])


class Answer(NamedTuple):
    """What one request cost: milliseconds, queries, and bytes of the answer with its headers."""

    milliseconds: float
    queries: float
    size: float


def measure_routes(bench):
    """Measure the routes, and print it.

    :param Bench bench: Work on fresh invoices.
    """
    intent = bench.create_open_intent()
    values = {'intent_id': intent.id, 'access_token': intent.access_token}
    # Each is of a QR of its own: many calls about one are counted instead.
    callbacks = [
        urlsplit(bench.create_open_intent()._get_callback_url()).path
        for _number in range(_WARM_UP + _GOES)
    ]
    bench.env.cr.commit()
    with serving() as url, requests.Session() as session:
        def get(path):
            return session.get(url + path, timeout=_SECONDS)

        def post(path, **values):
            return session.post(
                url + path, json={'jsonrpc': '2.0', 'method': 'call', 'params': values},
                timeout=_SECONDS,
            )

        def get_version():
            answer = post('/payment/qpay/check', **values, known='')
            return answer.json()['result']['version']

        pairs = {
            'poll without news': (
                lambda _number: partial(post, '/payment_qpay/bench/json'),
                lambda _number: partial(
                    post, '/payment/qpay/check', **values, known=get_version()
                ),
            ),
            "QPay's call": (
                lambda _number: partial(get, '/payment_qpay/bench/http'),
                lambda number: partial(get, f'{callbacks[number]}?qpay_payment_id=bench'),
            ),
        }
        titles = ('queries', 'bytes', 'ms', 'x nothing', 'its queries')
        print_row('over HTTP', titles)
        for name, (make_trivial, make_real) in pairs.items():
            _print(name, *_compare(make_trivial, make_real))
    print()


def _print(name, trivial, real):
    figures = (
        f'{real.queries:.0f}', f'{real.size:.0f}', f'{real.milliseconds:.1f}',
        f'{real.milliseconds / trivial.milliseconds:.2f}', f'{trivial.queries:.0f}',
    )
    print_row(name, figures)


def _compare(*makers):
    """Return the typical answers of requests, which take turns so that each meets the same."""
    answers = [[] for _maker in makers]
    for number in range(_WARM_UP + _GOES):
        for maker, seen in zip(makers, answers, strict=True):
            seen.append(_measure(maker(number)))
    return [
        Answer(*map(statistics.median, zip(*seen[_WARM_UP:], strict=True))) for seen in answers
    ]


def _measure(act):
    queries, began = sql_db.sql_counter, time.perf_counter()
    response = act()
    seconds = time.perf_counter() - began
    response.raise_for_status()
    headers = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    return Answer(
        1000 * seconds, sql_db.sql_counter - queries, headers + len(response.content)
    )

