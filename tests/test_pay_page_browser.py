"""What a payer sees of a payment in a real browser, from the first look to the receipt."""

import logging
import time
from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.browser_case import (
    CHECK_ROUTE,
    DESKTOP,
    MONGOLIAN,
    PAID_WITHIN_SECONDS,
    PHONE,
)
from odoo.addons.payment_qpay.tests.pay_page_case import PayPageCase
from odoo.addons.payment_qpay.tests.servers import wait_for

_logger = logging.getLogger(__name__)

RENEW_ROUTE = '**/payment/qpay/renew'


@tagged('post_install', '-at_install')
class TestPayPage(PayPageCase):

    # === PAID === #

    def test_paid_on_a_phone_in_mongolian(self):
        page, qr = self._open_qr(PHONE, 'mn-MN')
        self.assertRegex(page.locator('.o_qpay_check').inner_text(), MONGOLIAN)
        self.assertEqual(page.locator('html').get_attribute('lang'), 'mn-MN')
        self._save_screenshot(page, 'page-open-phone-mn')

        self._assert_paid_by_itself(page, qr)

        self.assertRegex(page.locator('.o_qpay_show_paid h2').inner_text(), MONGOLIAN)
        self._save_screenshot(page, 'page-paid-phone-mn')

    def test_paid_on_a_computer_in_english(self):
        page, qr = self._open_qr(DESKTOP, 'en-US')
        expect(page.locator('.o_qpay_image')).to_be_visible()
        expect(page.locator('.o_qpay_bank').first).to_be_visible()
        self._save_screenshot(page, 'page-open-computer-en')

        self._assert_paid_by_itself(page, qr)

        expect(page.locator('.o_qpay_show_paid')).to_contain_text('Paid. Thank you!')
        expect(page.locator('.o_qpay_show_paid .o_qpay_amount')).to_have_text('15,000.00 ₮')
        self._save_screenshot(page, 'page-paid-computer-en')

    def test_opened_after_payment(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        page = self._open(qr['pay_url'], locale='en-US')

        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_show_paid .o_qpay_amount')).to_have_text('15,000.00 ₮')
        expect(page.locator('.o_qpay_image')).to_have_count(0)

    def test_receipt(self):
        page, qr = self._open_qr()
        expect(page.locator('.o_qpay_receipt')).to_have_count(0)
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid', timeout=15000)

        receipt = self._get_receipt(page)

        self.assertEqual(receipt.status, 200)
        self.assertIn(receipt.headers['content-type'].partition(';')[0],
                      ('application/pdf', 'text/html'))
        expect(page.locator('.o_qpay_show_paid .o_qpay_receipt')).to_be_visible()

    def test_payment_that_waits_for_the_accountant_offers_nothing_that_does_not_work(self):
        page, qr = self._open_qr()
        statement = 'UPDATE account_payment_method_line SET payment_account_id = %s WHERE id = %s'
        for line in self.database.query(
            'SELECT payment_account_id, id FROM account_payment_method_line'
            ' WHERE payment_provider_id IS NOT NULL'
        ):
            self.database.query(statement, None, line[1])
            self.addCleanup(self.database.query, statement, *line)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid', timeout=15000)
        expect(page.locator('.o_qpay_next')).not_to_be_empty()
        expect(page.locator('.o_qpay_receipt, .o_qpay_continue')).to_have_count(0)

    def test_part_of_it(self):
        page, qr = self._open_qr(locale='en-US')
        received = page.locator('.o_qpay_received')
        expect(received).to_be_hidden()

        self.qpay.pay(qr['qpay_invoice_id'], amount=5000)

        expect(received).to_contain_text('5,000.00', timeout=15000)
        self._expect_view(page, 'open')
        self._save_screenshot(page, 'page-part-phone-en')

    def test_two_tabs(self):
        page, qr = self._open_qr()
        other = self._new_page(page.context)
        other.goto(qr['pay_url'])
        self._wait_for_scripts(other)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid', timeout=15000)
        self._expect_view(other, 'paid', timeout=15000)

    def test_browser_closed_before_payment(self):
        page, qr = self._open_qr()
        page.close()

        answer = self.qpay.pay(qr['qpay_invoice_id'])

        self._wait_until_paid(qr['invoice_id'])
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], answer['payment_id'])

    def test_payer_of_a_payment_form_goes_on_there(self):
        invoice_id = self._create_invoice()
        action = self.accountant.call('account.move', 'preview_invoice', [invoice_id])
        page = self._new_page(self._new_context(PHONE, locale='en-US'))
        page.goto(f'{self.server.url}{action["url"]}')
        page.click('#o_sale_portal_paynow, [data-bs-target="#pay_with"] >> visible=true')
        page.click('[name=o_payment_submit_button] >> visible=true')
        self._wait_for_scripts(page)
        self._expect_view(page, 'open')

        self.qpay.pay(self._live_qr(invoice_id)['qpay_invoice_id'])

        self._expect_view(page, 'paid', timeout=15000)
        expect(page.locator('.o_qpay_show_paid .o_qpay_continue')).to_be_visible()
        self._save_screenshot(page, 'page-paid-shop-phone-en')
        # By itself, after some seconds, with what was paid on the screen.
        page.wait_for_url('**/my/invoices/**', timeout=20000)

    # === CHECKED BY HAND === #

    def test_check_rests_for_ten_seconds(self):
        context = self._new_context(PHONE, locale='en-US')
        context.clock.install()
        page = self._new_page(context)
        page.goto(self._create_qr()['pay_url'])
        self._wait_for_scripts(page)
        check = page.locator('.o_qpay_check')
        self.qpay.reset_calls()

        check.click()

        expect(page.locator('.o_qpay_no_payment')).to_be_visible()
        expect(check).to_be_disabled()
        self.assertEqual(self._calls(), 1)
        page.clock.run_for(8000)
        expect(check).to_be_disabled()
        page.clock.run_for(3000)
        expect(check).to_be_enabled()

    def test_check_while_qpay_is_out_of_order(self):
        page, _qr = self._open_qr(locale='en-US')
        self.qpay.inject('POST /v2/payment/check', 'status', status=503, times=None)

        page.click('.o_qpay_check')

        expect(page.locator('.o_qpay_note')).to_contain_text('QPay')
        expect(page.locator('.o_qpay_no_payment')).to_be_hidden()

    def test_connection_lost(self):
        page, qr = self._open_qr()
        problem = page.locator('.o_qpay_problem')
        page.route(CHECK_ROUTE, lambda route: route.abort('connectionfailed'))

        page.click('.o_qpay_check')

        expect(problem).to_be_visible()
        self._save_screenshot(page, 'page-no-connection-phone-mn')
        page.unroute(CHECK_ROUTE)
        expect(problem).to_be_hidden(timeout=15000)
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid', timeout=15000)

    # === ENDED === #

    def test_expired_while_somebody_looks_and_renewed(self):
        qr = self._create_qr()
        self._expire(qr, seconds=4)
        page = self._open(qr['pay_url'], locale='en-US')
        self._expect_view(page, 'open')

        self._expect_view(page, 'expired', timeout=10000)
        self._save_screenshot(page, 'page-expired-phone-en')
        page.click('.o_qpay_renew')

        page.wait_for_url(lambda url: f'/{qr["intent_id"]}/' not in url)
        self._wait_for_scripts(page)
        self._expect_view(page, 'open')
        renewed = self._live_qr(qr['invoice_id'])
        answer = self.qpay.pay(renewed['qpay_invoice_id'])
        self._expect_view(page, 'paid', timeout=15000)
        self._wait_until_paid(qr['invoice_id'])
        self.assertEqual(
            self.database.query(
                'SELECT intent_id, qpay_txn_id FROM qpay_payment WHERE intent_id IN (%s, %s)',
                qr['intent_id'], renewed['intent_id'],
            ),
            [(renewed['intent_id'], answer['payment_id'])],
        )

    def test_money_that_arrives_after_expiry(self):
        qr = self._create_qr()
        self._expire(qr)
        page = self._open(qr['pay_url'])
        self._expect_view(page, 'expired')

        # It was paid in the last second.
        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid', timeout=15000)

    def test_money_that_arrives_after_qpay_has_ended_the_qr(self):
        qr = self._create_qr()
        self._expire(qr)
        context = self._new_context(PHONE)
        context.clock.install()
        page = self._new_page(context)
        page.goto(qr['pay_url'])
        self._wait_for_scripts(page)
        self.database.query(
            'UPDATE qpay_intent SET next_look_at = now() WHERE id = %s', qr['intent_id']
        )
        self.database.let_time_pass(timedelta(hours=1))
        self.database.wake_cron()
        wait_for(lambda: self._get_state(qr) == 'cancelled', 20, 'the end of the QR')
        with page.expect_response(CHECK_ROUTE):
            context.clock.fast_forward(4_000)
        self._expect_view(page, 'expired')

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        # Nothing told the page, and nobody touches it.
        context.clock.fast_forward(30_000)

        self._expect_view(page, 'paid', timeout=15000)

    def test_hidden_page_does_not_ask(self):
        qr = self._create_qr()
        context = self._new_context(PHONE)
        context.clock.install()
        context.add_init_script(
            "Object.defineProperty(document, 'visibilityState',"
            " { get: () => window.look || 'visible' })"
        )
        page = self._new_page(context)
        page.goto(qr['pay_url'])
        self._wait_for_scripts(page)
        asked = []
        page.on('request', lambda request: asked.append(request.url))

        self._turn(page, 'hidden')
        context.clock.run_for(60_000)
        page.wait_for_timeout(300)
        self.assertEqual([url for url in asked if url.endswith('/payment/qpay/check')], [])
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        self._turn(page, 'visible')

        self._expect_view(page, 'paid', timeout=15000)

    def test_renewal_without_an_answer(self):
        qr = self._create_qr()
        self._expire(qr)
        page = self._open(qr['pay_url'], locale='en-US')
        held = []
        page.route(RENEW_ROUTE, lambda route: held.append(route))
        renew = page.locator('.o_qpay_show_expired .o_qpay_renew')

        renew.click()
        expect(renew).to_be_disabled()
        renew.click(force=True)
        page.wait_for_timeout(300)
        self.assertEqual(len(held), 1)
        held[0].abort('connectionfailed')

        expect(renew).to_be_enabled()
        expect(page.locator('.o_qpay_show_expired .o_qpay_renewal_silence')).to_be_visible()
        self._save_screenshot(page, 'page-not-renewed-phone-en')
        page.unroute(RENEW_ROUTE)
        renew.click()
        self._expect_view(page, 'open')

    def test_renewal_of_what_was_paid_otherwise(self):
        qr = self._create_qr()
        self._expire(qr)
        page = self._open(qr['pay_url'], locale='en-US')
        self._expect_view(page, 'expired')
        self._pay_otherwise(qr['invoice_id'])

        page.click('.o_qpay_show_expired .o_qpay_renew')

        self._expect_view(page, 'settled')
        expect(page.locator('.o_qpay_reason')).to_contain_text('paid')
        expect(page.locator('.o_qpay_renew')).to_have_count(2)
        expect(page.locator('.o_qpay_renew >> visible=true')).to_have_count(0)

    def test_cancelled_while_somebody_looks(self):
        page, qr = self._open_qr(locale='en-US')

        self.accountant.call('qpay.intent', 'action_cancel', [qr['intent_id']])

        self._expect_view(page, 'ended', timeout=15000)
        expect(page.locator('.o_qpay_reason')).to_have_text('This QR was cancelled.')
        expect(page.locator('.o_qpay_bank')).to_have_count(0)
        self._save_screenshot(page, 'page-cancelled-phone-en')

    def test_paid_otherwise_while_somebody_looks(self):
        page, qr = self._open_qr(locale='en-US')

        self._pay_otherwise(qr['invoice_id'])
        self.database.let_time_pass(timedelta(minutes=1))
        self.database.wake_cron()

        self._expect_view(page, 'settled', timeout=15000)
        expect(page.locator('.o_qpay_show_settled h2 >> visible=true')).to_have_text(
            'Nothing is left to pay.'
        )
        # QPay was paid nothing.
        expect(page.locator('.o_qpay_receipt >> visible=true')).to_have_count(0)
        self._save_screenshot(page, 'page-settled-phone-en')

    # === OPENED BY ITS PERMANENT LINK === #

    def test_link_gets_a_qr_by_itself(self):
        invoice_id = self._create_invoice()

        page = self._open_link(invoice_id)

        self._expect_view(page, 'open', timeout=15000)
        self.assertIn(f'/pay/{self._live_qr(invoice_id)["intent_id"]}/', page.url)
        # The way back leads to where the payer came from, not to a page that asks again.
        self.assertEqual(page.evaluate('history.length'), 2)

    def test_link_when_qpay_is_out_of_order(self):
        invoice_id = self._create_invoice()
        self.qpay.inject('POST /v2/invoice', 'status', status=503, times=None)

        page = self._open_link(invoice_id, locale='en-US')

        expect(page.locator('.o_qpay_opening_failed')).to_be_visible(timeout=15000)
        expect(page.locator('.o_qpay_opening_failed .o_qpay_renewal_message')).to_contain_text(
            'QPay'
        )
        self._save_screenshot(page, 'page-no-qr-phone-en')
        self.qpay.clear_faults()
        page.click('.o_qpay_opening_failed .o_qpay_renew')
        self._expect_view(page, 'open', timeout=15000)

    def test_link_that_nobody_looks_at_gets_no_qr(self):
        invoice_id = self._create_invoice()
        context = self._new_context(PHONE)
        context.add_init_script(
            "Object.defineProperty(document, 'visibilityState',"
            " { get: () => window.seen || 'hidden' })"
        )
        page = self._new_page(context)
        page.goto(self._get_link(invoice_id))
        self._wait_for_scripts(page)
        page.wait_for_timeout(500)
        self._expect_view(page, 'opening')
        self.assertFalse(self._calls('POST /v2/invoice'))

        page.evaluate("""
            window.seen = 'visible';
            document.dispatchEvent(new Event('visibilitychange'));
        """)

        self._expect_view(page, 'open', timeout=15000)

    def test_link_of_what_is_paid(self):
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        self.qpay.reset_calls()

        page = self._open_link(qr['invoice_id'], locale='en-US')

        self._expect_view(page, 'settled')
        self.assertEqual(self._get_receipt(page).status, 200)
        self.assertFalse(self._calls('POST /v2/invoice'))

    def test_wrong_token(self):
        qr = self._create_qr()
        page = self._new_page(self._new_context())

        answer = page.goto(f'{qr["pay_url"]}x')

        self.assertEqual(answer.status, 404)

    # === HELPERS === #

    def _get_state(self, qr):
        [(state,)] = self.database.query(
            'SELECT state FROM qpay_intent WHERE id = %s', qr['intent_id']
        )
        return state

    @staticmethod
    def _turn(page, state):
        """Let the page be hidden by another app, or come back."""
        page.evaluate("""(state) => {
            window.look = state;
            document.dispatchEvent(new Event('visibilitychange'));
        }""", state)

    def _assert_paid_by_itself(self, page, qr):
        """The payer pays elsewhere, and nobody touches the page."""
        paid_at = self._pay_in_bank(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid', timeout=15000)
        seconds = time.monotonic() - paid_at
        _logger.info('"paid" on the page %.1f s after the payment', seconds)
        self.assertLess(seconds, PAID_WITHIN_SECONDS)
        [payment] = self.database.query(
            'SELECT qpay_txn_id FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], *payment)

    @staticmethod
    def _get_receipt(page):
        """Ask for the receipt that the page links to."""
        link = page.locator('.o_qpay_receipt').last
        return page.request.get(link.evaluate('(element) => element.href'))
