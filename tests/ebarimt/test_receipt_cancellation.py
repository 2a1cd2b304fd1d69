"""VAT receipts of payments that are paid back or credited."""

from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import CANCEL, CREATE, EbarimtCase


@tagged('post_install', '-at_install')
class TestCancel(EbarimtCase):

    def test_refund_cancels_the_receipt(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self.assertTrue(payment.ebarimt_ids.is_cancellation_requested)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertEqual(self._issued(payment), [])

    def test_by_receipt(self):
        self.provider.qpay_ebarimt_cancel_by = 'receipt'
        self.qpay.configure(ebarimt_v3_cancel_id='receipt')
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')

    def test_refund_before_it_is_issued(self):
        payment = self._pay_invoice(method='CARD')
        self._refund(payment)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertEqual(self._calls(CREATE), 0)

    def test_not_supported_is_left_to_a_person(self):
        self.qpay.configure(ebarimt_cancel_supported=False)
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual((receipt.state, receipt.is_cancellation_requested), ('issued', False))
        self.assertEqual(len(receipt.activity_ids), 1)

    def test_busy_is_tried_again(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self.qpay.inject(CANCEL, 'system_busy')
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self._let_time_pass(payment.ebarimt_ids)
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')

    def test_credit_note_in_full(self):
        invoice = self._create_taxed_invoice()
        payment = self._pay_invoice(invoice)
        self._issue()
        self._credit_note(invoice)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')

    def test_credit_note_of_a_part_asks_a_person(self):
        invoice = self._create_taxed_invoice((6000, self.vat), (5000, self.vat))
        payment = self._pay_invoice(invoice)
        self._issue()
        self._credit_note(invoice, lines=1)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertIn("tax office's system", payment.ebarimt_ids.activity_ids.note)

    def test_several_credit_notes_that_are_all_of_it(self):
        invoice = self._create_taxed_invoice((6000, self.vat), (5000, self.vat))
        payment = self._pay_invoice(invoice)
        self._issue()
        self._credit_note(invoice, lines=1)
        self._credit_note(invoice, lines=-1)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertFalse(payment.ebarimt_ids.activity_ids)

    def test_credit_note_before_it_is_issued(self):
        invoice = self._create_taxed_invoice()
        payment = self._pay_invoice(invoice)
        self._credit_note(invoice)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertEqual(self._calls(CREATE), 0)

    def test_credit_note_of_a_part_before_it_is_issued_still_asks_a_person(self):
        invoice = self._create_taxed_invoice((6000, self.vat), (5000, self.vat))
        payment = self._pay_invoice(invoice)
        self._credit_note(invoice, lines=1)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertIn("tax office's system", payment.ebarimt_ids.activity_ids.note)

    def test_credit_note_while_nobody_knows_whether_it_is_issued(self):
        invoice = self._create_taxed_invoice()
        payment = self._pay_invoice(invoice)
        self.qpay.inject(CREATE, 'drop', after=True)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'unknown')
        self._credit_note(invoice)
        self._issue()
        self.assertEqual((receipt.state, receipt.is_cancellation_requested), ('unknown', True))
        receipt.with_user(self.accountant).action_confirm_issued()
        self._issue()
        self.assertEqual(receipt.state, 'cancelled')
        self.assertEqual(self._issued(payment), [])

    def test_receipt_that_turns_out_not_to_be_issued_is_not_sent_after_a_refund(self):
        payment = self._pay_invoice(method='CARD')
        self.qpay.inject(CREATE, 'drop')
        self._issue()
        self._refund(payment)
        payment.ebarimt_ids.with_user(self.accountant).action_send_again()
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertEqual(self._calls(CREATE), 1)

    def test_refund_of_one_of_two_payments(self):
        invoice = self._create_taxed_invoice()
        first = self._pay_part(invoice, 5500)
        second = self._pay_part(invoice, 5500)
        self._issue()
        self._refund(first)
        self._issue()
        self.assertEqual(first.ebarimt_ids.state, 'cancelled')
        self.assertEqual(second.ebarimt_ids.state, 'issued')
        self.assertEqual(len(self._issued(second)), 1)

    def test_lost_answer_to_a_cancellation(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self.qpay.inject(CANCEL, 'drop', after=True)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self._let_time_pass(payment.ebarimt_ids)
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertFalse(payment.ebarimt_ids.activity_ids)

    def test_receipt_that_qpay_never_had_is_left_to_a_person(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self.qpay.cancel_ebarimt_in_portal(self._issued(payment)[0]['ebarimt_id'])
        self._refund(payment)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertIn("no such VAT receipt", payment.ebarimt_ids.activity_ids.note)

    def test_receipt_whose_number_nobody_knows_cannot_be_cancelled_by_it(self):
        self.provider.qpay_ebarimt_cancel_by = 'receipt'
        payment = self._pay_invoice(method='CARD')
        self.qpay.inject(CREATE, 'drop', after=True)
        self._issue()
        payment.ebarimt_ids.with_user(self.accountant).action_confirm_issued()
        self._refund(payment)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual((receipt.state, receipt.is_cancellation_requested), ('issued', False))
        self.assertIn("is not known", receipt.activity_ids.note)
        self.assertEqual(self._calls(CANCEL), 0)

    def test_first_generation_is_cancelled_by_its_own_number(self):
        self.provider.qpay_ebarimt_generation = 'v1'
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'cancelled')
        self.assertEqual(self._calls('DELETE /v2/ebarimt/{id}'), 1)

    def test_money_paid_back_by_a_transfer(self):
        payment = self._pay_invoice()
        self._issue()
        self._pay_back(payment, 4000)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'issued')
        self.assertIn("tax office's system", receipt.activity_ids.note)
        self._pay_back(payment, 7000)
        self._issue()
        self.assertEqual(receipt.state, 'cancelled')
        self.assertEqual(self._issued(payment), [])

    def test_cancellation_is_tried_for_days_and_then_left_to_a_person(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self.qpay.inject(CANCEL, 'system_busy', times=None)
        self._issue()
        receipt = payment.ebarimt_ids
        for _attempt in const.EBARIMT_RETRY_DELAYS:
            self._let_time_pass(receipt)
        self.assertEqual((receipt.state, receipt.is_cancellation_requested), ('issued', False))
        self.assertEqual(len(receipt.activity_ids), 1)
        self.assertEqual(self._calls(CANCEL), len(const.EBARIMT_RETRY_DELAYS) + 1)

    def _pay_part(self, invoice, amount):
        intent = documents.of(invoice).get_or_create_intent(amount)
        self._pay_and_settle(intent, method='CARD')
        return self._ledger(intent)

    def _pay_back(self, payment, amount):
        """Register a transfer with the button of the payment."""
        action = payment.account_payment_id.with_user(self.accountant).action_qpay_pay_back()
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as form:
            form.amount = amount
        form.record.action_post()

    def _refund(self, payment):
        payment.transaction_id._refund()
        self.env.invalidate_all()
        self.assertEqual(payment.status, 'refunded')

    def _credit_note(self, invoice, lines=None):
        note = invoice._reverse_moves([{'date': invoice.date, 'invoice_date': invoice.date}])
        if lines:
            # The last ones are left out, or the first ones.
            rest = note.invoice_line_ids[lines:] if lines > 0 else note.invoice_line_ids[:lines]
            rest.unlink()
        note.action_post()
