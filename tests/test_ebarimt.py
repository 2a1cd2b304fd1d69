"""VAT receipts (e-Barimt): issued once for each payment, whatever QPay answers."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, documents

from .ebarimt_case import CANCEL, CREATE, REGISTER, EbarimtCase


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

    def test_each_payment_has_its_own_receipt(self):
        invoice = self._create_taxed_invoice()
        intent = documents.of(invoice).get_or_create_intent(11000)
        self._pay_and_settle(intent)
        self._pay_and_settle(intent)
        self._issue()
        rows = self._ledger(intent)
        self.assertEqual(rows.ebarimt_ids.mapped('state'), ['issued', 'issued'])
        for row in rows:
            self.assertEqual(len(self._issued(row)), 1)

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

    def test_payment_of_nobodys_gets_its_receipt_when_it_is_assigned(self):
        intent = self._create_intent(self._create_taxed_invoice())
        self.customer.write({'is_company': True, 'vat': REGISTER})
        payment = self.qpay.pay(intent.qpay_invoice_id)
        row = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox', 'status': 'paid',
            'qpay_txn_id': payment['payment_id'], 'currency_id': self.mnt.id, 'amount': 11000,
            'paid_at': '2026-11-02 00:00:00', 'assigned_partner_id': self.customer.id,
            'assigned_invoice_ids': intent.invoice_ids.ids,
        })
        row._settle()
        self._issue()
        self.assertEqual(row.ebarimt_ids.state, 'issued')
        self.assertEqual(row.ebarimt_ids.receiver, REGISTER)


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
        payment = self._pay_invoice(receiver=('company', '9999999'))
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'failed')
        payment.intent_id._set_ebarimt_receiver('company', REGISTER)
        payment.ebarimt_ids.action_issue()
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], REGISTER)

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
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
            payment.ebarimt_ids.copy({'payment_id': payment.id, 'state': 'to_issue'})

    def _open_dialog(self, invoice):
        return self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': invoice.id,
        })


@tagged('post_install', '-at_install')
class TestReceiver(EbarimtCase):

    def setUp(self):
        super().setUp()
        self.invoice = self._create_taxed_invoice()
        self.intent = documents.of(self.invoice).get_or_create_intent(11000)

    def _send(self, **params):
        """Tell the payer's page whom the receipt is for."""
        self.authenticate(None, None)
        answer = self.make_jsonrpc_request('/payment/qpay/ebarimt', {
            'intent_id': self.intent.id, 'access_token': self.intent.access_token, **params,
        })
        self.env.invalidate_all()
        return answer

    def test_payer_chooses_on_the_page(self):
        state = self._send(receiver_type='company', receiver=REGISTER)
        self.assertEqual((state['receiver_type'], state['message']), ('company', ''))
        self._pay_and_settle(self.intent)
        self._issue()
        state = self._send()
        [receipt] = state['receipts']
        self.assertEqual((receipt['state'], receipt['amount']), ('issued', 11000))
        self.assertEqual(receipt['lottery'], '')
        self.assertTrue(receipt['qr_image'])
        self.assertFalse(state['is_changeable'])

    def test_after_it_is_issued_nothing_changes(self):
        self._pay_and_settle(self.intent)
        self._issue()
        state = self._send(receiver_type='company', receiver=REGISTER)
        self.assertEqual(state['message'], "The VAT receipt is issued already.")
        self.assertEqual(self._issued(self._ledger(self.intent))[0]['receiver_type'], 'CITIZEN')

    def test_wrong_number_is_refused_with_a_sentence(self):
        state = self._send(receiver_type='company', receiver='5395')
        self.assertIn("seven digits", state['message'])
        self.assertEqual(self.intent.ebarimt_receiver_type, 'citizen')

    def test_accountant_changes_it_for_the_same_qr(self):
        wizard = self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': self.invoice.id,
        })
        self.assertEqual(wizard.intent_id, self.intent)
        wizard.write({
            'intent_id': False,
            'ebarimt_receiver_type': 'company',
            'ebarimt_receiver': REGISTER,
        })
        wizard.action_generate()
        self.assertEqual(wizard.intent_id, self.intent)
        self._pay_and_settle(self.intent)
        self._issue()
        self.assertEqual(self._issued(self._ledger(self.intent))[0]['receiver'], REGISTER)

    def test_numbers_of_the_customer_are_not_shown(self):
        self.intent.write({'ebarimt_receiver_type': 'citizen', 'ebarimt_receiver': '99112233'})
        self.assertEqual(self._send()['receiver_hint'], '99••••33')

    def test_wrong_token(self):
        for params in ({'access_token': 'x'}, {'intent_id': 0}, {'access_token': ''}):
            answer = self.url_open('/payment/qpay/ebarimt', json={'params': {
                'intent_id': self.intent.id, 'access_token': self.intent.access_token,
                'receiver_type': 'none', **params,
            }})
            self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.intent.ebarimt_receiver_type, 'citizen')


