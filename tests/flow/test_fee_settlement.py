"""What is open of a payment is what QPay pays out for it, whatever becomes of the fee."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_batch import BatchCase
from odoo.addons.payment_qpay.tests.flow.test_fees import FeeCase


class FeeSettlementCase(BatchCase, FeeCase):

    def _open_items(self, account=None):
        """Return what is still to come from QPay, as a bank reconciliation would offer it."""
        account = account or self.provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider
        ).payment_account_id
        return self.env['account.move.line'].search([
            ('account_id', '=', account.id),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
        ])

    def _statement_line(self, amount, **values):
        return self.env['account.bank.statement.line'].create({
            'journal_id': self.company_data['default_journal_bank'].id,
            'amount': amount, 'date': '2026-11-20', 'payment_ref': 'QPay', **values,
        })

    def _match(self, statement_line, items):
        """Match a line of the bank statement with what was under way, as a person would."""
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        statement_line.move_id.with_context(skip_readonly_check=True).write({
            'line_ids': [Command.update(suspense.id, {'account_id': items.account_id.id})],
        })
        (suspense | items).reconcile()


@tagged('post_install', '-at_install')
class TestPayout(FeeSettlementCase):

    def test_one_item_stays_open_over_the_net_amount(self):
        self._pay_and_settle(self.intent, fee=150)
        row = self._ledger(self.intent)
        item = self._open_items()
        self.assertEqual(item.move_id, row.account_payment_id.move_id)
        self.assertEqual((item.amount_residual, item.amount_residual_currency), (14850, 14850))
        self.assertEqual(item.partner_id, self.customer)
        self.assertIn(row.qpay_txn_id, item.name)
        self.assertIn(self.bill.name, item.name)
        for line in row.fee_move_id.line_ids:
            self.assertEqual(line.partner_id, self.customer)
            self.assertIn(row.qpay_txn_id, line.name)
            self.assertIn(self.bill.name, line.name)

    def test_statement_line_over_the_net_amount_closes_it(self):
        self._pay_and_settle(self.intent, fee=150)
        line = self._statement_line(14850, partner_id=self.customer.id)
        offered = self.env['account.move.line'].search([
            *line._get_default_amls_matching_domain(),
            ('account_id', 'in', self._open_items().account_id.ids),
            ('amount_residual', '=', line.amount),
        ])
        self.assertEqual(offered, self._open_items(), 'exactly one')
        self._match(line, offered)
        self.assertFalse(self._open_items())
        self.assertTrue(line.is_reconciled)
        payment = self._ledger(self.intent).account_payment_id
        self.assertTrue(payment.is_matched)
        self.assertEqual(payment.state, 'paid')
        self.assertEqual(self.bill.payment_state, 'paid')

    def test_one_statement_line_over_many_payments(self):
        intents = self._create_intents(5)
        for number, intent in enumerate(intents):
            self._call_back(intent, self._pay(intent, fee=number)['payment_id'])
        self._process_callbacks()
        items = self._open_items()
        self.assertEqual(len(items), 5)
        self.assertEqual(len(items.partner_id), 5)
        self._match(self._statement_line(sum(items.mapped('amount_residual'))), items)
        self.assertFalse(self._open_items())
        self.assertEqual(set(intents.payment_ids.account_payment_id.mapped('is_matched')), {True})

    def test_payment_of_an_invoice_in_dollars(self):
        usd = self._enable_currency('USD')
        self.env['res.currency.rate'].create({
            'currency_id': usd.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'inverse_company_rate': 3500,
        })
        invoice = self._create_invoice(100, currency_id=usd.id)
        self._pay_and_settle(self._create_intent(invoice, 350000), fee='3500')
        item = self._open_items()
        self.assertEqual((len(item), item.amount_residual), (1, 346500))
        self._match(self._statement_line(346500), item)
        self.assertFalse(self._open_items())

    def test_refund_is_one_item_as_well(self):
        self._pay_and_settle(self.intent, fee=150, method='CARD')
        row = self._ledger(self.intent)
        row.transaction_id._refund()
        paid, refunded = self._open_items().sorted('balance', reverse=True)
        self.assertEqual((paid.amount_residual, refunded.amount_residual), (14850, -14850))
        self.assertIn(row.qpay_txn_id, refunded.name)

    def test_refund_of_what_was_paid_out_already(self):
        self._pay_and_settle(self.intent, fee=150, method='CARD')
        self._match(self._statement_line(14850), self._open_items())
        row = self._ledger(self.intent)
        row.transaction_id._refund()
        self.assertEqual(self._open_items().mapped('amount_residual'), [-14850])

    def test_without_an_account_of_fees_the_provider_says_what_is_not_booked(self):
        self.provider.qpay_fee_account_id = False
        self._pay_and_settle(self.intent, fee=150)
        self.assertEqual(self._open_items().amount_residual, 15000)
        self.assertIn('150', self.provider.qpay_unbooked_fees)
        self.provider.qpay_fee_account_id = self.fee_account
        self.assertFalse(self.provider.qpay_unbooked_fees)

    def test_without_fees_the_provider_has_nothing_to_say(self):
        self.provider.qpay_fee_account_id = False
        new = self.env['payment.provider'].new({'name': 'QPay', 'code': 'qpay'})
        self.assertFalse(new.qpay_unbooked_fees)
        self.assertFalse(self.provider.qpay_unbooked_fees)
        self._pay_and_settle(self.intent, fee=0)
        self.provider.invalidate_recordset(['qpay_unbooked_fees'])
        self.assertFalse(self.provider.qpay_unbooked_fees)


@tagged('post_install', '-at_install')
class TestFeeThatCannotBeBooked(FeeSettlementCase):

    def assert_fee_waits(self, row):
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertPaidOnce(row.intent_id.invoice_ids, row.qpay_txn_id)
        self.assertFalse(row.fee_move_id)
        self.assertIn("fee", row.activity_ids.summary)

    def assert_fee_is_booked(self, row):
        self.assertEqual(row.fee_move_id.state, 'posted')
        self.assertFalse(row.activity_ids)
        self.assertEqual(
            self._open_items().filtered(
                lambda item: item.move_id == row.account_payment_id.move_id
            ).amount_residual,
            row.amount - row.fee,
        )

    def test_archived_account(self):
        self.fee_account.active = False
        self._pay_and_settle(self.intent, fee=150)
        row = self._ledger(self.intent)
        self.assert_fee_waits(row)
        self.assertIn('archived', self._note(row))
        row.with_user(self.accountant).action_settle()
        self.assert_fee_waits(row)
        self._reconcile_daily()
        self.assert_fee_waits(row)
        self.fee_account.active = True
        row.with_user(self.accountant).action_settle()
        self.assert_fee_is_booked(row)

    def test_it_is_tried_again_every_day(self):
        self.fee_account.active = False
        self._pay_and_settle(self.intent, fee=150)
        self.fee_account.active = True
        self._reconcile_daily()
        self.assert_fee_is_booked(self._ledger(self.intent))

    def test_batch(self):
        self.fee_account.active = False
        intents = self._create_intents(3)
        for intent in intents:
            self._call_back(intent, self._pay(intent, fee=10)['payment_id'])
        self._process_callbacks()
        for row in intents.payment_ids:
            self.assert_fee_waits(row)
        self.fee_account.active = True
        self._reconcile_daily()
        for row in intents.payment_ids:
            self.assert_fee_is_booked(row)

    def _refuse(self, error):
        """Let a policy refuse the entries of fees."""
        moves = self.env.registry['account.move']
        post = moves._post

        def _post(self, soft=True):
            if any(move.move_type == 'entry' and not move.origin_payment_id for move in self):
                raise error
            return post(self, soft)

        return patch.object(moves, '_post', _post)

    def test_policy(self):
        for error in (UserError('Analytic account missing.'), ValueError('broken')):
            with self.subTest(error=error), self._refuse(error):
                intent = self._create_intent(self._create_invoice(1000))
                if isinstance(error, ValueError):
                    with self.assertLogs('odoo.addons.payment_qpay', level='ERROR'):
                        self._pay_and_settle(intent, fee=10)
                else:
                    self._pay_and_settle(intent, fee=10)
                row = self._ledger(intent)
                self.assert_fee_waits(row)
                self.assertIn(
                    'Analytic' if isinstance(error, UserError) else 'unexpected', self._note(row)
                )
            row.action_settle()
            self.assert_fee_is_booked(row)

    def test_refunded_before_it_was_booked(self):
        self.fee_account.active = False
        self._pay_and_settle(self.intent, fee=150, method='CARD')
        row = self._ledger(self.intent)
        row.transaction_id._refund()
        self.assertEqual(row.status, 'refunded')
        self.fee_account.active = True
        row.action_settle()
        self.assertFalse(row.fee_move_id or row.is_fee_waiting or row.activity_ids)

    def test_reversal_that_is_refused_keeps_no_refund_out_of_the_books(self):
        self._pay_and_settle(self.intent, fee=150, method='CARD')
        row = self._ledger(self.intent)
        with self._refuse(UserError('The books of fees are closed.')):
            row.transaction_id._refund()
        self.assertEqual((row.status, row.state), ('refunded', 'settled'))
        self.assertEqual(row.refund_transaction_id.payment_id.move_id.state, 'posted')
        self.assertIn('closed', self._note(row))
        row.action_settle()
        self.assertEqual(row.fee_move_id.reversal_move_ids.state, 'posted')
        self.assertFalse(row.activity_ids)

    def test_fees_of_before_there_was_an_account_are_left_alone(self):
        self.provider.qpay_fee_account_id = False
        self._pay_and_settle(self.intent, fee=150)
        row = self._ledger(self.intent)
        self.provider.qpay_fee_account_id = self.fee_account
        row.action_settle()
        self._reconcile_daily()
        self.assertFalse(row.fee_move_id)


@tagged('post_install', '-at_install')
class TestWhatIsNotThePayment(FeeSettlementCase):
    """A message, an activity or an e-mail keeps no payment out of the books."""

    def _break(self, model, name):
        return patch.object(self.env.registry[model], name, side_effect=ValueError('broken'))

    def test_message(self):
        with (
            self._break('mail.message', 'create'),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            self._pay_and_settle(self.intent)
        self.assertEqual(self._ledger(self.intent).state, 'settled')
        self.assertEqual(self.bill.amount_residual, 0)

    def test_activity(self):
        with (
            self._break('mail.activity', 'create'),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            self._pay_and_settle(self.intent, amount=20000)
        self.assertEqual(self._ledger(self.intent).state, 'settled')
        self.assertEqual(self.bill.amount_residual, 0)

    def test_message_on_the_invoice(self):
        with (
            self._break('account.move', 'message_post'),
            self.assertLogs('odoo.addons.payment_qpay', level='ERROR'),
        ):
            self._pay_and_settle(self.intent)
        self.assertEqual(self._ledger(self.intent).state, 'settled')
