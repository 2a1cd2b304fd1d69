"""What the manual for operations says of the log is what the code writes."""

import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).parents[2]
FOLDERS = ('models', 'controllers', 'documents', 'wizards', 'qpay_api')
LINE = re.compile(r'^\| `([^`]+)` \|', re.MULTILINE)


@tagged('post_install', '-at_install')
class TestOperations(BaseCase):

    def test_every_line_of_the_log_is_written_somewhere(self):
        manual = (ADDON / 'docs/operations.md').read_text(encoding='utf-8')
        table = manual.split('## What the log says')[1].split('## ')[0]
        lines = LINE.findall(table)
        code = ' '.join(
            path.read_text(encoding='utf-8')
            for path in (*ADDON.glob('*.py'), *(
                file for folder in FOLDERS for file in (ADDON / folder).rglob('*.py')
            ))
        )
        # Long texts are written in pieces.
        code = re.sub(r'"\s+"', '', code)
        self.assertGreater(len(lines), 10)
        self.assertEqual([line for line in lines if f'"{line}"' not in code], [])
