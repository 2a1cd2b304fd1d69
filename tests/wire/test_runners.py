"""Odoo's own runner and pytest find the same tests."""

import sys
from pathlib import Path
from unittest import TestCase, TestLoader

from odoo.tests import BaseCase, tagged
from odoo.tests.loader import get_module_test_cases, get_test_modules

from odoo.addons.payment_qpay import tests

FOLDER = Path(tests.__file__).parent


@tagged('post_install', '-at_install')
class TestRunners(BaseCase):

    def test_every_file_is_found(self):
        has_shop = 'odoo.addons.website_sale' in sys.modules
        files = {
            path.relative_to(FOLDER).with_suffix('').as_posix()
            for path in FOLDER.rglob('test_*.py') if has_shop or path.parent.name != 'sales'
        }
        modules = {
            module.__name__.removeprefix(f'{tests.__name__}.').replace('.', '/')
            for module in get_test_modules('payment_qpay')
        }
        self.assertEqual(modules, files)

    def test_every_test_is_found_once(self):
        for module in get_test_modules('payment_qpay'):
            classes = [
                value for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, TestCase)
            ]
            # What pytest runs: inherited tests, and those of classes that a module imports, too.
            expected = [
                (case, name) for case in classes for name in TestLoader().getTestCaseNames(case)
            ]
            found = [
                (type(test), test._testMethodName) for test in get_module_test_cases(module)
            ]
            with self.subTest(module=module.__name__):
                self.assertCountEqual(found, expected)
