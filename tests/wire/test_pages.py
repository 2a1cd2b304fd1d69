"""Lists of payments that come in pages, whatever QPay makes of the page that it is asked for."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.const import today
from odoo.addons.payment_qpay.qpay_api import QPayUnknownOutcome
from odoo.addons.payment_qpay.qpay_api.client import PAGE_LIMIT
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase

CHECK = 'POST /v2/payment/check'
LIST = 'POST /v2/payment/list'


@tagged('post_install', '-at_install')
class TestPages(WireCase):

    def _answer_page(self, endpoint, numbers, times=1, **values):
        """Let QPay show these payments, whichever page it is asked for."""
        self._answer(endpoint, {**values, 'rows': [
            {
                'payment_id': f'P{number}', 'payment_status': 'PAID', 'payment_amount': '100.00',
                'payment_currency': 'MNT', 'payment_date': '2026-11-02 10:00:00',
            } for number in numbers
        ]}, times=times)

    def _list(self):
        return self.client.list_payments('TEST_INVOICE', today(), today()).payments

    def _check(self):
        return self.client.check_payment('any').payments

    def test_page_that_is_repeated_for_ever_is_no_answer(self):
        for endpoint, ask in ((LIST, self._list), (CHECK, self._check)):
            for values in ({'count': PAGE_LIMIT + 50}, {}):
                with self.subTest(endpoint=endpoint, **values):
                    self.qpay.reset_calls()
                    self._answer_page(endpoint, range(PAGE_LIMIT), times=50, **values)
                    with self.assertRaises(QPayUnknownOutcome):
                        ask()
                    self.assertEqual(self._calls(endpoint), 2)
                    self.qpay.clear_faults()

    def test_repeated_page_that_shows_all_is_enough(self):
        self._answer_page(LIST, range(PAGE_LIMIT), times=50, count=PAGE_LIMIT)
        self.assertEqual(len(self._list()), PAGE_LIMIT)
        self.assertEqual(self._calls(LIST), 2)

    def test_more_than_a_page_at_once(self):
        self._answer_page(LIST, range(PAGE_LIMIT + 50), times=50, count=PAGE_LIMIT + 50)
        self.assertEqual(len(self._list()), PAGE_LIMIT + 50)
        self.assertEqual(self._calls(LIST), 1)

    def test_page_that_a_new_payment_has_moved_is_read_on(self):
        self._answer_page(LIST, range(PAGE_LIMIT), count=PAGE_LIMIT + 20)
        self._answer_page(LIST, range(PAGE_LIMIT - 1, PAGE_LIMIT + 20), count=PAGE_LIMIT + 21)
        self.assertEqual(len(self._list()), PAGE_LIMIT + 20)
        self.assertEqual(self._calls(LIST), 2)
