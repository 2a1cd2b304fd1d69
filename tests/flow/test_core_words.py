"""Odoo's own pages on the way to QPay and back: payers read them in Mongolian, too."""

import re

from odoo.tests import tagged

from odoo.addons.payment_qpay.dev.i18n import FOLDER
from odoo.addons.payment_qpay.dev.i18n.catalog import read
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

LANGUAGE = 'mn_MN'
TAG = re.compile(r'<[^>]*>')
LETTER = re.compile(r'[^\W\d_]')
CYRILLIC = re.compile(r'[Ѐ-ӿ]')
VIEW = 'model_terms:ir.ui.view,arch_db:'


@tagged('post_install', '-at_install')
class TestCoreWords(QPayCommon):

    def test_no_sentence_is_left_in_english(self):
        words = read(FOLDER.with_name('i18n_extra') / 'mn.po')
        views = {
            place.removeprefix(VIEW) for entry in words for place, _line in entry.occurrences
        }
        self.assertTrue(views)
        for view in sorted(views):
            with self.subTest(view=view):
                terms, _context = self.env.ref(view).sudo().get_field_translations(
                    'arch_db', [LANGUAGE]
                )
                texts = [TAG.sub('', term['value'] or term['source']) for term in terms]
                self.assertEqual(
                    [text for text in texts if LETTER.search(text) and not CYRILLIC.search(text)],
                    [],
                )
