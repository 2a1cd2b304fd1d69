"""The payer's page within other apps, as a proof of the payment, and on the smallest phones."""

import re

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import DESKTOP, PHONE, SMALL_PHONE
from odoo.addons.payment_qpay.tests.cases.pay_page_case import PayPageCase

MESSENGER = {
    'android': 'Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UP1A; wv) AppleWebKit/537.36 (KHTML,'
               ' like Gecko) Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36'
               ' [FB_IAB/MESSENGER;FBAV/450.0.0.42.109;]',
    'ios': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML,'
           ' like Gecko) Mobile/15E148 [FBAN/MessengerForiOS;FBAV/442.0.0.42.110;FBSN/iOS]',
}
# The smallest phones, upright and turned.
TURNED = {'width': 568, 'height': 320}
# What the clipboard and the phone's own dialog are given.
FAKE_SHARE = """
    navigator.share = async (data) => { window.shared = data; };
    Object.defineProperty(navigator, 'clipboard', { value: {
        writeText: async (text) => {
            if (window.isClipboardForbidden) {
                throw new DOMException('', 'NotAllowedError');
            }
            window.copied = text;
        },
    } });
    document.addEventListener('copy', () => { window.copied = String(getSelection())
        || document.activeElement.value; });
"""


@tagged('post_install', '-at_install')
class TestPayPageInApps(PayPageCase):

    def test_android_is_led_out_by_a_link(self):
        page, qr = self._open_qr(locale='en-US', user_agent=MESSENGER['android'])
        notice = page.locator('.o_qpay_in_app')
        expect(notice).to_contain_text('Messenger')
        expect(notice).to_contain_text('This page is open within another app.')
        address = qr['pay_url'].partition('://')[2]
        self.assertRegex(
            notice.locator('.o_qpay_leave').get_attribute('href'),
            rf'^intent://{address}#Intent;scheme=http;.*;end$',
        )
        self._save_screenshot(page, 'page-in-messenger-android-en')

    def test_iphone_is_told_where_to_tap(self):
        page, _qr = self._open_qr(locale='en-US', user_agent=MESSENGER['ios'])
        notice = page.locator('.o_qpay_in_app')
        expect(notice).to_contain_text('Open in browser')
        expect(notice.locator('.o_qpay_leave')).to_have_count(0)
        self._save_screenshot(page, 'page-in-messenger-ios-en')

    def test_browsers_are_told_nothing(self):
        for viewport in (PHONE, DESKTOP):
            page, _qr = self._open_qr(viewport)
            expect(page.locator('.o_qpay_in_app')).to_have_count(0)

    def test_link_is_copied_and_shared(self):
        page, qr = self._open_qr(user_agent=MESSENGER['ios'], script=FAKE_SHARE)
        for is_forbidden in (False, True):
            page.evaluate(
                '(is) => { window.isClipboardForbidden = is; window.copied = ""; }', is_forbidden
            )
            page.click('.o_qpay_copy_link')
            page.wait_for_function('Boolean(window.copied)')
            self.assertEqual(page.evaluate('window.copied'), qr['pay_url'])
        expect(page.locator('.o_qpay_copied')).to_be_visible()

        page.click('.o_qpay_share')

        page.wait_for_function('Boolean(window.shared)')
        self.assertEqual(page.evaluate('window.shared.url'), qr['pay_url'])

    def test_picture_opens_from_our_own_address(self):
        page, qr = self._open_qr(user_agent=MESSENGER['android'])
        page.click('label[for=o_qpay_way_qr]')
        with page.expect_navigation() as navigation:
            page.click('.o_qpay_save')
        answer = navigation.value
        self.assertTrue(answer.url.startswith(f'{qr["pay_url"]}/qr.png'))
        self.assertEqual(answer.headers['content-type'], 'image/png')
        self.assertTrue(answer.headers['content-disposition'].startswith('inline'))

    def test_app_that_is_missing_is_to_be_had_in_the_store(self):
        for system, store in (
            ('android', 'https://play.google.com/store/apps/details?id=com.khanbank.retail'),
            ('ios', 'https://apps.apple.com/app/id1555908766'),
        ):
            with self.subTest(system=system):
                page, _qr = self._open_qr(user_agent=MESSENGER[system])
                self._hold_apps(page)
                link = page.locator('.o_qpay_hint_store')
                page.click('[data-app=khanbank]')
                expect(link).to_be_visible()
                self.assertEqual(link.get_attribute('href'), store)
                page.click('.o_qpay_hint_close')
                page.click('[data-app=xacbank]')
                expect(page.locator('.o_qpay_hint')).to_be_visible()
                expect(link).to_be_hidden()


