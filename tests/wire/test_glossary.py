"""The translation uses the words of accountants, and none that they do not say."""

import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
SOURCES = 'Odoo|l10n_mn|e-Barimt|QPay|usual'
ROW = re.compile(rf'^\| ([^|]+) \| ([^|]+) \| ({SOURCES}) \| ?([^|]*) ?\|$', re.MULTILINE)


def _split(cell):
    return [word.strip() for word in cell.split(',') if word.strip()]


@tagged('post_install', '-at_install')
class TestGlossary(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = ROW.findall((ADDON / 'docs/glossary.md').read_text(encoding='utf-8'))
        catalog = polib.pofile(str(ADDON / 'i18n/mn.po'))
        cls.translated = [entry.msgstr.lower() for entry in catalog]

    def test_every_word_is_used(self):
        self.assertGreater(len(self.rows), 20)
        text = '\n'.join(self.translated)
        self.assertEqual([
            word for _english, words, _source, _avoided in self.rows
            for word in _split(words) if word.lower() not in text
        ], [])

    def test_words_of_odoo_are_its_own(self):
        text = '\n'.join(
            entry.msgstr.lower() for module in ('base', 'account')
            for entry in polib.pofile(str(Path(get_module_path(module), 'i18n/mn.po')))
        )
        self.assertEqual([
            word for _english, words, source, _avoided in self.rows if source == 'Odoo'
            for word in _split(words) if word.lower() not in text
        ], [])

    def test_no_avoided_word_is_used(self):
        avoided = [word.lower() for row in self.rows for word in _split(row[3])]
        self.assertIn('үйлчлүүлэгч', avoided)
        self.assertEqual([
            (word, text) for word in avoided for text in self.translated
            if re.search(rf'\b{re.escape(word)}', text)
        ], [])
