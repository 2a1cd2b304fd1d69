"""VAT receipts (e-Barimt): issued once for each payment, whatever QPay answers."""

from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import CREATE, NOBODYS, REGISTER, EbarimtCase


@tagged('post_install', '-at_install')
class TestIssue(EbarimtCase):

    def test_citizen_without_phone(self):
        payment = self._pay_invoice()
        self.assertEqual(payment.ebarimt_ids.state, 'to_issue')
        self._issue()
        receipt = payment.ebarimt_ids
        [issued] = self._issued(payment)
        self.assertEqual(receipt.state, 'issued')
        self.assertEqual((receipt.amount, receipt.vat_amount), (11000, 1000))
        self.assertEqual(receipt.lottery, issued['lottery'])
        self.assertEqual(receipt.qr_data, issued['qr_data'])
        self.assertEqual(receipt.receipt_number, issued['receipt_no'])
        self.assertEqual((issued['receiver_type'], issued['district_code']), ('CITIZEN', '3505'))

    def test_citizen_with_phone(self):
        payment = self._pay_invoice(receiver=('citizen', '99112233'))
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], '99112233')

    def test_company_has_no_lottery_number(self):
        payment = self._pay_invoice(receiver=('company', REGISTER))
        self._issue()
        [issued] = self._issued(payment)
        self.assertEqual((issued['receiver_type'], issued['receiver']), ('COMPANY', REGISTER))
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertFalse(payment.ebarimt_ids.lottery)

    def test_customer_decides_if_nobody_else_does(self):
        self.customer.write({'is_company': True, 'vat': REGISTER})
        payment = self._pay_invoice()
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], REGISTER)

    def test_default_of_the_customer(self):
        self.customer.sudo().write({'qpay_receiver_type': 'citizen', 'qpay_receiver': '88001122'})
        payment = self._pay_invoice()
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], '88001122')

    def test_nobody_wants_a_receipt(self):
        payment = self._pay_invoice(receiver=('none', ''))
        self._issue()
        self.assertFalse(payment.ebarimt_ids)
        self.assertEqual(self._calls(CREATE), 0)

    def test_switched_off(self):
        self.provider.qpay_ebarimt_mode = 'none'
        payment = self._pay_invoice()
        self._issue()
        self.assertFalse(payment.ebarimt_ids)

    def test_part_gets_a_receipt_of_what_was_paid(self):
        invoice = self._create_taxed_invoice()
        intent = documents.of(invoice).get_or_create_intent(5500)
        self._pay_and_settle(intent)
        self._issue()
        receipt = self._ledger(intent).ebarimt_ids
        self.assertEqual((receipt.amount, receipt.vat_amount), (5500, 500))

    def test_each_part_payment_has_its_own_receipt(self):
        invoice = self._create_taxed_invoice()
        rows = self.env['qpay.payment'].sudo()
        for amount in (5500, 3300):
            intent = documents.of(invoice).get_or_create_intent(amount)
            self._pay_and_settle(intent)
            rows += self._ledger(intent)
        self._issue()
        self.assertEqual(
            [(r.state, r.amount, r.vat_amount) for r in rows.ebarimt_ids.sorted('amount')],
            [('issued', 3300, 300), ('issued', 5500, 500)],
        )
        for row in rows:
            self.assertEqual(len(self._issued(row)), 1)

    def test_second_payer_is_credit_of_which_a_person_decides(self):
        invoice = self._create_taxed_invoice()
        intent = documents.of(invoice).get_or_create_intent(11000)
        self._pay_and_settle(intent)
        self._pay_and_settle(intent)
        self._issue()
        first, second = self._ledger(intent).sorted('id')
        self.assertEqual((first.discrepancy, first.ebarimt_ids.state), (False, 'issued'))
        self.assertEqual((second.discrepancy, second.ebarimt_ids.state), ('double', 'failed'))
        self.assertIn("customer's credit", second.ebarimt_ids.activity_ids.note)
        second.ebarimt_ids.with_user(self.accountant).action_issue()
        self._issue()
        self.assertEqual(second.ebarimt_ids.state, 'issued')

    def test_late_payment_of_an_open_invoice_gets_its_receipt(self):
        intent = documents.of(self._create_taxed_invoice()).get_or_create_intent(11000)
        self._expire(intent)
        self._pay_and_settle(intent)
        self._issue()
        row = self._ledger(intent)
        self.assertEqual((row.discrepancy, row.ebarimt_ids.state), ('late', 'issued'))

    def test_however_often_it_is_processed(self):
        payment = self._pay_invoice()
        for _time in range(3):
            self._issue()
            payment.ebarimt_ids._process()
            payment._plan_ebarimt()
        self.assertEqual(self._calls(CREATE), 1)
        self.assertEqual(len(payment.ebarimt_ids), 1)

    def test_first_generation(self):
        self.provider.qpay_ebarimt_generation = 'v1'
        payment = self._pay_invoice()
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertEqual(self._calls('POST /v2/ebarimt/create'), 1)

    def _assign_unknown(self, **values):
        """Let an accountant say whose a payment is that came without a QR of Odoo's.

        :return: Its row.
        """
        intent = self._create_intent(self._create_taxed_invoice())
        payment = self.qpay.pay(intent.qpay_invoice_id)
        row = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox', 'status': 'paid',
            'qpay_txn_id': payment['payment_id'], 'currency_id': self.mnt.id, 'amount': 11000,
            'paid_at': '2026-11-02 00:00:00', 'state': 'needs_attention',
        })
        self.env['qpay.assign.wizard'].with_user(self.accountant).create({
            'payment_id': row.id, 'partner_id': self.customer.id,
            'invoice_ids': intent.invoice_ids.ids, **values,
        }).action_assign()
        self._issue()
        self.assertEqual(row.state, 'settled')
        return row

    def test_payment_of_nobodys_gets_no_receipt_that_nobody_asked_for(self):
        self.customer.write({'is_company': True, 'vat': REGISTER})
        self.assertFalse(self._assign_unknown().ebarimt_ids)

    def test_payment_of_nobodys_gets_its_receipt_if_its_accountant_says_so(self):
        self.customer.write({'is_company': True, 'vat': REGISTER})
        receipt = self._assign_unknown(ebarimt_receiver_type='company').ebarimt_ids
        self.assertEqual((receipt.state, receipt.receiver), ('issued', REGISTER))

    def test_payment_of_nobodys_gets_no_receipt_where_qpay_issues_none_of_it(self):
        self.provider.qpay_ebarimt_mode = 'none'
        self.assertFalse(self._assign_unknown(ebarimt_receiver_type='citizen').ebarimt_ids)


