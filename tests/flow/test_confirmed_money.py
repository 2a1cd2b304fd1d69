"""What QPay has confirmed counts as paid for whoever asks for money, booked or not."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.flow.test_pay_page import CREATE, PayPageCase

BEING_BOOKED = 'being booked'


class ConfirmedMoneyCase(PayPageCase):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self.bill)

    def _confirm_parts(self, intent, *parts):
        """Let payers pay a QR in parts, none of which can be booked for now."""
        receivable = self._confirm_without_booking(intent, amount=parts[0])
        for part in parts[1:]:
            self._pay_and_settle(intent, amount=part)
        self.assertEqual(
            self._ledger(intent).mapped('state'), ['needs_attention'] * len(parts)
        )
        return receivable

    def _bill_early(self):
        """Return an invoice over 1,000 that can be paid with 980 today."""
        term = self.env['account.payment.term'].create({
            'name': '2/10', 'early_discount': True, 'discount_percentage': 2, 'discount_days': 10,
        })
        return self._create_invoice(
            1000, invoice_date=const.today(), invoice_payment_term_id=term.id
        )

    def _bill_dollars(self):
        """Return an invoice over 100 dollars, which are 345,000 ₮."""
        dollar = self._enable_currency('USD')
        dollar.rate_ids = [(5, 0, 0), (0, 0, {'name': '2026-01-01', 'rate': 1 / 3450})]
        return self._create_invoice(100, currency_id=dollar.id)

    def _owed(self, *invoices):
        self.env.invalidate_all()
        return documents.of(self.env['account.move'].union(*invoices)).get_maximum_amount()


@tagged('post_install', '-at_install')
class TestInvoiceOfConfirmedMoney(ConfirmedMoneyCase):

    def test_nobody_is_asked_again(self):
        receivable = self._confirm_without_booking(self.intent)
        self.assertEqual((self.bill.amount_residual, self._owed(self.bill)), (15000, 0))
        for ask in (
            self.bill.action_qpay_qr, self.bill.qpay_create_intent, self.bill.action_send_qpay_link,
        ):
            with self.assertRaisesRegex(UserError, BEING_BOOKED):
                ask()
        page = self._open(self.bill.qpay_link)
        self.assertIn('data-view="settled"', page.text)
        self.assertIn(BEING_BOOKED, page.text)
        self.assertFalse(self.bill._qpay_get_printed_qr())
        self.assertEqual(self._calls(CREATE), 0)

        receivable.active = True
        self._ledger(self.intent).action_settle()
        self.assertPaidOnce(self.bill, self._ledger(self.intent).qpay_txn_id)
        self.assertEqual(self._owed(self.bill), 0)

    def test_saved_card_is_not_charged_for_it(self):
        bill = self._create_invoice(500)
        self._confirm_without_booking(self.intent)
        token = self._create_token(provider_id=self.dummy_provider.id)
        transaction = self._create_transaction(
            'token', provider_id=self.dummy_provider.id, reference='card', amount=15000,
            currency_id=self.mnt.id, partner_id=self.customer.id, token_id=token.id,
            invoice_ids=self.bill.ids,
        )
        charged = []
        with patch.object(
            self.registry['payment.transaction'], '_send_payment_request',
            lambda transactions: charged.append(transactions),
        ):
            transaction._charge_with_token()
            self.assertEqual((charged, transaction.state), ([], 'error'))
            self.assertIn(BEING_BOOKED, transaction.state_message)
            other = transaction.copy({
                'reference': 'other', 'invoice_ids': bill.ids, 'amount': 500,
            })
            other._charge_with_token()
        self.assertEqual(charged, [other])
        self.assertTrue(other._get_processing_values())

    def test_portal_says_that_it_is_being_booked(self):
        self.env['ir.config_parameter'].sudo().set_param(
            'account_payment.enable_portal_payment', 'True'
        )
        self.assertTrue(self.bill._has_to_be_paid())
        self._confirm_without_booking(self.intent)
        self.assertFalse(self.bill._has_to_be_paid())
        page = self.url_open(self.bill._get_share_url()).text
        self.assertIn(BEING_BOOKED, page)
        self.assertNotIn('Pay Now', page)

    def test_no_other_provider_takes_the_money_again(self):
        self._confirm_without_booking(self.intent)
        transaction = self._create_transaction(
            'direct', reference='another-way', amount=15000, invoice_ids=self.bill.ids,
        )
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            transaction._get_processing_values()

    def test_no_other_provider_takes_more_than_the_rest(self):
        self._confirm_without_booking(self.intent, amount=6000)
        for amount in (9000, 9001):
            transaction = self._create_transaction(
                'direct', reference=f'another-way-{amount}', amount=amount,
                currency_id=self.mnt.id, invoice_ids=self.bill.ids,
            )
            if amount == 9000:
                transaction._get_processing_values()
        with self.assertRaisesRegex(UserError, '9,000'):
            transaction._get_processing_values()

    def test_the_rest_can_be_asked_for(self):
        self._confirm_without_booking(self.intent, amount=6000)
        self.assertEqual(self._owed(self.bill), 9000)
        with self.assertRaisesRegex(UserError, '9,000'):
            self._create_intent(self.bill, 9001)
        self.assertEqual(self._create_intent(self.bill, 9000).amount, 9000)

    def test_qr_whose_money_has_arrived_is_not_shown_again(self):
        part = self._create_intent(self.bill, 6000)
        picture = f'{part._get_pay_path()}/qr.png'
        self.assertEqual(self._open(picture).status_code, 200)
        self._confirm_without_booking(part)
        self.assertEqual(self._open(picture).status_code, 404)
        second = self._create_intent(self.bill, 6000)
        self.assertNotEqual(second, part)
        self.assertTrue(second._is_payable())

    def test_money_that_is_recorded_counts_before_it_is_settled(self):
        self._pay(self.intent)
        self.intent._record(self.intent._fetch_new_payments())
        self.assertEqual(self._ledger(self.intent).state, 'to_settle')
        self.assertEqual(self._owed(self.bill), 0)

    def test_qr_of_several_invoices(self):
        second = self._create_invoice(4000, invoice_date_due='2026-12-30')
        both = self._create_intent(self.bill | second, 19000)
        self._confirm_without_booking(both, amount=16000)
        self.assertEqual((self._owed(self.bill), self._owed(second)), (0, 3000))
        self.assertEqual(self._owed(self.bill, second), 3000)
        with self.assertRaisesRegex(UserError, BEING_BOOKED):
            self._create_intent(self.bill, 15000)

    def test_open_qr_of_the_same_invoice_ends(self):
        second = self._create_invoice(4000)
        both = self._create_intent(self.bill | second, 19000)
        self._create_intent(second)
        self._recheck()
        single = self._create_intent(self.bill)
        self.assertEqual(both.state, 'cancelled')
        self._confirm_without_booking(both)
        self._recheck()
        self.assertEqual(single.state, 'cancelled')

    def test_price_of_an_early_payment_pays_all(self):
        bill = self._bill_early()
        self._confirm_without_booking(self._create_intent(bill, 980))
        self.assertEqual(self._owed(bill), 0)

    def test_parts_of_the_price_of_an_early_payment_pay_all(self):
        bill = self._bill_early()
        intent = self._create_intent(bill, 980)
        receivable = self._confirm_parts(intent, 500, 480)
        self.assertEqual(self._owed(bill), 0)
        receivable.active = True
        self._ledger(intent).action_settle()
        self.assertPaidOnce(bill, *self._ledger(intent).mapped('qpay_txn_id'))

    def test_last_part_of_the_price_of_an_early_payment_pays_all(self):
        bill = self._bill_early()
        intent = self._create_intent(bill, 980)
        self._pay_and_settle(intent, amount=500)
        self.assertEqual(self._owed(bill), 500)
        (bill.line_ids.account_id & self.company_data['default_account_receivable']).active = False
        self._pay_and_settle(intent, amount=480)
        self.assertEqual(bill.amount_residual, 500)
        self.assertEqual(self._owed(bill), 0)

    def test_parts_of_a_qr_of_several_invoices_in_another_currency(self):
        first, second = self._bill_dollars(), self._bill_dollars()
        self._confirm_parts(self._create_intent(first | second, 690000), 345000, 230000, 115000)
        self.assertEqual((self._owed(first), self._owed(second)), (0, 0))

    def test_parts_in_another_currency_add_up(self):
        bill = self._bill_dollars()
        intent = self._create_intent(bill, 345000)
        receivable = self._confirm_parts(intent, 115000, 115000)
        self.assertEqual(documents.of(bill).get_owed_amount(), 33.33)
        self._pay_and_settle(intent, amount=115000)
        self.assertEqual(self._owed(bill), 0)
        receivable.active = True
        self._ledger(intent).action_settle()
        self.assertPaidOnce(bill, *self._ledger(intent).mapped('qpay_txn_id'))

    def test_booked_and_waiting_parts_in_another_currency_add_up(self):
        bill = self._bill_dollars()
        intent = self._create_intent(bill, 345000)
        self._pay_and_settle(intent, amount=115000)
        self.company_data['default_account_receivable'].active = False
        for _part in range(2):
            self._pay_and_settle(intent, amount=115000)
        self.assertEqual(bill.amount_residual, 66.67)
        self.assertEqual(self._owed(bill), 0)

    def test_invoice_in_another_currency(self):
        bill = self._bill_dollars()
        owed = self._owed(bill)
        self._confirm_without_booking(self._create_intent(bill, owed))
        self.assertEqual(self._owed(bill), 0)

    def test_sandbox_money_is_none_in_live(self):
        self._confirm_without_booking(self.intent)
        self.provider.state = 'enabled'
        self.assertEqual(self._owed(self.bill), 15000)

    def test_assigned_money_that_waits(self):
        row = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox',
            'qpay_txn_id': 'assigned', 'status': 'paid',
            'currency_id': self.mnt.id, 'amount': 15000, 'paid_at': '2026-11-02',
            'state': 'needs_attention', 'assigned_partner_id': self.customer.id,
            'assigned_invoice_ids': self.bill.ids,
        })
        self.assertEqual(self._owed(self.bill), 0)
        row.status = 'refunded'
        self.assertEqual(self._owed(self.bill), 15000)
