"""Who is told that there is something to see about a QR: only who may see it, and no more."""

import json
from contextlib import contextmanager
from unittest.mock import MagicMock, patch

import requests
from websocket import WebSocketTimeoutException, create_connection

from odoo.tests import RecordCapturer, tagged

from odoo.addons.payment_qpay.dev.demo.data import ACCOUNTANT, ADMIN, CUSTOMERS
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

SUBCHANNEL = 'payment_qpay'


@tagged('post_install', '-at_install')
class TestChannels(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.public_user = cls.env.ref('base.public_user')
        cls.portal_user = cls._create_user('qpay_portal', "Харилцагч", 'base.group_portal')
        cls.portal_user.partner_id = cls.customer
        employee = cls._create_user('qpay_employee', "Ажилтан", 'base.group_user')
        other_company = cls.setup_other_company(name='Хоёрдугаар ХХК')['company']
        other_accountant = cls._create_user(
            'qpay_other', "Өөр нягтлан", 'account.group_account_invoice', company=other_company
        )
        cls.strangers = {
            'public': cls.public_user,
            'portal': cls.portal_user,
            'employee': employee,
            'accountant of another company': other_accountant,
        }

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice()
        self.intent = self._create_intent(self.invoice)
        self.by_right = f'payment_qpay.intent/{self.intent.id}'
        self.by_token = f'{self.by_right}/{self.intent.access_token}'
        self.document = f'payment_qpay.document/account.move/{self.invoice.id}'

    # === WHO HEARS === #

    def test_payer_hears_of_the_qr_by_its_token(self):
        self.assertHears(self.public_user, self.by_token, self.intent)
        self.assertHears(self.portal_user, self.by_token, self.intent)

    def test_wrong_tokens_hear_nothing(self):
        other = self._create_intent(self._create_invoice())
        for token in (
            'x', '', self.intent.access_token[:-1], f'{self.intent.access_token}x',
            other.access_token, self.intent.sudo().callback_token, '/', '\ud800', 'ү\n',
        ):
            with self.subTest(token=token):
                self.assertHears(self.public_user, f'{self.by_right}/{token}')

    def test_who_has_no_token_must_be_allowed_to_see_the_qr(self):
        self.assertHears(self.accountant, self.by_right, self.intent)
        for who, stranger in self.strangers.items():
            with self.subTest(stranger=who):
                self.assertHears(stranger, self.by_right)

    def test_invoice_is_heard_of_by_the_employees_who_read_it(self):
        self.assertHears(self.accountant, self.document, self.invoice)
        for who, stranger in self.strangers.items():
            with self.subTest(stranger=who):
                self.assertHears(stranger, self.document)

    def test_portal_user_reads_the_invoice_that_is_not_heard_of(self):
        """Else the test above would prove nothing."""
        self.invoice.message_subscribe(self.customer.ids)

        self.assertTrue(self.invoice.with_user(self.portal_user).has_access('read'))
        self.assertHears(self.portal_user, self.document)

    def test_what_is_no_qr_or_document_is_not_heard_of(self):
        for name in (
            'payment_qpay.', 'payment_qpay.intent', 'payment_qpay.intent/', 'payment_qpay.intent/x',
            'payment_qpay.intent/0', 'payment_qpay.intent/-1', 'payment_qpay.intent/99999999999',
            'payment_qpay.intent/999999999', f'{self.by_right} ', f'{self.by_right}\n',
            'payment_qpay.document/account.move', 'payment_qpay.document/account.move/0',
            'payment_qpay.document/account.move/999999999', f'{self.document}/1',
            f'payment_qpay.document/res.partner/{self.customer.id}',
            'payment_qpay.document/ir.http/1', 'payment_qpay.document/no.model/1',
            f'payment_qpay.document/qpay.intent/{self.intent.id}',
        ):
            with self.subTest(name=name):
                self.assertHears(self.accountant, name)

    def test_several_at_once(self):
        second = self._create_intent(self._create_invoice())
        names = [
            self.by_token, self.by_right, f'{self.by_right}/x', self.document,
            f'payment_qpay.intent/{second.id}/{self.intent.access_token}', 'another.module/1',
        ]

        channels = self._channels(self.accountant, *names)

        self.assertEqual(self._own(channels), [self.intent, self.invoice])
        self.assertEqual(self._texts(channels), ['another.module/1', 'broadcast'])

    # === WHAT IS SENT === #

    def test_payment_is_told_to_the_qr_and_the_invoice(self):
        with self._messages() as messages:
            self._pay_and_settle(self.intent)
        self.assertEqual(self.intent.state, 'paid')

        # When QPay called, and when it was booked.
        self.assertEqual(messages, [
            self._watch(self.intent),
            self._watch(self.intent),
            self._watch(self.intent, self.invoice),
        ])

    def test_part_is_told_too(self):
        with self._messages() as messages:
            self._pay_and_settle(self.intent, amount=5000)
        self.assertEqual(self.intent.state, 'new')

        self.assertEqual(messages[1:], [
            self._watch(self.intent), self._watch(self.intent, self.invoice),
        ])

    def test_each_of_several_invoices_is_told(self):
        invoices = self._create_invoice(1000) | self._create_invoice(2000)
        intent = self.env['qpay.intent'].browse(
            invoices.qpay_create_intent()['intent_id']
        )

        with self._messages() as messages:
            self._pay_and_settle(intent)

        self.assertCountEqual(messages[1:], [
            self._watch(intent), *(self._watch(intent, invoice) for invoice in invoices),
        ])

    def test_end_is_told(self):
        with self._messages() as messages:
            self.intent.with_user(self.accountant).action_cancel()

        self.assertEqual(messages, [
            self._watch(self.intent), self._watch(self.intent, self.invoice),
        ])

    def test_looking_in_vain_is_not_told(self):
        with self._messages() as messages:
            self.intent.action_check()
            self._check_route(self.intent.id, access_token=self.intent.access_token, now=True)

        self.assertEqual(self._calls('POST /v2/payment/check'), 1)
        self.assertEqual(messages, [])

    # === HELPERS === #

    def _channels(self, user, *names):
        """Return what a user hears who asks for channels."""
        request = MagicMock()
        request.session.uid = user != self.public_user and user.id
        with patch('odoo.addons.bus.models.ir_websocket.wsrequest', new=request):
            websocket = self.env['ir.websocket'].with_user(user)
            return list(websocket._prepare_subscribe_data(list(names), 0)['channels'])

    @staticmethod
    def _own(channels):
        return [
            channel[0] for channel in channels
            if isinstance(channel, tuple) and channel[1] == SUBCHANNEL
        ]

    @staticmethod
    def _texts(channels):
        return [channel for channel in channels if isinstance(channel, str)]

    def assertHears(self, user, name, *records):
        """Asking for a channel, a user hears of these records, and of nothing by its name."""
        channels = self._channels(user, name)
        self.assertEqual(self._own(channels), list(records))
        self.assertNotIn(name, self._texts(channels))

    @contextmanager
    def _messages(self):
        """Collect the channels and the contents of our messages."""
        messages = []
        self.env.cr.precommit.run()
        with RecordCapturer(self.env['bus.bus'].sudo(), []) as capture:
            yield messages
            self.env.cr.precommit.run()
        for row in capture.records.sorted('id'):
            message = json.loads(row.message)
            if message['type'] == 'payment_qpay/changed':
                messages.append((json.loads(row.channel), message['payload']))

    def _watch(self, intent, document=None):
        record = document or intent
        payload = {'intent_id': intent.id}
        if document:
            payload['document'] = f'account.move/{document.id}'
        return [self.env.cr.dbname, record._name, record.id, SUBCHANNEL], payload


@tagged('post_install', '-at_install')
class TestWebsocket(RealServerCase):
    """What really arrives over the wire, when a QR is paid, for whom."""

    workers = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.server.log_in(ADMIN['login'], ADMIN['password'])
        [customer] = cls.administrator.call(
            'res.partner', 'search', [('vat', '=', CUSTOMERS['naran']['vat'])]
        )
        cls._create_user('portal', 'base', 'group_portal', partner_id=customer)
        cls._create_user('employee', 'base', 'group_user')
        company = cls.administrator.call('res.company', 'create', {'name': 'Хоёрдугаар ХХК'})
        cls._create_user(
            'other', 'account', 'group_account_invoice',
            company_id=company, company_ids=[(6, 0, [company])],
        )

    @classmethod
    def _create_user(cls, login, module, group, **values):
        [(group_id,)] = cls.database.query(
            'SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s', module, group
        )
        cls.administrator.call('res.users', 'create', {
            'name': login, 'login': login, 'password': login,
            'group_ids': [(6, 0, [group_id])],
            **values,
        })

    def test_only_who_may_see_the_qr_hears(self):
        qr = self._create_qr()
        by_right = f'payment_qpay.intent/{qr["intent_id"]}'
        by_token = f'{by_right}/{qr["access_token"]}'
        document = f'payment_qpay.document/account.move/{qr["invoice_id"]}'
        payer = self._listen([by_token])
        accountant = self._listen([by_right], ACCOUNTANT['login'])
        form = self._listen([document], ACCOUNTANT['login'])
        strangers = {
            who or 'public': self._listen([by_right, f'{by_token}x', document], who)
            for who in ('', 'portal', 'employee', 'other')
        }
        strangers['record'] = self._listen([
            json.dumps([self.name, 'qpay.intent', qr['intent_id'], SUBCHANNEL]),
            f'qpay.intent_{qr["intent_id"]}', f'account.move_{qr["invoice_id"]}', SUBCHANNEL,
        ])

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        look = {'intent_id': qr['intent_id']}
        # When QPay called, and when the payment was booked.
        self.assertEqual(self._hear(payer), [look, look])
        self.assertEqual(self._hear(accountant), [look, look])
        self.assertEqual(self._hear(form), [
            {**look, 'document': f'account.move/{qr["invoice_id"]}'},
        ])
        for who, stranger in strangers.items():
            with self.subTest(stranger=who):
                self.assertEqual(self._hear(stranger), [])
        self.assertCleanLog()

    def test_nonsense_disturbs_nobody(self):
        qr = self._create_qr()
        payer = self._listen([
            'payment_qpay.intent/', 'payment_qpay.intent/9' * 500,
            'payment_qpay.document/ir.http/1',
            f'payment_qpay.intent/{qr["intent_id"]}/\u0000\ud800ү',
            f'payment_qpay.intent/{qr["intent_id"]}/{qr["access_token"]}',
        ])

        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])

        self.assertEqual(len(self._hear(payer)), 2)
        self.assertCleanLog()

    # === HELPERS === #

    def _listen(self, channels, login=''):
        """Open a websocket as somebody, and ask for channels."""
        session = requests.Session()
        session.trust_env = False
        session.get(f'{self.server.url}/web/login', timeout=60)
        if login:
            session.post(f'{self.server.url}/web/session/authenticate', timeout=60, json={
                'params': {'db': self.name, 'login': login, 'password': login},
            }).raise_for_status()
        websocket = create_connection(
            self.server.url.replace('http', 'ws') + '/websocket',
            cookie=f'session_id={session.cookies["session_id"]}', timeout=10,
            http_no_proxy=['127.0.0.1'],
        )
        self.addCleanup(websocket.close)
        websocket.send(json.dumps({
            'event_name': 'subscribe', 'data': {'channels': channels, 'last': 0},
        }))
        return websocket

    @staticmethod
    def _hear(websocket):
        """Return what a websocket has brought us, and still brings in a second."""
        websocket.settimeout(1)
        looks = []
        while True:
            try:
                notifications = json.loads(websocket.recv())
            except WebSocketTimeoutException:
                return looks
            looks += [
                notification['message']['payload'] for notification in notifications
                if notification['message']['type'] == 'payment_qpay/changed'
            ]
