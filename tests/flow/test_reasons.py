"""Why something is as it is: each reader reads it in their own language, whoever caused it."""

import re

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay import reasons
from odoo.addons.payment_qpay.locking import try_in_savepoint
from odoo.addons.payment_qpay.reasons import Reason, get_reason
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CYRILLIC = re.compile('[а-яөү]{4}')
PLACEHOLDER = re.compile(r'%(?:\(\w+\))?s')
LANGUAGES = ('en_US', 'mn_MN')


@tagged('post_install', '-at_install')
class TestReasons(QPayCommon):

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self._create_invoice()).sudo()

    def _in(self, language, record):
        self.env.flush_all()
        self.env.invalidate_all()
        return record.with_context(lang=language)

    def _column(self, record, name):
        self.env.flush_all()
        self.env.cr.execute(
            f'SELECT {name} FROM {record._table} WHERE id = %s', [record.id]  # noqa: S608
        )
        return self.env.cr.fetchone()[0]

    def _rows(self):
        """Return a row of each model with a reason, and the name of its field."""
        self._pay_and_settle(self.intent)
        payment = self._ledger(self.intent)
        comparison = self.env['qpay.reconciliation'].sudo().create({
            'provider_id': self.provider.id,
        })
        receipt = self.env['qpay.ebarimt'].sudo().create({
            'payment_id': payment.id, 'generation': 'v3', 'receiver_type': 'citizen',
        })
        return {
            self.intent: 'state_message', payment: 'state_message', comparison: 'state_message',
            receipt: 'state_message', self.intent.callback_ids: 'message',
        }

    def test_each_model_says_it_to_each_reader_in_their_language(self):
        for row, name in self._rows().items():
            for writer in LANGUAGES:
                with self.subTest(model=row._name, writer=writer):
                    row[name] = get_reason(self._in(writer, row).env, 'expired')
                    self.assertNotRegex(self._column(row, name), 'Expired|' + CYRILLIC.pattern)
                    self.assertEqual(self._in('en_US', row)[name], "Expired.")
                    self.assertRegex(self._in('mn_MN', row)[name], CYRILLIC)
                    self.assertRegex(self._in('mn_MN', row).read([name])[0][name], CYRILLIC)
                    self.assertRegex(self._in('mn_MN', row).export_data([name])['datas'][0][0],
                                     CYRILLIC)
                    self.assertEqual(row.reason, 'expired')
                    self.assertIn(row, row.search([('reason', '=', 'expired')]))
            row[name] = False
            self.assertFalse(row.reason)

    def test_reason_of_a_new_row_is_kept(self):
        values = {'intent_id': self.intent.id, 'message': get_reason(self.env, 'unexpected')}
        row, = self.env['qpay.callback'].sudo().create([values])
        self.assertEqual(row.message, values['message'])
        self.assertEqual(row.reason, 'unexpected')
        self.assertRegex(self._in('mn_MN', row).message, CYRILLIC)

    def test_values_are_kept(self):
        for key, args, kwargs in (
            ('too_many_qrs', (10,), {}),
            ('no_payment_method', (), {'journal': 'Банк "X" 100%', 'provider': '%s {0}'}),
            ('no_journal', (get_reason(self.env, 'replaced'),), {}),
        ):
            with self.subTest(key=key):
                reason = get_reason(self.env, key, *args, **kwargs)
                self.intent.state_message = reason
                read = self._in('en_US', self.intent).state_message
                self.assertEqual((read, read.key), (reason, key))
                for value in (*args, *kwargs.values()):
                    if not isinstance(value, Reason):
                        self.assertIn(str(value), self._in('mn_MN', self.intent).state_message)
        # What belongs into the sentence is said in the reader's language, too.
        self.assertRegex(self._in('mn_MN', self.intent).state_message, CYRILLIC)
        self.assertNotIn('Replaced', self.intent.with_context(lang='mn_MN').state_message)

    def test_other_texts_are_shown_as_they_are(self):
        for text in (
            "Гараар бичсэн", "Written by an earlier version.", '{"reason": ', '{"reason": 1}',
            '{"reason": "gone", "values": []}', '{"reason": "expired"}',
            '{"reason": "no_journal", "values": [1, 2]}',
            '{"reason": "no_payment_method", "values": {"journal": 1}}',
        ):
            with self.subTest(text=text):
                self.intent.state_message = text
                self.assertEqual(self._in('mn_MN', self.intent).state_message, text)
                self.assertFalse(self.intent.reason)

    def test_reason_of_an_error_of_ours_stays_one(self):
        def _fail(message):
            raise UserError(message)

        reason = try_in_savepoint(self.env, _fail, get_reason(self.env, 'order_paid'))
        self.assertEqual(reason.key, 'order_paid')
        text = try_in_savepoint(self.env, _fail, 'The year is closed.')  # pylint: disable=all
        self.assertEqual(text, 'The year is closed.')
        self.assertNotIsInstance(text, Reason)

    def test_payment_that_waits_says_why_in_each_language(self):
        self._pay_and_settle(self._create_intent(self._create_invoice()))
        self._take_journals_away()
        self._pay_and_settle(self.intent)
        row = self._ledger(self.intent)
        self.assertEqual((row.state, row.reason), ('needs_attention', 'no_journal'))
        self.assertIn('has no payment journal', self._in('en_US', row).state_message)
        mongolian = self._in('mn_MN', row).state_message
        self.assertRegex(mongolian, CYRILLIC)
        self.assertIn(self.provider.name, mongolian)

    def test_payers_and_employees_read_why_a_qr_has_ended(self):
        self.assertTrue(self.intent._close(get_reason(self.env, 'cancelled_by_employee')))
        english, mongolian = (
            self._in(language, self.intent).state_message for language in LANGUAGES
        )
        self.assertIn('employee', english)
        self.assertRegex(mongolian, CYRILLIC)

    def test_other_systems_get_plain_texts(self):
        """XML-RPC takes no other."""
        self.assertTrue(self.intent._close(get_reason(self.env, 'cancelled_by_employee')))
        read = self.intent.read(['state_message'])[0]['state_message']
        self.intent.write({'state': 'failed', 'state_message': get_reason(self.env, 'replaced')})
        message = self.intent._get_status_payload()['message']
        self.assertEqual(message, "Replaced by a new QR.")
        self.assertEqual({type(read), type(message)}, {str})

    def test_kinds_are_grouped_in_the_language_of_the_reader(self):
        self.intent.state_message = get_reason(self.env, 'too_many_qrs', 10)
        other = self._create_intent(self._create_invoice()).sudo()
        other.state_message = get_reason(self.env, 'too_many_qrs', 20)
        intents = self._in('mn_MN', self.intent | other)
        group, = intents.formatted_read_group(
            [('id', 'in', intents.ids)], ['reason'], ['__count']
        )
        self.assertEqual((group['reason'], group['__count']), ('too_many_qrs', 2))
        labels = dict(intents.fields_get(['reason'])['reason']['selection'])
        self.assertRegex(labels['too_many_qrs'], CYRILLIC)
        self.assertEqual(set(labels), set(reasons.SENTENCES))

    def test_nobody_is_offered_to_group_or_sort_by_what_is_stored(self):
        for row, name in self._rows().items():
            described = row.fields_get([name, 'reason'])
            self.assertFalse(described[name]['groupable'] or described[name]['sortable'])
            self.assertTrue(described['reason']['groupable'])

    def test_each_sentence_is_one_and_translated(self):
        kinds = {
            language: dict(reasons.get_kinds(self.env(context={'lang': language})))
            for language in LANGUAGES
        }
        for key, sentence in kinds['mn_MN'].items():
            with self.subTest(key=key):
                self.assertRegex(sentence, CYRILLIC)
                self.assertFalse(PLACEHOLDER.search(sentence))
        english = list(kinds['en_US'].values())
        self.assertEqual(len(english), len(set(english)))
