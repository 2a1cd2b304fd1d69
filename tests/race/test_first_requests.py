"""Many QRs at once of a provider that nobody has used yet."""

from functools import partial

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import ADMIN
from odoo.addons.payment_qpay.tests.cases.patience import together
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

REQUESTS = 8


@tagged('post_install', '-at_install')
class TestFirstRequests(RealServerCase):

    workers = 4

    def setUp(self):
        super().setUp()
        [(self.provider_id, self.company_id)] = self.database.query(
            "SELECT id, company_id FROM payment_provider"
            " WHERE code = 'qpay' AND state = 'test' ORDER BY id LIMIT 1"
        )
        self.invoice_ids = [self._create_invoice(1000 + number) for number in range(REQUESTS)]
        self.admin = self.server.log_in(ADMIN['login'], ADMIN['password'])

    def _lines(self):
        return self.database.query(
            'SELECT id, journal_id IS NOT NULL FROM account_payment_method_line'
            ' WHERE payment_provider_id = %s', self.provider_id,
        )

    def _forget_lines(self):
        """Leave the provider as one that was switched on before there was a journal to choose."""
        self.database.query(
            'UPDATE account_payment_method_line SET payment_provider_id = NULL, journal_id = NULL'
            ' WHERE payment_provider_id = %s', self.provider_id,
        )
        self.assertFalse(self._lines())

    def _ask_for_all(self):
        return together(*[
            partial(self.accountant.call, 'account.move', 'qpay_create_intent', [invoice_id])
            for invoice_id in self.invoice_ids
        ])

    def assertPayable(self, qrs):
        """What is paid is booked."""
        for qr, invoice_id in list(zip(qrs, self.invoice_ids, strict=True))[::REQUESTS - 1]:
            [(qpay_invoice_id,)] = self.database.query(
                'SELECT qpay_invoice_id FROM qpay_intent WHERE id = %s', qr['intent_id']
            )
            payment = self.qpay.pay(qpay_invoice_id, wait=True)
            self._wait_until_paid(invoice_id)
            self.assertPaidOnce(invoice_id, qr['intent_id'], payment['payment_id'], qr['amount'])

    def test_provider_that_was_just_switched_on(self):
        self._forget_lines()
        self.admin.call('payment.provider', 'write', [self.provider_id], {'state': 'disabled'})
        self.admin.call('payment.provider', 'write', [self.provider_id], {'state': 'test'})
        self.assertEqual([has_journal for _id, has_journal in self._lines()], [True])

        qrs = self._ask_for_all()

        self.assertEqual(len({qr['qr_text'] for qr in qrs}), REQUESTS)
        self.assertEqual(len(self._lines()), 1)
        self.assertPayable(qrs)

    def test_provider_without_a_payment_method(self):
        self._forget_lines()

        qrs = self._ask_for_all()

        self.assertEqual(len({qr['qr_text'] for qr in qrs}), REQUESTS)
        self.assertEqual(len(self._lines()), 1)
        self.assertPayable(qrs)

    def test_second_payment_method_that_was_made_by_hand(self):
        [(first_id, _has_journal)] = self._lines()
        self.database.query(
            'INSERT INTO account_payment_method_line'
            ' (name, sequence, payment_method_id, payment_account_id, journal_id,'
            '  payment_provider_id)'
            " SELECT name, sequence, payment_method_id, payment_account_id, journal_id,"
            ' payment_provider_id FROM account_payment_method_line WHERE id = %s', first_id,
        )
        self.assertEqual(len(self._lines()), 2)

        qrs = self._ask_for_all()

        self.assertEqual(len({qr['qr_text'] for qr in qrs}), REQUESTS)
        self.assertEqual([line_id for line_id, _has_journal in self._lines()], [first_id])
        self.assertPayable(qrs)
        told = self.database.query(
            "SELECT u.active FROM mail_activity a JOIN res_users u ON u.id = a.user_id"
            " WHERE a.res_model = 'account.journal' AND a.note LIKE %s", '%#%',
        )
        self.assertEqual(told, [(True,)])
