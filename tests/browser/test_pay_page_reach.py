"""Whom the payer's page reaches: small screens, keyboards, screen readers, slow networks, browsers
without scripts.
"""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import (
    DESKTOP,
    PHONE,
    SMALL_PHONE,
    TWO_FRAMES,
)
from odoo.addons.payment_qpay.tests.cases.pay_page_case import (
    NOTE_SHIFTS,
    QR_SECONDS,
    PayPageCase,
)

LONGEST_NAMES = [
    {'name': 'Trade and Development bank of Mongolia (Corporate Internetbanking)',
     'description': 'Үндэсний хөрөнгө оруулалтын банк (байгууллагын интернэтбанк)',
     'logo': '', 'link': f'bank{number}://q'} for number in range(23)
]
# The texts on the screen that stand out less from what is behind them than WCAG's level AA asks:
# 4.5, or 3 for large ones. What cannot be pressed may be pale.
FAINT_TEXTS = """() => {
    const parse = (color) => {
        const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const over = (top, under) => ({
        r: top.r * top.a + under.r * (1 - top.a),
        g: top.g * top.a + under.g * (1 - top.a),
        b: top.b * top.a + under.b * (1 - top.a),
        a: 1,
    });
    const background = (element) => element
        ? over(parse(getComputedStyle(element).backgroundColor), background(element.parentElement))
        : { r: 255, g: 255, b: 255, a: 1 };
    const luminance = ({ r, g, b }) => [r, g, b]
        .map((value) => value / 255)
        .map((value) => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [.2126, .7152, .0722][index], 0);
    const faint = [];
    const walker = document.createTreeWalker(
        document.querySelector('.o_qpay_page'), NodeFilter.SHOW_TEXT
    );
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        const isShown = element.checkVisibility() && element.getClientRects()[0]?.width > 1;
        if (!text || !isShown || element.closest('[aria-disabled=true], script, noscript')) {
            continue;
        }
        const style = getComputedStyle(element);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const behind = background(element);
        const [light, dark] = [over(parse(style.color), behind), behind]
            .map(luminance).sort((one, other) => other - one);
        const contrast = (light + .05) / (dark + .05);
        if (contrast < (isLarge ? 3 : 4.5)) {
            faint.push(`${text}: ${contrast.toFixed(2)}`);
        }
    }
    return faint;
}"""
# What has the keyboard's attention: what it says, and whether it is seen by who looks for it.
FOCUSED = """() => {
    const element = document.activeElement;
    const shown = element.matches('.btn-check')
        ? document.querySelector(`label[for=${element.id}]`) : element;
    const { left, top, width, height } = shown.getBoundingClientRect();
    const reached = document.elementFromPoint(left + width / 2, top + height / 2);
    return {
        text: (shown.querySelector('.o_qpay_bank_name') || shown).innerText.trim(),
        isSeen: shown.contains(reached),
        hasOutline: parseFloat(getComputedStyle(shown).outlineWidth) >= 2,
    };
}"""
# The words of the apps' names that are torn apart for want of room.
TORN_WORDS = """() => [...document.querySelectorAll('.o_qpay_bank_name')]
    .filter((element) => element.checkVisibility())
    .flatMap((element) => [...element.textContent.matchAll(/\\S+/g)].map(({ 0: word, index }) => {
        const range = document.createRange();
        range.setStart(element.firstChild, index);
        range.setEnd(element.firstChild, index + word.length);
        return range.getClientRects().length > 1 ? word : '';
    }))
    .filter(Boolean)
"""
NOTE_ANNOUNCEMENTS = """
    window.announcements = [];
    // The page is read; its scripts have not begun.
    document.addEventListener('readystatechange', () => {
        const region = document.querySelector('[role=status]');
        new MutationObserver(() => window.announcements.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
    }, { once: true });
"""
# All that the page asks for: itself, its style and script, and the state of the QR.
OWN_ADDRESSES = re.compile(
    r'^/web/assets/[^/]+/payment_qpay\.assets_pay_page\.min\.(css|js)$|^/payment/qpay/'
)


