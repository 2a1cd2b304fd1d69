"""What a stranger sees first: the licence, the changes."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]


@tagged('post_install', '-at_install')
class TestShopWindow(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manifest = ast.literal_eval((ADDON / '__manifest__.py').read_text(encoding='utf-8'))

    def test_licence_is_the_one_of_the_manifest(self):
        self.assertEqual(self.manifest['license'], 'LGPL-3')
        text = (ADDON / 'LICENSE').read_text(encoding='utf-8')
        self.assertRegex(text, r'GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007')

    def test_this_version_is_the_newest_of_the_changes(self):
        text = (ADDON / 'CHANGELOG.md').read_text(encoding='utf-8')
        newest = text.split('\n## ')[1].splitlines()[0]
        self.assertEqual(newest, self.manifest['version'])
