"""The table of what the addon overrides of Odoo: complete, and each row proved by a test."""

from odoo.tests import TransactionCase, tagged

from odoo.addons.payment_qpay.tests.cases.overrides_case import TableOfOverrides


@tagged('post_install', '-at_install')
class TestTableOfOverrides(TableOfOverrides, TransactionCase):
    """With invoices only."""