@tagged('post_install', '-at_install')
class TestPayPageProof(PayPageCase):

    def test_page_that_turns_paid_proves_it_and_so_does_the_link_afterwards(self):
        page, qr = self._open_qr(locale='en-US')
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')
        self._wait_until_paid(qr['invoice_id'])
        [(name,)] = self.database.query(
            'SELECT name FROM account_move WHERE id = %s', qr['invoice_id']
        )
        [(wallet, company)] = self.database.query(
            'SELECT payment.wallet, company.name FROM qpay_payment payment'
            ' JOIN res_company company ON company.id = payment.company_id WHERE intent_id = %s',
            qr['intent_id'],
        )
        for again in (None, qr['pay_url'], self._get_link(qr['invoice_id'])):
            if again:
                page.goto(again)
            proof = page.locator('.o_qpay_proof >> visible=true')
            for text in ('15,000.00', payment['payment_id'], wallet, name, company):
                expect(proof).to_contain_text(text)
            expect(proof).to_contain_text(re.compile(r'\d:\d\d'))
            self._save_screenshot(page, f'page-proof-{bool(again)}')

    def test_part_that_is_paid_leaves_the_rest_in_large_letters(self):
        page, qr = self._open_qr(locale='en-US')
        left = page.locator('.o_qpay_sum .o_qpay_amount')
        expect(left).to_have_text('15,000.00 ₮')
        self.qpay.pay(qr['qpay_invoice_id'], amount=4000)
        for is_reloaded in (False, True):
            if is_reloaded:
                page.reload()
            expect(left).to_have_text('11,000.00 ₮')
            expect(page.locator('.o_qpay_received')).to_contain_text('4,000.00')
            expect(page.locator('.o_qpay_received')).to_contain_text('15,000.00')

    def test_money_that_is_being_settled_is_not_asked_for_again(self):
        page, qr = self._open_qr(locale='en-US')
        with self._settling(qr):
            for is_reloaded in (False, True):
                if is_reloaded:
                    page.reload()
                self._expect_view(page, 'settling')
                shown = page.locator('section.o_qpay_show_settling')
                expect(shown).to_contain_text('it is being booked')
                expect(shown).to_contain_text('15,000.00')
                expect(page.locator('.o_qpay_sum >> visible=true')).to_have_count(0)
                expect(page.locator('.o_qpay_image >> visible=true')).to_have_count(0)
            self._save_screenshot(page, 'page-settling-en')
        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_proof')).to_be_visible()


@tagged('post_install', '-at_install')
class TestPayPageSmallest(PayPageCase):

    def test_bank_shows_without_scrolling(self):
        for viewport in (SMALL_PHONE, TURNED):
            for locale in ('mn-MN', 'en-US'):
                with self.subTest(width=viewport['width'], locale=locale):
                    page, _qr = self._open_qr(viewport, locale)
                    bank = page.locator('.o_qpay_bank').first
                    expect(bank).to_be_in_viewport(ratio=1)
                    # Nothing lies upon it.
                    bank.click(trial=True)
                    expect(page.locator('.o_qpay_foot')).to_contain_text('QPay')

    def test_turned_phone_shows_the_qr_whole(self):
        page, _qr = self._open_qr(TURNED)
        page.click('label[for=o_qpay_way_qr]')
        image = page.locator('.o_qpay_image')
        image.scroll_into_view_if_needed()
        expect(image).to_be_in_viewport(ratio=1)
        image.click(trial=True)

    def test_billion_fits(self):
        qr = self._create_qr(1_234_567_890)
        for viewport in (SMALL_PHONE, TURNED, PHONE):
            with self.subTest(width=viewport['width']):
                page = self._open(qr['pay_url'], viewport)
                amount = page.locator('.o_qpay_sum .o_qpay_amount')
                box = amount.evaluate("""(element) => {
                    const range = document.createRange();
                    range.selectNodeContents(element);
                    const { left, right } = range.getBoundingClientRect();
                    const tops = [...range.getClientRects()].map(({ top }) => Math.round(top));
                    return { left, right, lines: new Set(tops).size };
                }""")
                self.assertEqual(box['lines'], 1)
                self.assertGreaterEqual(box['left'], 0)
                self.assertLessEqual(box['right'], viewport['width'])
                self._save_screenshot(page, f'page-billion-{viewport["width"]}')
