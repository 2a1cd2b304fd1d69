"""The manual leads to menus that are there, by their names."""

import re
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

GUIDE = Path(__file__).parents[2] / 'docs/guide'
LANGUAGES = {'mn': 'mn_MN', 'en': 'en_US'}
WAY = re.compile(r'\*\*([^*]+ → [^*]+)\*\*')
# The menu of a list, which is none of Odoo's records.
OF_LISTS = ('Actions', 'Үйлдэл')
ROW = re.compile(r'^\| \*\*(.+?)\*\* \|', re.MULTILINE)


@tagged('post_install', '-at_install')
class TestGuideMenus(QPayCommon):

    def test_every_way_leads_to_a_menu(self):
        for code, language in LANGUAGES.items():
            menus = self.env['ir.ui.menu'].with_context(
                **{'lang': language, 'ir.ui.menu.full_list': True}
            ).sudo().search([])
            names = [menu._get_full_name().split('/') for menu in menus]
            ways = [
                ' '.join(way.split()).split(' → ')
                for page in sorted((GUIDE / code).glob('*.md'))
                for way in WAY.findall(page.read_text(encoding='utf-8'))
            ]
            self.assertGreater(len(ways), 3)
            for way in ways:
                with self.subTest(language=language, way=way):
                    self.assertTrue(way[0] in OF_LISTS or any(
                        # Headings between them are left out.
                        menu[-1] == way[-1] and [name for name in menu if name in way] == way
                        for menu in names
                    ), way)

    def test_accountants_menus_are_told_in_their_order(self):
        health = self.env.ref('payment_qpay.menu_qpay_health')
        for code, language in LANGUAGES.items():
            page = (GUIDE / code / 'accountant.md').read_text(encoding='utf-8')
            first, *others = (
                self.env.ref('payment_qpay.menu_qpay').child_id - health
            ).with_context(lang=language).mapped('name')
            watch = page.split('\n## ')[2]
            self.assertIn(f'**{first}**', watch)
            self.assertEqual(ROW.findall(watch), others)
