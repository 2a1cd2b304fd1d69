"""What the document for operations says about the server's log and health is so."""

import ast
import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
DOCUMENT = ADDON / 'docs/operations.md'
LINE = re.compile(r'^\| `([^`]* [^`]*)` \| .+ \| .+ \|$', re.MULTILINE)
CHECK = re.compile(r'^\| `(\w+)` \| .+ \| .+ \|$', re.MULTILINE)
DEVELOPMENT = {'dev', 'tests'}


def _parse_code():
    """Yield the parsed code of the addon, without what only developers run."""
    for path in ADDON.rglob('*.py'):
        top = path.relative_to(ADDON).parts[0]
        if top not in DEVELOPMENT and not top.startswith('.'):
            yield ast.parse(path.read_text(encoding='utf-8'))


def _find_calls(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@tagged('post_install', '-at_install')
class TestOperations(BaseCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = DOCUMENT.read_text(encoding='utf-8')
        cls.trees = list(_parse_code())

    def test_every_line_of_the_log_is_explained_and_every_explained_line_exists(self):
        logged = {
            call.args[0].value
            for tree in self.trees for call in _find_calls(tree)
            if isinstance(call.func, ast.Attribute)
            and getattr(call.func.value, 'id', '') == '_logger'
        }
        self.assertTrue(logged)
        self.assertEqual(sorted(LINE.findall(self.text)), sorted(logged))

    def test_every_check_of_health_is_explained(self):
        checks = {
            call.args[0].value for tree in self.trees for call in _find_calls(tree)
            if getattr(call.func, 'id', '') == 'HealthCheck'
        }
        self.assertTrue(checks)
        self.assertEqual(set(CHECK.findall(self.text)), checks)
