"""The manual names screens, buttons and menus as they are called, and speaks as accountants do."""

import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
GUIDE = ADDON / 'docs/guide'
# Whose menus and buttons are named, beside the addon's own.
ODOO = ('account', 'account_payment', 'base', 'payment', 'point_of_sale', 'sale', 'web', 'website')
# A name of the screen; a way of menus has several.
BOLD = re.compile(r'\*\*(.+?)\*\*', re.DOTALL)
PICTURE = re.compile(r'!\[[^\]]*\]\(([^)]+)\)')


def _read_terms(path, is_translated):
    """Return how a catalog calls things: in Mongolian, or else in English."""
    return {
        entry.msgstr if is_translated else entry.msgid
        for entry in polib.pofile(str(path)) if entry.msgstr or not is_translated
    }


def _collect_terms(own, odoo, is_translated):
    catalogs = [ADDON / name for name in own]
    catalogs += [
        Path(get_module_path(module), 'i18n', odoo(module)) for module in ODOO
    ]
    return set().union(*(_read_terms(path, is_translated) for path in catalogs))


@tagged('post_install', '-at_install')
class TestGuide(BaseCase):

    def _assert_names_exist(self, language, terms):
        pages = sorted((GUIDE / language).glob('*.md'))
        named = [
            (page.name, name) for page in pages
            for bold in BOLD.findall(page.read_text(encoding='utf-8'))
            for name in ' '.join(bold.split()).split(' → ')
        ]
        self.assertGreater(len(named), 40)
        self.assertEqual([pair for pair in named if pair[1] not in terms], [])

    def test_every_mongolian_name_is_on_a_screen(self):
        self._assert_names_exist('mn', _collect_terms(
            ('i18n/mn.po', 'i18n_extra/mn.po'), lambda _module: 'mn.po', is_translated=True,
        ))

    def test_every_english_name_is_on_a_screen(self):
        self._assert_names_exist('en', _collect_terms(
            ('i18n/payment_qpay.pot',), '{}.pot'.format, is_translated=False,
        ))

    def test_both_languages_have_the_same_pages_with_the_same_chapters_and_pictures(self):
        outlines = [{
            page.name: (
                re.findall(r'^#+(?= )', text, re.MULTILINE),
                [picture.replace(f'/{language}/', '/') for picture in PICTURE.findall(text)],
            )
            for page in (GUIDE / language).glob('*.md')
            for text in [page.read_text(encoding='utf-8')]
        } for language in ('mn', 'en')]
        self.assertTrue(outlines[0])
        self.assertEqual(*outlines)
