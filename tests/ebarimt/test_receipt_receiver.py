"""Whom a VAT receipt is for: what payers, customers and accountants say of it."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import CREATE, REGISTER, EbarimtCase


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
        self.assertEqual(state['message'], "The VAT receipt can no longer be changed.")
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
            self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.intent.ebarimt_receiver_type, 'citizen')

    def test_empty_number_leaves_the_preset_one(self):
        self.intent.write({'ebarimt_receiver_type': 'company', 'ebarimt_receiver': REGISTER})
        state = self._send(receiver_type='company', receiver='')
        self.assertEqual((state['message'], state['receiver_hint']), ('', '53•••05'))
        self.assertEqual(self.intent.ebarimt_receiver, REGISTER)
        self._send(receiver_type='citizen', receiver='')
        self.assertFalse(self.intent.ebarimt_receiver)

    def test_short_numbers_are_not_shown_at_all(self):
        self.intent.write({'ebarimt_receiver_type': 'citizen', 'ebarimt_receiver': '1234'})
        self.assertEqual(self._send()['receiver_hint'], '••••')

    def test_payer_chooses_after_the_payment_as_long_as_it_is_not_issued(self):
        self._pay_and_settle(self.intent)
        self.assertTrue(self._send()['is_changeable'])
        state = self._send(receiver_type='company', receiver=REGISTER)
        self.assertEqual((state['message'], state['is_declinable']), ('', False))
        self._issue()
        self.assertEqual(self._issued(self._ledger(self.intent))[0]['receiver'], REGISTER)

    def test_payer_cannot_decline_after_the_payment(self):
        self._pay_and_settle(self.intent)
        state = self._send(receiver_type='none')
        self.assertIn("cannot be declined", state['message'])
        self._issue()
        self.assertEqual(self._ledger(self.intent).ebarimt_ids.state, 'issued')

    def test_payer_who_wanted_none_can_still_ask_for_one(self):
        self._send(receiver_type='none')
        self._pay_and_settle(self.intent)
        self.assertFalse(self._ledger(self.intent).ebarimt_ids)
        self._send(receiver_type='citizen')
        self._issue()
        self.assertEqual(self._ledger(self.intent).ebarimt_ids.state, 'issued')

    def test_voided_receipt_is_not_issued_anew_by_the_payer(self):
        self._pay_and_settle(self.intent)
        self._issue()
        row = self._ledger(self.intent)
        row.ebarimt_ids.with_user(self.accountant).action_cancel()
        self._issue()
        self.assertEqual(row.ebarimt_ids.state, 'cancelled')
        state = self._send(receiver_type='company', receiver=REGISTER)
        self.assertTrue(state['message'])
        self._issue()
        self.assertEqual((len(row.ebarimt_ids), self._calls(CREATE)), (1, 1))

        row.ebarimt_ids.with_user(self.accountant).action_issue_anew()
        self._issue()
        self.assertEqual(row.ebarimt_ids.mapped('state'), ['issued', 'cancelled'])
        with self.assertRaisesRegex(UserError, "has a VAT receipt already"):
            row.ebarimt_ids[-1].with_user(self.accountant).action_issue_anew()

    def test_payer_of_a_credited_invoice_gets_none(self):
        self._send(receiver_type='none')
        self._pay_and_settle(self.intent)
        self.invoice._reverse_moves([{'date': self.invoice.date}]).action_post()
        self._send(receiver_type='citizen')
        self.assertFalse(self._ledger(self.intent).ebarimt_ids)


@tagged('post_install', '-at_install')
class TestAccountantCorrects(EbarimtCase):
    """Whom a receipt is for, after the payment."""

    def setUp(self):
        super().setUp()
        self.customer.write({'is_company': True, 'vat': '12345678901'})

    def _correct(self, receipt, kind, number):
        action = receipt.with_user(self.accountant).action_change_receiver()
        with Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        )) as form:
            form.receiver_type = kind
            form.receiver = number
        form.record.action_apply()

    def test_accountant_of_a_branch_corrects_what_its_parent_collects(self):
        branch = self.env['res.company'].create({
            'name': 'Салбар', 'parent_id': self.company.id,
            'country_id': self.company.country_id.id,
        })
        self.cr.precommit.run()  # Odoo gives it its parent's accounts.
        self.env.user.company_ids += branch
        self.accountant.write({'company_ids': [Command.set(branch.ids)], 'company_id': branch.id})
        invoice = self._create_taxed_invoice(company_id=branch.id)
        self._pay_and_settle(documents.of(invoice).get_or_create_intent(11000))
        self._issue()
        receipt = invoice.qpay_intent_ids.payment_ids.ebarimt_ids
        self.assertEqual((receipt.company_id, receipt.document_company_id), (self.company, branch))
        self._correct(receipt, 'company', REGISTER)
        self.assertEqual(receipt.receiver, REGISTER)

    def test_number_that_is_none_is_named_and_corrected(self):
        payment = self._pay_invoice()
        self._issue()
        receipt = payment.ebarimt_ids
        self.assertEqual((receipt.state, receipt.receiver_type), ('failed', 'company'))
        self.assertIn("register number", receipt.activity_ids.note)
        receipt.with_user(self.accountant).action_issue()
        self._issue()
        self.assertEqual((receipt.state, self._calls(CREATE)), ('failed', 0))

        self._correct(receipt, 'company', REGISTER)
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], REGISTER)

    def test_number_that_was_entered_on_the_customer_is_taken(self):
        payment = self._pay_invoice()
        self.customer.vat = REGISTER
        payment.ebarimt_ids.with_user(self.accountant).action_issue()
        self._issue()
        self.assertEqual(self._issued(payment)[0]['receiver'], REGISTER)

    def test_wrong_number_is_refused(self):
        payment = self._pay_invoice()
        with self.assertRaises(ValidationError):
            self._correct(payment.ebarimt_ids, 'company', '5395')

    def test_issued_receipt_stays_as_it_is(self):
        payment = self._pay_invoice(receiver=('citizen', ''))
        self._issue()
        with self.assertRaisesRegex(UserError, "no longer be changed"):
            self._correct(payment.ebarimt_ids, 'company', REGISTER)


@tagged('post_install', '-at_install')
class TestCustomersNumber(EbarimtCase):
    """What the customer's record says is brought into QPay's form, or left out."""

    def test_form_of_the_number(self):
        for values, receiver in (
            ({'qpay_receiver_type': 'citizen', 'qpay_receiver': '9911-2233'},
             ('citizen', '99112233')),
            ({'qpay_receiver': '+976 99112233'}, ('citizen', '99112233')),
            ({'is_company': True, 'vat': f'MN{REGISTER}'}, ('company', REGISTER)),
            ({'is_company': True, 'vat': '12345678901'}, ('company', '')),
            ({'is_company': True, 'vat': 'DE123456788'}, ('company', '')),
            ({'is_company': True, 'vat': REGISTER, 'qpay_receiver_type': 'none'}, ('none', '')),
        ):
            with self.subTest(values=values):
                partner = self.env['res.partner'].sudo().create({'name': 'Хэрэглэгч', **values})
                self.assertEqual(partner._qpay_get_receiver(), receiver)

    def test_kind_and_number_are_the_same_persons(self):
        company = self.env['res.partner'].sudo().create({
            'name': 'ХХК', 'is_company': True, 'qpay_receiver_type': 'company',
            'qpay_receiver': REGISTER,
        })
        contact = self.env['res.partner'].sudo().create({
            'name': 'Ажилтан', 'parent_id': company.id, 'qpay_receiver_type': 'citizen',
        })
        self.assertEqual(contact._qpay_get_receiver(), ('citizen', ''))
        contact.qpay_receiver_type = False
        self.assertEqual(contact._qpay_get_receiver(), ('company', REGISTER))

    def test_number_that_qpay_would_refuse_holds_no_payer_up(self):
        self.provider.write({
            'qpay_ebarimt_invoice_code': 'TEST_EB_INVOICE', 'qpay_ebarimt_mode': 'with_invoice',
        })
        self.customer.write({'is_company': True, 'vat': 'GB 123 4567 89 and more than twenty'})
        intent = documents.of(self._create_taxed_invoice()).get_or_create_intent(11000)
        [invoice] = self.qpay.invoices()
        self.assertNotIn('tax_customer_code', invoice.get('request', {}))
        self.assertTrue(intent.ebarimt_has_lines)


@tagged('post_install', '-at_install')
class TestReceiptAccess(EbarimtCase):

    def test_only_accountants_read_and_change_receipts(self):
        payment = self._pay_invoice(receiver=('citizen', '99112233'))
        receipt = payment.ebarimt_ids
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        clerk = self._create_user('clerk', "Clerk", 'base.group_user')
        self.assertEqual(receipt.with_user(auditor).receiver, '99112233')
        with self.assertRaises(AccessError):
            receipt.with_user(clerk).read(['receiver'])
        for user in (auditor, clerk):
            for method in ('action_issue', 'action_cancel', 'action_change_receiver'):
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError):
                    getattr(receipt.with_user(user), method)()
            with self.assertRaises(AccessError):
                self.env['qpay.receiver.wizard'].with_user(user).create({'ebarimt_id': receipt.id})
