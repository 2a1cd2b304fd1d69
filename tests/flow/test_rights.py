"""What nobody learns, forges or breaks who may call Odoo from outside."""

import math
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime, timezone
from decimal import Decimal

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay import qpay_api
from odoo.addons.payment_qpay.qpay_api import InvoiceRequest
from odoo.addons.payment_qpay.qpay_api.values import Token
from odoo.addons.payment_qpay.tests.cases.rights_case import RightsCase

ODD_IDS = (
    [0], [None], [False], [True], [-1], ['1'], ['x'], '5', [2 ** 31], [2 ** 70], [[1]], [1.5], [''],
)
# What is certainly no amount.
ODD_AMOUNTS = (
    True, False, 'x', '5', '', math.nan, math.inf, -math.inf, [5], {'a': 1}, 10 ** 400, b'5',
)
EASTERN_PHONE, WIDE_REGISTER = '٩٩١١٢٢٣٣', '１２３４５６７'


@tagged('post_install', '-at_install')
class TestDialogs(RightsCase):
    """A dialog shows no more than its reader may see, and is nobody else's."""

    SPECIFICATION = {
        'amount': {}, 'amount_max': {}, 'ebarimt_receiver': {}, 'ebarimt_receiver_type': {},
        'ebarimt_mode': {}, 'payment_apps': {}, 'document_link': {}, 'seconds_left': {},
        'environment': {}, 'is_simulation_allowed': {}, 'intent_id': {'fields': {}},
    }

    def _recheck(self, role, model, values, names):
        """Ask what a dialog would show, as the form does; each field by itself and all together."""
        user_env = self.env(user=self.users[role].id, su=False, context={})
        for specification in (*({name: spec} for name, spec in names.items()), names):
            self.env.invalidate_all()
            with self.assertRaises(UserError, msg=str(specification)) as refusal:
                user_env[model].onchange(values, list(values), specification)
            yield str(refusal.exception)

    def test_whoever_may_not_change_a_document_learns_nothing_of_it(self):
        for role in ('employee', 'outsider', 'branch', 'auditor'):
            sentences = {}
            for res_id in (self.bill.id, 999999, 0, 2 ** 70):
                with self.subTest(role=role, res_id=res_id):
                    values = {'res_model': 'account.move', 'res_id': res_id}
                    sentences[res_id] = set(
                        self._recheck(role, 'qpay.qr.wizard', values, self.SPECIFICATION)
                    )
            # Not even whether there is one.
            self.assertEqual(len(set(map(frozenset, sentences.values()))), 1, sentences)

    def test_several_invoices_are_looked_at_one_by_one(self):
        values = {'res_model': 'account.move', 'res_id': 0, 'invoice_ids': [(6, 0, self.bill.ids)]}
        for role in ('employee', 'outsider'):
            list(self._recheck(role, 'qpay.qr.wizard', values, self.SPECIFICATION))

    def test_qr_of_another_document_is_not_shown(self):
        apps = {
            name: spec for name, spec in self.SPECIFICATION.items()
            if name in ('payment_apps', 'seconds_left', 'environment', 'ebarimt_receiver')
        }
        other = self._create_invoice(100)
        for intent_id in (self.intent.id, 999999, 2 ** 70):
            for role, document in (('employee', {}), ('billing', {
                'res_model': 'account.move', 'res_id': other.id,
            })):
                with self.subTest(intent_id=intent_id, role=role):
                    values = {'intent_id': intent_id, **document}
                    list(self._recheck(role, 'qpay.qr.wizard', values, apps))

    def test_accountant_of_another_company_learns_nothing(self):
        list(self._recheck('outsider', 'qpay.assign.wizard', {'payment_id': self.unknown.id}, {
            'amount': {}, 'description': {}, 'company_id': {'fields': {}}, 'partner_id': {},
        }))
        list(self._recheck('outsider', 'qpay.receiver.wizard', {'ebarimt_id': self.receipt.id}, {
            'receiver': {}, 'receiver_type': {},
        }))

    def test_who_may_sees_all_of_it(self):
        wizard = self.env['qpay.qr.wizard'].with_user(self.users['accountant'])
        answer = wizard.onchange(
            {'res_model': 'account.move', 'res_id': self.bill.id}, [], self.SPECIFICATION
        )['value']
        self.assertEqual(answer['amount'], 11000)
        self.assertEqual(answer['intent_id'], {'id': self.intent.id})
        self.assertTrue(answer['payment_apps'])

    def test_another_bookkeepers_dialog_is_out_of_reach(self):
        for model in self.dialogs:
            dialog = self.records[model]
            theirs = dialog.with_user(self.users['accountant'])
            with self.subTest(model=model):
                self.assertFalse(theirs.search([]) & dialog)
                for act in (
                    lambda theirs=theirs: theirs.read(['id']),
                    lambda theirs=theirs: theirs.write({}),
                    lambda theirs=theirs: theirs.copy(),
                    lambda theirs=theirs: theirs.unlink(),
                ):
                    self.assertRaises(AccessError, act)


