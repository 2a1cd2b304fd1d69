"""The payer's page of a company that issues VAT receipts, in a real browser."""

from odoo.addons.payment_qpay.tests.cases.pay_page_case import PayPageCase


class EbarimtPageCase(PayPageCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database.query(
            "UPDATE res_company SET qpay_district = '35', qpay_khoroo = '05',"
            " qpay_classification_code = '0000010'"
        )
        cls.database.query(
            "UPDATE payment_provider SET qpay_ebarimt_mode = 'after_payment' WHERE code = 'qpay'"
        )
        # What was written behind the server's back may be in its caches.
        cls.server.kill()
        cls.server.start()
