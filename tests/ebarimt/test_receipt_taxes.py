"""What VAT receipts say of the taxes, and what keeps QPay from issuing them."""

from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.documents.ebarimt import TaxReceipt
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import CREATE, REGISTER, EbarimtCase


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

    def test_invoice_in_another_currency(self):
        usd = self._enable_currency('USD')
        self.env['res.currency.rate'].create({
            'currency_id': usd.id, 'company_id': self.company.id, 'name': '2026-01-01',
            'inverse_company_rate': 3500,
        })
        invoice = self._create_taxed_invoice((11, self.vat), (4, self.exempt), currency_id=usd.id)
        receipt = self._receipt(invoice)
        self.assertEqual((receipt.amount, receipt.vat_amount), (52500, 3500))

    def test_several_invoices_of_which_one_is_partly_paid(self):
        taxed = self._create_taxed_invoice((11000, self.vat))
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=taxed.ids
        ).create({'amount': 5500})._create_payments()
        exempt = self._create_taxed_invoice((5500, self.exempt))
        receipt = self._receipt(taxed | exempt)
        self.assertEqual((receipt.amount, receipt.vat_amount), (11000, 500))

    def _unknown_to_the_tax_office(self, *lines):
        """Return an invoice with a code that has the form of one, but nobody has."""
        self.company.qpay_classification_code = '9999999'
        return self._create_taxed_invoice(*lines)

    def test_taxes_that_qpay_refuses_hold_no_payer_up(self):
        invoice = self._unknown_to_the_tax_office((11000, self.vat), (500, self.exempt))
        public = documents.of(invoice.with_user(self.env.ref('base.public_user')).sudo())
        intent = public.get_or_create_intent(11500)
        self.assertFalse(intent.ebarimt_has_lines)
        [made] = self.qpay.invoices()
        self.assertEqual((made['sender_invoice_no'], made['request']['invoice_code']), (
            intent.name, 'TEST_INVOICE',
        ))
        payment = self._pay_and_settle(intent)
        self._issue()
        self.assertPaidOnce(invoice, payment['payment_id'])
        receipt = self._ledger(intent).ebarimt_ids
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("classification code", receipt.activity_ids.note)
        self.assertEqual(self._calls(CREATE), 0)

    def test_employees_are_told_what_qpay_refuses_about_the_taxes(self):
        invoice = self._unknown_to_the_tax_office()
        with self.assertRaisesRegex(UserError, "does not know the classification code"):
            documents.of(invoice.with_user(self.accountant)).get_or_create_intent(11000)
        self.assertFalse(self.qpay.invoices())

    def test_negative_line_is_taken_off_from_lines_of_its_taxes(self):
        invoice = self._create_taxed_invoice(
            (11000, self.vat), (5500, self.vat), (5000, self.exempt), (-5500, self.vat),
        )
        receipt = self._receipt(invoice)
        self.assertEqual((receipt.amount, receipt.vat_amount), (16000, 1000))

    def test_qr_without_receipt_is_not_used_for_one(self):
        document = documents.of(self._create_taxed_invoice((11000, self.vat), (5000, self.exempt)))
        plain = document.get_or_create_intent(16000, receiver=('none', ''))
        self.assertFalse(plain.ebarimt_has_lines)
        wanted = document.get_or_create_intent(16000, receiver=('company', REGISTER))
        self.assertNotEqual(wanted, plain)
        self.assertEqual((plain.state, wanted.ebarimt_has_lines), ('cancelled', True))
        self.assertEqual(document.get_or_create_intent(16000, receiver=('citizen', '')), wanted)
        self.assertEqual(wanted.ebarimt_receiver_type, 'citizen')

    def test_payer_of_a_plain_qr_gets_no_receipt_with_wrong_taxes(self):
        document = documents.of(self._create_taxed_invoice((11000, self.vat), (5000, self.exempt)))
        plain = document.get_or_create_intent(16000, receiver=('none', ''))
        with self.assertRaisesRegex(UserError, "no VAT receipt"):
            plain._set_ebarimt_receiver('citizen', '')
        self.assertFalse(plain._get_ebarimt_state()['is_possible'])

    def test_problem_that_is_gone_does_not_make_all_of_it_taxed(self):
        self.company.qpay_tax_product_code = False
        document = documents.of(self._create_taxed_invoice((11000, self.vat), (5000, self.exempt)))
        intent = document.get_or_create_intent(16000)
        self.company.qpay_tax_product_code = '305'
        self._pay_and_settle(intent)
        receipt = self._ledger(intent).ebarimt_ids
        self.assertEqual(receipt.state, 'failed')
        receipt.action_issue()
        self._issue()
        self.assertEqual((receipt.state, self.qpay.ebarimts()), ('failed', []))

    def test_mode_that_is_switched_does_not_change_what_qpay_knows(self):
        mixed = documents.of(self._create_taxed_invoice((11000, self.vat), (5000, self.exempt)))
        with_lines = mixed.get_or_create_intent(16000)
        self.provider.qpay_ebarimt_mode = 'after_payment'
        plain = documents.of(self._create_taxed_invoice((5000, self.exempt))).get_or_create_intent(
            5000
        )
        self.provider.qpay_ebarimt_mode = 'with_invoice'
        for intent in (with_lines, plain):
            self._pay_and_settle(intent)
        self._issue()
        issued = self._ledger(with_lines).ebarimt_ids
        self.assertEqual((issued.state, issued.vat_amount), ('issued', 1000))
        self.assertEqual(self._ledger(plain).ebarimt_ids.state, 'failed')

    def test_open_qr_of_before_receipts_takes_the_receiver(self):
        self.provider.qpay_ebarimt_mode = 'none'
        document = documents.of(self._create_taxed_invoice())
        plain = document.get_or_create_intent(11000)
        self.provider.qpay_ebarimt_mode = 'after_payment'
        again = document.get_or_create_intent(11000, receiver=('company', REGISTER))
        self.assertEqual(again, plain)
        self._pay_and_settle(again)
        self._issue()
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

    def test_negative_line_that_nothing_covers(self):
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE',
            'qpay_ebarimt_mode': 'with_invoice',
        })
        self._assert_problem("negative amount", self._create_taxed_invoice(
            (11000, self.vat), (-1000, self.exempt),
        ))

    def test_deduction_after_payment_is_no_problem(self):
        payment = self._pay_invoice(self._create_taxed_invoice(
            (11000, self.vat), (-3300, self.vat),
        ))
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual((receipt.state, receipt.amount, receipt.vat_amount), ('issued', 7700, 700))

    def test_part_is_credited_of_lines_with_different_taxes(self):
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE',
            'qpay_ebarimt_mode': 'with_invoice',
        })
        self.company.qpay_tax_product_code = '305'
        invoice = self._create_taxed_invoice((11000, self.vat), (5000, self.exempt))
        note = invoice._reverse_moves([{'date': invoice.date, 'invoice_date': invoice.date}])
        note.invoice_line_ids[1:].unlink()
        note.action_post()
        (invoice | note).line_ids.filtered(
            lambda line: line.display_type == 'payment_term'
        ).reconcile()
        self._assert_problem("A part is credited", invoice)

    def test_document_without_lines(self):
        transaction = self.env['payment.transaction']._qpay_create(
            self.provider, 11000, self.customer, self.env['account.move'], 'loose'
        )
        receipt = TaxReceipt(documents.of(transaction), self.provider, has_lines=False)
        self.assertIn("no lines", receipt.get_receipt_error())

    def test_tax_of_which_nothing_is_known(self):
        group = self.vat.copy({'name': 'Бүлэг', 'amount_type': 'group', 'amount': 0,
                               'children_tax_ids': [Command.set(self.vat.ids)]})
        reduced = self.vat.copy({'name': 'НӨАТ 5%', 'amount': 5})
        fixed = self.vat.copy({'name': 'Тогтмол', 'amount_type': 'fixed', 'amount': 100})
        self.assertEqual((reduced.qpay_kind, fixed.qpay_kind), (False, False))
        for tax in (reduced, fixed):
            document = documents.of(self._create_taxed_invoice((11000, tax)))
            receipt = TaxReceipt(document, self.provider, has_lines=False)
            self.assertIn("is not known", receipt.get_receipt_error())
        invoice = self._create_taxed_invoice((11000, group))
        line = documents.of(invoice).get_taxed_lines()[0]
        self.assertEqual((line.kind, line.amount), ('vat', Decimal(11000)))

    def test_rate_fits_the_kind(self):
        for kind, amount in (('vat', 5), ('city', 10), ('zero', 2)):
            with self.subTest(kind=kind), self.assertRaises(ValidationError):
                self.vat.copy({'name': f'Татвар {kind}', 'amount': amount, 'qpay_kind': kind})

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
        self.patch(
            type(self.provider), '_qpay_has_other_ebarimt',
            lambda _provider, records: records == invoice,
        )
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
