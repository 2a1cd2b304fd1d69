"""QPay's list is trusted once it has shown the last payments as QPay confirmed them."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.reconciliation_case import CHECK, LIST, ReconciliationCase

GET_PAYMENT = 'GET /v2/payment/{id}'
TRUST = 'odoo.addons.payment_qpay.models.qpay_list_trust'
PROOF = 3


class TrustCase(ReconciliationCase):

    @property
    def trust(self):
        return self.env['qpay.list.trust'].sudo()._find(self.provider._qpay_account())

    def _confirm(self, count, **options):
        """Let QRs be paid, and QPay confirm each payment; return QPay's ids."""
        payment_ids = []
        for _number in range(count):
            intent = self._create_intent(self._create_invoice(1000))
            payment = self._pay(intent, **options)
            self._call_back(intent, payment['payment_id'])
            payment_ids.append(payment['payment_id'])
        self._process_callbacks()
        self.qpay.reset_calls()
        return payment_ids

    def _health(self):
        check, = (check for check in self.provider._qpay_get_health() if check.key == 'list')
        self.assertEqual(check.level, 'ok')
        return check.message

    def assert_trusted(self):
        self.assertTrue(self.trust._is_given())
        self.assertIn(f'has shown the last {const.LIST_PROOF} payments', self._health())

    def assert_not_trusted(self, count):
        self.assertFalse(self.trust._is_given())
        self.assertEqual(self.trust.same_count, count)
        self.assertIn(f'So far: {count}.', self._health())


@tagged('post_install', '-at_install')
class TestTrustAfterTwenty(TrustCase):

    def test_daily_comparison_gives_it_without_a_further_call(self):
        self.assertEqual(const.LIST_PROOF, 20)
        self.assert_not_trusted(0)
        self._confirm(19)
        self._reconcile_daily()
        self.assert_not_trusted(19)
        self._confirm(1)
        self._reconcile_daily()
        self.assertEqual(self.qpay.calls(), {LIST: 1})
        self.assert_trusted()

        # From now on, one list answers.
        for _number in range(const.LIST_FOR_MANY):
            intent = self._create_intent(self._create_invoice(1000))
            self._call_back(intent, self._pay(intent)['payment_id'])
        self.qpay.reset_calls()
        self._process_callbacks()
        self.assertEqual(self.qpay.calls(), {LIST: 1})
        self.assertEqual(intent.state, 'paid')

        # A difference that is found later ends it at once.
        self.qpay.change_listed(self._confirm(1)[0], payment_fee='0.00')
        with self.assertLogs(TRUST, 'WARNING'):
            self._reconcile_daily()
        self.assert_not_trusted(0)
        for _number in range(const.LIST_FOR_MANY):
            intent = self._create_intent(self._create_invoice(1000))
            self._call_back(intent, self._pay(intent)['payment_id'])
        self.qpay.reset_calls()
        self._process_callbacks()
        self.assertEqual(
            self.qpay.calls(), {CHECK: const.LIST_FOR_MANY, GET_PAYMENT: const.LIST_FOR_MANY}
        )


