"""What a poll costs that brings no news, and what it brings otherwise."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_check_route import KEYS, CheckRouteCase

CHANGING = {'state', 'amount_paid', 'expires_at', 'message', 'version'}
# With the answer's own headers.
MAX_BYTES = 400
MAX_QUERIES = 4
# What Odoo's tests do to the database for each request.
OF_OTHERS = ('SAVEPOINT', 'RELEASE', 'ROLLBACK')


@tagged('post_install', '-at_install')
class TestPollNews(CheckRouteCase):

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        # A minute in which nothing is due.
        self._age(self.intent, timedelta())
        self.startPatcher(freeze_time(fields.Datetime.now().replace(second=10)))

    def _learn(self):
        """Return the version of what a page knows that was just opened."""
        return self._poll(known='')['version']

    def test_without_news_it_costs_next_to_nothing(self):
        params = {
            'intent_id': self.intent.id, 'access_token': self.intent.access_token,
            'known': self._learn(),
        }
        self.assertEqual(self._poll(known=params['known']), {})
        queries, execute = [], Cursor.execute

        def note(cursor, query, *args, **kwargs):
            queries.append(str(getattr(query, 'code', query)))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, 'execute', note):
            answer = self.url_open('/payment/qpay/check', json={'params': params})

        self.assertEqual(answer.json()['result'], {})
        head = '\r\n'.join(f'{name}: {value}' for name, value in answer.headers.items())
        self.assertLess(len(head) + len(answer.content), MAX_BYTES)
        queries = [query for query in queries if not query.startswith(OF_OTHERS)]
        self.assertLessEqual(len(queries), MAX_QUERIES, '\n'.join(queries))
        self.assertEqual(self.qpay.calls(), {})

    def test_who_knows_nothing_is_told_all_and_its_version(self):
        self.assertEqual(set(self._poll(known='')), {*KEYS, 'version'})
        self.assertEqual(set(self._poll()), KEYS)

    def test_nonsense_is_told_all(self):
        for known in ('x', 'q', 5, [], {'a': 1}, False, '\ud800'):
            with self.subTest(known=known):
                self.assertIn('version', self._poll(known=known))

    def test_part_is_news_without_the_picture(self):
        known = self._learn()
        payment = self._pay(self.intent, amount=5000)
        self._call_back(self.intent, payment['payment_id'])
        news = self._poll(known=known)
        self.assertEqual(set(news), CHANGING)
        self.assertEqual((news['state'], news['amount_paid']), ('new', 5000))
        self.assertEqual(self._poll(known=news['version']), {})

    def test_payment_is_news(self):
        known = self._learn()
        payment = self._pay(self.intent)
        self._call_back(self.intent, payment['payment_id'])
        news = self._poll(known=known)
        self.assertEqual((news['state'], news['amount_paid']), ('paid', 15000))
        self.assertPaidOnce(self.bill, payment['payment_id'])

    def test_end_is_news_and_takes_the_qr_away(self):
        known = self._learn()
        self.intent.action_cancel()
        news = self._poll(known=known)
        self.assertEqual((news['state'], news['qr_text']), ('cancelled', ''))

    def test_trouble_is_told_in_the_language_of_the_page(self):
        self.env['res.lang']._activate_lang('mn_MN')
        self.opener.headers['Accept-Language'] = 'en'
        self.opener.cookies['frontend_lang'] = 'mn_MN'
        self.intent.last_check_at = False
        self.qpay.inject('POST /v2/payment/check', 'garbage')
        self.assertRegex(self._poll(now=True)['message'], '[а-я]')

    def test_trouble_is_told_once_and_goes_away(self):
        known = self._learn()
        self.intent.last_check_at = False
        self.qpay.inject('POST /v2/payment/check', 'garbage')
        answer = self._poll(known=known, now=True)
        self.assertIn('QPay cannot be used at this moment', answer['message'])
        # Who merges what is new into what is known, as the page does, is told that it is over.
        self.assertEqual(answer['version'], '')
        self.assertEqual(self._poll(known=answer['version'])['message'], "Waiting for payment.")
        self.assertEqual(set(self._poll(now=True)), KEYS)

    def test_document_is_looked_at_once_a_minute(self):
        """A document that does not tell of a change by itself is found to have changed."""
        known = self._learn()
        self.env.cr.execute(
            "UPDATE account_move SET payment_state = 'paid', amount_residual = 0 WHERE id = %s",
            (self.bill.id,),
        )
        self._poll(known=known)
        self.assertFalse(self.intent.recheck_ids)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            news = self._poll(known=known)
        self.assertTrue(self.intent.recheck_ids)
        self.assertEqual(news['state'], 'new')
