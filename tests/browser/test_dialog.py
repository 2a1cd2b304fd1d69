"""The QR's dialog in a real browser, against a real server."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import (
    CHECK,
    CHECK_ROUTE,
    CLOSE_SECONDS,
    MONGOLIAN,
)
from odoo.addons.payment_qpay.tests.cases.dialog_case import DialogCase

# The pause between two polls without the bus.
PAUSE = 3000
CHECK_NOW_ROUTE = '**/call_kw/qpay.intent/action_check'
SMALL_SCREEN = {'width': 1280, 'height': 720}
# As on an iPhone, or within a frame that must not fill the screen.
NO_FULL_SCREEN = "Object.defineProperty(document, 'fullscreenEnabled', { get: () => false });"
REFUSED_FULL_SCREEN = """
    Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('Refused'));
"""


@tagged('post_install', '-at_install')
class TestDialog(DialogCase):

    # === PAID === #

    def test_paid_while_somebody_watches(self):
        page, qr = self._open_qr()
        self._save_screenshot(page, 'dialog-open-en')

        self._assert_paid_by_itself(page, qr, 'en')

        expect(page.locator('.ribbon')).to_have_text('Paid')

    def test_paid_while_somebody_watches_in_mongolian(self):
        page, qr = self._open_qr(language='mn_MN')
        self._save_screenshot(page, 'dialog-open-mn')
        for part in ('.o_qpay_check', '.o_qpay_status'):
            self.assertRegex(page.locator(part).inner_text(), MONGOLIAN)

        self._assert_paid_by_itself(page, qr, 'mn')

    def test_paid_while_somebody_watches_without_the_bus(self):
        page, qr = self._open_qr(with_bus=False)
        polls = self._watch_requests(page, CHECK)
        self._pay_in_bank(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        self._poll(page)

        self._assert_shows_paid(page, qr, 'without-bus')
        self.assertEqual(len(polls), 1)
        self.assertEqual(page.evaluate('window.pauses'), [PAUSE])

    def test_done_closes_the_dialog(self):
        page, qr = self._open_qr()
        self.qpay.pay(qr['qpay_invoice_id'])

        page.click('.o_qpay_close')

        expect(page.locator('.modal')).to_be_hidden()
        self._assert_invoice_shows_paid(page)

    def test_receipt_and_payment_are_one_click_away(self):
        page, qr = self._open_qr()
        self._pay_in_bank(qr['qpay_invoice_id'])
        expect(page.locator('.o_qpay_paid')).to_be_visible()
        expect(page.locator('.modal:visible button:has-text("Close"):visible')).to_have_count(1)
        self.assertIn('/payment/qpay/receipt/', page.get_attribute('.o_qpay_receipt', 'href'))

        page.click('.o_qpay_payment')

        expect(page.locator('.o_form_view [name=qpay_txn_id]')).to_be_visible()
        self._save_screenshot(page, 'dialog-payment')

    # === WHAT IT SAYS === #

    def test_it_is_called_by_what_is_paid_and_by_whom(self):
        page, qr = self._open_qr()
        [[name, customer]] = self.database.query(
            'SELECT m.name, p.name FROM account_move m JOIN res_partner p ON p.id = m.partner_id'
            ' WHERE m.id = %s', qr['invoice_id'],
        )
        title = page.locator('.modal-title')
        expect(title).to_contain_text(name)
        expect(title).to_contain_text(customer)
        expect(title).to_contain_text('15,000')

    def test_part_paid_qr_shows_what_remains(self):
        page, qr = self._open_qr()
        self.qpay.pay(qr['qpay_invoice_id'], amount=4000)
        expect(page.locator('.o_qpay_amount')).to_contain_text('11,000.00')
        expect(page.locator('.o_qpay_received')).to_contain_text('4,000.00')
        self._save_screenshot(page, 'dialog-part-paid')

    # === REFUSED === #

    def test_record_that_somebody_else_is_at_is_no_fault(self):
        invoice_id = self._create_invoice()
        page = self._open_dialog(invoice_id)

        with self.database.holding(
            'SELECT id FROM account_move WHERE id = %s FOR NO KEY UPDATE', invoice_id
        ):
            page.click('button[name=action_generate]')
            dialog = page.locator('.o_error_dialog')
            expect(dialog).to_contain_text('is being made at this moment', timeout=15_000)

        expect(dialog).not_to_contain_text('Something went wrong')

    # === POLLING === #

    def test_polls_never_overlap(self):
        page, _qr = self._open_qr(with_bus=False)
        held_requests = []
        page.route(CHECK_ROUTE, lambda route: held_requests.append(route))
        self._poll(page)
        self._wait_for_requests(page, held_requests)

        # Odoo takes longer than the time between two polls.
        page.clock.run_for(PAUSE * 2)
        self._let_ask(page)
        self.assertEqual(len(held_requests), 1)
        self.assertEqual(page.evaluate('window.pauses'), [PAUSE])

        held_requests[0].continue_()
        page.wait_for_function('window.pauses.length === 2')
        self._let_ask(page)
        self.assertEqual(len(held_requests), 1)
        self.assertEqual(page.evaluate('window.pauses'), [PAUSE, PAUSE])
        self._poll(page)
        self._wait_for_requests(page, held_requests, 2)
        held_requests[1].continue_()

    def test_closing_the_dialog_ends_polling(self):
        page, _qr = self._open_qr(with_bus=False)
        self._poll(page)
        page.wait_for_function('window.pauses.length === 2')
        polls = self._watch_requests(page, CHECK)

        page.click('.modal .btn-close')
        expect(page.locator('.modal')).to_be_hidden()

        self.assertFalse(page.evaluate('Boolean(window.poll)'))
        page.clock.run_for(PAUSE * 4)
        self._let_ask(page)
        self.assertEqual(polls, [])

    def test_answer_that_comes_after_the_dialog_was_closed_begins_no_polling(self):
        page, _qr = self._open_qr(with_bus=False)
        held_requests = []
        page.route(CHECK_NOW_ROUTE, lambda route: held_requests.append(route))
        page.click('.o_qpay_check')
        self._wait_for_requests(page, held_requests)
        polls = self._watch_requests(page, CHECK)
        page.click('.modal .btn-close')
        expect(page.locator('.modal')).to_be_hidden()

        with page.expect_response(CHECK_NOW_ROUTE):
            held_requests[0].fulfill(json={'jsonrpc': '2.0', 'id': 0, 'error': {
                'code': 0, 'message': 'Odoo Server Error', 'data': {
                    'name': 'odoo.exceptions.UserError', 'message': 'QPay cannot be reached.',
                    'arguments': ['QPay cannot be reached.'], 'context': {}, 'debug': '',
                },
            }})

        self._let_ask(page)
        self.assertEqual(polls, [])
        self.assertFalse(page.evaluate('Boolean(window.poll)'))

    def test_dialog_in_developer_mode(self):
        invoice_id = self._create_invoice()
        page = self._new_page(self._get_window(with_bus=True))
        page.goto(f'{self.server.url}/odoo/customer-invoices/{invoice_id}?debug=1')
        page.click('button[name=action_qpay_qr]')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        expect(page.locator('.o_qpay_bank').first).to_be_attached()

    def test_polling_goes_on_after_a_lost_connection(self):
        page, qr = self._open_qr(with_bus=False)
        problem = page.locator('.o_qpay_problem')
        expect(problem).to_be_hidden()

        page.route(CHECK_ROUTE, lambda route: route.abort('connectionfailed'))
        self._poll(page)
        expect(problem).to_be_visible()
        self._save_screenshot(page, 'dialog-no-connection')
        page.unroute(CHECK_ROUTE)

        self._poll(page)
        expect(problem).to_be_hidden()
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        self._poll(page)
        expect(page.locator('.o_qpay_paid')).to_be_visible()

    def test_polling_goes_on_after_an_error_of_odoo(self):
        page, _qr = self._open_qr(with_bus=False)
        problem = page.locator('.o_qpay_problem')

        page.route(CHECK_ROUTE, lambda route: route.fulfill(status=502, body='Bad Gateway'))
        self._poll(page)
        expect(problem).to_be_visible()
        page.unroute(CHECK_ROUTE)

        self._poll(page)
        expect(problem).to_be_hidden()

    # === BUTTONS === #

    def test_qr_text_is_copied(self):
        page, qr = self._open_qr()
        page.click('.o_qpay_more summary')

        copied = self._copy(page, '#o_qpay_qr_text')

        self.assertEqual(copied, qr['qr_text'])
        self.assertEqual(page.input_value('#o_qpay_qr_text'), qr['qr_text'])

    def test_link_for_the_customer_is_copied(self):
        page, qr = self._open_qr()

        copied = self._copy(page, '#o_qpay_document_link')

        self.assertIn(f'/payment/qpay/link/invoice/{qr["invoice_id"]}/', copied)
        # Whoever gets it sees the same QR.
        customer = self._new_page(self._new_context())
        customer.goto(copied)
        expect(customer.locator('.o_qpay_page')).to_have_attribute('data-view', 'open')
        self.assertIn(f'/payment/qpay/pay/{qr["intent_id"]}/', customer.url)

    def test_qr_fills_the_screen(self):
        page, _qr = self._open_qr()

        page.click('.o_qpay_full_screen')

        page.wait_for_function("document.fullscreenElement?.matches('.o_qpay_sheet')")
        expect(page.locator('.o_qpay_image')).to_be_in_viewport(ratio=1)
        expect(page.locator('.o_qpay_check')).to_be_hidden()

    def test_where_nothing_can_fill_the_screen_there_is_no_button(self):
        page, _qr = self._open_qr(script=NO_FULL_SCREEN)
        expect(page.locator('.o_qpay_print')).to_be_visible()
        expect(page.locator('.o_qpay_full_screen')).to_have_count(0)

    def test_browser_that_refuses_to_fill_the_screen_is_no_fault(self):
        page, _qr = self._open_qr(script=REFUSED_FULL_SCREEN)
        requests = self._watch_requests(page)

        page.click('.o_qpay_full_screen')

        self._let_finish(page, requests)
        expect(page.locator('.o_error_dialog')).to_have_count(0)
        expect(page.locator('.o_qpay_image')).to_be_visible()

    def test_all_of_it_is_seen_on_a_small_screen(self):
        for language in ('en_US', 'mn_MN'):
            with self.subTest(language=language):
                page, _qr = self._open_qr(language=language)
                page.set_viewport_size(SMALL_SCREEN)
                page.click('.o_qpay_check')
                expect(page.locator('.o_qpay_note')).to_be_visible()

                self._save_screenshot(page, f'dialog-small-{language}')
                body = page.locator('.modal-body')
                # Browsers round both heights to whole pixels, each by itself.
                self.assertLessEqual(*body.evaluate('e => [e.scrollHeight - 1, e.clientHeight]'))
                for part in (
                    '.o_qpay_image', '.o_qpay_check', '.o_qpay_cancel', '#o_qpay_document_link',
                    '.o_qpay_full_screen', '.o_qpay_more summary', '.modal-footer button',
                ):
                    expect(page.locator(part)).to_be_in_viewport(ratio=1)
                page.click('.o_qpay_more summary')
                for part in ('.o_qpay_bank >> nth=-1', '#o_qpay_pay_url', '#o_qpay_qr_text'):
                    page.locator(part).scroll_into_view_if_needed()
                    expect(page.locator(part)).to_be_in_viewport()

    def test_check_now_rests_for_ten_seconds(self):
        page, qr = self._open_qr()
        check = page.locator('.o_qpay_check')
        self._spend_view_checks(qr)
        self.qpay.reset_calls()

        check.click()

        expect(page.locator('.o_qpay_note')).to_be_visible()
        expect(check).to_be_disabled()
        self.assertEqual(self._calls(), 1)
        self._let_pass(page, 8)
        expect(check).to_contain_text('(2)')
        expect(check).to_be_disabled()
        self._let_pass(page, 2)
        expect(check).to_be_enabled()

    def test_expired(self):
        page, _qr = self._open_qr()

        self._let_pass(page, 3600)

        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'expired')
        self._save_screenshot(page, 'dialog-expired')

    def test_cancel(self):
        page, qr = self._open_qr()

        page.click('.o_qpay_cancel')
        question = page.locator('.modal', has_text="Nobody can pay this QR afterwards.")
        question.get_by_role('button', name="Keep it").click()
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        page.click('.o_qpay_cancel')
        question.get_by_role('button', name="Cancel QR").click()

        expect(page.locator('button[name=action_generate]')).to_be_visible()
        [invoice] = [
            i for i in self.qpay.invoices() if i['invoice_id'] == qr['qpay_invoice_id']
        ]
        self.assertEqual(invoice['invoice_status'], 'CANCELED')

    def test_cancelled_elsewhere(self):
        page, qr = self._open_qr()

        self.accountant.call('qpay.intent', 'action_cancel', [qr['intent_id']])

        expect(page.locator('.o_qpay_ended')).to_be_visible()
        self._save_screenshot(page, 'dialog-cancelled')

    # === AMOUNT === #

    def test_wrong_amounts_are_refused(self):
        page = self._open_dialog(self._create_invoice())
        amount = page.locator('.modal [name=amount] input')
        for wrong_amount, sentence in (
            ('15001', 'The amount must not be more than the unpaid'),
            ('0', 'The amount must be more than zero'),
            ('-5', 'The amount must be more than zero'),
        ):
            with self.subTest(amount=wrong_amount):
                amount.fill(wrong_amount)
                page.click('button[name=action_generate]')
                expect(page.locator('.o_qpay_refusal')).to_contain_text(sentence)
                self._save_screenshot(page, f'dialog-amount-{wrong_amount}')
                expect(page.locator('.modal')).to_have_count(1)
        amount.fill('5000')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_qr')).to_have_attribute('data-view', 'open')
        self.assertEqual(self._calls('POST /v2/invoice'), 1)

    def test_part_of_the_amount(self):
        invoice_id = self._create_invoice()
        page = self._open_dialog(invoice_id)
        page.fill('.modal [name=amount] input', '5000')
        page.click('button[name=action_generate]')
        expect(page.locator('.o_qpay_amount')).to_contain_text('5,000.00')
        expect(page.locator('.o_qpay_amount_note')).to_contain_text('15,000.00')

        self.qpay.pay(self._find_open_qr(invoice_id)['qpay_invoice_id'])

        expect(page.locator('.o_qpay_paid')).to_be_visible()
        self._let_pass(page, CLOSE_SECONDS)
        expect(page.locator('.modal')).to_be_hidden()
        expect(page.locator('button[name=action_qpay_qr]')).to_be_visible()
        self.assertEqual(
            self.database.query(
                'SELECT payment_state, amount_residual FROM account_move WHERE id = %s', invoice_id
            ),
            [('partial', 10000)],
        )
