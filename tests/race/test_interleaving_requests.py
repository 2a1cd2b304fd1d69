"""What happens to a QR and its document while QPay is making the QR."""

from odoo.exceptions import LockError, UserError
from odoo.tests import tagged

from odoo.addons.payment_qpay.qpay_api import QPayClient
from odoo.addons.payment_qpay.tests.cases.interleaving_case import InterleavingCase


@tagged('post_install', '-at_install')
class TestRequestsMeet(InterleavingCase):

    def _ask_while(self, happening, invoice=None):
        """Ask for a QR, and let something happen when QPay has made it.

        :return: The QR that was made, or is left of it.
        """
        invoice = invoice or self._create_invoice()
        try:
            with (
                self.assertNoLogs('odoo.sql_db', level='ERROR'),
                self._meanwhile(QPayClient, 'create_invoice', lambda: happening(invoice)),
            ):
                invoice.qpay_create_intent()
        finally:
            self.own.cr.commit()
            self.intent = invoice.qpay_intent_ids.with_env(self.system)

    def _intent_of(self, env, invoice):
        return invoice.with_env(env).qpay_intent_ids

    # === THE ANSWER === #

    def test_answer_is_kept_when_the_qr_was_changed_meanwhile(self):
        def _change(invoice):
            with self._rival() as env:
                self._intent_of(env, invoice).view_checks += 1

        self._ask_while(_change)
        self.assertEqual((self.intent.state, self.intent.view_checks), ('new', 1))
        self.assertTrue(self.intent.qpay_invoice_id and self.intent.transaction_id)
        self._pay(self.intent)
        self.intent._sync_payments()
        self.assertEqual(self.intent.invoice_ids.amount_residual, 0)

    def test_answer_is_kept_when_another_transaction_of_the_document_was_made(self):
        def _make_transaction(invoice):
            with self._rival() as env:
                intent = self._intent_of(env, invoice)
                self.other = intent._create_transaction(intent.amount)

        self._ask_while(_make_transaction)
        self.assertEqual(self.intent.state, 'new')
        self.assertNotEqual(self.intent.transaction_id, self.other)
        payment_id = self._pay(self.intent)
        self.intent._sync_payments()
        self.assertBookedOnce(payment_id)

    def test_transaction_that_is_made_at_the_same_moment_costs_no_qr(self):
        invoice = self._create_invoice()

        def _make_transaction():
            with self._rival() as env:
                intent = self._intent_of(env, invoice)
                intent._create_transaction(intent.amount)

        transactions = self.registry['payment.transaction']
        with self._meanwhile(transactions, '_compute_reference', _make_transaction):
            invoice.qpay_create_intent()
        self.own.cr.commit()
        intent = invoice.qpay_intent_ids.with_env(self.system)
        self.assertEqual(intent.state, 'new')
        payment_id = self._pay(intent)
        intent._sync_payments()
        self.assertBookedOnce(payment_id)
        self.assertEqual(intent.payment_ids.transaction_id.state, 'done')

    def test_qr_that_was_cancelled_meanwhile_is_cancelled_at_qpay(self):
        def _cancel(invoice):
            with self._rival() as env:
                self._intent_of(env, invoice).action_cancel()

        with self.assertRaisesRegex(UserError, 'cancelled'):
            self._ask_while(_cancel)
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self._status_at_qpay(self.intent), 'CANCELED')
        self.assertFalse(self.intent.recheck_at)

    def test_answer_that_comes_while_the_qr_is_being_cancelled_is_looked_at(self):
        intent = self._create_qr()
        invoice_id = intent.qpay_invoice_id
        intent.qpay_invoice_id = False
        self.own.cr.commit()

        def _answer():
            with self._rival() as env:
                intent.with_env(env).qpay_invoice_id = invoice_id

        with self._meanwhile('qpay.intent', '_lock_or_raise', _answer, after=False):
            intent._close('Ended.')
        self.assertEqual(self._status_at_qpay(intent), 'OPEN')
        self.assertTrue(intent.recheck_at)

    # === WHAT IS OWED === #

    def test_invoice_that_was_paid_by_an_earlier_transaction_keeps_no_qr(self):
        invoice = self._create_invoice()
        rival = self._open(self.own.user.login)

        def _pay_otherwise(_invoice):
            self._register_payment(invoice.with_env(rival))
            rival.cr.commit()

        with self.assertRaisesRegex(UserError, 'paid or changed'):
            self._ask_while(_pay_otherwise, invoice)
        self.assertEqual(self.intent.state, 'cancelled')
        self.assertEqual(self._status_at_qpay(self.intent), 'CANCELED')

    def test_part_that_is_found_when_a_qr_is_replaced_is_not_asked_for_again(self):
        intent = self._create_qr()
        payment_id = self._pay(intent, amount=5000)
        known = len(self.qpay.invoices())
        with self.assertRaisesRegex(UserError, 'unpaid'):
            intent.invoice_ids.with_env(self.own).qpay_create_intent(14000)
        self.assertBookedOnce(payment_id)
        self.assertEqual(len(self.qpay.invoices()), known)

    # === THE SAME QR === #

    def test_qr_of_another_process_is_not_waited_for(self):
        intent = self._create_qr()
        transaction = intent._create_transaction(intent.amount)
        self.own.cr.commit()
        invoice = intent.invoice_ids
        request = self.system['qpay.intent']._request
        values = invoice, 15000, intent.provider_id, invoice.partner_id
        with self._held(intent):
            self.assertEqual(request(*values), intent, 'it is only shown')
            with self.assertRaises(LockError):
                request(*values, transaction=transaction)
        self.assertNotEqual(intent.transaction_id, transaction)
        self.assertEqual(request(*values, transaction=transaction), intent)
        self.assertEqual(intent.transaction_id, transaction)
