"""What a stranger sees first: the licence, the changes, the page in Odoo's store."""

import ast
import re
from pathlib import Path

from lxml import html

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
WINDOW = ADDON / 'static/description'
PAGE = WINDOW / 'index.html'
# Of the README's and the manual's.
PICTURE = re.compile(r'!\[[^\]]*\]\(([^)]+)\)')
# What the store takes out.
REFUSED = '//script | //style | //link | //iframe | //form | //@*[starts-with(name(), "on")]'
MAX_BYTES = 150_000


@tagged('post_install', '-at_install')
class TestShopWindow(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = html.fromstring(PAGE.read_text(encoding='utf-8'))
        cls.manifest = ast.literal_eval((ADDON / '__manifest__.py').read_text(encoding='utf-8'))

    def test_licence_is_the_one_of_the_manifest(self):
        self.assertEqual(self.manifest['license'], 'LGPL-3')
        text = (ADDON / 'LICENSE').read_text(encoding='utf-8')
        self.assertRegex(text, r'GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007')

    def test_this_version_is_the_newest_of_the_changes(self):
        text = (ADDON / 'CHANGELOG.md').read_text(encoding='utf-8')
        newest = text.split('\n## ')[1].splitlines()[0]
        self.assertEqual(newest, self.manifest['version'])

    def test_pages_pictures_are_there(self):
        pictures = self.page.xpath('//img/@src')
        self.assertTrue(pictures)
        self.assertEqual(
            [name for name in pictures if not (PAGE.parent / name).is_file()], []
        )

    def test_page_brings_nothing_that_the_store_refuses(self):
        self.assertEqual(self.page.xpath(REFUSED), [])
        self.assertEqual(self.page.xpath('//*[contains(@src, ":") or contains(@href, ":")]'), [])
        self.assertEqual(self.page.xpath('//@style[contains(., "url(")]'), [])

    def test_page_says_everything_in_both_languages(self):
        mongolian, english = (
            [len(items.xpath('li')) for items in self.page.xpath(path)]
            for path in ('//*[@lang="mn"]//ul', '//section[not(@lang)]//ul')
        )
        self.assertTrue(mongolian)
        self.assertEqual(mongolian, english)

    def test_page_names_the_version(self):
        self.assertIn(self.manifest['version'], self.page.text_content())

    def test_pictures_of_the_manifest_are_there(self):
        self.assertTrue(self.manifest['images'])
        for name in self.manifest['images']:
            self.assertTrue((ADDON / name).is_file(), name)

    def test_pictures_are_small(self):
        pictures = list(WINDOW.rglob('*.png'))
        self.assertTrue(pictures)
        self.assertEqual([
            path.name for path in pictures if path.stat().st_size > MAX_BYTES
        ], [])

    def test_every_picture_is_shown_and_stands_once(self):
        documents = [*ADDON.glob('*.md'), *(ADDON / 'docs').rglob('*.md')]
        shown = {
            document.parent.joinpath(name).resolve()
            for document in documents
            for name in PICTURE.findall(document.read_text(encoding='utf-8'))
        } | {WINDOW.joinpath(name).resolve() for name in self.page.xpath('//img/@src')}
        made = {path.resolve() for path in WINDOW.rglob('*.png') if path.name != 'icon.png'}
        self.assertEqual(shown, made)
        self.assertEqual(list((ADDON / 'docs').rglob('*.png')), [])
