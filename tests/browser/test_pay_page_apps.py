"""Bank apps and the saved QR on the payer's page: what helps a payer who holds but one phone."""

import base64
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import (
    DESKTOP,
    PHONE,
    SMALL_PHONE,
    read_qrs,
)
from odoo.addons.payment_qpay.tests.cases.pay_page_case import NOTE_SHIFTS, PayPageCase

# An app that is there comes to the front within this time.
OPENING_MILLISECONDS = 1800
IPHONE = (
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15'
    ' (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
)
FORBID_STORAGE = """
    Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('Forbidden', 'SecurityError'); },
    });
"""
# What the system's own dialog is given, and how it ends.
FAKE_SHARE = """
    window.shared = [];
    navigator.canShare = () => true;
    navigator.share = async ({ files }) => {
        window.shared.push([files[0].name, files[0].type, await files[0].text()]);
        if (window.shareError) {
            throw new DOMException('', window.shareError);
        }
    };
"""
PIXEL = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
)


@tagged('post_install', '-at_install')
class TestPayPageApps(PayPageCase):

    # === WHICH WAY LEADS === #

    def test_phone_shows_the_apps_first_and_the_qr_a_tap_away(self):
        page, qr = self._open_qr(PHONE)
        image = page.locator('.o_qpay_image')
        expect(page.locator('.o_qpay_bank').first).to_be_in_viewport()
        expect(image).to_be_hidden()

        page.get_by_text('QR код', exact=True).click()

        expect(image).to_be_in_viewport(ratio=1)
        expect(page.locator('.o_qpay_bank').first).to_be_hidden()
        # It can be read off the screen.
        self.assertEqual(self._read_qr(image.screenshot()), qr['qr_text'])
        self._save_screenshot(page, 'page-qr-phone-mn')

    def test_computer_shows_the_qr_first_with_the_apps_beside_it(self):
        page, _qr = self._open_qr(DESKTOP)
        expect(page.locator('.o_qpay_image')).to_be_in_viewport(ratio=1)
        expect(page.locator('.o_qpay_bank').first).to_be_in_viewport()
        expect(page.locator('label.o_qpay_way').first).to_be_hidden()
        self.assertLess(self._left(page, '.o_qpay_image'), self._left(page, '.o_qpay_bank'))

    def test_groups_and_names(self):
        for locale, groups, khan in (
            ('mn-MN', ['Банк', 'Хэтэвч'], 'Хаан банк'),
            ('en-US', ['Banks', 'Wallets'], 'Khan bank'),
        ):
            with self.subTest(locale=locale):
                page, _qr = self._open_qr(PHONE, locale)
                self.assertEqual(page.locator('.o_qpay_apps h3').all_inner_texts(), groups)
                self.assertEqual(page.locator('.o_qpay_bank_name').first.inner_text(), khan)

    def test_whatever_qpay_lists_is_shown(self):
        qr = self._create_qr()
        self._list_apps(qr, [
            {'name': 'Future bank', 'link': 'futurebank://q?x=1'},
            {'name': 'Web bank', 'link': 'https://bank.example/q?x=1'},
            {'name': 'Evil', 'link': 'javascript:document.title = 1'},
        ])

        page = self._open(qr['pay_url'])

        links = page.locator('.o_qpay_bank')
        self.assertEqual(links.all_inner_texts(), ['F\nFuture bank', 'W\nWeb bank'])
        self.assertEqual(links.nth(0).get_attribute('href'), 'futurebank://q?x=1')
        self.assertIsNone(links.nth(0).get_attribute('target'))
        # A page must not take the place of this one, and learns nothing of it.
        self.assertEqual(links.nth(1).get_attribute('target'), '_blank')
        self.assertEqual(links.nth(1).get_attribute('rel'), 'noopener noreferrer')

    def test_no_apps(self):
        qr = self._create_qr()
        self._list_apps(qr, [])

        page = self._open(qr['pay_url'], SMALL_PHONE)

        expect(page.locator('.o_qpay_image')).to_be_visible()
        expect(page.locator('label.o_qpay_way')).to_have_count(0)
        self._save_screenshot(page, 'page-no-apps-small-phone-mn')

    # === LAST USED === #

    def test_last_used_app_comes_first_next_time(self):
        page, _qr = self._open_qr()
        expect(page.locator('.o_qpay_last_app')).to_be_hidden()
        self._hold_apps(page)
        page.click('[data-app=mbank]')

        # In this browser, with the next QR as well.
        page.context.add_init_script(NOTE_SHIFTS)
        page.goto(self._create_qr()['pay_url'])

        expect(page.locator('.o_qpay_last_app h3')).to_have_text('Сүүлд ашигласан')
        links = page.locator('.o_qpay_bank')
        self.assertEqual(links.first.get_attribute('data-app'), 'mbank')
        expect(links).to_have_count(23)
        expect(page.locator('[data-app=mbank]')).to_have_count(1)
        self._wait_for_scripts(page)
        self.assertLess(page.evaluate('window.shift'), 0.01)
        self._save_screenshot(page, 'page-last-used-phone-mn')

    def test_last_used_app_that_qpay_lists_no_more(self):
        page, _qr = self._open_qr()
        page.evaluate("localStorage.setItem('payment_qpay.last_app', 'gone\\\\\"]bank')")

        page.reload()
        self._wait_for_scripts(page)

        expect(page.locator('.o_qpay_last_app')).to_be_hidden()
        expect(page.locator('.o_qpay_bank')).to_have_count(23)

    def test_forbidden_storage_breaks_nothing(self):
        page, qr = self._open_qr(script=FORBID_STORAGE)
        self._hold_apps(page)

        page.click('[data-app=mbank]')

        expect(page.locator('.o_qpay_hint')).to_be_visible()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')

    # === THE APP DID NOT OPEN === #

    def test_hint_when_no_app_has_opened(self):
        page, _qr = self._open_qr(SMALL_PHONE, with_clock=True)
        hint = page.locator('.o_qpay_hint')
        self._hold_apps(page)
        self._stop_clock(page)

        page.click('[data-app=khanbank]')
        page.clock.run_for(OPENING_MILLISECONDS - 100)
        expect(hint).to_be_hidden()

        page.clock.run_for(100)
        expect(hint).to_be_in_viewport()
        expect(page.locator('.o_qpay_announcement')).to_contain_text('Апп нээгдсэнгүй юу?')
        self._save_screenshot(page, 'page-hint-small-phone-mn')
        page.click('.o_qpay_hint_close')
        expect(hint).to_be_hidden()

    def test_hint_leads_to_the_picture(self):
        page, qr = self._open_qr()
        self._hold_apps(page)
        page.click('[data-app=khanbank]')
        with page.expect_download() as download:
            page.click('.o_qpay_hint_save')
        self._assert_picture(download.value, qr)

    def test_no_hint_when_the_app_has_opened(self):
        page, _qr = self._open_qr(with_clock=True)
        self._hold_apps(page)
        self._stop_clock(page)
        page.evaluate(
            "Object.defineProperty(document, 'visibilityState', { get: () => window.state })"
        )

        page.click('[data-app=khanbank]')
        page.evaluate("""
            window.state = 'hidden';
            document.dispatchEvent(new Event('visibilitychange'));
            window.state = 'visible';
            document.dispatchEvent(new Event('visibilitychange'));
        """)

        page.clock.run_for(OPENING_MILLISECONDS * 2)
        expect(page.locator('.o_qpay_hint')).to_be_hidden()

    # === THE PICTURE === #

    def test_picture_is_saved(self):
        for viewport in (PHONE, DESKTOP):
            with self.subTest(viewport=viewport):
                page, qr = self._open_qr(viewport)
                if viewport is PHONE:
                    page.click('label[for=o_qpay_way_qr]')
                with page.expect_download() as download:
                    page.click('.o_qpay_save')
                self._assert_picture(download.value, qr)

    def test_picture_goes_to_the_gallery_of_an_iphone(self):
        page, qr = self._open_as_iphone()
        page.click('.o_qpay_save')
        page.wait_for_function('window.shared.length')
        [[name, content_type, _text]] = page.evaluate('window.shared')
        self.assertEqual(name, self._get_picture_name(qr))
        self.assertEqual(content_type, 'image/png')

    def test_picture_is_not_saved_when_the_dialog_is_closed(self):
        page, _qr = self._open_as_iphone(error='AbortError')
        downloads = []
        page.on('download', lambda download: downloads.append(download))
        page.click('.o_qpay_save')
        page.wait_for_function('window.shared.length === 1')
        # The next time, the dialog fails: that is what is saved, and nothing else.
        page.evaluate("window.shareError = 'NotAllowedError'")
        with page.expect_download() as download:
            page.click('.o_qpay_save')
        self.assertEqual(downloads, [download.value])

    def test_picture_is_saved_as_a_file_when_the_dialog_fails(self):
        page, qr = self._open_as_iphone(error='NotAllowedError')
        with page.expect_download() as download:
            page.click('.o_qpay_save')
        self._assert_picture(download.value, qr)

    # === LOGOS === #

    def test_logos_appear_when_they_can_be_had(self):
        qr = self._create_qr()
        page = self._new_page(self._new_context(PHONE))
        asked = []

        def answer(route):
            asked.append(route.request)
            route.fulfill(body=PIXEL, content_type='image/png')

        page.route('https://*.qpay.mn/**', answer)
        page.route('https://qpay.mn/**', answer)
        page.goto(qr['pay_url'])

        logo = page.locator('[data-app=khanbank] img')
        expect(logo).to_have_css('opacity', '1')
        self.assertTrue(asked)
        for request in asked:
            self.assertIsNone(request.header_value('referer'))
            self.assertIsNone(request.header_value('cookie'))

    def test_letters_stand_in_for_logos(self):
        page, _qr = self._open_qr()
        khan = page.locator('[data-app=khanbank]')
        expect(khan.locator('img')).to_have_count(0)
        expect(khan.locator('.o_qpay_bank_logo')).to_have_text('Х')
        # Those below are not asked for before they are looked at, and do not show as broken.
        expect(page.locator('.o_qpay_bank img.o_qpay_loaded')).to_have_count(0)
        for logo in page.locator('.o_qpay_bank img').all():
            expect(logo).to_have_css('opacity', '0')

    # === HELPERS === #

    @staticmethod
    def _left(page, selector):
        return page.locator(selector).first.bounding_box()['x']

    def _open_as_iphone(self, error=''):
        """Open the QR of a page on an iPhone whose dialog ends with an error."""
        page, qr = self._open_qr(script=FAKE_SHARE, user_agent=IPHONE)
        page.evaluate('(name) => { window.shareError = name; }', error)
        page.click('label[for=o_qpay_way_qr]')
        return page, qr

    def _get_picture_name(self, qr):
        [(name,)] = self.database.query(
            'SELECT name FROM account_move WHERE id = %s', qr['invoice_id']
        )
        return f'QPay {name.replace("/", "-")}.png'

    def _assert_picture(self, download, qr):
        self.assertEqual(download.suggested_filename, self._get_picture_name(qr))
        picture = Path(download.path()).read_bytes()
        # It says by itself what it is for, beneath the QR.
        width, height = Image.open(io.BytesIO(picture)).size
        self.assertGreater(height, width)
        self.assertEqual(self._read_qr(picture), qr['qr_text'])
        self._save_picture(Image.open(io.BytesIO(picture)), 'saved-qr')

    @staticmethod
    def _read_qr(picture):
        """Read a QR as a bank app does."""
        [code] = read_qrs(Image.open(io.BytesIO(picture)))
        return code
