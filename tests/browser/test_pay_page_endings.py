"""The payer's page once its QR has ended, and what the permanent link leads to, in Chromium."""

from datetime import timedelta

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.pay_page_case import QR_SECONDS, PayPageCase

RENEW_ROUTE = '**/payment/qpay/renew'
# A page that other apps can be put in front of.
TURNABLE = """
    Object.defineProperty(document, 'visibilityState', { get: () => window.look || 'visible' });
"""


@tagged('post_install', '-at_install')
class TestPayPageEnd(PayPageCase):

    def test_expired_while_somebody_looks_and_renewed(self):
        page, qr = self._open_qr(locale='en-US', with_clock=True)
        self._expect_view(page, 'open')

        self._let_pass(page, QR_SECONDS)

        self._expect_view(page, 'expired')
        self._save_screenshot(page, 'page-expired-phone-en')
        self._expire(qr)
        page.click('.o_qpay_renew')

        page.wait_for_url(lambda url: f'/{qr["intent_id"]}/' not in url)
        self._wait_for_scripts(page)
        self._expect_view(page, 'open')
        renewed = self._find_open_qr(qr['invoice_id'])
        answer = self.qpay.pay(renewed['qpay_invoice_id'])
        self._expect_view(page, 'paid')
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

        self._expect_view(page, 'paid')

    def test_money_that_arrives_after_qpay_has_ended_the_qr(self):
        qr = self._create_qr()
        self._expire(qr)
        page = self._open(qr['pay_url'], with_clock=True)
        # Else the page may ask, and learn of the end, just before its answer is waited for.
        self._stop_clock(page)
        self.database.query(
            'UPDATE qpay_intent SET recheck_at = now() WHERE id = %s', qr['intent_id']
        )
        self.database.run_after(timedelta(hours=1))
        wait_for(lambda: self._get_state(qr) == 'cancelled', 'the end of the QR')
        with page.expect_request_finished(lambda request: request.url.endswith('/qpay/check')):
            page.clock.run_for(10_000)
        self._expect_view(page, 'expired')

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        # Nothing told the page, and nobody touches it.
        page.clock.run_for(30_000)

        self._expect_view(page, 'paid')

    def test_hidden_page_does_not_ask(self):
        page, qr = self._open_qr(script=TURNABLE, with_clock=True)
        self._turn(page, 'hidden')
        self._let_ask(page)
        asked = self._watch_requests(page, '/payment/qpay/check')

        page.clock.run_for(60_000)
        self._let_ask(page)
        self.assertEqual(asked, [])
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        self._turn(page, 'visible')

        self._expect_view(page, 'paid')

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
        self._let_ask(page)
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

        self._expect_view(page, 'ended')
        expect(page.locator('.o_qpay_reason')).to_have_text('This QR was cancelled.')
        expect(page.locator('.o_qpay_bank')).to_have_count(0)
        self._save_screenshot(page, 'page-cancelled-phone-en')

    def test_paid_otherwise_while_somebody_looks(self):
        page, qr = self._open_qr(locale='en-US')

        self._pay_otherwise(qr['invoice_id'])
        self.database.run_after(timedelta(minutes=1))

        self._expect_view(page, 'settled')
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

        self._expect_view(page, 'open')
        self.assertIn(f'/pay/{self._find_open_qr(invoice_id)["intent_id"]}/', page.url)
        # The way back leads to where the payer came from, not to a page that asks again.
        self.assertEqual(page.evaluate('history.length'), 2)

    def test_two_payers_open_the_link_at_once(self):
        invoice_id = self._create_invoice()
        self.qpay.inject('POST /v2/invoice', 'hold')
        pages, asked = [], []
        for number in (1, 2):
            page = self._new_page(self._new_context(PHONE, locale='mn-MN'))
            page.route(RENEW_ROUTE, lambda route: (
                asked.append(route) if len(asked) < 2 else route.continue_()
            ))
            page.goto(self._get_link(invoice_id))
            self._wait_for_requests(page, asked, number)
            pages.append(page)

        asked[0].continue_()
        wait_for(lambda: self._calls('POST /v2/invoice'), 'the question to QPay')
        with pages[1].expect_response(RENEW_ROUTE) as answer:
            asked[1].continue_()
        self.assertEqual(answer.value.json()['result']['view'], 'wait')
        self.qpay.release()

        for page in pages:
            self._expect_view(page, 'open')
        self.assertEqual(pages[0].url, pages[1].url)
        self.assertEqual(self._calls('POST /v2/invoice'), 1)

    def test_link_when_qpay_is_out_of_order(self):
        invoice_id = self._create_invoice()
        self.qpay.inject('POST /v2/invoice', 'status', status=503, times=None)

        page = self._open_link(invoice_id, locale='en-US')

        expect(page.locator('.o_qpay_opening_failed')).to_be_visible()
        expect(page.locator('.o_qpay_opening_failed .o_qpay_renewal_message')).to_contain_text(
            'QPay'
        )
        self._save_screenshot(page, 'page-no-qr-phone-en')
        self.qpay.clear_faults()
        page.click('.o_qpay_opening_failed .o_qpay_renew')
        self._expect_view(page, 'open')

    def test_link_that_nobody_looks_at_gets_no_qr(self):
        invoice_id = self._create_invoice()
        script = f"{TURNABLE} window.look = 'hidden';"
        page = self._new_page(self._new_context(PHONE, script=script))
        requests = self._watch_requests(page)
        page.goto(self._get_link(invoice_id))
        self._wait_for_scripts(page)
        self._let_finish(page, requests)
        self._expect_view(page, 'opening')
        self.assertFalse(self._calls('POST /v2/invoice'))

        self._turn(page, 'visible')

        self._expect_view(page, 'open')

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
