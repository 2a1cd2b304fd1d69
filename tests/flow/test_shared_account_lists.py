"""QPay's lists of one account that two providers use: each payment is taken in and counted once."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_companies import CompaniesCase


@tagged('post_install', '-at_install')
class TestListsOfSharedAccount(CompaniesCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_provider = cls._create_provider(
            cls._create_other_company(), merchant='TEST', name='QPay 2'
        )

    def _pay_lost(self, **options):
        """Let a QR of the first provider be paid, and QPay's call be lost."""
        intent = self._create_intent(self._create_invoice(15000))
        self._pay(intent, **options)
        return intent

    def _totals(self, provider):
        result = self._reconcile(provider)
        self.assertEqual(result.state, 'done', result.state_message)
        return result.qpay_total, result.ledger_total

    def test_either_list_settles_it_for_the_company_whose_qr_it_is(self):
        for first, second in (
            (self.provider, self.other_provider), (self.other_provider, self.provider),
        ):
            with self.subTest(first=first.name):
                intent = self._pay_lost()
                found = self._reconcile(first)
                self.assertEqual((found.recovered_count, found.unknown_count), (1, 0))
                again = self._reconcile(second)
                self.assertEqual((again.recovered_count, again.unknown_count), (0, 0))
                row = self._ledger(intent)
                self.assertEqual((row.state, row.company_id), ('settled', self.company))
                self.assertPaidOnce(intent.invoice_ids, row.qpay_txn_id)
                self.assertEqual(again.qpay_total, again.ledger_total)

    def test_payment_of_nobodys_is_asked_about_once(self):
        intent = self._pay_lost()
        intent.sudo().write({'qr_text': False, 'qpay_invoice_id': False})
        self.env.flush_all()
        counts = [
            self._reconcile(provider).unknown_count
            for provider in (self.provider, self.other_provider, self.provider)
        ]
        self.assertEqual(sum(counts) + len(self._ledger(intent)), 1)

    def test_refund_in_the_portal_is_noticed_once(self):
        intent = self._pay_lost(method='CARD')
        self._reconcile()
        row = self._ledger(intent)
        self.qpay.refund_in_portal(row.qpay_txn_id)
        self.assertEqual(self._reconcile(self.other_provider).refunded_count, 1)
        self.assertTrue(row.is_refund_noticed)
        self._reconcile(self.provider)
        self.assertEqual(len(row.activity_ids), 1)

    def test_lists_of_two_invoice_codes_are_kept_apart(self):
        self.other_provider.qpay_invoice_code = 'TEST_EB_INVOICE'
        self._pay_lost()
        self.assertEqual(self._totals(self.other_provider), (0, 0))
        self.assertEqual(self._totals(self.provider), (15000, 15000))
        self.assertEqual(self._totals(self.other_provider), (0, 0))

    def test_list_of_a_provider_that_is_switched_off_is_its_own(self):
        self.other_provider.qpay_invoice_code = 'TEST_EB_INVOICE'
        self._pay_lost()
        self.assertEqual(self._totals(self.provider), (15000, 15000))
        self.provider.state = 'disabled'
        self.assertEqual(self._totals(self.other_provider), (0, 0))

    def test_daily_comparisons_of_both(self):
        intent = self._pay_lost()
        results = self._reconcile_daily()
        self.assertEqual(len(results), 2)
        self.assertEqual(sum(results.mapped('recovered_count')), 1)
        self.assertEqual(set(results.mapped('qpay_total')), {15000})
        self.assertEqual(set(results.mapped('ledger_total')), {15000})
        self.assertEqual(self._ledger(intent).state, 'settled')
