"""A real browser beside a real server."""

import contextlib
import os
import re
import resource
import time
from pathlib import Path

import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT
from odoo.addons.payment_qpay.tests.cases.patience import PATIENCE_SECONDS, wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CHECK = '/payment/qpay/check'
CHECK_ROUTE = f'**{CHECK}'
WORKER = '/bus/websocket_worker_bundle'
DESKTOP = {'width': 1440, 'height': 900}
PHONE = {'width': 390, 'height': 844}
SMALL_PHONE = {'width': 320, 'height': 568}
PATIENCE_MILLISECONDS = PATIENCE_SECONDS * 1000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
# How long the dialog shows a payment before it closes by itself.
CLOSE_SECONDS = 4
MONGOLIAN = re.compile('[а-яөүё]', re.IGNORECASE)
# What a page would ask Odoo again by itself, after a pause: it only does when a test says so. The
# pauses, as the page has planned them one after another, are noted. Nor does it give up a request,
# however long Odoo takes.
HELD_POLLS = """(() => {
    const { setTimeout: plan, clearTimeout: cancel } = window;
    const HELD = -1;
    window.pauses = [];
    window.setTimeout = (callback, delay, ...values) => {
        if (delay === 3000 || delay === 10000) {
            window.pauses.push(delay);
            window.poll = () => {
                window.poll = null;
                callback();
            };
            return HELD;
        }
        return delay === 20000 ? 0 : plan(callback, delay, ...values);
    };
    window.clearTimeout = (timer) => {
        if (timer === HELD) {
            window.poll = null;
        } else {
            cancel(timer);
        }
    };
})();"""
# What a page has drawn is on the screen, and what it asks for thereupon is on its way.
TWO_FRAMES = """
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))
"""
# What comes in with a flourish has come.
NO_FLOURISH = """
    () => Promise.allSettled(document.getAnimations()
        .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
        .map(({ finished }) => finished))
"""
# What shows for less than a second is noted, too.
NOTE_SIGHT = """(selector) => {
    window.isSeen = false;
    new MutationObserver(() => {
        window.isSeen ||= Boolean(document.querySelector(selector)?.checkVisibility());
    }).observe(document, { attributes: true, childList: true, subtree: true });
}"""


