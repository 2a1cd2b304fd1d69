"""Payments of another shop with the same account at QPay: they are left aside, and never lost."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.payment_qpay.tests.cases.reconciliation_case import ReconciliationCase


@tagged('post_install', '-at_install')
class TestNotOurs(ReconciliationCase):

    def _find_nobodys(self, description='Гүйлгээ'):
        """Return the row of a payment of nobody's, as the accountant sees it."""
        payment = self._pay_nobody(description)
        self._reconcile()
        return self._row(payment).with_user(self.accountant)

    def _create_shop(self, text, **values):
        return self.env['qpay.other.shop'].with_user(self.accountant).create({
            'name': 'Дархан салбар', 'provider_id': self.provider.id, 'text': text, **values,
        })

    def _messages(self, row):
        return ' '.join(row.message_ids.mapped('body'))

    def test_it_is_left_aside_and_told_to_nobody(self):
        row = self._find_nobodys()
        self.assertTrue(row.activity_ids)

        row.action_set_not_ours()

        self.assertEqual((row.state, row.stage, row.net_amount), ('not_ours', 'not_ours', 0))
        self.assertFalse(row.activity_ids or row.account_payment_id or row.state_message)
        self.assertIn('another shop', self._messages(row))
        # It is not asked about again, and never settled.
        self._reconcile()
        row.action_settle()
        self._settle_pending()
        self.assertEqual(row.state, 'not_ours')
        self.assertFalse(row.activity_ids)
        self.assertFalse(self._account_payments(row.qpay_txn_id))

    def test_it_is_taken_back(self):
        row = self._find_nobodys()
        row.action_set_not_ours()

        row.action_set_ours()

        self.assertEqual(row.state, 'needs_attention')
        self.assertIn('belongs to no QR', self._note(row))
        invoice = self._create_invoice(7000)
        with self._dialog(row) as dialog:
            dialog.partner_id = invoice.partner_id
            dialog.invoice_ids = invoice
        dialog.record.action_assign()
        self.assertPaidOnce(invoice, row.qpay_txn_id)

    def test_who_has_a_dialog_open_assigns_nothing_that_is_not_ours(self):
        row = self._find_nobodys()
        invoice = self._create_invoice(7000)
        with self._dialog(row) as dialog:
            dialog.partner_id = invoice.partner_id
            dialog.invoice_ids = invoice
        row.action_set_not_ours()

        with self.assertRaisesRegex(UserError, "already known"):
            dialog.record.action_assign()

        self.assertEqual((row.state, invoice.amount_residual), ('not_ours', 7000))

    def test_known_payment_cannot_be_anothers(self):
        intent = self._create_intent(self._create_invoice(7000))
        self._pay_and_settle(intent)
        row = intent.payment_ids.with_user(self.accountant)

        with self.assertRaisesRegex(UserError, "already known"):
            row.action_set_not_ours()

        self.assertEqual(row.state, 'settled')

    def test_rule_takes_what_waits_and_what_comes(self):
        waiting = self._find_nobodys('POS ДАРХАН 7')
        other = self._find_nobodys('Гүйлгээ')

        shop = self._create_shop('дархан')

        self.assertEqual((waiting.state, other.state), ('not_ours', 'needs_attention'))
        self.assertEqual(waiting.other_shop_id, shop)
        self.assertIn('Дархан салбар', self._messages(waiting))
        later = self._find_nobodys('pos Дархан 8')
        self.assertEqual((later.state, later.activity_ids.ids), ('not_ours', []))
        # The rule is gone; what it has said of payments stays.
        shop.unlink()
        self.assertEqual(waiting.state, 'not_ours')
        self.assertEqual(self._find_nobodys('POS Дархан 9').state, 'needs_attention')

    def test_rule_that_is_changed_takes_what_waits(self):
        row = self._find_nobodys('POS Дархан')
        shop = self._create_shop('Эрдэнэт')
        self.assertEqual(row.state, 'needs_attention')
        shop.text = 'дархан'
        self.assertEqual((row.state, row.other_shop_id), ('not_ours', shop))

    def test_rule_that_would_take_everything_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "at least 3"):
            self._create_shop(' а ')

    def test_rule_is_made_from_a_payment(self):
        row = self._find_nobodys('POS Дархан')
        action = row.action_add_other_shop()
        form = Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        ))
        self.assertEqual((form.text, form.provider_id), ('POS Дархан', self.provider))
        form.name = 'Дархан'
        form.save()
        self.assertEqual(row.state, 'not_ours')

    def test_what_pays_a_qr_after_all_is_settled(self):
        intent = self._create_intent(self._create_invoice(7000))
        payment = self._pay(intent)
        row = self.env['qpay.payment'].sudo().create({
            'provider_id': self.provider.id, 'environment': 'sandbox',
            'currency_id': self.env.ref('base.MNT').id, 'amount': 7000, 'status': 'paid',
            'qpay_txn_id': payment['payment_id'], 'paid_at': '2026-01-05 04:00:00',
        })
        row._ask_whose()
        row.with_user(self.accountant).action_set_not_ours()

        self._call_back(intent, payment['payment_id'])
        self._process_callbacks()

        self.assertEqual((row.state, row.intent_id), ('settled', intent))
        self.assertPaidOnce(intent.invoice_ids, payment['payment_id'])

    def test_auditor_only_reads(self):
        row = self._find_nobodys()
        shop = self._create_shop('Дархан')
        auditor = self._create_user('not_ours_auditor', 'Аудитор', 'account.group_account_readonly')
        for act in (
            row.with_user(auditor).action_set_not_ours,
            row.with_user(auditor).action_set_ours,
            row.with_user(auditor).action_add_other_shop,
            shop.with_user(auditor).unlink,
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertEqual(shop.with_user(auditor).text, 'Дархан')


@tagged('post_install', '-at_install')
class TestStage(ReconciliationCase):

    def test_refunded_money_is_no_income(self):
        invoice = self._create_invoice(7000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent, method='CARD')
        row = intent.payment_ids
        self.assertEqual((row.stage, row.net_amount), ('settled', 7000 - row.fee))
        self.assertEqual(invoice.with_user(self.accountant).qpay_status, 'paid')

        self._refund(row)

        self.assertEqual((row.state, row.status, row.stage), ('settled', 'refunded', 'refunded'))
        self.assertEqual(row.net_amount, 0)
        self.assertEqual((intent.amount_paid, intent.amount_refunded), (0, 7000))
        self.assertIn('refunded', intent._get_status_payload()['message'])
        self.assertEqual(invoice.with_user(self.accountant).qpay_status, 'refunded')

    def test_money_that_was_refunded_in_the_portal_is_no_income_before_it_is_booked(self):
        invoice = self._create_invoice(7000)
        intent = self._create_intent(invoice)
        self._pay_and_settle(intent, method='CARD')
        row = intent.payment_ids
        self.qpay.refund_in_portal(row.qpay_txn_id)
        self._reconcile()
        self.assertEqual((row.stage, row.status, row.net_amount), ('needs_attention', 'paid', 0))
        moves = self.env['account.move'].with_user(self.accountant)
        self.assertEqual(invoice.with_user(self.accountant).qpay_status, 'refunded')
        for status, found in (('refunded', invoice), ('paid', moves)):
            domain = [('qpay_status', '=', status), ('id', '=', invoice.id)]
            self.assertEqual(moves.search(domain).ids, found.ids)

    def _refund(self, row):
        payment = row.account_payment_id.with_user(self.accountant)
        self.env['payment.refund.wizard'].with_user(self.accountant).with_context(
            active_id=payment.id
        ).create({}).action_refund()

    def test_invoices_are_found_by_what_qpay_has_to_do_with_them(self):
        plain, open_, paid, refunded = invoices = self.env['account.move'].union(*(
            self._create_invoice(7000) for _number in range(4)
        ))
        for invoice in paid, refunded:
            self._pay_and_settle(self._create_intent(invoice), method='CARD')
        self._refund(refunded.qpay_intent_ids.payment_ids)
        self._create_intent(open_)
        moves = self.env['account.move'].with_user(self.accountant)
        for status, expected in (
            ('open', open_), ('paid', paid), ('refunded', refunded), (False, plain),
        ):
            with self.subTest(status=status):
                self.assertEqual(expected.with_user(self.accountant).qpay_status, status)
                domain = [('qpay_status', '=', status), ('id', 'in', invoices.ids)]
                self.assertEqual(moves.search(domain).ids, expected.ids)
        everything = moves.search([
            ('qpay_status', '!=', False), ('id', 'in', invoices.ids),
        ])
        self.assertEqual(everything, (open_ | paid | refunded).with_user(self.accountant))

    def test_lists_of_invoices_open(self):
        moves = self.env['account.move'].with_user(self.accountant)
        for view, kind in (
            ('account.view_out_invoice_tree', 'list'),
            ('account.view_account_invoice_filter', 'search'),
        ):
            arch = moves.get_view(self.env.ref(view).id, kind)['arch']
            self.assertIn('qpay_', arch)
        # Bills and other entries stay as they are.
        for view in ('account.view_in_invoice_tree', 'account.view_move_tree'):
            self.assertNotIn('qpay_status', moves.get_view(self.env.ref(view).id, 'list')['arch'])

    def test_entries_that_have_nothing_to_do_with_qpay(self):
        bill = self._create_invoice(7000, move_type='in_invoice')
        entry = self.env['account.move'].new({})
        self.assertFalse(bill.with_user(self.accountant).qpay_status or entry.qpay_status)
