"""Odoo's own pages on the way to QPay and back: payers read them in Mongolian, too."""

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.core_words import CoreWordsCase


@tagged('post_install', '-at_install')
class TestCoreWords(CoreWordsCase):

    def test_no_sentence_is_left_in_english(self):
        self.assertNoEnglish('account', 'account_payment', 'payment')
