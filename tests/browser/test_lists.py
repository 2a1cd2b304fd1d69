"""The lists of QPay's menus in a real browser: rows on a computer, cards on a phone."""

import re

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import (
    CHECK,
    DESKTOP,
    PHONE,
    SMALL_PHONE,
)
from odoo.addons.payment_qpay.tests.cases.menu_case import MenuCase
from odoo.addons.payment_qpay.tests.cases.patience import wait_for

# What of the cards nobody sees without scrolling sideways.
BEYOND_THE_SCREEN = """
    () => [...document.querySelectorAll('.o_kanban_renderer, .o_kanban_renderer *')]
        .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 80))
"""


@tagged('post_install', '-at_install')
class TestLists(MenuCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls('test_menus_open_what_fits_the_screen')
        cls.qr, cls.payment_id = case._pay(1_234_567)
        case._create_qr(23_000)
        [comparison_id] = cls.accountant.call('qpay.reconciliation', 'create', [{}])
        cls.accountant.call('qpay.reconciliation', 'action_run', [comparison_id])

    def _pay(self, amount):
        """Let a QR be paid by card, and return it and the payment's id."""
        qr = self._create_qr(amount)
        payment = self.qpay.pay(qr['qpay_invoice_id'], method='CARD')
        self._wait_until_paid(qr['invoice_id'])
        return qr, payment['payment_id']

    def test_menus_open_what_fits_the_screen(self):
        for action, text in (
            ('action_qpay_payment', '1,234,567.00'), ('action_qpay_intent', '23,000.00'),
            ('action_qpay_callback', self.payment_id),
            ('action_qpay_reconciliation', '1,234,567.00'),
        ):
            for viewport, get_records in (
                (DESKTOP, self._rows), (PHONE, self._cards), (SMALL_PHONE, self._cards),
            ):
                with self.subTest(action=action, width=viewport['width']):
                    page = self._open(self._get_path(action), viewport=viewport)
                    expect(get_records(page).filter(has_text=text).first).to_be_visible()
                    self._save_screenshot(page, f'{action}-{viewport["width"]}')
                    self.assertEqual(page.evaluate(BEYOND_THE_SCREEN), [])

    def test_comparison_is_opened_and_made_on_a_phone(self):
        page = self._open(self._get_path('action_qpay_reconciliation'), viewport=PHONE)
        self._cards(page).first.click()
        expect(page.locator('.o_form_view .o_group [name=ledger_total]')).to_be_visible()

        page = self._open(self._get_path('action_qpay_reconciliation'), viewport=PHONE)
        page.click('.o-kanban-button-new')
        expect(page.locator('.o_form_view button[name=action_run]')).to_be_visible()

    def test_call_of_qpay_is_processed_again_on_a_phone(self):
        qr, payment_id = self._pay(36_000)
        self._let_inbox_empty()
        self.database.query(
            "UPDATE qpay_callback SET state = 'ignored' WHERE qpay_payment_id = %s", payment_id
        )
        page = self._open(self._get_path('action_qpay_callback'), viewport=PHONE)
        card = self._cards(page).filter(has_text=payment_id)

        card.locator('button[name=action_process]').click()

        expect(card.locator('button[name=action_process]')).to_have_count(0)
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment_id, amount=36_000)

    def test_refunded_qr_says_so(self):
        qr, payment_id = self._pay(45_000)
        self._refund(payment_id)
        wait_for(lambda: self._get_paid_amount(qr) == 0, 'the refund')
        path = self._get_path('action_qpay_intent')

        page = self._open(f'{path}/{qr["intent_id"]}')
        expect(page.locator('.ribbon')).to_have_text('Refunded')
        page = self._open_all(path, DESKTOP)
        row = self._rows(page).filter(has_text='45,000.00')
        expect(row.locator('[name=amount_refunded]')).to_have_text('45,000.00 ₮')
        expect(row.locator('[name=state] .badge')).to_have_class(re.compile('text-bg-warning'))
        page = self._open_all(path, PHONE)
        card = self._cards(page).filter(has_text='45,000.00')
        expect(card.locator('.badge')).to_have_text('Refunded')

    def test_payers_page_of_a_refunded_qr_thanks_nobody(self):
        qr, payment_id = self._pay(46_000)
        self._refund(payment_id)
        wait_for(lambda: self._get_paid_amount(qr) == 0, 'the refund')
        [(token,)] = self.database.query(
            "SELECT access_token FROM qpay_intent WHERE id = %s", qr['intent_id']
        )
        page = self._open(f'/payment/qpay/pay/{qr["intent_id"]}/{token}')
        polls = self._watch_requests(page, CHECK)

        page.reload()

        self._let_ask(page)
        self.assertEqual(polls, [])
        expect(page.locator('.o_qpay_page')).to_have_attribute('data-view', 'ended')
        expect(page.locator('.o_qpay_show_paid').first).to_be_hidden()

    def test_paid_qr_is_not_called_refunded(self):
        path = self._get_path('action_qpay_intent')

        page = self._open(f'{path}/{self.qr["intent_id"]}')
        expect(page.locator('.ribbon')).to_have_text('Sandbox')
        page = self._open_all(path, DESKTOP)
        row = self._rows(page).filter(has_text='1,234,567.00')
        expect(row.locator('[name=state] .badge')).to_have_class(re.compile('text-bg-success'))
        page = self._open_all(path, PHONE)
        card = self._cards(page).filter(has_text='1,234,567.00')
        expect(card.locator('.badge')).to_have_text('Paid')

    # === HELPERS === #

    def _open_all(self, path, viewport):
        """Open a list without the filter that it begins with."""
        page = self._open(path, viewport=viewport)
        if viewport is PHONE:
            page.click('.o_control_panel button:has(.fa-search)')
        page.click('.o_facet_remove')
        self._save_screenshot(page, f'all-{viewport["width"]}')
        return page

    def _get_paid_amount(self, qr):
        [(amount,)] = self.database.query(
            'SELECT amount_paid FROM qpay_intent WHERE id = %s', qr['intent_id']
        )
        return amount
