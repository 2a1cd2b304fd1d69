"""One list of QPay's answers for many callbacks: what it does not show clearly is asked for."""

from datetime import timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import InvoiceRequest
from odoo.addons.payment_qpay.qpay_api.client import PAGE_LIMIT
from odoo.addons.payment_qpay.tests.race.test_side_by_side import (
    CHECK,
    GET_PAYMENT,
    LOG_IN,
    SideBySideCase,
)

LIST = 'POST /v2/payment/list'
MANY = const.LIST_FOR_MANY


class ManyCase(SideBySideCase):

    AT_ONCE = 8

    def setUp(self):
        super().setUp()
        # The payments of other tests are on the list, too.
        self.qpay.reset()
        self.provider = self.system['payment.provider'].search([
            ('code', '=', 'qpay'), ('state', '!=', 'disabled'),
        ], limit=1)
        self._let_be_trusted()

    def _let_be_trusted(self, count=const.LIST_PROOF):
        """Let the list have shown so many payments alike."""
        account = self.provider._qpay_account()
        trust = self.system['qpay.list.trust']
        trust = trust._find(account) or trust.create({'account': account})
        trust.same_count = count
        self.own.cr.commit()

    def _process(self):
        # What others have committed is seen in a new transaction.
        self.system.cr.rollback()
        self.system['qpay.callback']._cron_process()
        self.system.cr.rollback()

    def _let_be_old(self, intent):
        """Let a QR have been made so long ago that no list answers for it."""
        self.database.query(
            'UPDATE qpay_intent SET create_date = create_date - %s WHERE id = %s RETURNING id',
            const.LIST_PERIOD + timedelta(minutes=1), intent.id,
        )

    def _payments_at_qpay(self, intents):
        """Return what QPay has of these QRs: amount, fee and moment, by its ids."""
        return {
            payment['payment_id']: (float(payment['amount']), float(payment['fee']))
            for invoice in self.qpay.invoices() if invoice['invoice_id'] in intents.mapped(
                'qpay_invoice_id'
            ) for payment in invoice['payments'] if payment['status'] == 'PAID'
        }

    def assert_books_are_true(self, intents):
        """What is in the ledger of these QRs is what QPay has, and all of it is in the books."""
        self.assertEqual(
            {row.qpay_txn_id: (row.amount, row.fee) for row in intents.payment_ids},
            self._payments_at_qpay(intents),
        )
        self.assertEqual(set(intents.mapped('state')), {'paid'})
        self.assertLessEqual(set(intents.callback_ids.mapped('state')), {'processed', 'duplicate'})
        self.assertEqual(set(intents.payment_ids.mapped('state')), {'settled'})
        self.assertBookedOnce(*intents.payment_ids.mapped('qpay_txn_id'))

    def _pay_others(self, count):
        """Let payments arrive at the account for an invoice that Odoo has never heard of."""
        client = self.provider._qpay_client()
        invoice = client.create_invoice(InvoiceRequest(
            invoice_code='TEST_INVOICE', sender_invoice_no='FOREIGN', receiver_code='terminal',
            description='Foreign', amount=Decimal(1000), callback_url='http://127.0.0.1/nowhere',
        ))
        self.own.cr.commit()
        return [
            self.qpay.pay(invoice.invoice_id, amount=1000)['payment_id'] for _number in range(count)
        ]


