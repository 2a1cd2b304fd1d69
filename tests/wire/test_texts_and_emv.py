"""The texts of the wire: what a QR asks its payer for, and what QPay accepts from us."""

from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.qpay_api import EmvError, check_invoice_qr, clean_text
from odoo.addons.payment_qpay.qpay_api.emv import crc, parse

# Published samples of QPay: its documents of 2022, and a sandbox answer of 2025 (contract §9.3).
SAMPLE_2022 = (
    '0002010102121531279404962794049600022310027138152045734530349654031005802MN5904TEST'
    '6011Ulaanbaatar6244010712345670504test0721qWlrS8_zUpplFJmmfBGXc6304C66D'
)
SAMPLE_2025 = (
    '0002010102121531279404962794049600250110000049327540014A00000084300010108GLMTMNUB0220'
    'og_hbJpTUSa_ViwHjBjf52046010530349654031005802MN5912TESTMERCHANT6011ULAANBAATAR62240720'
    'og_hbJpTUSa_ViwHjBjf7106QPP_QR78157555524441313927902228002016304A3A8'
)


def _signed(text):
    """Return a QR text with the right checksum, from one that ends with any."""
    return text[:-4] + crc(text[:-4])


@tagged('post_install', '-at_install')
class TestQrText(BaseCase):

    def test_published_samples_ask_for_100_tugrik(self):
        for sample in (SAMPLE_2022, SAMPLE_2025):
            with self.subTest(sample=sample):
                check_invoice_qr(sample, Decimal(100))
                check_invoice_qr(sample, Decimal('100.00'))
                self.assertEqual(parse(sample)['58'], 'MN')

    def test_known_checksum(self):
        self.assertEqual(crc('123456789'), '29B1')

    def test_another_amount_is_refused(self):
        for amount in ('100.01', '99.99', '1000', '10', '0'):
            with self.subTest(amount=amount), self.assertRaises(EmvError):
                check_invoice_qr(SAMPLE_2025, Decimal(amount))

    def test_another_currency_is_refused(self):
        dollars = _signed(SAMPLE_2022.replace('5303496', '5303840'))
        self.assertEqual(parse(dollars)['53'], '840')
        with self.assertRaisesRegex(EmvError, 'MNT'):
            check_invoice_qr(dollars, Decimal(100))

    def test_qr_without_amount_is_refused(self):
        static = _signed(SAMPLE_2022.replace('5403100', ''))
        with self.assertRaisesRegex(EmvError, 'no amount'):
            check_invoice_qr(static, Decimal(100))

    def test_amount_that_is_no_number_is_refused(self):
        for amount in ('abc', 'NaN', '1,0'):
            with self.subTest(amount=amount), self.assertRaises(EmvError):
                check_invoice_qr(
                    _signed(SAMPLE_2022.replace('5403100', f'5403{amount}')), Decimal(100)
                )

    def test_any_changed_letter_is_noticed(self):
        for position in range(len(SAMPLE_2022)):
            changed = 'X' if SAMPLE_2022[position] != 'X' else 'Y'
            damaged = SAMPLE_2022[:position] + changed + SAMPLE_2022[position + 1:]
            with self.subTest(position=position), self.assertRaises(EmvError):
                check_invoice_qr(damaged, Decimal(100))

    def test_text_that_is_cut_anywhere_is_noticed(self):
        for length in range(len(SAMPLE_2025)):
            with self.subTest(length=length), self.assertRaises(EmvError):
                check_invoice_qr(SAMPLE_2025[:length], Decimal(100))

    def test_text_that_is_no_qr_is_noticed(self):
        for text in ('', ' ', 'https://qpay.mn/q', '0', SAMPLE_2022 + ' ', SAMPLE_2022.lower()):
            with self.subTest(text=text), self.assertRaises(EmvError):
                check_invoice_qr(text, Decimal(100))


@tagged('post_install', '-at_install')
class TestCleanText(BaseCase):

    def test_mongolian_names_and_numbers_stay(self):
        for text in ('INV/2026/00001', 'Өү Ёж-Эрдэнэ ХХК', 'a_b.c 1'):
            self.assertEqual(clean_text(text, 255), text)

    def test_special_characters_become_blanks(self):
        self.assertEqual(clean_text('№1: «Дэлгүүр» & "Ко" <b>\n\t5%', 255), '1 Дэлгүүр Ко b 5')

    def test_text_is_cut_to_the_limit(self):
        self.assertEqual(clean_text('a' * 300, 255), 'a' * 255)
        self.assertEqual(clean_text('ab cd', 3), 'ab')

    def test_nothing_usable_leaves_nothing(self):
        self.assertEqual(clean_text('!?* \n', 255), '')
