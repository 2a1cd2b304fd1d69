import time

from odoo.tests import tagged

from .common import QPayCommon


@tagged('post_install', '-at_install')
class TestBatch(QPayCommon):
    """When many payments wait, they are booked together."""

    def _announce(self, count):
        invoices = self._create_invoice(1000)
        for number in range(count - 1):
            invoices |= self._create_invoice(1001 + number)
        intents = self.env['qpay.intent'].sudo()
        for invoice in invoices:
            intent = self._create_intent(invoice).sudo()
            self._call_back(intent, self._pay(intent)['payment_id'])
            intents |= intent
        return invoices, intents

    def test_booking_together_costs_at_most_half(self):
        _invoices, alone = self._announce(10)
        queries_alone = 0
        for intent in alone:
            self.env.flush_all()
            unseen = intent._ask_unseen_payments()
            intent._record(unseen)
            before = self.cr.sql_log_count
            t = time.time()
            intent._book_waiting()
            queries_alone += self.cr.sql_log_count - before
            print('alone', self.cr.sql_log_count - before, time.time() - t)
        _invoices, together = self._announce(10)
        for intent in together:
            intent._record(intent._ask_unseen_payments())
        before = self.cr.sql_log_count
        t = time.time()
        together._book_waiting()
        queries_together = self.cr.sql_log_count - before
        print('together', queries_together, time.time() - t)
        self.assertEqual(set(together.mapped('state')), {'paid'})
        self.assertLessEqual(queries_together, queries_alone / 2)