@tagged('post_install', '-at_install')
class TestListForMany(ManyCase):

    def test_one_list_answers_for_all(self):
        intents = self._announce(30)
        self._process()
        self.assert_all_booked(intents)
        self.assert_books_are_true(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1})
        # On the day and at the moment of the payer's.
        moments = {
            payment['payment_id']: int(payment['paid_at'])
            for invoice in self.qpay.invoices() for payment in invoice['payments']
        }
        for row in intents.payment_ids:
            moment = row.paid_at.replace(tzinfo=timezone.utc).timestamp()
            self.assertEqual(int(moment), moments[row.qpay_txn_id])
            self.assertEqual(row.payment_type, 'p2p')
            self.assertFalse(row.discrepancy)

    def test_list_that_is_not_trusted_is_not_read(self):
        self._let_be_trusted(const.LIST_PROOF - 1)
        intents = self._announce(MANY)
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {CHECK: MANY, GET_PAYMENT: MANY})

    def test_few_are_asked_about_one_by_one(self):
        few = const.LIST_FOR_MANY - 1
        intents = self._announce(few)
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {CHECK: few, GET_PAYMENT: few})

    def test_known_payments_make_no_call(self):
        intents = self._announce(MANY)
        self._process()
        for payment in intents.payment_ids:
            self._call_back(payment.intent_id, payment.qpay_txn_id)
        self.qpay.reset_calls()
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {})

    def test_old_qr_is_asked_about_by_itself(self):
        intents = self._announce(MANY + 1)
        self._let_be_old(intents[0])
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 1, GET_PAYMENT: 1})

    def test_each_invoice_code_has_a_list(self):
        self.provider.qpay_ebarimt_invoice_code = 'TEST_EB_INVOICE'
        self.own.cr.commit()
        intents = self._announce(MANY)
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 2})
        self.provider.qpay_ebarimt_invoice_code = False
        self.own.cr.commit()

    def test_row_that_names_the_code_is_as_good(self):
        self.qpay.configure(list_object_id='code')
        intents = self._announce(MANY)
        self._process()
        self.qpay.configure(list_object_id='invoice')
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1})

    def test_token_is_renewed_for_a_list(self):
        intents = self._announce(MANY)
        self.system.cr.execute("UPDATE qpay_token SET access_token = 'dead'")
        self.own.cr.commit()
        self._process()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 2, LOG_IN: 1})

    def test_list_of_one_account_says_nothing_of_another(self):
        other = self.provider.copy({
            'name': 'QPay 2', 'state': 'test', 'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321', 'qpay_invoice_code': 'OTHER_INVOICE',
        })
        self.provider.state = 'disabled'
        other.journal_id = self.provider.journal_id
        self.own.cr.commit()
        there = self._announce(MANY)
        self.provider.state, other.state = 'test', 'test'
        self.own.cr.commit()
        self._process()
        other.state = 'disabled'
        self.own.cr.commit()
        self.assertEqual(there.provider_id, other)
        self.assert_all_booked(there)
        self.assertEqual(self._calls(LIST), 0)
        self.assertEqual(self._calls(CHECK), MANY)


@tagged('post_install', '-at_install')
class TestUnclearRows(ManyCase):

    def assert_asked_about_alone(self, intents, payments=1):
        self._process()
        self.assert_books_are_true(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 1, GET_PAYMENT: payments})

    def test_row_that_shows_too_little_or_something_else(self):
        foreign = self._announce(1)
        self._process()
        unclear = (
            {'payment_amount': '999.00'}, {'payment_amount': None}, {'payment_amount': 'x'},
            {'payment_currency': 'USD'}, {'payment_currency': None},
            {'payment_status': 'NEW'}, {'payment_status': 'REFUNDED'}, {'payment_status': None},
            {'qr_code': None}, {'qr_code': 'somebody else'}, {'qr_code': 7},
            {'qr_code': foreign.qr_text},
            {'payment_date': None}, {'payment_date': 'yesterday'},
            {'payment_fee': None}, {'payment_fee': 'x'}, {'paid_by': None},
            {'payment_id': None}, {'payment_id': 'another'},
            {'object_id': foreign.qpay_invoice_id},
        )
        intents = self._announce(len(unclear) + 2)
        for intent, changes in zip(intents[1:-1], unclear, strict=True):
            [payment_id] = self._payments_at_qpay(intent)
            self.qpay.change_listed(payment_id, **changes)
        self._process()
        self.assert_all_booked(intents)
        self.assert_books_are_true(intents)
        self.assertEqual(
            self.qpay.calls(), {LIST: 1, CHECK: len(unclear), GET_PAYMENT: len(unclear)}
        )
        asked = {
            call['body']['object_id'] for call in self.qpay.calls_log() if call['endpoint'] == CHECK
        }
        self.assertEqual(asked, set(intents[1:-1].mapped('qpay_invoice_id')))
        self.assertEqual(len(foreign.payment_ids), 1)

    def test_qr_that_is_paid_twice(self):
        intents = self._announce(MANY)
        self._pay(intents[2])
        self.assert_asked_about_alone(intents, payments=2)
        self.assertEqual(len(intents[2].payment_ids), 2)

    def test_second_payment_that_the_list_does_not_show(self):
        intents = self._announce(MANY)
        second = self._pay(intents[2])
        self.qpay.change_listed(second, qr_code=None)
        self._call_back(intents[2], second)
        self.assert_asked_about_alone(intents, payments=2)

    def test_qr_that_is_paid_in_parts(self):
        intents = self._announce(MANY)
        parts = self._create_qr(3000)
        for amount in (1000, 2000):
            self._call_back(parts, self._pay(parts, amount=amount))
        self.qpay.reset_calls()
        self._process()
        self.assert_books_are_true(intents | parts)
        self.assertEqual(self.qpay.calls(), {LIST: 1})

    def test_qr_that_is_paid_in_part_only(self):
        intents = self._announce(MANY)
        part = self._create_qr(3000)
        self._call_back(part, self._pay(part, amount=1000))
        self.qpay.reset_calls()
        self._process()
        self.assert_books_are_true(intents)
        self.assertEqual(part.payment_ids.mapped('amount'), [1000])
        self.assertEqual(part.payment_ids.discrepancy, 'partial')
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 1, GET_PAYMENT: 1})

    def test_payment_of_others_is_nobodys(self):
        others = self._pay_others(3)
        # One names a text that none of our QRs has, one none at all.
        self.qpay.change_listed(others[1], qr_code='0002')
        self.qpay.change_listed(others[2], qr_code=None)
        intents = self._announce(MANY)
        self._process()
        self.assert_all_booked(intents)
        self.assert_books_are_true(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1})
        self.assertFalse(self.system['qpay.payment'].search([('qpay_txn_id', 'in', others)]))

    def test_payment_of_others_that_names_our_qr(self):
        """Its row says that it pays another invoice: QPay is asked for what pays ours."""
        intents = self._announce(MANY)
        unpaid = self._create_qr(1000)
        self._call_back(unpaid, '')
        others = self._pay_others(2)
        for other, intent in zip(others, (intents[2], unpaid), strict=True):
            self.qpay.change_listed(other, qr_code=intent.qr_text)
        self.qpay.reset_calls()
        self._process()
        self.assert_all_booked(intents)
        self.assert_books_are_true(intents)
        self.assertFalse(self.system['qpay.payment'].search([('qpay_txn_id', 'in', others)]))
        self.assertEqual((unpaid.state, unpaid.amount_paid), ('new', 0))
        self.assertEqual(unpaid.callback_ids.state, 'received')
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 2, GET_PAYMENT: 1})
        # What pays it in truth is booked when it comes.
        self._pay(unpaid)
        self.database.let_time_pass(const.CALLBACK_RETRY_DELAYS[0])
        self._process()
        self.assert_all_booked(unpaid)