@tagged('post_install', '-at_install')
class TestTrouble(EbarimtCase):

    def test_busy_three_times_then_issued(self):
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'system_busy', times=3)
        self._issue()
        receipt = payment.ebarimt_ids
        for delay in const.EBARIMT_RETRY_DELAYS[:2]:
            self.assertEqual(receipt.state, 'to_issue')
            self.assertGreaterEqual(receipt.next_attempt_at - receipt.write_date, delay)
            self._let_time_pass(receipt)
        self.assertEqual(receipt.state, 'to_issue')
        self._let_time_pass(receipt)
        self.assertEqual(receipt.state, 'issued')
        self.assertEqual(len(self._issued(payment)), 1)

    def test_busy_for_days_is_given_up(self):
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'system_busy', times=None)
        receipt = payment.ebarimt_ids
        for _attempt in range(len(const.EBARIMT_RETRY_DELAYS) + 3):
            self._let_time_pass(receipt)
        self.assertEqual(receipt.state, 'failed')
        self.assertEqual(self._calls(CREATE), len(const.EBARIMT_RETRY_DELAYS) + 1)
        self.assertEqual(len(receipt.activity_ids), 1)
        self.assertEqual(payment.state, 'settled')

    def test_qpay_that_is_down_is_asked_again(self):
        payment = self._pay_invoice()
        with self._qpay_down():
            self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'to_issue')
        self._let_time_pass(payment.ebarimt_ids)
        self.assertEqual(payment.ebarimt_ids.state, 'issued')

    def test_lost_answer_is_found(self):
        self.qpay.configure(ebarimt_read_id='both', ebarimt_v3_read=True)
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'drop', after=True)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'issued')
        self.assertEqual(receipt.lottery, self._issued(payment)[0]['lottery'])
        self.assertEqual(self._calls(CREATE), 1)

    def test_lost_answer_that_is_not_found_is_left_to_a_person(self):
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'drop', after=True)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'unknown')
        self.assertEqual(len(receipt.activity_ids), 1)
        for _day in range(3):
            self._let_time_pass(receipt)
        self.assertEqual(self._calls(CREATE), 1)
        with self.assertRaisesRegex(UserError, "proves nothing"):
            receipt.with_user(self.accountant).action_look_up()
        receipt.with_user(self.accountant).action_confirm_issued()
        self.assertEqual(receipt.state, 'issued')
        self.assertFalse(receipt.activity_ids)

    def test_person_sends_again_what_was_not_issued(self):
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'drop')
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'unknown')
        payment.ebarimt_ids.with_user(self.accountant).action_send_again()
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertEqual(len(self._issued(payment)), 1)

    def test_process_that_died_while_it_asked(self):
        payment = self._pay_invoice()
        payment.ebarimt_ids.state = 'sending'
        self._let_time_pass(payment.ebarimt_ids)
        self.assertEqual(payment.ebarimt_ids.state, 'unknown')
        self.assertEqual(self._calls(CREATE), 0)

    def test_refusal_never_touches_the_payment(self):
        self.qpay.configure(ebarimt_enabled=False)
        invoice = self._create_taxed_invoice()
        payment = self._pay_invoice(invoice)
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'failed')
        self.assertEqual(len(payment.ebarimt_ids.activity_ids), 1)
        self.assertPaidOnce(invoice, payment.qpay_txn_id)
        self.qpay.configure(ebarimt_enabled=True)
        payment.ebarimt_ids.with_user(self.accountant).action_issue()
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')

    def test_register_that_nobody_has(self):
        payment = self._pay_invoice(receiver=('company', NOBODYS))
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'failed')
        self._correct(payment, REGISTER)
        self.assertEqual(self._issued(payment)[0]['receiver'], REGISTER)
        self.assertFalse(payment.ebarimt_ids.activity_ids)

    def test_payer_cannot_have_qpay_asked_without_end(self):
        payment = self._pay_invoice(receiver=('company', NOBODYS))
        self._issue()
        for _time in range(20):
            self._correct(payment, NOBODYS)
        self.assertEqual(payment.ebarimt_ids.state, 'failed')
        self.assertEqual(self._calls(CREATE), len(const.EBARIMT_RETRY_DELAYS) + 1)
        # An accountant can.
        payment.ebarimt_ids.with_user(self.accountant).action_issue()
        self._correct(payment, REGISTER)
        self.assertEqual(payment.ebarimt_ids.state, 'issued')

    def test_payer_has_no_receipt_of_mere_credit_issued(self):
        invoice = self._create_taxed_invoice()
        intent = documents.of(invoice).get_or_create_intent(11000)
        self._expire(intent)
        self._pay_invoice(invoice)
        self._pay_and_settle(intent)
        self._correct(self._ledger(intent), REGISTER)
        self.assertEqual(self._ledger(intent).ebarimt_ids.state, 'failed')

    def _correct(self, payment, number):
        """Let the payer say that the receipt is for another organisation."""
        payment.intent_id._set_ebarimt_receiver('company', number)
        self._issue()

    def test_wrong_register_is_named_before_the_qr(self):
        invoice = self._create_taxed_invoice()
        for kind, number in (('company', '12345'), ('company', ''), ('citizen', '123')):
            wizard = self._open_dialog(invoice)
            wizard.write({'ebarimt_receiver_type': kind, 'ebarimt_receiver': number})
            with self.subTest(kind=kind, number=number), self.assertRaises(ValidationError):
                wizard.action_generate()
        self.assertEqual(self._calls('POST /v2/invoice'), 0)

    def test_one_valid_receipt_for_each_payment(self):
        payment = self._pay_invoice()
        with (
            mute_logger('odoo.sql_db'),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            payment.ebarimt_ids.sudo().copy({'payment_id': payment.id, 'state': 'to_issue'})

    def test_module_that_fails_keeps_no_payment_from_the_books(self):
        def _fail(_provider, _records):
            raise ValueError('a fault of another module')

        self.patch(type(self.provider), '_qpay_has_other_ebarimt', _fail)
        invoice = self._create_taxed_invoice()
        intent = documents.of(invoice).get_or_create_intent(11000)
        with mute_logger('odoo.addons.payment_qpay.locking'):
            payment = self._pay_and_settle(intent)
        self.assertPaidOnce(invoice, payment['payment_id'])
        row = self._ledger(intent)
        self.assertEqual((row.state, row.discrepancy), ('settled', False))
        self.assertIn("unexpected error", row.activity_ids.note)

    def test_unexpected_error_before_sending_is_left_to_a_person(self):
        payment = self._pay_invoice()

        def _fail(_provider, _records):
            raise ValueError('a fault of another module')

        with (
            patch.object(type(self.provider), '_qpay_has_other_ebarimt', _fail),
            # What the test has prepared is in the same transaction.
            patch.object(self.env.cr, 'rollback', self.env.invalidate_all),
            mute_logger('odoo.addons.payment_qpay.locking'),
        ):
            self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'failed')
        self.assertEqual(len(receipt.activity_ids), 1)
        self._issue()
        self.assertEqual((receipt.state, self._calls(CREATE)), ('failed', 0))
        receipt.action_issue()
        self._issue()
        self.assertEqual(receipt.state, 'issued')

    def test_receipt_that_qpay_has_already_is_taken_for_issued_by_a_person(self):
        self.qpay.configure(ebarimt_repeated='refuse')
        payment = self._pay_invoice()
        self.qpay.issue_ebarimt(payment.qpay_txn_id)
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'unknown')
        self.assertIn("already", receipt.activity_ids.note)
        receipt.with_user(self.accountant).action_confirm_issued()
        self.assertEqual(receipt.state, 'issued')

    def test_cancelled_receipt_of_before_is_not_the_one_that_is_looked_for(self):
        self.qpay.configure(ebarimt_read_id='both', ebarimt_v3_read=True)
        payment = self._pay_invoice()
        earlier = self.qpay.issue_ebarimt(payment.qpay_txn_id)
        self.qpay.cancel_ebarimt_in_portal(earlier['ebarimt_id'])
        self.qpay.inject(CREATE, 'drop')
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'unknown')

    def test_receipt_is_dated_as_qpay_dates_it(self):
        self.qpay.configure(ebarimt_read_id='both', ebarimt_v3_read=True)
        payment = self._pay_invoice()
        self.qpay.inject(CREATE, 'drop', after=True)
        self.qpay.inject('GET /v2/ebarimt_v3/{id}', 'drop')
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual(receipt.state, 'unknown')
        [issued] = self._issued(payment)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            receipt.with_user(self.accountant).action_look_up()
        self.assertEqual(receipt.state, 'issued')
        self.assertLess(receipt.issued_at, fields.Datetime.now() + timedelta(minutes=1), issued)

    def _open_dialog(self, invoice):
        return self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': invoice.id,
        })
