"""The translation uses the words of accountants, and none that they do not say."""

import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
# Names on the screen, some of them Odoo's, and what only programs read.
NAMES = re.compile(r'\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`|\]\([^)]+\)')
MONGOLIAN_PART = re.compile(r'<(\w+)[^>]* lang="mn"[^>]*>(.*?)</\1>', re.DOTALL)
MARKUP = re.compile(r'<[^>]+>')
PLACEHOLDER = re.compile(r'%\(\w+\)s')
# Where the English text has such a word, the Mongolian one has this stem.
STEMS = {
    r'administrators?': 'администратор',
    r'accounts? at QPay|merchant account': 'мерчант бүртгэл',
    r'callbacks?': 'мэдэгд',
    r'certificates?': 'гэрчилгээ',
    r'databases?': 'өгөгдлийн бааз',
    r'documents?': 'эх баримт',
    r'pa(?:id|ys?)(?: it| the money| the rest| a part)? back': 'буцаан олг',
    r'providers?': 'дамжуулагч',
    r'scheduled actions?': 'товлосон үйлд',
}
# They are about receipts without saying so.
SHORT = {'Issued to', 'Nobody'}
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
        # The texts without markup: what people read.
        cls.terms = {
            PLACEHOLDER.sub('', MARKUP.sub(' ', entry.msgid)): MARKUP.sub(' ', entry.msgstr)
            for entry in catalog
        }
        extra = polib.pofile(str(ADDON / 'i18n_extra/mn.po'))
        window = (ADDON / 'static/description/index.html').read_text(encoding='utf-8')
        cls.manual = [
            *(MARKUP.sub(' ', entry.msgstr) for entry in extra),
            *(MARKUP.sub(' ', text) for _tag, text in MONGOLIAN_PART.findall(window)),
            *(
                line for path in (*ADDON.glob('docs/guide/mn/*.md'), ADDON / 'README.mn.md')
                for line in NAMES.sub(' ', path.read_text(encoding='utf-8')).split('\n')
            ),
        ]

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
        avoided = {word.lower(): row[1] for row in self.rows for word in _split(row[3])}
        self.assertIn('үйлчлүүлэгч', avoided)
        self.assertGreater(len(self.manual), 300)
        self.assertEqual([
            (word, text) for word, instead in avoided.items()
            for text in (*self.translated, *self.manual)
            if re.search(rf'\b{re.escape(word)}', self._leave_out(instead, text.lower()))
        ], [])

    @staticmethod
    def _leave_out(cell, text):
        """A right word may begin with one that is avoided."""
        for word in _split(cell):
            text = text.replace(word.lower(), '')
        return text

    def test_words_are_the_same_everywhere(self):
        self.assertEqual([
            (stem, source, translation) for english, stem in STEMS.items()
            for source, translation in self.terms.items()
            if re.search(rf'\b(?:{english})\b', source, re.IGNORECASE)
            and stem not in translation.lower()
        ], [])

    def test_only_receipts_are_called_receipts(self):
        self.assertEqual([
            (source, translation) for source, translation in self.terms.items()
            if not re.search('receipt|barimt', source, re.IGNORECASE) and source not in SHORT
            and 'баримт' in translation.lower().replace('эх баримт', '')
        ], [])

    def test_quotation_marks_are_of_one_kind(self):
        self.assertEqual(
            [text for text in (*self.terms.values(), *self.manual) if re.search('["“”„]', text)], []
        )