@tagged('post_install', '-at_install')
class TestListThatFails(ManyCase):

    def assert_each_is_asked_about(self, intents):
        self._process()
        self.assert_all_booked(intents)
        self.assert_books_are_true(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: MANY, GET_PAYMENT: MANY})
        self.assertEqual(set(intents.callback_ids.mapped('attempts')), {1})

    def test_answer_that_is_none(self):
        for fault, options in (
            ('status', {'status': 500}), ('status', {'status': 429}), ('status', {'status': 403}),
            ('garbage', {}), ('drop', {}),
        ):
            with self.subTest(fault=fault, **options):
                intents = self._announce(MANY)
                self.qpay.inject(LIST, fault, times=None, **options)
                self.assert_each_is_asked_about(intents)
                self.qpay.clear_faults()

    def test_list_without_an_answer_keeps_nobody_waiting(self):
        intents = self._announce(MANY)
        self.qpay.inject(LIST, 'hold')
        with patch.object(const, 'LIST_PATIENCE', 0):
            run = self._start_run()
            # It has none yet.
            self._wait_until_paid(intents, MANY)
            self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: MANY, GET_PAYMENT: MANY})
            self.qpay.release()
            run.join()
        self.assert_all_booked(intents)

    def test_others_do_not_wait_for_a_list(self):
        intents = self._announce(MANY + 1)
        old = intents[0]
        self._let_be_old(old)
        self.qpay.inject(LIST, 'hold')
        with patch.object(const, 'LIST_PATIENCE', 3600):
            run = self._start_run()
            self._wait_until_paid(old, 1)
            self.assertEqual(self._get_paid(intents), old.ids)
            self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 1, GET_PAYMENT: 1})
            self.qpay.release()
            run.join()
        self.assert_all_booked(intents)
        self.assertEqual(self.qpay.calls(), {LIST: 1, CHECK: 1, GET_PAYMENT: 1})

    def test_qpay_that_is_down_leaves_all_to_later(self):
        intents = self._announce(MANY)
        self.simulator.stop()
        try:
            self._process()
        finally:
            self.simulator.start()
        self.assertFalse(self._get_paid(intents))
        self.database.let_time_pass(timedelta(hours=3))
        self._process()
        self.assert_all_booked(intents)

    def test_more_payments_than_a_page_holds(self):
        self._pay_others(PAGE_LIMIT)
        intents = self._announce(MANY)
        self.assert_each_is_asked_about(intents)

    def test_list_is_not_tried_again_in_the_same_run(self):
        later = self.system['qpay.intent'].union(
            *(self._create_qr(500 + number) for number in range(MANY))
        )
        first = self._announce(MANY)
        self.qpay.inject(LIST, 'status', times=None, status=500)

        def announce_later():
            with self._rival() as env:
                for intent in later.with_env(env):
                    env['qpay.callback']._receive(intent, self._pay(intent))
                env.cr.commit()

        with self._meanwhile('qpay.callback', '_settle_answered', announce_later):
            self._process()
        self.assert_all_booked(first | later)
        self.assertEqual(self._calls(LIST), 1)
