"""People, messages and modules that have nothing to do with QPay: Odoo does what it always does."""

from odoo.exceptions import AccessDenied, AccessError
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon
from odoo.addons.payment_qpay.tests.cases.core_answers import ask_core


@tagged('post_install', '-at_install')
class TestPeople(QPayCommon):

    def test_people_come_and_go(self):
        users = self.env['res.users']
        employee = self._create_user('qpay_employee', "Ажилтан", 'base.group_user')
        customer = self._create_user('qpay_customer', "Худалдан авагч", 'base.group_portal')
        employee.partner_id.activity_schedule('mail.mail_activity_data_todo', user_id=employee.id)
        for records in (users, employee, employee | customer):
            with self.subTest(users=len(records)):
                self.assertTrue(records.write({'active': False}))
                self.assertTrue(records.write({'active': True}))
                self.assertEqual(records.action_archive(), ask_core(records, 'action_archive'))
                self.assertFalse(any(records.mapped('active')))
                self.assertTrue(records.write({'active': True, 'company_ids': []}))
        self.assertTrue(employee.with_user(employee).write({'signature': "Баяр"}))
        with self.assertRaises(AccessError):
            employee.with_user(customer).write({'active': False})

    def test_messages_on_any_record(self):
        text = "Сайн уу"
        records = (self.customer, self.env['product.template'].create({'name': "Бараа"}))
        for record in records:
            message = record.message_post(body=text, subject=text, message_type='comment')
            self.assertEqual(record.message_ids[0], message)
        several = self.customer | self.customer.copy()
        for target in (several.browse(), self.customer, several):
            with self.subTest(records=len(target)):
                messages = target.message_post_with_source(
                    'mail.message_origin_link', render_values={'self': several, 'origin': several},
                )
                self.assertEqual(len(messages), len(target))
        with self.assertRaises(ValueError):
            several.message_post(body=text)

    def test_other_modules_are_uninstalled(self):
        """Also while payments of QPay wait."""
        self._create_intent(self._create_invoice())
        modules = self.env['ir.module.module'].sudo()
        other = modules.search([('name', '=', 'mail_bot')])
        action = modules.button_uninstall()
        self.assertEqual(action, ask_core(modules, 'button_uninstall'))
        with self.assertRaises(AccessDenied):
            other.with_user(self.accountant).sudo(False).button_uninstall()
        self.assertEqual(other.button_uninstall()['type'], action['type'])
        self.assertEqual(other.state, 'to remove')
