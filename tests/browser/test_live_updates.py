"""Odoo's bus in a real browser: who looks sees a payment at once, and polling is the fallback."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.bus_case import (
    PATIENCE,
    POLL_SECONDS,
    POLL_SECONDS_WITH_BUS,
    POLLED_WITHIN,
    TOLERANCE_SECONDS,
    BusCase,
)
from odoo.addons.payment_qpay.tests.cases.servers import wait_for

_logger = logging.getLogger(__name__)

# What is promised is a second; here three browsers and a server share a machine with other tests,
# and the form is read and drawn anew as a whole.
SHOWN_WITHIN_SECONDS = {'dialog': 2, 'page': 1, 'form': 5}
# The first request of a page is made at once; all that would follow by time are left out.
NO_POLLING = """
    const setTimer = window.setTimeout;
    window.setTimeout = (callback, delay, ...values) =>
        delay === 3000 || delay === 10000 ? 0 : setTimer(callback, delay, ...values);
"""
FORBIDDEN = "class { constructor() { throw new DOMException('Forbidden', 'SecurityError'); } }"


@tagged('post_install', '-at_install')
class TestBus(BusCase):

    # === AT ONCE === #

    def test_all_windows_turn_paid_at_once(self):
        qr = self._create_qr()
        windows = {
            'dialog': self._open_dialog(qr, NO_POLLING, self._note_moment('.o_qpay_paid')),
            'page': self._open_page(
                qr, NO_POLLING, self._note_moment('.o_qpay_page[data-view="paid"]')
            ),
            'form': self._open_form(qr, NO_POLLING, self._note_moment('.ribbon')),
        }
        self._wait_for_websockets(len(windows))
        requests = {name: self._watch_requests(page) for name, page in windows.items()}

        with ThreadPoolExecutor(1) as thread:
            settlement = thread.submit(self._wait_for_settlement, qr['intent_id'])
            self.qpay.pay(qr['qpay_invoice_id'])
            settled_at = settlement.result()

        for name, page in windows.items():
            page.wait_for_function('window.shownAt')
            seconds = page.evaluate('window.shownAt') / 1000 - settled_at
            _logger.info('%s: "paid" %.2f s after the settlement', name, seconds)
            with self.subTest(window=name):
                self.assertLess(seconds, SHOWN_WITHIN_SECONDS[name])
        expect(windows['dialog'].locator('.o_qpay_paid')).to_be_visible()
        self._assert_ribbon(windows['form'], 'Paid')
        expect(windows['form'].locator('button[name=action_qpay_qr]')).to_be_hidden()
        self._save_screenshot(windows['form'], 'form-paid-by-bus')
        # The form never polls.
        self.assertEqual(requests['form'], [])
        # However many look, QPay is asked once.
        self.assertEqual(self._calls(), 1)

    def test_part_shows_at_once(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_POLLING)
        page = self._open_page(qr, NO_POLLING)
        form = self._open_form(qr, NO_POLLING)
        self._wait_for_websockets(3)

        self.qpay.pay(qr['qpay_invoice_id'], amount=5000)

        expect(dialog.locator('.o_qpay_received')).to_contain_text('5,000.00', timeout=PATIENCE)
        expect(page.locator('.o_qpay_received')).to_contain_text('5,000.00', timeout=PATIENCE)
        self._assert_ribbon(form, 'Partial')

    def test_end_shows_at_once(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_POLLING)
        page = self._open_page(qr, NO_POLLING)
        self._wait_for_websockets(2)

        self.accountant.call('qpay.intent', 'action_cancel', [qr['intent_id']])

        expect(dialog.locator('.o_qpay_ended')).to_be_visible(timeout=PATIENCE)
        self._assert_view(page, 'ended')

    def test_closed_dialog_hears_nothing(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_POLLING)
        self._wait_for_websockets(1)
        dialog.click('.modal .btn-close')
        expect(dialog.locator('.modal')).to_be_hidden()
        moments = self._watch_requests(dialog)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._assert_ribbon(dialog, 'Paid')
        self.assertEqual(moments, [])

    # === THE FORM === #

    def test_unsaved_edits_stay(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_websockets(1)
        form.click('.o_form_view .nav-link[name=other_info]')
        reference = form.locator('[name=ref] input')
        # Typed, but not yet taken over by the form.
        reference.press_sequentially('Гэрээ 17')
        form.evaluate("""() => {
            const bus = odoo.__WOWL_DEBUG__.root.env.services.bus_service;
            window.isTold = new Promise((resolve) => bus.subscribe('payment_qpay/look', resolve));
        }""")

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        form.evaluate('window.isTold')
        form.wait_for_timeout(1000)
        expect(reference).to_have_value('Гэрээ 17')
        expect(form.locator('.ribbon')).to_have_count(0)
        expect(form.locator('.o_form_button_save')).to_be_visible()

        form.click('.o_form_button_save')
        self._assert_ribbon(form, 'Paid')
        expect(reference).to_have_value('Гэрээ 17')
        self.assertEqual(
            self.database.query('SELECT ref FROM account_move WHERE id = %s', qr['invoice_id']),
            [('Гэрээ 17',)],
        )

    def test_discarded_edits_make_way(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_websockets(1)
        form.click('.o_form_view .nav-link[name=other_info]')
        form.fill('[name=ref] input', 'Гэрээ 18')

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        form.wait_for_timeout(1000)
        expect(form.locator('.ribbon')).to_have_count(0)

        form.click('.o_form_button_cancel')
        self._assert_ribbon(form, 'Paid')
        expect(form.locator('[name=ref] input')).to_have_value('')

    def test_message_that_is_being_written_stays(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_websockets(1)
        form.click('.o-mail-Chatter-logNote')
        note = form.locator('.o-mail-Composer-input').first
        note.press_sequentially('Утсаар ярьсан')

        self.qpay.pay(qr['qpay_invoice_id'])

        self._assert_ribbon(form, 'Paid')
        expect(note).to_have_value('Утсаар ярьсан')

    def test_other_invoices_are_left_alone(self):
        paid, open_ = self._create_qr(), self._create_qr()
        form = self._open_form(paid)
        other_form = self._new_page(form.context)
        other_form.goto(f'{self.proxy.url}/odoo/customer-invoices/{open_["invoice_id"]}')
        expect(other_form.locator('button[name=action_qpay_qr]')).to_be_visible()
        # Both pages of the window share one websocket.
        self._wait_for_websockets(1)
        reads = []
        other_form.on('request', lambda request: reads.append(request.url))

        self.qpay.pay(paid['qpay_invoice_id'])

        self._assert_ribbon(form, 'Paid')
        other_form.wait_for_timeout(500)
        self.assertEqual([url for url in reads if 'account.move' in url], [])

    def test_pager_changes_what_is_listened_to(self):
        first, second = self._create_qr(), self._create_qr()
        form = self._open_form(first)
        self._wait_for_websockets(1)
        form.goto(f'{self.proxy.url}/odoo/customer-invoices')
        for qr in (second, first):
            [name] = self.database.query(
                'SELECT name FROM account_move WHERE id = %s', qr['invoice_id']
            )[0]
            row = form.locator('.o_data_row', has_text=name)
            expect(row).to_be_visible()
        row.locator('td[name=name]').click()
        expect(form.locator('.o_form_view [name=name]').first).to_contain_text(name)
        form.click('.o_pager_previous')
        expect(form.locator('.o_form_view [name=name]').first).not_to_contain_text(name)
        form.wait_for_timeout(1000)

        self.qpay.pay(second['qpay_invoice_id'])

        self._assert_ribbon(form, 'Paid')

    # === THE FALLBACK === #

    def test_polling_slows_down_while_the_bus_is_connected(self):
        page = self._open_page(self._create_qr())
        self._wait_for_websockets(1)
        moments = self._watch_requests(page)

        self._assert_pauses(page, moments, POLL_SECONDS_WITH_BUS)

        self.proxy.cut()
        cut_at = time.monotonic()
        self._assert_pauses(page, moments, POLL_SECONDS)
        self.assertLess(moments[0] - cut_at, POLL_SECONDS + TOLERANCE_SECONDS)

        self.proxy.allow()
        wait_for(
            lambda: page.wait_for_timeout(20) or self.proxy.count_websockets(), 30, 'the bus'
        )
        back_at = time.monotonic()
        wait_for(
            lambda: page.wait_for_timeout(20)
            or moments[-1] - moments[-2] > POLL_SECONDS_WITH_BUS - 0.5,
            2 * POLL_SECONDS_WITH_BUS, 'a long pause',
        )
        # The last poll before the pause was made because the bus was back.
        self.assertLess(moments[-2] - back_at, TOLERANCE_SECONDS)

    def test_payment_that_qpay_shows_later_than_it_calls(self):
        self.qpay.configure(visibility_delay=1)
        self.addCleanup(self.qpay.configure, visibility_delay=0)
        qr = self._create_qr()
        page = self._open_page(qr)
        self._wait_for_websockets(1)

        self.qpay.pay(qr['qpay_invoice_id'])

        # The second attempt is due 3 s after the first, which found nothing.
        self._assert_view(page, 'paid', POLLED_WITHIN)

    def test_paid_without_a_websocket(self):
        self.proxy.cut()
        qr = self._create_qr()
        page = self._open_page(qr)
        dialog = self._open_dialog(qr)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._assert_view(page, 'paid', POLLED_WITHIN)
        expect(dialog.locator('.o_qpay_paid')).to_be_visible(timeout=POLLED_WITHIN)

    def test_payment_while_the_websocket_is_away(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_websockets(1)
        self.proxy.cut()

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        expect(form.locator('.ribbon')).to_have_count(0)
        self.proxy.allow()

        expect(form.locator('.ribbon')).to_have_text('Paid', timeout=20000)

    def test_payer_who_was_away_is_not_told_to_save_work(self):
        """Odoo warns the users of its own pages that they missed messages which are deleted now."""
        origin = self.proxy.url.replace('://', '_').replace(':', '_')
        key = f'legacy_multi_tab.{origin}.last_notification_id'
        page = self._open_page(self._create_qr(), f"""
            if (location.protocol === 'http:') {{
                localStorage.setItem('{key}', '-1');
            }}
        """)
        self._wait_for_websockets(1)
        answers = []
        page.on('response', lambda answer: answers.append(answer.url))

        self.proxy.cut()
        self.proxy.allow()

        wait_for(
            lambda: page.wait_for_timeout(20)
            or any(url.endswith('/bus/has_missed_notifications') for url in answers),
            20, 'the question about missed messages',
        )
        page.wait_for_timeout(500)
        expect(page.locator('.o_notification')).to_have_count(0)

    def test_browser_without_shared_workers(self):
        qr = self._create_qr()
        page = self._open_page(qr, 'delete window.SharedWorker;', NO_POLLING)
        self._wait_for_websockets(1)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._assert_view(page, 'paid')

    def test_browser_that_forbids_workers(self):
        for name, script in (
            ('workers', f'window.SharedWorker = {FORBIDDEN}; window.Worker = {FORBIDDEN};'),
            ('shared workers', f'window.SharedWorker = {FORBIDDEN};'),
            ('storage', """
                Object.defineProperty(window, 'localStorage', {
                    get() { throw new DOMException('Forbidden', 'SecurityError'); },
                });
            """),
        ):
            with self.subTest(forbidden=name):
                qr = self._create_qr()
                page = self._open_page(qr, script)

                self.qpay.pay(qr['qpay_invoice_id'])

                self._assert_view(page, 'paid', POLLED_WITHIN)


@tagged('post_install', '-at_install')
class TestBusOfSeveralProcesses(BusCase):
    """As in production: the websockets are served by another process than the pages."""

    workers = 2

    def test_windows_turn_paid_at_once(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_POLLING)
        page = self._open_page(qr, NO_POLLING)
        form = self._open_form(qr, NO_POLLING)
        self._wait_for_websockets(3)

        self.qpay.pay(qr['qpay_invoice_id'])

        expect(dialog.locator('.o_qpay_paid')).to_be_visible(timeout=PATIENCE)
        self._assert_view(page, 'paid')
        self._assert_ribbon(form, 'Paid')
        self.assertEqual(self._calls(), 1)
