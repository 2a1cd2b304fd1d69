"""Customers who choose QPay in Odoo's own payment form."""

from playwright.sync_api import Locator, expect

from odoo.addons.payment_qpay.tests.cases.pay_page_case import CONTINUE_SECONDS, PayPageCase


class PaymentFormCase(PayPageCase):

    def _new_customer_page(self, viewport=None):
        """Open the browser of somebody whose language is Mongolian."""
        return self._new_page(self._new_context(viewport, locale='mn-MN', with_clock=True))

    @staticmethod
    def _follow(page, address):
        """Go to where a link leads, or to an address, and wait until the page does what it says.

        :param address: What to click on, or an address.
        """
        with page.expect_navigation():
            address.click() if isinstance(address, Locator) else page.goto(address)
        page.wait_for_selector('body[is-ready=true]')

    def _choose_qpay(self, page):
        """Choose QPay in Odoo's payment form and go to the payer's page.

        :return: The QR that is shown there, as the database has it.
        :rtype: dict
        """
        self._choose(page, 'qpay')
        page.wait_for_url('**/payment/qpay/pay/**')
        self._expect_view(page, 'open')
        self._wait_for_scripts(page)
        return self._find_qr(page)

    @staticmethod
    def _choose(page, provider):
        """Choose a provider in Odoo's payment form and press the button."""
        option = page.locator('[name=o_payment_option]').filter(
            has=page.locator(f'input[name=o_payment_radio][data-provider-code={provider}]')
        )
        option.locator('label').first.click()
        page.locator('button[name=o_payment_submit_button]:visible').click()

    def _find_qr(self, page):
        """Return what the database knows about the QR of a payer's page."""
        intent_id = int(page.url.split('/payment/qpay/pay/')[1].split('/')[0])
        names = (
            'id', 'object_type', 'res_model', 'res_id', 'amount', 'transaction_id',
            'qpay_invoice_id',
        )
        [row] = self.database.query(
            'SELECT id, object_type, res_model, res_id, amount, transaction_id, qpay_invoice_id'
            ' FROM qpay_intent WHERE id = %s', intent_id,
        )
        return dict(zip(names, row, strict=True))

    def _renew(self, page, qr):
        """Let a QR expire, and its payer get a new one.

        :return: The new QR, as the database has it.
        :rtype: dict
        """
        self._expire({'intent_id': qr['id']})
        page.reload()
        self._wait_for_scripts(page)
        self._expect_view(page, 'expired')
        page.click('.o_qpay_show_expired .o_qpay_renew')
        page.wait_for_url(lambda url: '/payment/qpay/pay/' in url and f'/{qr["id"]}/' not in url)
        self._wait_for_scripts(page)
        self._expect_view(page, 'open')
        return self._find_qr(page)

    def _pay(self, page, qr):
        """Let the customer pay in the bank app and see it on the payer's page.

        :return: The payment's id at QPay.
        :rtype: str
        """
        payment = self.qpay.pay(qr['qpay_invoice_id'])
        self._expect_view(page, 'paid')
        return payment['payment_id']

    def _let_continue(self, page):
        """Let the page that shows the payment go on by itself."""
        expect(page.locator('.o_qpay_show_paid .o_qpay_continue')).to_be_visible()
        self._let_pass(page, CONTINUE_SECONDS)

    def _pay_and_continue(self, page, qr):
        """Let the customer pay, who does not wait until the page goes on by itself."""
        payment_id = self._pay(page, qr)
        page.click('.o_qpay_show_paid .o_qpay_continue')
        return payment_id

    def _count_qrs_at_qpay(self):
        return len(self.qpay.invoices())
