"""What customers of the till read of Odoo's own on the way to QPay: in Mongolian, too."""

from odoo.tests import tagged
from odoo.tools.translate import code_translations

from odoo.addons.payment_qpay.tests.cases.core_words import CoreWordsCase


@tagged('post_install', '-at_install')
class TestTillWords(CoreWordsCase):

    def test_no_sentence_of_the_pages_is_left_in_english(self):
        self.assertNoEnglish('pos_online_payment')

    def test_window_of_the_till_is_in_mongolian(self):
        terms = {
            term['id']: term['string']
            for term in code_translations.get_web_translations('payment_qpay', 'mn_MN')['messages']
        }
        for words in ('Scan to pay', 'Scan the QR code to pay', 'Order reference:'):
            with self.subTest(words=words):
                self.assertRegex(terms[words], '[а-я]')