@tagged('post_install', '-at_install')
class TestWhatOnlyTheSystemWrites(RightsCase):

    def test_payment_cannot_be_registered_beforehand(self):
        """Neither by values, nor by defaults, nor by a file."""
        payments = self.env['account.payment'].with_user(self.users['accountant'])
        values = {'amount': 5, 'payment_type': 'inbound', 'partner_id': self.customer.id}
        forged = {'qpay_txn_id': '1234'}
        with self.assertRaises(AccessError):
            payments.create({**values, **forged})
        with self.assertRaises(AccessError):
            payments.with_context(default_qpay_txn_id='1234').create(values)
        with self.assertRaises(AccessError):
            payments.create(values).write(forged)
        loaded = payments.load(['amount', 'qpay_txn_id'], [['5', '1234']])
        self.assertFalse(loaded['ids'])
        self.assertEqual(payments.create(values).copy().qpay_txn_id, False)
        self.assertFalse(self._account_payments('1234'))

    def test_qr_is_not_given_to_another_invoice(self):
        other = self._create_invoice(100).with_user(self.users['accountant'])
        with self.assertRaises(AccessError):
            other.write({'qpay_intent_ids': [(4, self.intent.id)]})
        self.assertFalse(other.sudo().qpay_intent_ids)

    def test_comparison_is_not_made_up(self):
        billing = self.env['qpay.reconciliation'].with_user(self.users['billing'])
        own = {'provider_id': self.provider.id}
        for forged in (
            {'state': 'done'}, {'is_scheduled': True}, {'qpay_total': 5}, {'matched_count': 5},
            {'payment_ids': [(4, self.row.id)]}, {'company_id': self.company.id},
        ):
            with self.subTest(forged=forged):
                with self.assertRaises(AccessError):
                    billing.create({**own, **forged})
                with self.assertRaises(AccessError):
                    billing.create(own).write(forged)
                [(name, value)] = forged.items()
                with self.assertRaises(AccessError):
                    billing.with_context(**{f'default_{name}': value}).create(own)

    def test_comparison_stays_in_the_company(self):
        foreign = self.provider.copy({'company_id': self.users['outsider'].company_id.id})
        billing = self.env['qpay.reconciliation'].with_user(self.users['billing'])
        with self.assertRaises(AccessError):
            billing.create({'provider_id': foreign.id})
        own = billing.create({'provider_id': self.provider.id})
        with self.assertRaises(AccessError), self.cr.savepoint():
            own.write({'provider_id': foreign.id})
        self.assertEqual(own.provider_id, self.provider)

    def test_only_payments_of_qpay_are_compared(self):
        with self.assertRaisesRegex(ValidationError, "Only the payments of QPay"):
            self.env['qpay.reconciliation'].with_user(self.users['billing']).create({
                'provider_id': self.dummy_provider.sudo().copy({'company_id': self.company.id}).id,
            })

    def test_comparison_that_is_done_stays_as_it_is(self):
        own = self.env['qpay.reconciliation'].with_user(self.users['billing']).create({
            'provider_id': self.provider.id,
        })
        own.date_to = fields.Datetime.now()
        own.action_run()
        self.assertEqual(own.state, 'done')
        with self.assertRaises(AccessError):
            own.date_to = fields.Datetime.now()
        again = own.copy()
        self.assertEqual((again.state, again.qpay_total, again.payment_ids.ids), ('draft', 0, []))


@tagged('post_install', '-at_install')
class TestWhoReadsWhatOpensThePage(RightsCase):

    def test_auditor_is_not_led_to_the_payers_page(self):
        auditor = self.users['auditor']
        intent, bill = self.intent.with_user(auditor), self.bill.with_user(auditor)
        self.assertEqual(intent.read(['amount'])[0]['amount'], 11000)
        for records, name in ((intent, 'access_token'), (intent, 'pay_url'), (bill, 'qpay_link')):
            with self.subTest(name=name):
                self.assertNotIn(name, records.fields_get())
                with self.assertRaises(AccessError):
                    records.read([name])
                with self.assertRaises(AccessError):
                    records.search([(name, 'like', 'a%')])
        self._sign_in('auditor')
        answer = self._check_route(self.intent.id)
        self.assertEqual(answer['error']['code'], 403)

    def test_auditor_opens_the_forms_and_prints(self):
        auditor = self.users['auditor']
        for records in (self.intent, self.bill):
            view = records.with_user(auditor).get_view(view_type='form')
            self.assertNotRegex(view['arch'], 'name="(access_token|pay_url|qpay_link)"')
        html, _kind = self.env['ir.actions.report'].with_user(auditor)._render_qweb_html(
            'account.account_invoices', self.bill.ids
        )
        self.assertIn('qpay_link_qrcode', html.decode())


