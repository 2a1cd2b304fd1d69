"""Odoo's own pages on the way to QPay and back, as people read them in Mongolian."""

import re

from odoo.addons.payment_qpay.dev.i18n import FOLDER
from odoo.addons.payment_qpay.dev.i18n.catalog import read
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

_LANGUAGE = 'mn_MN'
_TAG = re.compile(r'<[^>]*>')
_LETTER = re.compile(r'[^\W\d_]')
_CYRILLIC = re.compile(r'[Ѐ-ӿ]')
_VIEW = 'model_terms:ir.ui.view,arch_db:'


class CoreWordsCase(QPayCommon):

    def assertNoEnglish(self, *modules):
        """No sentence is left in English of the pages of these modules that are translated."""
        views = {
            place.removeprefix(_VIEW)
            for entry in read(FOLDER.with_name('i18n_extra') / 'mn.po')
            for place, _line in entry.occurrences if place.startswith(_VIEW)
        }
        own = sorted(view for view in views if view.split('.')[0] in modules)
        self.assertTrue(own)
        for view in own:
            with self.subTest(view=view):
                terms, _context = self.env.ref(view).sudo().get_field_translations(
                    'arch_db', [_LANGUAGE]
                )
                texts = [_TAG.sub('', term['value'] or term['source']) for term in terms]
                self.assertEqual([
                    text for text in texts if _LETTER.search(text) and not _CYRILLIC.search(text)
                ], [])
