"""The payer's side with Odoo's websites, whose providers take the request's host for their own."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests import test_page_addresses, test_pay_page_security


@tagged('post_install', '-at_install')
class TestAddresses(test_page_addresses.TestAddresses):

    def test_website_of_the_company_has_its_own_address(self):
        website = self.env['website'].create({
            'name': 'Дэлгүүр', 'company_id': self.company.id, 'domain': 'https://shop.example.mn',
        })
        self.assertEqual(self.company.website_id, website)
        self.bill.invalidate_recordset(['qpay_link'])
        self.assertTrue(self.bill.qpay_link.startswith('https://shop.example.mn/payment/qpay/'))
        other = self.env['website'].create({
            'name': 'Хоёр дахь', 'company_id': self.company.id, 'domain': 'https://two.example.mn',
        })
        self.provider.website_id = other
        self.bill.invalidate_recordset(['qpay_link'])
        self.assertTrue(self.bill.qpay_link.startswith('https://two.example.mn/payment/qpay/'))


@tagged('post_install', '-at_install')
class TestPageLanguage(test_pay_page_security.TestPageLanguage):
    """The website has languages of its own."""
