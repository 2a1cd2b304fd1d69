"""A settled row has a payment: it is kept in the books, and what people take apart is noticed."""

from functools import partial

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

# How payments get lost past Odoo's own methods, and what becomes of their state and their entry's.
DELETE = (
    'DELETE FROM account_move WHERE id = %(move)s',
    'DELETE FROM account_payment WHERE id = %(payment)s',
)
CHANGE = (
    'UPDATE account_payment SET state = %(payment_state)s WHERE id = %(payment)s',
    'UPDATE account_move SET state = %(state)s WHERE id = %(move)s',
    'UPDATE account_move_line SET parent_state = %(state)s WHERE move_id = %(move)s',
)
CANCELLED, DRAFT = ('canceled', 'cancel'), ('draft', 'draft')
# What is matched cannot be deleted.
LOSSES = (
    (DELETE, ('', ''), False),
    (CHANGE, CANCELLED, False), (CHANGE, CANCELLED, True),
    (CHANGE, DRAFT, False), (CHANGE, DRAFT, True),
)


class KeptPaymentCase(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self._pay_and_settle(self.intent)
        self.row = self._ledger(self.intent)
        self.payment = self.row.account_payment_id

    def _take_apart(self):
        """Take the payment off the invoice, as the button on the invoice does."""
        [content] = self.bill.invoice_payments_widget['content']
        self.bill.js_remove_outstanding_partial(content['partial_id'])

    def assert_settled(self):
        self.assertEqual((self.row.state, self.row.state_message), ('settled', False))
        self.assertFalse(self.row.activity_ids)
        self.assertPaidOnce(self.bill, self.row.qpay_txn_id)
        self.assertEqual(self._credit(), 0)


@tagged('post_install', '-at_install')
class TestPaymentIsKept(KeptPaymentCase):

    def test_it_is_neither_reset_nor_cancelled_nor_deleted(self):
        move = self.payment.move_id
        for act in (
            self.payment.action_draft, self.payment.action_cancel, self.payment.action_reject,
            self.payment.unlink, move.button_draft, move.button_cancel,
            move.with_context(force_delete=True).unlink, partial(move._reverse_moves, cancel=True),
            lambda: self.payment.write({'amount': 1}),
        ):
            with self.assertRaisesRegex(UserError, self.row.qpay_txn_id), self.cr.savepoint():
                act()
            self.env.invalidate_all()
            self.assert_settled()

    def test_other_payments_are_left_alone(self):
        other = self._create_invoice(700)
        payment = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=other.ids,
        ).create({})._create_payments()
        payment.action_draft()
        payment.amount = 600
        payment.action_post()
        payment.action_cancel()
        payment.unlink()
        self.assertFalse(payment.exists())


