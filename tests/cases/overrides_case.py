"""The table of what the addon overrides of Odoo."""

import re
from pathlib import Path

from odoo.addons.payment_qpay.tests.cases.core_answers import find_overrides

ADDON = Path(__file__).parents[2]
TABLE = ADDON / 'docs' / 'overrides.md'
# What is overridden, then where, what it takes and returns, and by which tests that is proved.
ROW = re.compile(r'^\| `([^`]+)` \|.*\|([^|]+)\|$', re.MULTILINE)

CHANGE_OF_SCRIPTS = re.compile(r'utils/patch|error_dialogs')


class TableOfOverrides:
    """Proves that the table is complete, whatever modules are installed."""

    # Odoo's own runner leaves inherited tests out otherwise.
    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = dict(ROW.findall(TABLE.read_text(encoding='utf-8')))

    def test_every_method_is_in_the_table(self):
        self.assertEqual(
            {name for name in self.rows if not name.startswith(('view ', 'script ', 'log '))},
            find_overrides(self.registry),
        )

    def test_every_view_is_in_the_table(self):
        own = self.env['ir.model.data'].search([
            ('module', '=', 'payment_qpay'), ('model', '=', 'ir.ui.view'),
        ])
        views = self.env['ir.ui.view'].browse(own.mapped('res_id'))
        inherited = views.inherit_id - views
        self.assertEqual(
            {name for name in self.rows if name.startswith('view ')},
            {f'view {view.xml_id}' for view in inherited},
        )

    def test_every_script_that_changes_odoos_own_is_in_the_table(self):
        self.assertEqual(
            {name for name in self.rows if name.startswith('script ')},
            {
                f'script {path.name}' for path in (ADDON / 'static/src').rglob('*.js')
                if CHANGE_OF_SCRIPTS.search(path.read_text(encoding='utf-8'))
            },
        )

    def test_every_row_names_tests_that_exist(self):
        tests = '\n'.join(
            path.read_text(encoding='utf-8') for path in (ADDON / 'tests').rglob('test_*.py')
        )
        for name, cell in self.rows.items():
            named = re.findall(r'`(test_\w+)`', cell)
            self.assertTrue(named, f'{name} has no test')
            for test in named:
                self.assertIn(f'def {test}(self', tests, name)
