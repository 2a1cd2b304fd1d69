"""Who is asked to look at something: somebody active who may see it and can put it right."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.common import QPayCommon


class ToldCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_user(
            'qpay_second', "Хоёр дахь нягтлан", 'account.group_account_invoice'
        )
        cls.employee = cls._create_user('qpay_employee', "Ажилтан", 'base.group_user')

    def _pay_too_little(self, bill=None, user=None):
        """Let something happen that a person is told about, and return the row."""
        bill = bill or self._create_invoice(15000)
        intent = self._create_intent(bill.with_user(user) if user else bill)
        self._pay_and_settle(intent, amount=1)
        return self._ledger(intent)

    def assert_can_act(self, record):
        """The one who is told reads the record, and acts on it."""
        [activity] = record.activity_ids
        user = activity.user_id
        self.assertTrue(user.active)
        own = record.sudo(False).with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        own.read(['display_name'])
        self.assertTrue(user.has_group('account.group_account_invoice'))
        return user


@tagged('post_install', '-at_install')
class TestWhoCanPutItRight(ToldCase):

    def test_archived_responsible_person(self):
        self.provider.qpay_responsible_id = self.second
        self.second.active = False
        self.assertNotEqual(self.assert_can_act(self._pay_too_little()), self.second)

    def test_responsible_person_without_accounting_rights(self):
        self.provider.qpay_responsible_id = self.employee
        row = self._pay_too_little(user=self.accountant)
        self.assertEqual(self.assert_can_act(row), self.accountant)

    def test_responsible_person_of_another_company(self):
        other = self.setup_other_company(name='Хоёрдугаар ХХК')['company']
        self.second.write({'company_id': other.id, 'company_ids': [Command.set(other.ids)]})
        self.provider.qpay_responsible_id = self.second
        row = self._pay_too_little(user=self.accountant)
        self.assertEqual(self.assert_can_act(row), self.accountant)

    def test_payer_made_the_qr(self):
        bill = self._create_invoice(15000)
        visitor = documents.of(bill.with_user(self.env.ref('base.public_user')).sudo())
        intent = visitor.get_or_create_intent(15000)
        self._pay_and_settle(intent, amount=1)
        self.assert_can_act(self._ledger(intent))


@tagged('post_install', '-at_install')
class TestActivitiesMoveOn(ToldCase):

    def setUp(self):
        super().setUp()
        self.provider.qpay_responsible_id = self.second
        self.row = self._pay_too_little(user=self.accountant)
        self.assertEqual(self.row.activity_ids.user_id, self.second)

    def test_when_that_person_is_archived(self):
        self.second.action_archive()
        self.assertEqual(self.assert_can_act(self.row), self.accountant)

    def test_when_an_other_system_archives_that_person(self):
        self.second.write({'active': False})
        self.assertEqual(self.assert_can_act(self.row), self.accountant)

    def test_when_that_person_is_deleted(self):
        self.provider.qpay_responsible_id = False
        self.second.unlink()
        self.assertEqual(self.assert_can_act(self.row), self.accountant)

    def test_when_that_person_loses_the_rights(self):
        self.second.group_ids = [Command.unlink(
            self.env.ref('account.group_account_invoice').id
        )]
        self.assertEqual(self.assert_can_act(self.row), self.accountant)

    def test_not_when_something_else_changes(self):
        self.second.write({'group_ids': [Command.link(self.env.ref('base.group_system').id)]})
        self.assertEqual(self.row.activity_ids.user_id, self.second)

    def test_other_activities_are_odoos_matter(self):
        bill = self._create_invoice(100)
        bill.activity_schedule('mail.mail_activity_data_todo', user_id=self.second.id)
        self.second.action_archive()
        self.assertFalse(bill.activity_ids)


@tagged('post_install', '-at_install')
class TestBranch(ToldCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env['res.company'].create({
            'name': 'Салбар', 'parent_id': cls.company.id,
        })
        cls.cr.precommit.run()  # Odoo gives it its parent's accounts.
        cls.other_branch = cls.env['res.company'].create({
            'name': 'Өөр салбар', 'parent_id': cls.company.id,
        })
        cls.cr.precommit.run()
        cls.hers = cls._create_user(
            'qpay_branch', "Салбарын нягтлан", 'account.group_account_invoice',
            company=cls.branch,
        )
        cls.foreign = cls._create_user(
            'qpay_other_branch', "Өөр нягтлан", 'account.group_account_invoice',
            company=cls.other_branch,
        )
        cls.env.user.company_ids += cls.branch

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(1000, company_id=self.branch.id)
        self.own_bill = self.bill.with_user(self.hers).with_context(
            allowed_company_ids=self.branch.ids
        )
        self.intent = documents.of(self.own_bill).get_or_create_intent(1000)

    def _as(self, user, records):
        return records.sudo(False).with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )

    def test_she_sees_qr_payment_call_and_activity(self):
        self._pay_and_settle(self.intent, amount=1500)
        row = self._ledger(self.intent)
        self.assertEqual(row.state, 'settled', row.state_message)
        self.assertEqual(self.own_bill.qpay_intent_count, 1)
        self.assertEqual(self.assert_can_act(row), self.hers)
        for records in (self.intent, row, self.intent.callback_ids):
            self._as(self.hers, records).read()
            with self.assertRaises(AccessError):
                self._as(self.foreign, records).read(['display_name'])

    def test_she_operates_them(self):
        self._pay(self.intent)
        self._as(self.hers, self.intent).action_check()
        self.assertEqual(self.intent.state, 'paid')
        second = self._create_invoice(500, company_id=self.branch.id)
        other = self._create_intent(second)
        self._as(self.hers, other).action_cancel()
        self.assertEqual(other.state, 'cancelled')
        receivable = second.line_ids.account_id.filtered(
            lambda account: account.account_type == 'asset_receivable'
        )
        receivable.active = False
        self._pay_and_settle(other)
        row = self._ledger(other)
        self.assertEqual(row.state, 'needs_attention')
        receivable.active = True
        self._as(self.hers, row).action_settle()
        self.assertEqual(row.state, 'settled')

    def test_whose_form_shows_the_qr(self):
        form = self._as(self.hers, self.env['qpay.intent']).get_view(view_type='form')
        fields = form['models']['qpay.intent']
        self._as(self.hers, self.intent).web_read({
            name: {} for name in fields if name in self.intent._fields
        })
