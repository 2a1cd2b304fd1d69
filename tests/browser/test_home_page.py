"""The accountants' page and the comparison in a real browser, with a month of payments."""

import re

import requests
from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.cases import INVOICE_CODE, SANDBOX
from odoo.addons.payment_qpay.tests.cases.browser_case import (
    DESKTOP,
    MONGOLIAN,
    PHONE,
    SMALL_PHONE,
)
from odoo.addons.payment_qpay.tests.cases.menu_case import MenuCase
from odoo.addons.payment_qpay.tests.cases.patience import PATIENCE_SECONDS

LANGUAGES = ('en_US', 'mn_MN')
# Nothing of a page is to be reached by scrolling sideways only.
IS_WIDER_THAN_SCREEN = """
    () => [...document.querySelectorAll('.o_qpay_home, .o_qpay_home *')].some(
        (element) => element.getBoundingClientRect().right > window.innerWidth + 1
    )
"""


@tagged('post_install', '-at_install')
class TestHomePage(MenuCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls('test_every_figure_leads_to_its_list')
        cls.paid = [case._pay(amount) for amount in (120_000, 80_500)]
        cls.paid += [case._pay(amount, method='CARD') for amount in (45_000, 1_234_567_890)]
        # What was paid in the weeks before, as if time had passed.
        cls.database.query(
            "UPDATE qpay_payment SET paid_at = paid_at - id %% 25 * interval '1 day'"
            " WHERE amount != 120000"
        )
        cls.open_qr = case._create_qr(77_000)

    def _pay(self, amount, **options):
        qr = self._create_qr(amount)
        payment = self.qpay.pay(qr['qpay_invoice_id'], **options)
        self._wait_until_paid(qr['invoice_id'])
        return payment['payment_id']

    def _pay_nobody(self, amount):
        """Let another program of the merchant's take money that Odoo knows nothing of."""
        token = self._ask_qpay('auth/token', auth=SANDBOX)['access_token']
        made = self._ask_qpay('invoice', headers={'Authorization': f'Bearer {token}'}, json={
            'invoice_code': INVOICE_CODE,
            'sender_invoice_no': 'WEBSHOP-1',
            'invoice_receiver_code': 'terminal',
            'invoice_description': 'Вэб дэлгүүр',
            'amount': amount,
            'callback_url': f'{self.simulator.url}/',
        })
        self.qpay.pay(made['invoice_id'], callback=False)

    def _ask_qpay(self, path, **options):
        answer = requests.post(
            f'{self.simulator.url}/v2/{path}', timeout=PATIENCE_SECONDS, **options
        )
        answer.raise_for_status()
        return answer.json()

    def _open_home(self, *args, **options):
        page = self._open('/odoo/qpay', *args, **options)
        expect(page.locator('.o_qpay_curve canvas')).to_be_visible()
        return page

    @staticmethod
    def _figure(page, period, key):
        return page.locator(f'[data-period={period}] [data-figure={key}]')

    def _go_back(self, page):
        page.locator('.o_breadcrumb .o_back_button').click()
        expect(page.locator('.o_qpay_curve canvas')).to_be_visible()

    # === THE PAGE === #

    def test_every_figure_leads_to_its_list(self):
        page = self._open_home()
        expect(self._figure(page, 'today', 'received')).to_contain_text('120,000.00')
        expect(self._figure(page, 'chosen', 'received')).to_contain_text('1,234,813,390.00')
        for period, key, number in (
            ('today', 'received', 1), ('today', 'refunded', 0), ('chosen', 'net', 4),
            ('chosen', 'arrived', 2), ('chosen', 'expected', 2),
        ):
            with self.subTest(period=period, key=key):
                expect(self._figure(page, period, key).locator('.o_qpay_count')).to_have_text(
                    str(number)
                )
                self._figure(page, period, key).click()
                expect(page.locator('.o_list_view')).to_be_visible()
                expect(self._rows(page)).to_have_count(number)
                self._go_back(page)
        page.locator('.o_qpay_waiting [data-figure=open]').click()
        expect(self._rows(page)).to_have_count(1)
        self._go_back(page)

    def test_figures_lead_to_cards_on_a_phone(self):
        page = self._open_home(viewport=PHONE)
        self._figure(page, 'today', 'received').click()
        expect(self._cards(page)).to_have_count(1)
        expect(self._cards(page)).to_contain_text('120,000.00')
        self._save_screenshot(page, 'home-figure-390')
        self._cards(page).click()
        expect(page.locator('.o_form_view [name=qpay_txn_id]')).to_have_text(self.paid[0])

        page = self._open_home(viewport=PHONE)
        page.locator('.o_qpay_waiting [data-figure=open]').click()
        expect(self._cards(page)).to_have_count(1)
        expect(self._cards(page)).to_contain_text('77,000.00')

    def test_chosen_period_is_kept_while_its_lists_are_read(self):
        page = self._open_home()
        first = page.locator('.o_qpay_first_day')
        first.fill(page.locator('.o_qpay_last_day').input_value())
        first.press('Enter')
        received = self._figure(page, 'chosen', 'received')
        expect(received.locator('.o_qpay_count')).to_have_text('1')
        received.click()
        expect(self._rows(page)).to_have_count(1)
        self._go_back(page)
        expect(received.locator('.o_qpay_count')).to_have_text('1')
        # The first day cannot be after the last: the last comes along.
        last = page.locator('.o_qpay_last_day')
        last.fill('01/02/2026')
        last.press('Enter')
        expect(first).to_have_value('01/02/2026')
        expect(received.locator('.o_qpay_count')).to_have_text('0')

    def test_day_of_the_curve_leads_to_its_payments(self):
        page = self._open_home()
        curve = page.locator('.o_qpay_curve canvas')
        box = curve.bounding_box()
        curve.click(position={'x': box['width'] - 6, 'y': box['height'] / 2})
        expect(self._rows(page)).to_have_count(1)
        expect(self._rows(page)).to_contain_text(self.paid[0])

    def test_page_fits_every_screen_in_both_languages(self):
        for language in LANGUAGES:
            for viewport in (DESKTOP, PHONE, SMALL_PHONE):
                with self.subTest(language=language, viewport=viewport):
                    page = self._open_home(language, viewport)
                    self.assertFalse(page.evaluate(IS_WIDER_THAN_SCREEN))
                    if language == 'mn_MN':
                        for label in page.locator('.o_qpay_home h2').all_inner_texts():
                            self.assertRegex(label, MONGOLIAN)
                    self._save_screenshot(page, f'home-{language}-{viewport["width"]}')

    def test_whole_page_is_reached_by_scrolling(self):
        for viewport in (DESKTOP, PHONE):
            with self.subTest(viewport=viewport):
                page = self._open_home(viewport=viewport)
                page.mouse.move(viewport['width'] / 2, viewport['height'] / 2)
                page.mouse.wheel(0, 5000)
                page.wait_for_function(
                    "() => document.querySelector('.o_qpay_curve').getBoundingClientRect().bottom"
                    " <= window.innerHeight"
                )
                self._save_screenshot(page, f'home-bottom-{viewport["width"]}')

    def test_menu_opens_it_first(self):
        page = self._open('/odoo/accounting')
        page.get_by_role('button', name='Customers').click()
        page.get_by_role('menuitem', name='Overview').click()
        expect(page.locator('.o_qpay_home')).to_be_visible()

    # === THE ACCOUNTING DASHBOARD === #

    def test_cards_of_the_dashboard(self):
        page = self._open('/odoo/accounting', viewport=DESKTOP)
        line = page.locator('[name=qpay_received]')
        expect(line).to_have_count(1)
        expect(line).to_contain_text('120,000.00')
        self._save_screenshot(page, 'dashboard-card')
        line.locator('a').click()
        expect(page.locator('.o_qpay_home')).to_be_visible()

    def test_dashboard_leads_to_what_has_needed_attention_for_long(self):
        change = (
            "UPDATE qpay_payment SET state = %s, stage = %s, paid_at = paid_at - %s * interval"
            " '1 day' WHERE qpay_txn_id = %s"
        )
        old = self.paid[1]
        self.database.query(change, 'needs_attention', 'needs_attention', 70, old)
        self.addCleanup(self.database.query, change, 'settled', 'settled', -70, old)
        page = self._open('/odoo/accounting', viewport=DESKTOP)
        attention = page.locator('[name=qpay_attention]')
        expect(attention).to_contain_text('1')
        attention.locator('a').click()
        expect(self._rows(page)).to_have_count(1)
        expect(self._rows(page)).to_contain_text('80,500.00')

    # === THE COMPARISON === #

    def test_totals_of_a_comparison_lead_to_their_payments(self):
        self._pay_nobody(89_000)
        [comparison_id] = self.accountant.call('qpay.reconciliation', 'create', [{}])
        self.accountant.call('qpay.reconciliation', 'action_run', [comparison_id])
        path = f'{self._get_path("action_qpay_reconciliation")}/{comparison_id}'
        for language in LANGUAGES:
            for viewport, get_records in ((DESKTOP, self._rows), (PHONE, self._cards)):
                page = self._open(path, language, viewport)
                total = page.locator('.o_group [name=ledger_total] button')
                expect(total).to_be_visible()
                difference = page.locator('.o_group [name=difference]')
                expect(difference).to_have_class(re.compile('text-danger'))
                self.assertRegex(difference.inner_text(), r'^89.000\.00')
                self._save_screenshot(page, f'comparison-{language}-{viewport["width"]}')
                page.locator('.o_group [name=difference] button').click()
                expect(get_records(page)).to_have_count(1)
                expect(get_records(page)).to_contain_text(re.compile(r'89.000\.00'))
