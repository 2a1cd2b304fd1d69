"""A customer who signs in to the portal and pays an invoice, in a real browser."""

from playwright.sync_api import expect

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.demo.data import CUSTOMERS, PORTAL_CUSTOMER
from odoo.addons.payment_qpay.tests.cases.browser_case import PHONE
from odoo.addons.payment_qpay.tests.cases.payment_form_case import PaymentFormCase

AMOUNT = 60_000


@tagged('post_install', '-at_install')
class TestPortal(PaymentFormCase):

    def test_invoice_is_paid(self):
        invoice_id = self._create_own_invoice()
        page = self._open_portal()
        self._open_payment_form(page, invoice_id)
        self._save_screenshot(page, 'portal-payment-form')

        qr = self._choose_qpay(page)
        self.assertEqual((qr['amount'], qr['object_type']), (AMOUNT, 'invoice'))
        payment_id = self._pay(page, qr)

        # From a payment form the customer goes on by itself.
        self._let_continue(page)
        page.wait_for_url(f'**/my/invoices/{invoice_id}**')
        expect(page.get_by_text('Таны төлбөрийг хүлээн авлаа').first).to_be_visible()
        expect(page.locator('[data-bs-target="#pay_with"]')).to_have_count(0)
        self._save_screenshot(page, 'portal-invoice-paid')
        self.assertPaidOnce(invoice_id, qr['id'], payment_id, amount=AMOUNT)

    def test_leaving_and_coming_back_shows_the_same_qr(self):
        invoice_id = self._create_own_invoice()
        page = self._open_portal()
        self._open_payment_form(page, invoice_id)
        first_qr = self._choose_qpay(page)
        qrs_at_qpay = self._count_qrs_at_qpay()

        # Nothing was paid, so nothing keeps the customer from paying again, in whatever way.
        self._open_payment_form(page, invoice_id)
        qr = self._choose_qpay(page)

        self.assertEqual(qr['id'], first_qr['id'])
        self.assertEqual(self._count_qrs_at_qpay(), qrs_at_qpay)
        payment_id = self._pay_and_continue(page, qr)
        page.wait_for_url(f'**/my/invoices/{invoice_id}**')
        self._assert_settled(invoice_id, payment_id)

    def test_overdue_invoices_are_paid_by_one_qr(self):
        invoice_ids = [
            self._create_own_invoice(invoice_date='2026-01-05', invoice_date_due='2026-01-15')
            for _number in range(2)
        ]
        page = self._open_portal()
        self._follow(page, f'{self.server.url}/my/invoices/overdue')
        self._save_screenshot(page, 'portal-overdue')

        qr = self._choose_qpay(page)
        paid_ids = [row[0] for row in self.database.query(
            'SELECT invoice_id FROM qpay_intent_invoice_rel WHERE intent_id = %s', qr['id']
        )]
        self.assertLessEqual(set(invoice_ids), set(paid_ids))
        [(owed,)] = self.database.query(
            'SELECT sum(amount_residual) FROM account_move WHERE id IN %s', tuple(paid_ids)
        )
        self.assertEqual(qr['amount'], owed)
        payment_id = self._pay(page, qr)

        self.assertTrue(all(map(self._is_paid, paid_ids)))
        self.assertEqual(
            self.database.query(
                'SELECT amount FROM account_payment WHERE qpay_txn_id = %s', payment_id
            ),
            [(owed,)],
        )
        page.click('.o_qpay_show_paid .o_qpay_continue')
        page.wait_for_url('**/my/invoices**')

    # === HELPERS === #

    def _open_portal(self):
        page = self._new_customer_page(PHONE)
        self._sign_in(page.context, PORTAL_CUSTOMER)
        return page

    def _open_payment_form(self, page, invoice_id):
        """Go from the list of invoices to an invoice, and open its payment form."""
        self._follow(page, f'{self.server.url}/my/invoices')
        [(name,)] = self.database.query('SELECT name FROM account_move WHERE id = %s', invoice_id)
        self._follow(page, page.get_by_role('link', name=name).first)
        page.locator('[data-bs-target="#pay_with"]:visible').first.click()
        expect(page.locator('#pay_with')).to_be_visible()

    def _create_own_invoice(self, **values):
        """Create and post an invoice of the customer who can sign in."""
        name = CUSTOMERS[PORTAL_CUSTOMER['customer']]['name']
        [customer_id] = self.accountant.call('res.partner', 'search', [('name', '=', name)])
        invoice_id = self.accountant.call('account.move', 'create', {
            'move_type': 'out_invoice',
            'partner_id': customer_id,
            'invoice_line_ids': [(0, 0, {
                'name': 'Үйлчилгээ', 'price_unit': AMOUNT, 'tax_ids': [(5, 0, 0)],
            })],
            **values,
        })
        self.accountant.call('account.move', 'action_post', [invoice_id])
        return invoice_id

    def _assert_settled(self, invoice_id, payment_id):
        query = self.database.query
        self.assertEqual(
            query('SELECT amount FROM account_payment WHERE qpay_txn_id = %s', payment_id),
            [(AMOUNT,)],
        )
        self.assertTrue(self._is_paid(invoice_id))
