"""Of whom a VAT receipt is for, nothing gets into the log."""

import psycopg2

from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase


@tagged('post_install', '-at_install')
class TestReceiptsStayOutOfTheLog(EbarimtCase):

    def test_failed_query(self):
        with (
            self.assertLogs('odoo.sql_db', level='ERROR') as log,
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "INSERT INTO qpay_ebarimt (receiver, lottery) VALUES ('99112233', 'AB 12345678')"
            )
        [line] = log.output
        self.assertIn('bad query', line)
        self.assertIn('not-null', line)
        for secret in ('99112233', 'AB 12345678'):
            self.assertNotIn(secret, line)

    def test_other_queries_are_logged_as_ever(self):
        with (
            self.assertLogs('odoo.sql_db', level='ERROR') as log,
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute('SELECT nonsense FROM res_partner')
        self.assertIn('nonsense', log.output[0])