@tagged('post_install', '-at_install')
class TestTrust(TrustCase):

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(const, 'LIST_PROOF', PROOF))

    def test_each_payment_counts_once(self):
        self._confirm(PROOF - 1)
        for _number in range(2):
            self._reconcile_daily()
            self._reconcile()
            self.assert_not_trusted(PROOF - 1)

    def test_row_that_differs_in_anything_ends_it(self):
        for changes in (
            {'payment_amount': '1001.00'}, {'payment_fee': '9.00'}, {'payment_fee': None},
            {'payment_currency': 'USD'}, {'payment_date': '2026-11-02T10:00:00.000Z'},
            {'payment_date': None}, {'paid_by': 'CARD'}, {'paid_by': None}, {'qr_code': None},
            {'qr_code': 'another'}, {'payment_status': 'NEW'},
        ):
            with self.subTest(**changes):
                self.trust.same_count = PROOF
                [payment_id] = self._confirm(1)
                self.qpay.change_listed(payment_id, **changes)
                with self.assertLogs(TRUST, 'WARNING') as log:
                    self._reconcile()
                self.assertIn(payment_id, log.output[0])
                self.assert_not_trusted(0)
                self.assertIn('differently from what QPay had confirmed', self._health())
                self.qpay.change_listed(payment_id)

    def test_it_is_gained_anew(self):
        self._confirm(PROOF)
        self._reconcile()
        self.assert_trusted()
        [payment_id] = self._confirm(1)
        self.qpay.change_listed(payment_id, payment_fee='0.00')
        with mute_logger(TRUST):
            self._reconcile()
        self.qpay.change_listed(payment_id)
        self._confirm(PROOF - 1)
        self._reconcile()
        self.assert_not_trusted(PROOF - 1)
        self._confirm(1)
        self._reconcile()
        self.assert_trusted()

    def test_known_payment_that_differs_later_ends_it(self):
        [payment_id, *_others] = self._confirm(PROOF)
        self._reconcile()
        self.assert_trusted()
        self.qpay.change_listed(payment_id, payment_amount='1.00')
        with self.assertLogs(TRUST, 'WARNING'):
            self._reconcile()
        self.assert_not_trusted(0)

    def test_what_the_list_itself_has_told_proves_nothing(self):
        for _number in range(PROOF):
            self._pay(self._create_intent(self._create_invoice(1000)))
        self.assertEqual(self._reconcile().recovered_count, PROOF)
        self._reconcile()
        self.assertFalse(self.trust.same_count)

    def test_what_the_list_has_answered_proves_nothing(self):
        self._confirm(PROOF)
        self._reconcile()
        counted = self.trust.counted_until
        self._confirm(const.LIST_FOR_MANY)
        self._reconcile()
        self.assertEqual(self.trust.counted_until, counted)
        self.assert_trusted()

    def test_payment_of_nobodys_and_refunded_one_are_no_difference(self):
        self._confirm(PROOF)
        self._reconcile()
        self._pay_nobody()
        [payment_id] = self._confirm(1, method='CARD')
        self._reconcile()
        self.qpay.refund_in_portal(payment_id)
        self._reconcile()
        self.assert_trusted()

    def test_list_that_cannot_be_read_changes_nothing(self):
        self._confirm(PROOF)
        self._reconcile()
        self._confirm(1)
        self.qpay.inject(LIST, 'status', status=500)
        with mute_logger('odoo.addons.payment_qpay.models.qpay_reconciliation'):
            self._reconcile()
        self.assert_trusted()

    def test_each_account_has_its_own(self):
        self._confirm(PROOF)
        self._reconcile()
        other = self.provider.copy({
            'name': 'QPay 2', 'state': 'test', 'qpay_client_id': 'OTHER_MERCHANT',
            'qpay_client_secret': '654321', 'qpay_invoice_code': 'OTHER_INVOICE',
            'company_id': self.provider.company_id.id,
        })
        self.assert_trusted()
        message, = (one.message for one in other._qpay_get_health() if one.key == 'list')
        self.assertIn('So far: 0.', message)

    def test_moment_that_qpay_did_not_tell_is_no_proof(self):
        self.qpay.inject(GET_PAYMENT, 'status', times=None, status=500)
        intent = self._create_intent(self._create_invoice(1000))
        payment = self._pay(intent)
        with mute_logger('odoo.addons.payment_qpay.qpay_api.client'):
            self._call_back(intent, payment['payment_id'])
            self._process_callbacks()
        self._ledger(intent).paid_at = fields.Datetime.now() - timedelta(minutes=1)
        self.qpay.clear_faults()
        with mute_logger(TRUST):
            self._reconcile()
        self.assert_not_trusted(0)
