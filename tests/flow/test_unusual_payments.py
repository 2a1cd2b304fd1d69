"""Money that is not what was asked for is booked as it arrived, and one person is told once."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'


class UnusualPaymentCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)

    def assert_told(self, row, case, *words):
        """One activity of a row says what happened, with the amount, and what can be done."""
        self.assertEqual((row.discrepancy, row.state), (case, 'settled'))
        note = self._note(row)
        for word in (row.currency_id.format(row.amount), *words):
            self.assertIn(word, note)

    def assert_booked(self, *amounts):
        """Each payment of the QR is in the books once, with its own transaction and amount."""
        rows = self._ledger(self.intent)
        self.assertEqual(sorted(rows.mapped('amount')), sorted(amounts))
        self.assertEqual(len(rows.transaction_id), len(rows))
        self.assertEqual(set(rows.transaction_id.mapped('state')), {'done'})
        payments = self._account_payments(*rows.mapped('qpay_txn_id'))
        self.assertEqual(payments, rows.account_payment_id)
        self.assertEqual(sorted(payments.mapped('amount')), sorted(amounts))
        for payment in payments:
            self.assertEqual(sum(payment.move_id.line_ids.mapped('balance')), 0)
        self.assertEqual(self.intent.amount_paid, sum(amounts))


@tagged('post_install', '-at_install')
class TestLessThanAsked(UnusualPaymentCase):

    def test_less_than_asked_pays_a_part_and_the_rest_can_be_asked_for(self):
        self._pay_and_settle(self.intent, amount=6000)
        self.assertEqual((self.bill.payment_state, self.bill.amount_residual), ('partial', 9000))
        self.assert_booked(6000)
        self.assert_told(self._ledger(self.intent), 'partial', 'less than', 'new QR')

        rest = self._create_intent(self.bill)
        self.assertEqual(rest.amount, 9000)
        self.assertNotEqual(rest, self.intent)
        self.assertEqual(self.intent.state, 'cancelled', 'one open QR a document')
        payment = self._pay_and_settle(rest)
        self.assertEqual(self._account_payments(payment['payment_id']).amount, 9000)
        self.assertEqual((self.bill.amount_residual, self._credit()), (0, 0))
        self.assertFalse(self._ledger(rest).activity_ids)

    def test_parts_that_become_the_whole_leave_nothing_to_do(self):
        self._pay_and_settle(self.intent, amount=4000)
        self._pay_and_settle(self.intent, amount=5000)
        rows = self._ledger(self.intent)
        self.assertEqual(rows.mapped('discrepancy'), ['partial', 'partial'])
        self.assertEqual(self.bill.amount_residual, 6000)
        self._pay_and_settle(self.intent, amount=6000)
        self.assert_booked(4000, 5000, 6000)
        self.assertEqual((self.bill.amount_residual, self.intent.state), (0, 'paid'))
        self.assertFalse(self._ledger(self.intent).activity_ids, 'nobody needs to ask for more')

    def test_wanted_parts_are_nothing_unusual(self):
        self.provider.qpay_allow_partial = True
        self._pay_and_settle(self.intent, amount=6000)
        self.assertFalse(self._ledger(self.intent).discrepancy)
        self.assertFalse(self._ledger(self.intent).activity_ids)
        self.assertEqual(self.intent.state, 'new')
        self._pay_and_settle(self.intent, amount=9000)
        self.assertEqual((self.intent.state, self.bill.amount_residual), ('paid', 0))
        self.assert_booked(6000, 9000)

    def test_what_the_payer_may_is_told_to_qpay_explicitly(self):
        request = self.qpay.invoices()[-1]['request']
        self.assertEqual((request['allow_partial'], request['allow_exceed']), (False, False))
        self.provider.write({'qpay_allow_partial': True, 'qpay_allow_exceed': True})
        self._create_intent(self._create_invoice(100))
        request = self.qpay.invoices()[-1]['request']
        self.assertEqual((request['allow_partial'], request['allow_exceed']), (True, True))


@tagged('post_install', '-at_install')
class TestMoreThanAsked(UnusualPaymentCase):

    def test_more_than_asked_leaves_the_excess_as_credit(self):
        payment = self._pay_and_settle(self.intent, amount=20000)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assert_booked(20000)
        self.assertEqual(self._credit(), 5000)
        self.assert_told(self._ledger(self.intent), 'exceeding', 'credit', 'pay it back')

    def test_wanted_excess_is_credit_as_well_and_a_person_decides(self):
        self.provider.qpay_allow_exceed = True
        self._pay_and_settle(self.intent, amount=20000)
        self.assertEqual(self._credit(), 5000)
        self.assert_told(self._ledger(self.intent), 'exceeding', 'credit', 'pay it back')

    def test_excess_pays_the_next_invoice(self):
        self._pay_and_settle(self.intent, amount=20000)
        following = self._create_invoice(5000)
        credit = self._ledger(self.intent).account_payment_id.move_id.line_ids.filtered(
            lambda line: line.account_type == 'asset_receivable'
        )
        following.js_assign_outstanding_line(credit.id)
        self.assertEqual((following.amount_residual, self._credit()), (0, 0))

    def test_two_payers_of_one_qr_are_both_booked(self):
        first = self._pay_and_settle(self.intent)
        second = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, first['payment_id'], second['payment_id'])
        self.assert_booked(15000, 15000)
        self.assertEqual(self._credit(), 15000)
        rows = self._ledger(self.intent)
        usual = rows.filtered(lambda row: row.qpay_txn_id == first['payment_id'])
        self.assertFalse(usual.discrepancy or usual.activity_ids)
        self.assert_told(rows - usual, 'double', 'already paid', 'credit', 'pay it back')

    def test_two_payments_found_by_one_question_are_told_apart(self):
        for _number in range(2):
            payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        self._process_callbacks()
        self.assert_booked(15000, 15000)
        self.assertEqual(self._calls(CHECK), 1)
        self.assertEqual(len(self._ledger(self.intent).activity_ids), 1)
        self.assertEqual(self._credit(), 15000)


@tagged('post_install', '-at_install')
class TestLate(UnusualPaymentCase):

    def test_payment_after_cancellation_pays_the_open_invoice(self):
        self.intent.action_cancel()
        self.assertEqual(self.intent.state, 'cancelled')
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assert_booked(15000)
        self.assert_told(self._ledger(self.intent), 'late', 'after the QR had ended')
        self.assertEqual((self.intent.state, self._credit()), ('paid', 0))
        self.assertNotEqual(self._ledger(self.intent).transaction_id, self.intent.transaction_id)

    def test_payment_after_expiry_pays_the_open_invoice(self):
        self._expire(self.intent)
        self.assertEqual(self.intent.state, 'cancelled')
        payment = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, payment['payment_id'])
        self.assert_told(self._ledger(self.intent), 'late')

    def test_payment_after_the_invoice_was_paid_is_credit(self):
        self._expire(self.intent)
        other = self._pay_and_settle(self._create_intent(self.bill))
        late = self._pay_and_settle(self.intent)
        self.assertPaidOnce(self.bill, other['payment_id'], late['payment_id'])
        self.assert_booked(15000)
        self.assertEqual(self._credit(), 15000)
        self.assert_told(self._ledger(self.intent), 'late', 'credit', 'pay it back')


@tagged('post_install', '-at_install')
class TestWhoIsTold(UnusualPaymentCase):

    def _pay_too_little(self):
        self._pay_and_settle(self.intent, amount=1)
        return self._ledger(self.intent).activity_ids.user_id

    def test_the_responsible_person_of_the_provider(self):
        self.provider.qpay_responsible_id = self.accountant
        self.assertEqual(self._pay_too_little(), self.accountant)

    def test_who_made_the_qr_else(self):
        self.intent = self._create_intent(self._create_invoice(700).with_user(self.accountant))
        self.assertEqual(self._pay_too_little(), self.accountant)

    def test_another_accountant_where_that_one_is_gone(self):
        self.intent = self._create_intent(self._create_invoice(700).with_user(self.accountant))
        self.accountant.active = False
        told = self._pay_too_little()
        self.assertTrue(told.active)
        self.assertTrue(told.has_group('account.group_account_invoice'))
        self.assertIn(self.company, told.company_ids)

    def test_it_is_in_the_companys_language(self):
        self.env['res.lang'].sudo()._activate_lang('mn_MN')
        self.company.partner_id.lang = 'mn_MN'
        self._pay_and_settle(self.intent, amount=6000)
        note = self._ledger(self.intent).activity_ids.note
        self.assertNotIn('less than', note)
        self.assertRegex(note, '[а-яө]{4}')

    def test_case_can_be_searched_for(self):
        self._pay_and_settle(self.intent, amount=6000)
        unusual = self.env['qpay.payment'].search([('discrepancy', '!=', False)])
        self.assertIn(self._ledger(self.intent), unusual)