class BrowserCase(RealServerCase):
    """A browser beside the server. One process serves all, so that it needs no reverse proxy."""

    workers = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's bot begins to talk at a user's first visit, in requests that collide.
        cls.database.query("UPDATE res_users SET odoobot_state = 'disabled'")
        with _no_memory_limit():
            playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(
            executable_path=os.environ['QPAY_DEV_CHROMIUM'],
            args=[
                '--no-sandbox', '--disable-gpu', '--disable-background-networking',
                # Nothing comes from elsewhere, for example the banks' logos.
                '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
            ],
            timeout=PATIENCE_MILLISECONDS,
        )
        cls.addClassCleanup(cls.browser.close)
        cls.script_errors = []
        [cls.accountant_id] = cls.accountant.call(
            'res.users', 'search', [('login', '=', ACCOUNTANT['login'])]
        )

    @classmethod
    def _set_language(cls, language):
        """Let the accountant's screens be in a language."""
        cls.accountant.call('res.users', 'write', [cls.accountant_id], {'lang': language})

    def setUp(self):
        super().setUp()
        self.script_errors.clear()

    def tearDown(self):
        self.assertCleanLog()
        self.assertEqual(self.script_errors, [])
        super().tearDown()

    # === WINDOWS === #

    @classmethod
    def _new_context(cls, viewport=None, script=None, with_clock=False, **options):
        """Open a window of its own, with cookies of its own.

        Whoever reads English has chosen it: the customers are Mongolian.

        :param str script: What its pages run before their own scripts.
        :param bool with_clock: Whether a test moves its clock. Until then, its date stands still:
            whatever is to happen after some seconds does not happen while the test looks.
        """
        context = cls.browser.new_context(viewport=viewport or DESKTOP, **options)
        cls.addClassCleanup(context.close)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.on('weberror', lambda error: cls.script_errors.append(str(error.error)))
        if options.get('locale') == 'en-US':
            context.add_cookies([
                {'name': 'frontend_lang', 'value': 'en_US', 'url': cls.server.url},
            ])
        if with_clock:
            context.clock.set_fixed_time(time.time())
        if script:
            context.add_init_script(script)
        return context

    @classmethod
    def _sign_in(cls, context, user):
        """Make a window that of somebody who has signed in."""
        client = cls.server.log_in(user['login'], user['password'])
        context.add_cookies([
            {'name': 'session_id', 'value': client.session_id, 'url': cls.server.url},
        ])

    def _new_page(self, context):
        """Open a page for one test."""
        page = context.new_page()
        self.addCleanup(page.close)
        return page

    def _pay_in_bank(self, qpay_invoice_id):
        """Press "pay in full" on the bank's page."""
        page = self._new_page(self._new_context())
        page.goto(f'{self.simulator.url}/bank/{qpay_invoice_id}')
        page.click('#pay-full')
        expect(page.locator('#status')).to_have_class(re.compile('closed'))

    def _spend_view_checks(self, qr):
        """Let QPay not be asked about a QR only because it has been looked at for a while."""
        self.database.query(
            'UPDATE qpay_intent SET view_checks = %s WHERE id = %s',
            len(const.VIEW_CHECK_DELAYS), qr['intent_id'],
        )

    # === WHAT PAGES ASK FOR === #

    @staticmethod
    def _watch_requests(page, address=''):
        """Return the list to which what a page asks for will be added.

        :param str address: The end of the addresses that are watched.
        """
        requests = []
        page.on(
            'request', lambda asked: requests.append(asked) if asked.url.endswith(address) else None
        )
        return requests

    @staticmethod
    def _wait_for_requests(page, requests, number=1):
        """Wait until a list that is watched or held has that many requests."""
        # Only pages that wait take note of them.
        wait_for(
            lambda: page.wait_for_timeout(20) or len(requests) >= number, f'request {number}'
        )

    @staticmethod
    def _let_ask(page):
        """Let everything be known that a page has asked for until now."""
        with page.expect_request('**/web/health'):
            page.evaluate("() => fetch('/web/health').then((answer) => answer.text())")

    @staticmethod
    def _let_finish(page, requests):
        """Let a page do all that it has begun: draw, ask, and draw what was answered.

        :param list requests: What it has asked for since it began.
        """
        seen = None
        while seen != len(requests):
            seen = len(requests)
            for request in list(requests):
                # The script of a worker is not seen to arrive.
                if WORKER in request.url:
                    continue
                if answer := request.response():
                    answer.finished()
            page.evaluate(TWO_FRAMES)

    @staticmethod
    def _poll(page):
        """Let the pause pass after which a page whose polls are held asks again."""
        page.wait_for_function('Boolean(window.poll)')
        page.evaluate('window.poll()')

    # === CLOCKS === #

    @staticmethod
    def _let_pass(page, seconds):
        """Let seconds pass by the date of a page's clock, which stands still again afterwards."""
        now = page.evaluate('Date.now()')
        # Half a millisecond, because what is left behind the whole ones is cut off.
        page.clock.set_fixed_time((now + seconds * 1000 + .5) / 1000)

    @classmethod
    def _stop_clock(cls, page):
        """Stop a page's clock where it is: from now on time only passes when a test runs it."""
        cls._let_pass(page, 0)
        now = (page.evaluate('Date.now()') + .5) / 1000
        page.clock.pause_at(now)
        page.clock.set_system_time(now)

    # === WHAT PEOPLE CAN USE === #

    def _assert_accessible(self, page, part=None):
        """Assert that axe-core finds nothing on a page that keeps people from using it.

        :param list part: The selectors of what is ours, where Odoo's own is around it.
        """
        page.evaluate(NO_FLOURISH)
        found = Axe().run(page, part)
        self.assertEqual(found.violations_count, 0, found.generate_report())

    # === PICTURES === #

    @staticmethod
    def _save_screenshot(page, name):
        folder = os.environ.get('QPAY_DEV_SCREENSHOTS')
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f'{name}.png', full_page=True)

    @staticmethod
    def _save_picture(picture, name):
        folder = os.environ.get('QPAY_DEV_SCREENSHOTS')
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture.save(Path(folder) / f'{name}.png')


def read_qrs(picture):
    """Read the QRs in a picture as a phone does.

    :param PIL.Image picture: The picture.
    :return: What they say.
    :rtype: list[str]
    """
    # In the pattern of a QR, other codes may be seen.
    codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in codes]


@contextlib.contextmanager
def _no_memory_limit():
    """Start programs without the limit that Odoo sets to its own process: browsers reserve more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
