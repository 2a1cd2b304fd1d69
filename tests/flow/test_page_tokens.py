"""What opens the payer's page opens nothing of Odoo's own."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestMessagesOfQrs(QPayCommon):
    """QRs have a chatter for accountants, and Odoo's portal opens one for an access token."""

    def setUp(self):
        super().setUp()
        self.intent = self._create_intent(self._create_invoice()).sudo()
        note = "Дотоод тэмдэглэл"
        self.intent.message_post(body=note)
        self.intent._schedule_activity("Шалгана уу", "Яаралтай")
        self.env.flush_all()
        self.thread = {'thread_model': 'qpay.intent', 'thread_id': self.intent.id}
        self.tokens = {'token': self.intent.access_token, 'access_token': self.intent.access_token}
        self.before = self.intent.message_ids

    def _ask(self, path, **params):
        """Ask as a visitor, and return what comes back."""
        self.authenticate(None, None)
        return self.url_open(path, json={'params': params}).text

    def test_nobody_posts(self):
        for access in ({}, self.tokens):
            self._ask('/mail/message/post', **self.thread, **access, post_data={
                'body': "Төлбөр буцаав", 'message_type': 'comment',
                'subtype_xmlid': 'mail.mt_comment',
            })
            self.env.invalidate_all()
            self.assertEqual(self.intent.message_ids, self.before)

    def test_nobody_reads(self):
        for path, params in (
            ('/mail/chatter_fetch', {**self.thread, **self.tokens}),
            ('/mail/thread/messages', {**self.thread, **self.tokens}),
            ('/mail/data', {'fetch_params': [['mail.thread', {
                **self.thread, 'access_params': {'token': self.intent.access_token},
                'request_list': ['activities', 'followers', 'suggestedRecipients', 'attachments'],
            }]]}),
            ('/portal/chatter_init', {**self.thread, **self.tokens}),
        ):
            with self.subTest(path=path):
                answer = self._ask(path, **params)
                for secret in ("Дотоод", "Шалгана", self.customer.name, self.accountant.name):
                    for text in (secret, secret.encode('unicode_escape').decode()):
                        self.assertNotIn(text, answer)

    def test_nobody_attaches(self):
        self.authenticate(None, None)
        attachments = self.env['ir.attachment'].sudo()
        mine = [('res_model', '=', 'qpay.intent'), ('res_id', '=', self.intent.id)]
        known = attachments.search(mine)
        self.url_open('/mail/attachment/upload', data={
            **self.thread, **self.tokens, 'is_pending': 'false',
        }, files={'ufile': ('x.txt', b'x', 'text/plain')})
        self.assertEqual(attachments.search(mine), known)

    def test_accountants_do(self):
        self.authenticate('qpay_accountant', 'qpay_accountant')
        answer = self.url_open('/mail/message/post', json={'params': {
            **self.thread, 'post_data': {'body': "Ярьсан", 'message_type': 'comment'},
        }}).json()
        self.assertIn('result', answer)
        self.env.invalidate_all()
        self.assertEqual(len(self.intent.message_ids), len(self.before) + 1)
