"""What documents tell about their QRs: who did it, in the company's language, and nothing else."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools.translate import code_translations

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


@tagged('post_install', '-at_install')
class TestChatter(QPayCommon):

    def setUp(self):
        super().setUp()
        self.env['res.lang'].sudo()._activate_lang('mn_MN')
        self.bill = self._create_invoice(500)
        self._create_intent(self.bill)
        self._forget()

    @property
    def intent(self):
        return documents.of(self.bill).find_open_intents()

    def _forget(self):
        """Begin to listen."""
        self.env.flush_all()
        self.known = self.env['mail.message'].search([])

    def _hear(self, record=None):
        """Return who has said what about a record since."""
        messages = (record or self.bill).message_ids - self.known
        return [
            (message.author_id, message.preview or '')
            for message in messages.sorted('id') if message.preview
        ]

    # === A QR ENDS === #

    def test_employee_who_cancels_is_named(self):
        _result, error = self._call_kw(self.intent, 'action_cancel')

        self.assertFalse(error)
        self.assertEqual(self._hear(), [
            (self.accountant.partner_id, "The QPay QR over 500.00 ₮ was cancelled."),
        ])

    def test_it_is_told_in_the_company_language(self):
        self.company.partner_id.lang = 'mn_MN'
        terms = {"The QPay QR over %s was cancelled.": "%s-ийн QPay QR кодыг цуцалсан."}
        catalogue = {('payment_qpay', 'mn_MN'): terms}

        with patch.dict(code_translations.python_translations, catalogue):
            self._call_kw(self.intent, 'action_cancel')

        self.assertEqual(self._hear(), [
            (self.accountant.partner_id, "500.00 ₮-ийн QPay QR кодыг цуцалсан."),
        ])

    def test_each_invoice_of_a_joint_qr_tells_it_once(self):
        others = [self._create_invoice(amount) for amount in (700, 800)]
        joint = others[0] | others[1]
        self._create_intent(joint, 1500)
        self._forget()

        _result, error = self._call_kw(documents.of(joint).find_open_intents(), 'action_cancel')

        self.assertFalse(error)
        for invoice in joint:
            self.assertEqual(self._hear(invoice), [
                (self.accountant.partner_id, "The QPay QR over 1,500.00 ₮ was cancelled."),
            ])
        self.assertFalse(self._hear())

    def test_cancellation_that_qpay_does_not_confirm_is_told_as_well(self):
        with self._qpay_down():
            _result, error = self._call_kw(self.intent, 'action_cancel')

        self.assertIn("did not confirm", error)
        self.assertEqual([author for author, _text in self._hear()], [self.accountant.partner_id])

    def test_cancellation_that_finds_money_tells_of_the_money(self):
        intent = self.intent
        payment = self._pay(intent)

        self._call_kw(intent, 'action_cancel')

        self.assertPaidOnce(self.bill, payment['payment_id'])
        texts = [text for _author, text in self._hear()]
        self.assertFalse([text for text in texts if 'cancel' in text], texts)

    def test_nothing_is_told_of_a_qr_that_is_replaced(self):
        _result, error = self._call_kw(self.bill, 'qpay_create_intent', 300)

        self.assertFalse(error)
        self.assertEqual(self.intent.amount, 300)
        self.assertFalse(self._hear())

    def test_nothing_is_told_of_a_qr_that_the_payer_replaces(self):
        intent = self.intent
        intent.sudo().expires_at = intent.create_date
        answer = self.url_open('/payment/qpay/renew', json={'params': {
            'intent_id': intent.id, 'access_token': intent.access_token,
        }}).json()

        self.assertTrue(answer['result']['url'])
        self.assertNotEqual(self.intent, intent)
        self.assertFalse(self._hear())

    def test_nothing_is_told_of_a_qr_that_ends_by_itself(self):
        for end in (self._expire, self._let_invoice_be_paid):
            with self.subTest(end=end.__name__):
                self.bill = self._create_invoice(500)
                intent = self._create_intent(self.bill)
                self._forget()
                end(intent)
                self.assertEqual(intent.state, 'cancelled')
                self.assertFalse([text for _author, text in self._hear() if 'cancel' in text])

    def _let_invoice_be_paid(self, _intent):
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=self.bill.ids,
        ).create({})._create_payments()
        self._recheck()

    # === MONEY === #

    def test_odoo_tells_of_money_whoever_looked(self):
        intent = self.intent
        self._pay(intent)

        _result, error = self._call_kw(intent, 'action_check')

        self.assertFalse(error)
        system = self.env.ref('base.partner_root')
        heard = self._hear()
        self.assertEqual({author for author, _text in heard}, {system})
        self.assertIn('500.00 ₮ arrived through QPay', heard[0][1])

    def test_employee_who_refunds_is_named(self):
        intent = self.intent
        self._pay(intent, method='CARD')
        intent.action_check()
        payment = self._ledger(intent).account_payment_id
        self._forget()

        wizard = self.env['payment.refund.wizard'].with_user(self.accountant).with_context(
            active_id=payment.id
        ).create({})
        self._call_kw(wizard, 'action_refund')

        self.assertEqual(self._ledger(intent).status, 'refunded')
        for record in (self.bill, payment):
            heard = self._hear(record)
            self.assertTrue(heard)
            self.assertEqual({author for author, _text in heard}, {self.accountant.partner_id})

    def test_employee_who_books_a_refund_of_the_portal_is_named(self):
        intent = self.intent
        payment = self._pay(intent, method='CARD')
        intent.action_check()
        self.qpay.refund_in_portal(payment['payment_id'])
        self._reconcile()
        row = self._ledger(intent)
        self.assertTrue(row.is_refund_noticed)
        self._forget()

        _result, error = self._call_kw(row, 'action_book_refund')

        self.assertFalse(error)
        self.assertEqual(row.status, 'refunded')
        for record in (self.bill, row.account_payment_id):
            heard = self._hear(record)
            self.assertTrue(heard)
            self.assertEqual({author for author, _text in heard}, {self.accountant.partner_id})

    # === OTHERS === #

    def test_what_others_tell_is_left_alone(self):
        """Odoo itself speaks as the customer, in the language of who acts."""
        transaction = self._create_transaction(
            'direct', provider_id=self.dummy_provider.id, currency_id=self.mnt.id, amount=500,
            partner_id=self.customer.id, invoice_ids=self.bill.ids,
        )
        self._forget()

        as_accountant = transaction.with_user(self.accountant).sudo()
        as_accountant._log_sent_message()
        as_accountant._set_canceled()

        self.assertEqual(
            [(author, text.split(' of 500.00')[1]) for author, text in self._hear()],
            [
                (self.customer, " ₮ has been initiated."),
                (self.customer, " ₮ has been canceled."),
            ],
        )