@tagged('post_install', '-at_install')
class TestPayPageReach(PayPageCase):

    # === SCREENS === #

    def test_every_view_fits_a_small_phone(self):
        self._assert_every_view_fits(SMALL_PHONE)

    def test_every_view_fits_a_phone(self):
        self._assert_every_view_fits(PHONE)

    def test_every_view_fits_a_computer(self):
        self._assert_every_view_fits(DESKTOP)

    def test_view_without_a_qr_fits_and_stands_out(self):
        for viewport in (SMALL_PHONE, PHONE, DESKTOP):
            for locale in ('mn-MN', 'en-US'):
                with self.subTest(width=viewport['width'], locale=locale):
                    self._look_without_a_qr(viewport, locale)

    def _look_without_a_qr(self, viewport, locale):
        name = f'{viewport["width"]}-{locale[:2]}'
        held = []
        page = self._new_page(self._new_context(viewport, locale=locale))
        page.route('**/payment/qpay/renew', lambda route: held.append(route))
        page.goto(self._get_link(self._create_invoice()))
        self._wait_for_scripts(page)
        self._wait_for_requests(page, held)
        self._assert_fits(page)
        self._assert_readable(page)
        self._save_screenshot(page, f'page-opening-{name}')

        held[0].abort('connectionfailed')

        expect(page.locator('.o_qpay_opening_failed')).to_be_visible()
        self._assert_fits(page)
        self._assert_readable(page)
        self._save_screenshot(page, f'page-no-answer-{name}')

    def test_longest_names_fit(self):
        qr = self._create_qr()
        self._list_apps(qr, LONGEST_NAMES)
        for locale in ('mn-MN', 'en-US'):
            with self.subTest(locale=locale):
                page = self._open(qr['pay_url'], SMALL_PHONE, locale)
                width = page.evaluate('document.documentElement.scrollWidth')
                self.assertEqual(width, SMALL_PHONE['width'])
                self._save_screenshot(page, f'page-long-names-{locale[:2]}')

    def test_status_stays_in_sight_and_covers_nothing(self):
        page, _qr = self._open_qr(SMALL_PHONE)
        bar = page.locator('.o_qpay_live')
        expect(bar).to_be_in_viewport(ratio=.99)

        page.evaluate('window.scrollTo(0, document.documentElement.scrollHeight)')

        expect(bar).to_be_in_viewport(ratio=.99)
        last = page.locator('.o_qpay_bank').last.bounding_box()
        top = bar.bounding_box()['y']
        self.assertLessEqual(last['y'] + last['height'], top)
        # Neither is there a hole between them.
        self.assertLess(top - last['y'] - last['height'], 40)

    # === KEYBOARDS AND SCREEN READERS === #

    def test_keyboard_reaches_everything_in_order(self):
        for viewport, first in ((DESKTOP, 'Save QR picture'), (SMALL_PHONE, 'Bank app')):
            with self.subTest(width=viewport['width']):
                page, _qr = self._open_qr(viewport, 'en-US')
                names = page.locator('.o_qpay_bank_name').all_inner_texts()
                self.assertEqual(len(names), 23)
                # Each way of paying, the check, and the other language.
                walk = self._walk(page, steps=26)
                self.assertEqual(
                    [step['text'] for step in walk], [first, *names, 'I have paid', 'монгол']
                )
                for step in walk:
                    self.assertTrue(step['isSeen'], step['text'])
                    self.assertTrue(step['hasOutline'], step['text'])

    def test_keyboard_chooses_the_qr_on_a_phone(self):
        page, _qr = self._open_qr(SMALL_PHONE)
        page.keyboard.press('Tab')
        page.keyboard.press('ArrowRight')
        expect(page.locator('.o_qpay_image')).to_be_visible()

    def test_keyboard_is_not_lost_when_the_view_changes(self):
        page, qr = self._open_qr()
        page.focus('.o_qpay_check')

        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_show_paid h2')).to_be_focused()

    def test_outline_of_the_open_page(self):
        page, _qr = self._open_qr(DESKTOP, 'en-US')
        expect(page.locator('.o_qpay_page')).to_match_aria_snapshot("""
            - heading /Хөх Тэнгэр ХХК INV/ [level=1]
            - heading "Scan the QR with a bank app" [level=2]
            - img "QR code of this payment"
            - link "Save QR picture"
            - heading "Pay in your bank app" [level=2]
            - heading "Banks" [level=3]
            - list:
              - listitem:
                - link "Khan bank"
            - heading "Wallets" [level=3]
            - list:
              - listitem:
                - link "qPay wallet"
            - button "I have paid"
            - navigation "Language":
              - link "монгол"
            - status: Waiting for your payment
        """)

    def test_news_are_announced_once(self):
        page, qr = self._open_qr(locale='en-US', script=NOTE_ANNOUNCEMENTS, with_clock=True)
        requests = self._watch_requests(page)
        countdown = page.locator('.o_qpay_countdown')
        shown = countdown.inner_text()
        # The seconds go by in silence.
        self._stop_clock(page)
        page.clock.run_for(4000)
        expect(countdown).not_to_have_text(shown)
        page.clock.resume()

        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid')
        page.clock.run_for(2000)
        self._let_finish(page, requests)
        self.assertEqual(page.evaluate('window.announcements'), [
            'Waiting for your payment', 'Paid. Thank you! Received 15,000.00 ₮',
        ])

    def test_expiry_is_announced(self):
        page, _qr = self._open_qr(locale='en-US', with_clock=True)
        self._let_pass(page, QR_SECONDS)
        expect(page.locator('.o_qpay_announcement')).to_have_text('This QR has expired.')

    def test_little_motion(self):
        page, qr = self._open_qr(reduced_motion='reduce')
        self.assertEqual(page.evaluate('document.getAnimations().length'), 0)
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')
        self.assertEqual(page.evaluate('document.getAnimations().length'), 0)

    # === NETWORKS AND BROWSERS === #

    def test_without_scripts(self):
        qr = self._create_qr()
        for viewport in (PHONE, DESKTOP):
            with self.subTest(width=viewport['width']):
                page = self._new_page(self._new_context(
                    viewport, locale='en-US', java_script_enabled=False
                ))
                page.goto(qr['pay_url'])
                expect(page.locator('.o_qpay_sum .o_qpay_amount')).to_have_text('15,000.00 ₮')
                expect(page.locator('.o_qpay_expiry')).to_have_text(re.compile(r'\d+:\d\d'))
                expect(page.locator('[data-app=khanbank]')).to_be_visible()
                if viewport is PHONE:
                    page.click('label[for=o_qpay_way_qr]')
                expect(page.locator('.o_qpay_image')).to_be_visible()
                expect(page.locator('.o_qpay_live noscript p')).to_be_visible()
                expect(page.locator('.o_qpay_check')).to_be_hidden()
                self._save_screenshot(page, f'page-without-scripts-{viewport["width"]}')
                with page.expect_download():
                    page.click('.o_qpay_save')
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        page.click('.o_qpay_live noscript a')
        expect(page.get_by_text('Paid. Thank you!')).to_be_visible()

    def test_link_without_scripts(self):
        page = self._new_page(self._new_context(PHONE, locale='en-US', java_script_enabled=False))
        page.goto(self._get_link(self._create_invoice()))
        expect(page.locator('.o_qpay_show_opening noscript p')).to_be_visible()
        expect(page.locator('.o_qpay_opening_wait')).to_be_hidden()

    def test_slow_network(self):
        """The page is whole before its scripts are there, and nothing moves when they come."""
        for viewport in (PHONE, DESKTOP):
            with self.subTest(width=viewport['width']):
                self._look_through_a_slow_network(viewport)

    def _look_through_a_slow_network(self, viewport):
        qr = self._create_qr()
        page = self._new_page(self._new_context(viewport, locale='mn-MN', script=NOTE_SHIFTS))
        requests, held = self._watch_requests(page), []
        page.route('**/*assets_pay_page*.js', lambda route: held.append(route))
        page.goto(qr['pay_url'], wait_until='commit')

        expect(page.locator('[data-app=khanbank]')).to_be_in_viewport()
        expect(page.locator('.o_qpay_countdown')).to_have_text(re.compile(r'^(1:00:00|5\d:\d\d)$'))
        page.wait_for_function("document.querySelector('.o_qpay_image').naturalWidth > 300")
        self._wait_for_requests(page, held)
        page.evaluate(TWO_FRAMES)
        for route in held:
            route.continue_()
        self._wait_for_scripts(page)
        self._let_finish(page, requests)

        self.assertLess(page.evaluate('window.shift'), 0.01)
        addresses = [request.url for request in requests]
        foreign = [url for url in addresses if not url.startswith((self.server.url, 'data:'))]
        self.assertTrue(all('qpay.mn' in urlsplit(url).hostname for url in foreign), foreign)
        own = [urlsplit(url).path for url in addresses if url.startswith(self.server.url)]
        self.assertEqual([path for path in own if not OWN_ADDRESSES.search(path)], [])

    # === HELPERS === #

    def _get_addresses(self):
        """Return the address of a page in each view."""
        qrs = {view: self._create_qr() for view in ('open', 'paid', 'expired', 'ended', 'settled')}
        self.qpay.pay(qrs['paid']['qpay_invoice_id'])
        self._wait_until_paid(qrs['paid']['invoice_id'])
        self._expire(qrs['expired'])
        self.accountant.call('qpay.intent', 'action_cancel', [qrs['ended']['intent_id']])
        self._pay_otherwise(qrs['settled']['invoice_id'])
        return {view: qr['pay_url'] for view, qr in qrs.items()}

    def _assert_every_view_fits(self, viewport):
        """In both languages: no sideways scrolling, no faint text."""
        addresses, settling = self._get_addresses(), self._create_qr()
        addresses['settling'] = settling['pay_url']
        with self._settling(settling):
            for locale in ('mn-MN', 'en-US'):
                page = self._new_page(self._new_context(viewport, locale=locale))
                for view, address in addresses.items():
                    with self.subTest(view=view, locale=locale):
                        page.goto(address)
                        self._assert_view_fits(page, view)
                        self._save_screenshot(page, f'{view}-{viewport["width"]}-{locale[:2]}')
                        if view == 'open' and viewport is not DESKTOP:
                            page.click('label[for=o_qpay_way_qr]')
                            self._assert_view_fits(page, view)

    def _assert_view_fits(self, page, view):
        self._wait_for_scripts(page)
        self._expect_view(page, view)
        self._assert_fits(page)
        self._assert_readable(page)

    def _assert_fits(self, page):
        width = page.evaluate('document.documentElement.scrollWidth')
        self.assertLessEqual(width, page.viewport_size['width'])
        self.assertEqual(page.evaluate(TORN_WORDS), [])
        # What is cut off by an element that hides it does not fit either.
        self.assertEqual(page.evaluate("""
            [...document.querySelectorAll('.o_qpay_page *')]
                .filter((element) => element.checkVisibility()
                    && !element.closest('.visually-hidden, .o_qpay_way_title')
                    && element.getBoundingClientRect().right > innerWidth)
                .map((element) => element.outerHTML.slice(0, 80))
        """), [])

    def _assert_readable(self, page):
        self.assertEqual(page.evaluate(FAINT_TEXTS), [])

    @staticmethod
    def _walk(page, steps):
        """Press the tabulator, and return what it leads to."""
        walk = []
        for _step in range(steps):
            page.keyboard.press('Tab')
            walk.append(page.evaluate(FOCUSED))
        return walk
