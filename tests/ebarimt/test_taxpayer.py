"""Whose a company's register number is, from the tax office, while VAT receipts are issued."""

import logging
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.payment_qpay import const, log_filters
from odoo.addons.payment_qpay.models.ebarimt import qpay_taxpayer
from odoo.addons.payment_qpay.tests.cases.common import environment
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import (
    NOBODYS,
    REGISTER,
    EbarimtCase,
    in_mongolian,
)

TIN, INFO = 'GET /api/info/check/getTinInfo', 'GET /api/info/check/getInfo'
NAME = f'БАЙГУУЛЛАГА {REGISTER}'
VAT, NO_VAT = f'{NAME}, pays VAT', 'СЭЛЭНГЭ АГРО, does not pay VAT'
UNKNOWN = "The tax office knows no organisation with this number."


@tagged('post_install', '-at_install')
class TestTaxpayer(EbarimtCase):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self._create_taxed_invoice()).sudo()
        self.qpay.reset_calls()

    # === WHAT IS TOLD === #

    def test_payer_reads_whose_number_is_typed(self):
        self.assertEqual(self._type(REGISTER), VAT)
        self.assertEqual(self._type(' 545-6780'), NO_VAT)
        self.assertEqual(self._type(NOBODYS), UNKNOWN)
        self.assertEqual(self._count(), 3)

    def test_nobody_else_is_told(self):
        answer = self._ask(REGISTER, access_token='x')
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(self._count(), 0)

    def test_employee_reads_whose_number_is_typed(self):
        self.assertEqual(self._describe(REGISTER), VAT)
        self.assertEqual(self._describe(NOBODYS), UNKNOWN)
        customer = self._create_user('taxpayer_customer', "Үйлчлүүлэгч", 'base.group_portal')
        with self.assertRaises(AccessError):
            self._describe(REGISTER, user=customer)

    def test_language_is_the_readers(self):
        self.env['res.lang']._activate_lang('mn_MN')
        self.env['qpay.taxpayer'].describe(REGISTER)
        reader = self.env['qpay.taxpayer'].with_user(self.accountant)
        self.assertEqual(
            reader.with_context(lang='mn_MN').describe(REGISTER),
            in_mongolian("%s, pays VAT") % NAME,
        )

    def test_what_is_no_register_number_of_a_company_is_sent_nowhere(self):
        for typed in (
            '', '539530', '53953055', 'УБ99112233', 'уб99112233', '٥٣٩٥٣٠٥', '5395305;', None,
            5395305, [REGISTER], {'a': REGISTER}, True,
        ):
            with self.subTest(typed=typed):
                self.assertEqual(self._type(typed), '')
                self.assertEqual(self._describe(typed), '')
        self.assertEqual(self._count(), 0)
        self.assertFalse(self.env['qpay.taxpayer'].sudo().search_count([]))

    # === MEMORY === #

    def test_tax_office_is_asked_once(self):
        for _time in range(2):
            self.assertEqual(self._type(REGISTER), VAT)
            self.assertEqual(self._describe(REGISTER), VAT)
            self.assertEqual(self._type(NOBODYS), UNKNOWN)
        self.assertEqual(self._count(), 2)

    def test_what_it_said_is_asked_again_in_time(self):
        self._type(REGISTER)
        self._type(NOBODYS)
        self._age_answers(const.TAXPAYER_UNKNOWN_PERIOD)
        self._type(REGISTER)
        self.assertEqual(self._count(), 2)
        # Somebody has got the number in the meantime.
        self.qpay.configure(ebarimt_unknown_codes='0000000')
        self.assertEqual(self._type(NOBODYS), f'БАЙГУУЛЛАГА {NOBODYS}, pays VAT')
        self._age_answers(const.TAXPAYER_PERIOD)
        self.assertEqual(self._type(REGISTER), VAT)
        self.assertEqual(self._count(), 4)

    def test_memory_is_cleaned(self):
        self._type(REGISTER)
        taxpayers = self.env['qpay.taxpayer'].sudo()
        taxpayers._gc_old()
        self.assertTrue(taxpayers.search_count([]))
        self._age_answers(const.TAXPAYER_PERIOD)
        taxpayers._gc_old()
        self.assertFalse(taxpayers.search_count([]))

    # === SILENCE === #

    def test_silence_is_no_error_and_is_not_repeated_for_a_while(self):
        for fault in ('status', 'garbage', 'drop'):
            with self.subTest(fault=fault):
                self.qpay.reset_calls()
                self.qpay.inject(TIN, fault)
                with self.assertLogs(qpay_taxpayer.__name__, logging.INFO) as logs:
                    self.assertEqual(self._type(REGISTER), '')
                self.assertNotIn(REGISTER, str(logs.output))
                self.assertEqual(self._type('5345679'), '')
                self.assertEqual(self._describe(REGISTER), '')
                self.assertEqual(self._count(), 1)
                self.env['qpay.outage'].sudo().search([('until', '!=', False)]).until = (
                    fields.Datetime.now() - timedelta(seconds=1)
                )
                self.env.flush_all()
                self.assertEqual(self._type(REGISTER), VAT)
                self._age_answers(const.TAXPAYER_PERIOD)

    def test_tax_office_that_does_not_answer(self):
        self.qpay.inject(INFO, 'hold')
        with patch.object(const, 'TAX_OFFICE_TIMEOUT', .3):
            self.assertEqual(self._type(REGISTER), '')
        self.qpay.release()
        # What QPay is asked has nothing to do with it.
        self.assertTrue(self._create_intent(self._create_invoice()).qr_text)

    def test_it_can_be_switched_off(self):
        for values in ({'qpay_tax_office_url': False}, {'qpay_ebarimt_mode': 'none'}):
            with self.subTest(values=values), self.cr.savepoint():
                self.provider.write(values)
                self.env.flush_all()
                self.assertEqual(self._type(REGISTER), '')
                self.assertEqual(self._describe(REGISTER), '')
                self.provider.write({
                    'qpay_tax_office_url': self.simulator.url, 'qpay_ebarimt_mode': 'after_payment',
                })
        self.assertEqual(self._count(), 0)

    def test_address_of_the_server_wins_if_it_is_one(self):
        self.provider.qpay_tax_office_url = False
        with environment(QPAY_TAX_OFFICE_URL=self.simulator.url):
            self.assertEqual(self._describe(REGISTER), VAT)
        with environment(QPAY_TAX_OFFICE_URL='http://api.ebarimt.mn'):
            self.assertEqual(self.provider._qpay_get_tax_office(), '')

    def test_address_must_be_encrypted(self):
        for address in ('http://api.ebarimt.mn', 'api.ebarimt.mn', 'https://a:b@ebarimt.mn'):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.provider.qpay_tax_office_url = address

    def test_receipt_that_is_issued_asks_no_more(self):
        payment = self._pay_invoice()
        self._issue()
        self.assertEqual(payment.ebarimt_ids.state, 'issued')
        self.assertEqual(self._type(REGISTER, intent=payment.intent_id.sudo()), '')
        self.assertEqual(self._count(), 0)

    # === CEILINGS === #

    def test_page_of_a_qr_is_no_way_to_read_the_register_of_companies(self):
        self._describe(REGISTER)
        self.qpay.reset_calls()
        for number in range(const.TAXPAYER_QR_LIMIT + 3):
            self._type(f'20000{number:02}')
        self.assertEqual(self._count(), const.TAXPAYER_QR_LIMIT)
        # Nor to learn what others have asked about.
        self.assertEqual(self._type(REGISTER), '')
        other = self._create_intent(self._create_taxed_invoice()).sudo()
        self.assertEqual(self._type(REGISTER, intent=other), VAT)

    def test_pages_of_all_qrs_together_have_a_ceiling_by_the_minute(self):
        intents = [self._create_intent(self._create_taxed_invoice()).sudo() for _qr in range(3)]
        with patch.object(const, 'TAXPAYER_LIMIT', 2):
            texts = [
                self._type(f'200000{number}', intent=intent)
                for number, intent in enumerate(intents, 1)
            ]
            self.assertEqual([bool(text) for text in texts], [True, True, False])
            self.assertEqual(self._describe(REGISTER), VAT)
            self._age_answers(const.TAXPAYER_LIMIT_PERIOD)
            self.assertTrue(self._type('2000003', intent=intents[2]))

    # === SECRECY === #

    def test_number_is_not_logged_on_its_way(self):
        log_filters.install()
        with self.assertLogs('urllib3.connectionpool', logging.DEBUG) as logs:
            self._describe(REGISTER)
        output = str(logs.output)
        self.assertIn('getTinInfo?regNo=[REDACTED]', output)
        self.assertIn('getInfo?tin=[REDACTED]', output)
        self.assertNotIn(REGISTER, output)

    # === HELPERS === #

    def _ask(self, register, intent=None, **params):
        intent = intent or self.intent
        self.authenticate(None, None)
        return self.url_open('/payment/qpay/taxpayer', json={'params': {
            'intent_id': intent.id, 'access_token': intent.access_token, 'register': register,
            **params,
        }})

    def _type(self, register, intent=None):
        """Return what a payer reads who types a number."""
        self.env.flush_all()
        text = self._ask(register, intent).json()['result']
        self.env.invalidate_all()
        return text

    def _describe(self, register, user=None):
        """Return what an employee reads who types a number."""
        self.env.flush_all()
        text = self.env['qpay.taxpayer'].with_user(user or self.accountant).describe(register)
        self.env.invalidate_all()
        return text

    def _count(self):
        """Return how many numbers the tax office was asked about."""
        return self.qpay.calls().get(TIN, 0)

    def _age_answers(self, period):
        """Let everything that is remembered be older."""
        self.env.cr.execute(
            'UPDATE qpay_taxpayer SET asked_at = asked_at - %(period)s - %(second)s,'
            ' answered_at = answered_at - %(period)s - %(second)s',
            {'period': period, 'second': timedelta(seconds=1)},
        )