@tagged('post_install', '-at_install')
class TestOddCalls(RightsCase):
    """Whatever a program sends, the answer is a sentence, and never the database's."""

    def _call(self, role, model, method, ids, *args):
        try:
            with self.cr.savepoint():
                return self._may_call(role, model, method, ids, *args)
        except (TypeError, ValueError) as error:
            # What Odoo itself says of what cannot be ids.
            self.assertRegex(
                str(error), r"Expected singleton|not iterable|unhashable|cannot be converted",
            )
        return None

    def test_what_are_no_records(self):
        for model, method in sorted(self._get_methods()):
            if self._is_odoos(model, method):
                continue
            for role in ('billing', 'administrator'):
                for ids in ODD_IDS:
                    with self.subTest(model=model, method=method, role=role, ids=ids):
                        self._call(role, model, method, ids)

    def test_what_are_no_amounts(self):
        bill = self.bill.with_user(self.users['billing'])
        for amount in ODD_AMOUNTS:
            with self.subTest(amount=amount):
                with self.assertRaisesRegex(ValidationError, "must be a number"):
                    bill.qpay_create_intent(amount)
                with self.assertRaisesRegex(ValidationError, "must be a number"):
                    self.env['qpay.qr.wizard'].with_user(self.users['billing']).create({
                        'res_model': 'account.move', 'res_id': bill.id, 'amount': amount,
                    })
                with self.assertRaisesRegex(ValidationError, "must be a number"):
                    self.records['qpay.qr.wizard'].write({'amount': amount})

    def test_what_are_other_amounts(self):
        bill = self.bill.with_user(self.users['billing'])
        for amount, sentence in ((-5, "more than zero"), (0, "more than zero"), (1e9, "unpaid")):
            with self.assertRaisesRegex(ValidationError, sentence):
                bill.qpay_create_intent(amount)
        self.assertEqual(bill.qpay_create_intent()['amount'], 11000)
        self.assertEqual(bill.qpay_create_intent(None)['intent_id'], self.intent.id)

    def test_end_of_time(self):
        comparison = self.records['qpay.reconciliation'].with_user(self.users['billing'])
        comparison.write({'date_from': '9999-12-31 00:00:00', 'date_to': '9999-12-31 23:59:59'})
        with self.assertRaisesRegex(UserError, "has not begun"):
            comparison.action_run()

    def test_digits_of_other_scripts(self):
        partner = self.customer
        for kind, number in (
            ('citizen', EASTERN_PHONE), ('company', WIDE_REGISTER),
            ('company', f'УБ{EASTERN_PHONE}'),
        ):
            with self.subTest(kind=kind, number=number):
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    partner.write({'qpay_receiver_type': kind, 'qpay_receiver': number})
                answer = self._choose_receiver(kind, number)
                self.assertIn("digits", answer['message'])
                self.assertNotEqual(self.intent.ebarimt_receiver, number)
                wizard = self.env['qpay.qr.wizard'].with_user(self.users['billing']).create({
                    'res_model': 'account.move', 'res_id': self.bill.id,
                    'ebarimt_receiver_type': kind, 'ebarimt_receiver': number,
                })
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    wizard.action_generate()
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    self.env['qpay.receiver.wizard'].with_user(self.users['billing']).create({
                        'ebarimt_id': self.receipt.id, 'receiver_type': kind, 'receiver': number,
                    }).action_apply()
        partner.write({'vat': WIDE_REGISTER, 'is_company': True})
        self.assertEqual(partner._qpay_get_receiver(), ('company', ''))

    def test_codes_in_digits_of_other_scripts(self):
        for record, name, value in (
            (self.company, 'qpay_khoroo', '٠٥'),
            (self.company, 'qpay_classification_code', WIDE_REGISTER),
            (self.records['product.template'], 'qpay_classification_code', WIDE_REGISTER),
            (self.records['product.category'], 'qpay_classification_code', WIDE_REGISTER),
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                record.sudo()[name] = value

    def _choose_receiver(self, kind, number):
        self.authenticate(None, None)
        answer = self.make_jsonrpc_request('/payment/qpay/ebarimt', {
            'intent_id': self.intent.id, 'access_token': self.intent.access_token,
            'receiver_type': kind, 'receiver': number,
        })
        self.env.invalidate_all()
        return answer


@tagged('post_install', '-at_install')
class TestSecretValues(BaseCase):
    """What is printed by accident, in a log or a traceback."""

    def test_token_is_not_in_its_repr(self):
        token = Token('s3cret', datetime.now(timezone.utc))
        self.assertNotIn('s3cret', repr(token))

    def test_address_that_qpay_calls_is_not_in_the_repr_of_a_request(self):
        request = InvoiceRequest(
            'CODE', '1', 'terminal', 'text', Decimal(5), 'https://odoo.example/callback/1-s3cret',
            tax_customer_code='5395305',
        )
        self.assertNotIn('s3cret', repr(request))
        self.assertNotIn('5395305', repr(request))

    def test_no_other_value_has_a_secret(self):
        """Whoever adds one decides whether it is printed."""
        telling = {
            f'{value.__name__}.{field.name}'
            for value in vars(qpay_api.values).values() if is_dataclass(value)
            for field in dataclass_fields(value)
            if field.repr and any(
                word in field.name
                for word in ('token', 'secret', 'password', 'url', 'raw', 'receiver', 'lottery')
            )
        }
        self.assertEqual(telling, {
            # QPay's own short link, the payer's code at the merchant, and what kind of person.
            'Invoice.short_url', 'InvoiceRequest.receiver_code', 'EbarimtReceipt.receiver_type',
        })
