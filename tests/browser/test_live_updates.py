"""Odoo's bus in a real browser: who looks sees a payment at once, and polling is the fallback."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.browser_case import CHECK, HELD_POLLS
from odoo.addons.payment_qpay.tests.cases.bus_case import (
    DOCUMENT,
    NO_WAITING,
    NOTE_CHANGE,
    BusCase,
)
from odoo.addons.payment_qpay.tests.cases.patience import wait_for

# The pauses between two polls.
PAUSE = 3000
PAUSE_WITH_BUS = 10000
POLL_UNTIL_PAID = """() => {
    window.poll?.();
    return document.querySelector('.o_qpay_page').dataset.view === 'paid';
}"""
FORBIDDEN = "class { constructor() { throw new DOMException('Forbidden', 'SecurityError'); } }"


@tagged('post_install', '-at_install')
class TestBus(BusCase):

    # === AT ONCE === #

    def test_all_windows_turn_paid_at_once(self):
        qr = self._create_qr()
        self._spend_view_checks(qr)
        windows = {
            'dialog': self._open_dialog(qr, NO_WAITING),
            'page': self._open_page(qr, NO_WAITING),
            'form': self._open_form(qr, NO_WAITING),
        }
        self._wait_for_listeners(qr, *windows)
        polls_of_form = self._watch_requests(windows['form'], CHECK)

        self.qpay.pay(qr['qpay_invoice_id'])

        expect(windows['dialog'].locator('.o_qpay_paid')).to_be_visible()
        self._assert_view(windows['page'], 'paid')
        self._assert_ribbon(windows['form'], 'Paid')
        expect(windows['form'].locator('button[name=action_qpay_qr]')).to_be_hidden()
        self._save_screenshot(windows['form'], 'form-paid-by-bus')
        # The form never polls.
        self.assertEqual(polls_of_form, [])
        # However many look, QPay is asked once.
        self.assertEqual(self._calls(), 1)

    def test_part_shows_at_once(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_WAITING)
        page = self._open_page(qr, NO_WAITING)
        form = self._open_form(qr, NO_WAITING)
        self._wait_for_listeners(qr, 'dialog', 'page', 'form')

        self.qpay.pay(qr['qpay_invoice_id'], amount=5000)

        expect(dialog.locator('.o_qpay_received')).to_contain_text('5,000.00')
        expect(page.locator('.o_qpay_received')).to_contain_text('5,000.00')
        self._assert_ribbon(form, 'Partial')

    def test_end_shows_at_once(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, NO_WAITING)
        page = self._open_page(qr, NO_WAITING)
        self._wait_for_listeners(qr, 'dialog', 'page')

        self.accountant.call('qpay.intent', 'action_cancel', [qr['intent_id']])

        expect(dialog.locator('.o_qpay_ended')).to_be_visible()
        self._assert_view(page, 'ended')

    def test_closed_dialog_hears_nothing(self):
        qr = self._create_qr()
        dialog = self._open_dialog(qr, HELD_POLLS)
        self._wait_for_listeners(qr, 'dialog')
        dialog.click('.modal .btn-close')
        expect(dialog.locator('.modal')).to_be_hidden()
        polls = self._watch_requests(dialog, CHECK)

        self.qpay.pay(qr['qpay_invoice_id'])

        self._assert_ribbon(dialog, 'Paid')
        self.assertEqual(polls, [])

    # === THE FORM === #

    def test_unsaved_edits_stay(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_listeners(qr, 'form')
        form.click('.o_form_view .nav-link[name=other_info]')
        reference = form.locator('[name=ref] input')
        # Typed, but not yet taken over by the form.
        reference.press_sequentially('Гэрээ 17')
        self._pay_and_tell(form, qr)

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
        self._wait_for_listeners(qr, 'form')
        form.click('.o_form_view .nav-link[name=other_info]')
        form.fill('[name=ref] input', 'Гэрээ 18')

        self._pay_and_tell(form, qr)

        expect(form.locator('.ribbon')).to_have_count(0)

        form.click('.o_form_button_cancel')
        self._assert_ribbon(form, 'Paid')
        expect(form.locator('[name=ref] input')).to_have_value('')

    def test_message_that_is_being_written_stays(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_listeners(qr, 'form')
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
        for qr in (paid, open_):
            self._wait_for_listeners(qr, 'form')
        self.assertEqual(self.proxy.count_websockets(), 1)

        requests = self._pay_and_tell(other_form, paid)

        self._assert_ribbon(form, 'Paid')
        self.assertEqual([asked.url for asked in requests if 'account.move' in asked.url], [])

    def test_pager_changes_what_is_listened_to(self):
        first, second = self._create_qr(), self._create_qr()
        form = self._open_form(first)
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
        self._wait_for_listeners(second, 'form')
        self.assertFalse(self.proxy.count_listeners(DOCUMENT.format(**first)))

        self.qpay.pay(second['qpay_invoice_id'])

        self._assert_ribbon(form, 'Paid')

    # === THE FALLBACK === #

    def test_polling_slows_down_while_the_bus_is_connected(self):
        page = self._open_page(self._create_qr(), HELD_POLLS)
        self._wait_for_pauses(page, PAUSE_WITH_BUS)
        polls = self._watch_requests(page, CHECK)
        self._forget_pauses(page)

        self._poll(page)
        self._wait_for_pauses(page, PAUSE_WITH_BUS)
        self.assertEqual(len(polls), 1)

        # The next poll, which was ten seconds away, comes nearer.
        self._forget_pauses(page)
        self.proxy.cut()
        self._wait_for_pauses(page, PAUSE)
        self.assertEqual(len(polls), 1)
        self._poll(page)
        self._wait_for_pauses(page, PAUSE, PAUSE)
        self.assertEqual(len(polls), 2)

        # The bus is back: one poll is made for that, and then there is time again.
        self._forget_pauses(page)
        self.proxy.allow()
        self._wait_for_pauses(page, PAUSE_WITH_BUS)
        self.assertEqual(len(polls), 3)

    def test_payment_that_qpay_shows_later_than_it_calls(self):
        self.qpay.configure(visibility_delay=3600)
        self.addCleanup(self.qpay.configure, visibility_delay=0, clock_skew=0)
        qr = self._create_qr()
        page = self._open_page(qr, HELD_POLLS, with_clock=True)
        self._wait_for_listeners(qr, 'page')
        self._wait_for_pauses(page, PAUSE_WITH_BUS)
        self._forget_pauses(page)

        self.qpay.pay(qr['qpay_invoice_id'])

        # It was told to look, and looks again soon, because it has found nothing.
        page.wait_for_function('window.pauses.length')
        self.assertEqual(set(page.evaluate('window.pauses')), {PAUSE})
        wait_for(lambda: self.database.query(
            'SELECT id FROM qpay_callback WHERE intent_id = %s AND attempts > 0'
            ' AND next_attempt_at < write_date + %s',
            qr['intent_id'], const.CALLBACK_LEASE / 2,
        ), 'the end of the first attempt')
        self._assert_view(page, 'open')
        self.qpay.configure(clock_skew=3700)
        self.database.let_time_pass(const.CALLBACK_RETRY_DELAYS[0])
        self._poll(page)
        self._assert_view(page, 'paid')

    def test_paid_without_a_websocket(self):
        self.proxy.cut()
        qr = self._create_qr()
        windows = self._open_page(qr, HELD_POLLS), self._open_dialog(qr, HELD_POLLS)
        for window in windows:
            window.wait_for_function('Boolean(window.poll)')
        polls = [self._watch_requests(window, CHECK) for window in windows]

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        for window in windows:
            self._poll(window)

        page, dialog = windows
        self._assert_view(page, 'paid')
        expect(dialog.locator('.o_qpay_paid')).to_be_visible()
        self.assertEqual([len(requests) for requests in polls], [1, 1])
        for window in windows:
            self.assertEqual(window.evaluate('window.pauses'), [PAUSE])

    def test_payment_while_the_websocket_is_away(self):
        qr = self._create_qr()
        form = self._open_form(qr)
        self._wait_for_listeners(qr, 'form')
        self.proxy.cut()

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        expect(form.locator('.ribbon')).to_have_count(0)
        self.proxy.allow()

        self._assert_ribbon(form, 'Paid')

    def test_browser_without_shared_workers(self):
        qr = self._create_qr()
        page = self._open_page(qr, f'delete window.SharedWorker; {NO_WAITING}')
        self._wait_for_listeners(qr, 'page')

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
                page = self._open_page(qr, f'{script} {HELD_POLLS}')

                self.qpay.pay(qr['qpay_invoice_id'])
                self._wait_until_paid(qr['invoice_id'])
                # A poll that was on its way may have come before the payment.
                page.wait_for_function(POLL_UNTIL_PAID)

    # === HELPERS === #

    def _pay_and_tell(self, form, qr):
        """Let a QR be paid, and a form do what it does when it is told.

        :return: What the form has asked for meanwhile.
        :rtype: list
        """
        form.evaluate(NOTE_CHANGE)
        requests = self._watch_requests(form)
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        form.wait_for_function('window.isTold')
        self._let_finish(form, requests)
        return requests

    @staticmethod
    def _wait_for_pauses(page, *pauses):
        """Wait until a page whose polls are held has planned some, the last ones these."""
        page.wait_for_function(
            '(pauses) => window.pauses.slice(-pauses.length).join() === pauses.join()',
            arg=list(pauses),
        )

    @staticmethod
    def _forget_pauses(page):
        page.evaluate('window.pauses = []')


@tagged('post_install', '-at_install')
class TestBusOfSeveralProcesses(BusCase):
    """As in production: the websockets are served by another process than the pages."""

    workers = 2

    def test_windows_turn_paid_at_once(self):
        qr = self._create_qr()
        self._spend_view_checks(qr)
        dialog = self._open_dialog(qr, NO_WAITING)
        page = self._open_page(qr, NO_WAITING)
        form = self._open_form(qr, NO_WAITING)
        self._wait_for_listeners(qr, 'dialog', 'page', 'form')

        self.qpay.pay(qr['qpay_invoice_id'])

        expect(dialog.locator('.o_qpay_paid')).to_be_visible()
        self._assert_view(page, 'paid')
        self._assert_ribbon(form, 'Paid')
        self.assertEqual(self._calls(), 1)