@tagged('post_install', '-at_install')
class TestPaymentTakenApart(KeptPaymentCase):

    def test_it_needs_attention_until_it_is_matched_again(self):
        self._take_apart()
        self.assertEqual((self.bill.amount_residual, self._credit()), (15000, 15000))
        self.assertEqual(self.row.state, 'needs_attention')
        self.assertIn('no longer matched', self._note(self.row))
        self._match_credit()
        self.assert_settled()

    def test_refund_that_is_noticed_stays_a_persons_matter(self):
        self._check_noticed_refund(self._match_credit)

    def test_refund_that_is_noticed_is_not_settled_again(self):
        self._check_noticed_refund(self.row.action_settle)

    def _check_noticed_refund(self, match_again):
        """A refund waits to be booked, whether or not the payment is matched meanwhile."""
        self._take_apart()
        self.qpay.refund_in_portal(self.row.qpay_txn_id)
        self._reconcile()
        self.assert_asks_for_refund()
        match_again()
        self.assertEqual((self.bill.amount_residual, self._credit()), (0, 0))
        self.assertFalse(self.row.is_unmatched)
        self.assert_asks_for_refund()
        self.row.action_book_refund()
        self.assertEqual((self.row.status, self.row.state), ('refunded', 'settled'))
        self.assertFalse(self.row.activity_ids)

    def assert_asks_for_refund(self):
        self.assertEqual((self.row.state, self.row.status), ('needs_attention', 'paid'))
        self.assertIn('book the refund', self._note(self.row))
        self.assertIn('book the refund', self.row.state_message)
        self.assertNotIn('no longer matched', self.row.activity_ids.summary)

    def _match_credit(self):
        """Match the customer's credit with the invoice, as the link on the invoice does."""
        [offered] = self.bill.invoice_outstanding_credits_debits_widget['content']
        self.bill.js_assign_outstanding_line(offered['id'])

    def test_settle_again_matches_it(self):
        self._take_apart()
        self._call_kw(self.row, 'action_settle')
        self.assert_settled()
        self.assertEqual(self.row.account_payment_id, self.payment)

    def test_customer_who_has_paid_is_offered_no_new_qr(self):
        self._take_apart()
        self.env.invalidate_all()
        self.assertEqual(documents.of(self.bill).get_maximum_amount(), 0)
        with self.assertRaisesRegex(UserError, 'not matched'):
            self.bill.with_user(self.accountant).action_qpay_qr()
        self.authenticate(None, None)
        page = self.url_open(self.bill.qpay_link).text
        self.assertIn('being booked', page)

    def test_credit_that_pays_another_invoice_is_used(self):
        self._take_apart()
        other = self._create_invoice(15000)
        [offered] = other.invoice_outstanding_credits_debits_widget['content']
        other.js_assign_outstanding_line(offered['id'])
        self.assertEqual((self.row.state, other.amount_residual), ('settled', 0))
        self.env.invalidate_all()
        self.assertEqual(documents.of(self.bill).get_maximum_amount(), 15000)

    def test_invoice_that_is_only_reset_stays_matched(self):
        self.bill.button_draft()
        self.bill.action_post()
        self.assert_settled()

    def test_cancelled_invoice_is_noticed(self):
        self.bill.button_draft()
        self.bill.button_cancel()
        self.assertEqual((self.row.state, self._credit()), ('needs_attention', 15000))
        self.row.action_settle()
        self.assertEqual((self.row.state, self._credit()), ('settled', 15000))


class LostPaymentCase(KeptPaymentCase):

    def _lose_in_each_way(self):
        """Lose the payment in one way after the other."""
        for statements, (payment_state, state), is_matched in LOSSES:
            with self.subTest(state=state, is_matched=is_matched):
                if not is_matched:
                    self.payment.move_id.line_ids.remove_move_reconcile()
                self.env.flush_all()
                for statement in statements:
                    self.env.cr.execute(statement, {
                        'payment': self.payment.id, 'payment_state': payment_state,
                        'move': self.payment.move_id.id, 'state': state,
                    })
                self.env.invalidate_all()
                self.row.write({'state': 'settled', 'is_unmatched': False})
                yield
                self.assertNotEqual(self.row.account_payment_id, self.payment)
                self.payment = self.row.account_payment_id


@tagged('post_install', '-at_install')
class TestLostPayment(LostPaymentCase):
    """What got lost past Odoo's own methods is found by the comparison."""

    def test_missing_draft_or_cancelled_payment_is_listed_and_settled_again(self):
        for _way in self._lose_in_each_way():
            self.assertEqual(documents.of(self.bill).get_maximum_amount(), 0)

            comparison = self._reconcile()

            self.assertIn(self.row, comparison.payment_ids)
            self.assertEqual(self.row.state, 'needs_attention')
            self.assertIn('settle it again', self._note(self.row))
            self.row.action_settle()
            self.assert_settled()
            self.assertNotIn(self.row, self._reconcile().payment_ids)


@tagged('post_install', '-at_install')
class TestFeeOfLostPayment(LostPaymentCase):

    def setUp(self):
        self.provider.qpay_fee_account_id = self.company_data['default_account_expense']
        super().setUp()
        self.fee_entry = self.row.fee_move_id
        self.assertTrue(self.fee_entry)

    def test_it_is_taken_off_the_new_payment(self):
        self.assert_net_amount_is_open()
        for _way in self._lose_in_each_way():
            self._reconcile()
            self.row.action_settle()
            self.assert_settled()
            self.assert_net_amount_is_open()

    def assert_net_amount_is_open(self):
        """What is still to come from QPay is one item, as the bank statement will show it."""
        payment = self.row.account_payment_id
        self.assertEqual(self.row.fee_move_id, self.fee_entry)
        item = self.env['account.move.line'].search([
            ('account_id', '=', payment.outstanding_account_id.id),
            ('parent_state', '=', 'posted'), ('reconciled', '=', False),
        ])
        self.assertEqual(item.move_id, payment.move_id)
        self.assertEqual(item.mapped('amount_residual'), [self.row.amount - self.row.fee])
