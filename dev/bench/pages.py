"""How long a payer waits for the page, and how much it loads, in Chromium on slow networks."""

import contextlib
import itertools
import resource
import time
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from odoo.addons.payment_qpay.dev.stack.system import chromium

from .serving import serving

_PHONE = {'width': 390, 'height': 844}
# What mobile networks give where they are good and where they are bad, in bits a second.
SPEEDS = {'1.6 Mbit/s': 1_600_000, '400 kbit/s': 400_000}
_ROUND_TRIP_MILLISECONDS = 150
_TIME_LIMIT_MILLISECONDS = 180_000
# When a payer can read the page, pay by it, and is told what becomes of the payment.
_NOTE_MOMENTS = """(() => {
    const isWhole = (image) => image?.complete && image.naturalWidth > 0;
    const tests = {
        text: () => performance.getEntriesByName('first-contentful-paint').length
            && document.querySelector('.o_qpay_amount'),
        payable: () => document.querySelector('.o_qpay_bank')
            && isWhole(document.querySelector('.o_qpay_image')),
        live: () => document.querySelector('[data-view=open] .o_qpay_announcement')?.textContent,
    };
    window.moments = {};
    const look = () => {
        for (const [name, test] of Object.entries(tests)) {
            if (!window.moments[name] && test()) {
                window.moments[name] = performance.timeOrigin + performance.now();
            }
        }
        requestAnimationFrame(look);
    };
    look();
})();"""


class Visit(NamedTuple):
    """Seconds from the tap on a link, and the kilobytes that came until then."""

    text: float
    payable: float
    live: float
    kilobytes: float


def measure_pages(bench):
    """Measure what payers wait for, and print it.

    :param Bench bench: Work on fresh invoices.
    """
    with serving() as url, _browsing() as browser:
        ways = {
            'the page of an open QR': lambda: bench.create_open_intent()._get_pay_path(),
            'a link that has no QR yet': bench.create_link_path,
        }
        for make_path in ways.values():
            visit(browser, url + make_path())  # Whatever Odoo makes only once.
        print(f'{"seconds until a payer ...":44}{"reads":>8}{"can pay":>9}{"is told":>9}{"kB":>7}')
        cases = itertools.product(ways.items(), SPEEDS.items())
        for (name, make_path), (speed, bits) in cases:
            cost = visit(browser, url + make_path(), bits)
            print(
                f'{f"{name}, {speed}":44}{cost.text:8.1f}{cost.payable:9.1f}{cost.live:9.1f}'
                f'{cost.kilobytes:7.0f}'
            )


def visit(browser, address, speed=None):
    """Open a page for the first time.

    :param int speed: The network's, in bits a second; as fast as it can be without.
    :rtype: Visit
    """
    context = browser.new_context(viewport=_PHONE, locale='mn-MN')
    context.add_init_script(_NOTE_MOMENTS)
    page = context.new_page()
    # They are another process's; the page does not wait for them.
    page.route_web_socket('**/websocket*', lambda _socket: None)
    protocol = context.new_cdp_session(page)
    protocol.send('Network.enable')
    protocol.send('Network.setCacheDisabled', {'cacheDisabled': True})
    if speed:
        protocol.send('Network.emulateNetworkConditions', {
            'offline': False, 'latency': _ROUND_TRIP_MILLISECONDS,
            'downloadThroughput': speed / 8, 'uploadThroughput': speed / 8,
        })
    sizes = []
    protocol.on('Network.loadingFinished', lambda end: sizes.append(end['encodedDataLength']))
    began = time.time()
    page.goto(address, wait_until='commit', timeout=_TIME_LIMIT_MILLISECONDS)
    page.wait_for_function(
        'Object.keys(window.moments || {}).length === 3', timeout=_TIME_LIMIT_MILLISECONDS
    )
    moments = page.evaluate('window.moments')
    context.close()
    seconds = [moments[name] / 1000 - began for name in ('text', 'payable', 'live')]
    return Visit(*seconds, sum(sizes) / 1000)


@contextlib.contextmanager
def _browsing():
    # Browsers reserve more memory than Odoo allows its own process.
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(),
                args=[
                    '--no-sandbox', '--disable-gpu',
                    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
                ],
            )
            yield browser
            browser.close()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
