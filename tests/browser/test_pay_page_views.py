"""What a payer sees of a payment in a real browser, from the first look to the receipt."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import (
    CHECK_ROUTE,
    DESKTOP,
    HELD_POLLS,
    MONGOLIAN,
    PHONE,
)
from odoo.addons.payment_qpay.tests.cases.pay_page_case import CONTINUE_SECONDS, PayPageCase


@tagged('post_install', '-at_install')
class TestPayPage(PayPageCase):

    # === PAID === #

    def test_paid_on_a_phone_in_mongolian(self):
        page, qr = self._open_qr(PHONE, 'mn-MN', script=HELD_POLLS)
        self.assertRegex(page.locator('.o_qpay_check').inner_text(), MONGOLIAN)
        self.assertEqual(page.locator('html').get_attribute('lang'), 'mn-MN')
        self._save_screenshot(page, 'page-open-phone-mn')

        self._assert_paid_by_itself(page, qr)

        self.assertRegex(page.locator('.o_qpay_show_paid h2').inner_text(), MONGOLIAN)
        self._save_screenshot(page, 'page-paid-phone-mn')

    def test_paid_on_a_computer_in_english(self):
        page, qr = self._open_qr(DESKTOP, 'en-US', script=HELD_POLLS)
        expect(page.locator('.o_qpay_image')).to_be_visible()
        expect(page.locator('.o_qpay_bank').first).to_be_visible()
        self._save_screenshot(page, 'page-open-computer-en')

        self._assert_paid_by_itself(page, qr)

        expect(page.locator('section.o_qpay_show_paid')).to_contain_text('Paid. Thank you!')
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
        self._expect_view(page, 'paid')

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

        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_next')).not_to_be_empty()
        expect(page.locator('.o_qpay_receipt, .o_qpay_continue')).to_have_count(0)

    def test_part_of_it(self):
        page, qr = self._open_qr(locale='en-US')
        received = page.locator('.o_qpay_received')
        expect(received).to_be_hidden()

        self.qpay.pay(qr['qpay_invoice_id'], amount=5000)

        expect(received).to_be_visible()
        expect(received.locator('.o_qpay_amount_paid')).to_have_text('5,000.00 ₮')
        self._expect_view(page, 'open')
        self._save_screenshot(page, 'page-part-phone-en')

    def test_two_tabs(self):
        page, qr = self._open_qr()
        other = self._new_page(page.context)
        other.goto(qr['pay_url'])
        self._wait_for_scripts(other)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._expect_view(page, 'paid')
        self._expect_view(other, 'paid')

    def test_browser_closed_before_payment(self):
        page, qr = self._open_qr()
        page.close()

        answer = self.qpay.pay(qr['qpay_invoice_id'])

        self._wait_until_paid(qr['invoice_id'])
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], answer['payment_id'])

    def test_payer_of_a_payment_form_goes_on_there(self):
        invoice_id = self._create_invoice()
        action = self.accountant.call('account.move', 'preview_invoice', [invoice_id])
        page = self._new_page(self._new_context(PHONE, locale='en-US', with_clock=True))
        page.goto(f'{self.server.url}{action["url"]}')
        page.click('#o_sale_portal_paynow, [data-bs-target="#pay_with"] >> visible=true')
        page.click('[name=o_payment_submit_button] >> visible=true')
        self._wait_for_scripts(page)
        self._expect_view(page, 'open')

        self.qpay.pay(self._find_open_qr(invoice_id)['qpay_invoice_id'])

        self._expect_view(page, 'paid')
        expect(page.locator('.o_qpay_show_paid .o_qpay_continue')).to_be_visible()
        self._save_screenshot(page, 'page-paid-shop-phone-en')
        # By itself, after some seconds, with what was paid on the screen.
        self._let_pass(page, CONTINUE_SECONDS)
        page.wait_for_url('**/my/invoices/**')

    # === CHECKED BY HAND === #

    def test_check_rests_for_ten_seconds(self):
        qr = self._create_qr()
        self._spend_view_checks(qr)
        page = self._open(qr['pay_url'], locale='en-US', with_clock=True)
        check = page.locator('.o_qpay_check')
        self.qpay.reset_calls()

        check.click()

        expect(page.locator('.o_qpay_no_payment')).to_be_visible()
        expect(check).to_be_disabled()
        self.assertEqual(self._calls(), 1)
        self._let_pass(page, 8)
        expect(page.locator('.o_qpay_check_wait')).to_have_text('2')
        expect(check).to_be_disabled()
        self._let_pass(page, 2)
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
        expect(problem).to_be_hidden()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')

    # === HELPERS === #

    def _assert_paid_by_itself(self, page, qr):
        """The payer pays elsewhere, and nobody touches the page, which is told by the bus."""
        self._pay_in_bank(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')
        [payment] = self.database.query(
            'SELECT qpay_txn_id FROM qpay_payment WHERE intent_id = %s', qr['intent_id']
        )
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], *payment)
