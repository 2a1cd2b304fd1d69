"""What QPay pays out is matched with the bank's statement in OCA's `account_reconcile_oca`."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_fee_settlement import FeeSettlementCase


@tagged('post_install', '-at_install')
class TestBankStatement(FeeSettlementCase):

    def setUp(self):
        super().setUp()
        # Else OCA's addon matches nothing by itself in the tests of others.
        self.env = self.env(context={**self.env.context, '_test_account_reconcile_oca': True})

    def test_line_that_names_the_payment_finds_it_by_itself(self):
        self._pay_and_settle(self.intent, fee=150)
        line = self._statement_line(14850, payment_ref=self._ledger(self.intent).qpay_txn_id)
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self._open_items())

    def test_line_that_names_the_invoice_finds_its_payment_by_itself(self):
        self._pay_and_settle(self.intent, fee=150)
        line = self._statement_line(14850, payment_ref=self.bill.name)
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self._open_items())

    def test_bulk_payout_takes_a_click_for_each_payment_and_one_more(self):
        intents = self._create_intents(5)
        for number, intent in enumerate(intents):
            self._call_back(intent, self._pay(intent, fee=number)['payment_id'])
        self._process_callbacks()
        items = self._open_items()
        line = self._statement_line(sum(items.mapped('amount_residual')))
        self.assertFalse(line.is_reconciled)
        for item in items:
            line.add_account_move_line_id = item  # A click on it in the list.
            line._onchange_add_account_move_line_id()
        line.reconcile_bank_line()
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self._open_items())
        self.assertEqual(set(intents.payment_ids.account_payment_id.mapped('is_matched')), {True})
