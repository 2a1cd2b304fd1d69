"""Each sentence of README.md has a row in the table of "make verify", whose checks exist."""

import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

from odoo.addons.payment_qpay.dev.verify import claims

TESTS = Path(__file__).parents[1]


@tagged('post_install', '-at_install')
class TestClaims(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sentences = claims.read_sentences(claims.README.read_text(encoding='utf-8'))
        cls.table = claims.read_table()

    def test_every_sentence_of_the_readme_has_its_checks(self):
        self.assertGreater(len(self.sentences), 40)
        self.assertEqual([text for text in self.sentences if text not in self.table], [])
        self.assertEqual([text for text in self.table if text not in self.sentences], [])

    def test_every_check_exists(self):
        tests = {
            name for path in TESTS.rglob('test_*.py')
            for name in re.findall(r'^    def (test_\w+)', path.read_text(encoding='utf-8'), re.M)
        }
        live = claims.read_live_checks()
        used = {name for checks in self.table.values() for name in checks}
        self.assertEqual(used - tests - {*live, *claims.BY_RUNNING, claims.LEFT_OUT}, set())
        self.assertEqual({*live, *claims.BY_RUNNING} - used, set())

    def test_sentences_of_all_kinds_are_found(self):
        text = (
            '# Title\n\n[Other](other.md)\n\n![Picture](picture.png)\n\n'
            '```\nmake x    # does x\n```\n\n'
            'One **claims. Two** is [linked](two.md)\nover lines: and goes on.\n\n'
            '* **Item**: three. `four` is so!\n* Five\n\n1. Six\n\n| a | table |\n'
        )
        self.assertEqual(claims.read_sentences(text), [
            'make x # does x', 'One claims.', 'Two is linked over lines: and goes on.',
            'Item: three.', '`four` is so!', 'Five', 'Six',
        ])