@tagged('post_install', '-at_install')
class TestCancel(EbarimtCase):

    def test_refund_cancels_the_receipt(self):
        payment = self._pay_invoice(method='CARD')
        self._issue()
        self._refund(payment)
        self.assertTrue(payment.ebarimt_ids.is_cancel_wanted)
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
        self.assertEqual((receipt.state, receipt.is_cancel_wanted), ('issued', False))
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

    def _refund(self, payment):
        payment.transaction_id._refund()
        self.env.invalidate_all()
        self.assertEqual(payment.status, 'refunded')

    def _credit_note(self, invoice, lines=None):
        note = invoice._reverse_moves([{'date': invoice.date, 'invoice_date': invoice.date}])
        if lines:
            note.invoice_line_ids[lines:].unlink()
        note.action_post()


@tagged('post_install', '-at_install')
class TestTaxes(EbarimtCase):
    """QPay is told of the taxes with its invoice, and checks each line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE',
            'qpay_ebarimt_mode': 'with_invoice',
        })
        cls.company.qpay_tax_product_code = '305'

    def _receipt(self, invoice, amount=None):
        intent = documents.of(invoice).get_or_create_intent(
            amount or documents.of(invoice).get_default_amount()
        )
        self.assertFalse(intent.ebarimt_problem)
        self._pay_and_settle(intent)
        self._issue()
        receipt = self._ledger(intent).ebarimt_ids
        self.assertEqual(receipt.state, 'issued', receipt.state_message)
        return receipt

    def test_price_with_vat_included(self):
        receipt = self._receipt(self._create_taxed_invoice((11000, self.vat)))
        self.assertEqual((receipt.amount, receipt.vat_amount), (11000, 1000))

    def test_price_without_vat(self):
        self.vat.price_include_override = 'tax_excluded'
        receipt = self._receipt(self._create_taxed_invoice((10000, self.vat)))
        self.assertEqual((receipt.amount, receipt.vat_amount), (11000, 1000))

    def test_several_lines_that_round(self):
        invoice = self._create_taxed_invoice((333.33, self.vat), (66.67, self.vat), (9, self.vat))
        receipt = self._receipt(invoice)
        self.assertEqual(receipt.amount, invoice.amount_total)

    def test_exempt(self):
        receipt = self._receipt(self._create_taxed_invoice((5000, self.exempt)))
        self.assertEqual((receipt.amount, receipt.vat_amount), (5000, 0))
        [issued] = self.qpay.ebarimts()
        self.assertEqual(issued['tax_type'], '3')

    def test_zero(self):
        self._receipt(self._create_taxed_invoice((5000, self.zero)))
        self.assertEqual(self.qpay.ebarimts()[0]['tax_type'], '2')

    def test_mixed(self):
        invoice = self._create_taxed_invoice((11000, self.vat), (5000, self.exempt))
        receipt = self._receipt(invoice)
        self.assertEqual((receipt.amount, receipt.vat_amount), (16000, 1000))

    def test_city_tax(self):
        invoice = self._create_taxed_invoice((1120, self.vat + self.city_tax))
        receipt = self._receipt(invoice)
        self.assertEqual(
            (receipt.amount, receipt.vat_amount, receipt.city_tax_amount), (1120, 100, 20)
        )

    def test_part_of_several_lines(self):
        invoice = self._create_taxed_invoice((7000, self.vat), (4000, self.vat))
        receipt = self._receipt(invoice, 3333.33)
        self.assertEqual(receipt.amount, 3333.33)

    def test_company_is_known_to_qpay_beforehand(self):
        self.customer.write({'is_company': True, 'vat': REGISTER})
        self._receipt(self._create_taxed_invoice((11000, self.vat)))
        self.assertEqual(self.qpay.ebarimts()[0]['receiver'], REGISTER)


@tagged('post_install', '-at_install')
class TestProblemsAreFoundBefore(EbarimtCase):
    """What QPay would refuse is named before the QR is shown."""

    def test_missing_district(self):
        self.company.qpay_khoroo = False
        self._assert_problem("district and khoroo")

    def test_missing_classification_code(self):
        self.company.qpay_classification_code = False
        self._assert_problem("classification code")

    def test_classification_of_product_category_and_company(self):
        self.company.qpay_classification_code = False
        product = self.env['product.product'].create({'name': 'Ном'})
        product.categ_id = self.env['product.category'].create({
            'name': 'Номнууд', 'qpay_classification_code': '3211000',
        })
        get_code = product.product_tmpl_id._qpay_get_code
        self.assertEqual(get_code('qpay_classification_code', self.company), '3211000')
        product.qpay_classification_code = '3211001'
        self.assertEqual(get_code('qpay_classification_code', self.company), '3211001')

    def test_negative_line(self):
        self._assert_problem(
            "negative amount", self._create_taxed_invoice((11000, self.vat), (-1000, self.vat))
        )

    def test_exempt_after_payment(self):
        self._assert_problem("sold with VAT", self._create_taxed_invoice((5000, self.exempt)))

    def test_mixed_after_payment(self):
        self._assert_problem("sold with VAT", self._create_taxed_invoice(
            (5000, self.exempt), (5000, self.vat),
        ))

    def test_city_tax_after_payment(self):
        self._assert_problem("city tax", self._create_taxed_invoice(
            (1120, self.vat + self.city_tax),
        ))

    def test_exempt_without_reason(self):
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE',
            'qpay_ebarimt_mode': 'with_invoice',
        })
        self._assert_problem("tax product code", self._create_taxed_invoice((500, self.exempt)))

    def test_other_module_issues_it(self):
        invoice = self._create_taxed_invoice()
        self.patch(type(invoice), '_qpay_has_other_ebarimt', lambda _move: True)
        self._assert_problem("Another system", invoice)

    def test_payers_pay_all_the_same_and_a_person_is_told(self):
        self.company.qpay_khoroo = False
        invoice = self._create_taxed_invoice()
        payment = self._pay_invoice(invoice)
        self._issue()
        self.assertPaidOnce(invoice, payment.qpay_txn_id)
        self.assertEqual(payment.ebarimt_ids.state, 'failed')
        self.assertIn("district", payment.ebarimt_ids.activity_ids.note)
        self.assertEqual(self._calls(CREATE), 0)

    def test_codes_have_their_form(self):
        for values in ({'qpay_khoroo': 'x'}, {'qpay_classification_code': '123'}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.company.write(values)

    def test_invoice_code_is_needed(self):
        with self.assertRaises(ValidationError):
            self.provider.qpay_ebarimt_mode = 'with_invoice'

    def _assert_problem(self, words, invoice=None):
        """The dialog says it, and makes a QR only without a receipt."""
        invoice = invoice or self._create_taxed_invoice()
        wizard = self.env['qpay.qr.wizard'].with_user(self.accountant).create({
            'res_model': 'account.move', 'res_id': invoice.id,
        })
        self.assertIn(words, wizard.ebarimt_problem)
        with self.assertRaisesRegex(UserError, words):
            wizard.action_generate()
        self.assertEqual(self._calls('POST /v2/invoice'), 0)
        wizard.ebarimt_receiver_type = 'none'
        wizard.action_generate()
        self.assertEqual(wizard.intent_id.state, 'new')
