"""What a payment costs PostgreSQL, and what it does not set off."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.flow.test_batch import BatchCase

# Odoo's own share is about 160 of it.
SETTLE_ALONE = 214
# What a document is looked at twice for is the most of it, see docs/decisions.md.
CREATE_QR = 50


@tagged('post_install', '-at_install')
class TestQueryBudget(BatchCase):

    def test_payment_that_comes_alone(self):
        # What is read once in a process is read by the first one.
        for intent in self._create_intents(2):
            self._announce(intent)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._process_callbacks()
            queries = self.cr.sql_log_count - before
            self.assert_paid(intent)
        self.assertLessEqual(queries, SETTLE_ALONE)

    def test_qr_of_an_invoice(self):
        self._create_intents(1)
        invoice = self._create_invoice(1000)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._create_intent(invoice)
        self.assertLessEqual(self.cr.sql_log_count - before, CREATE_QR)

    def test_payment_sets_off_no_look_at_its_own_qr(self):
        intent = self._create_intents(1)
        action = self.env.ref('payment_qpay.ir_cron_recheck')
        triggers = self.env['ir.cron.trigger'].sudo()
        planned = triggers.search_count([('cron_id', '=', action.id)])
        self._announce(intent)
        self._process_callbacks()
        self.assert_paid(intent)
        self.assertFalse(self.env['qpay.intent.recheck'].sudo().search([]))
        self.assertEqual(triggers.search_count([('cron_id', '=', action.id)]), planned)

    def test_part_of_a_qr_has_the_rest_looked_at(self):
        intent = self._create_intents(1)
        self._pay(intent, amount=400)
        intent._sync_payments()
        self.assertTrue(intent.recheck_ids)

    def test_ledger_says_whose_a_payment_is_from_the_beginning(self):
        intent = self._create_intents(1)
        self._record_paid(intent)
        row = intent.payment_ids
        self.assertEqual(row.partner_id, intent.partner_id)
        self.assertEqual(row.company_id, self.company)
        self.assertEqual(row.document_company_id, intent.document_company_id)
        self.assertEqual(row.document_name, intent.document_name)
        self.assertFalse(row.message_ids)
