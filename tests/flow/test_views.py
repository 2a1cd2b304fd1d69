"""The views open for the people they are for, with all that they show."""

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

_VIEWS = {
    'qpay.intent': ('list', 'kanban', 'form', 'search'),
    'qpay.payment': ('list', 'kanban', 'form', 'search', 'pivot', 'graph'),
    'qpay.callback': ('list', 'kanban', 'search'),
    'qpay.reconciliation': ('list', 'kanban', 'form'),
    'qpay.assign.wizard': ('form',),
    'qpay.qr.wizard': ('form',),
    'account.payment': ('list', 'form', 'search'),
    'account.move': ('list', 'form', 'search'),
}


@tagged('post_install', '-at_install')
class TestViews(QPayCommon):

    def setUp(self):
        super().setUp()
        self.bill = self._create_invoice(15000)
        self.intent = self._create_intent(self.bill)
        self._pay_and_settle(self.intent, amount=20000)
        self.row = self._ledger(self.intent)
        self.result = self._reconcile()

    def _read_as_the_view(self, records, user, view_type='form'):
        """Read what a view of these records shows, as the browser does."""
        records = records.sudo(False).with_user(user)
        views = records.get_views([(False, view_type)])
        arch = etree.fromstring(views['views'][view_type]['arch'])
        models = views['models']

        def specify(node, model):
            fields = models[model]['fields']
            specification = {}
            for field in node.xpath('.//field[not(ancestor::field)]') if node.tag != 'field' \
                    else node.xpath('./*//field[count(ancestor::field) = 1]'):
                name = field.get('name')
                kind = fields[name]['type']
                if kind == 'many2one':
                    specification[name] = {'fields': {'display_name': {}}}
                elif kind in ('one2many', 'many2many'):
                    subviews = field.xpath('./list//field[count(ancestor::field) = 1]')
                    names = [sub.get('name') for sub in subviews]
                    specification[name] = {'fields': {n: {} for n in names} or {'display_name': {}}}
                else:
                    specification[name] = {}
            return specification

        return records.web_read(specify(arch, records._name))

    def test_views_open_for_accountants(self):
        for model, kinds in _VIEWS.items():
            for kind in kinds:
                with self.subTest(model=model, kind=kind):
                    views = self.env[model].with_user(self.accountant).get_views([(False, kind)])
                    self.assertTrue(views['views'][kind]['arch'])

    def test_accountants_and_auditors_read_all_that_forms_show(self):
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        for user in (self.accountant, auditor):
            for records in (self.intent, self.row, self.result):
                with self.subTest(user=user.name, model=records._name):
                    [values] = self._read_as_the_view(records, user)
                    if 'provider_id' in values:
                        self.assertEqual(
                            values['provider_id']['display_name'], self.provider.display_name
                        )
            with self.subTest(user=user.name, model='account.payment'):
                [values] = self._read_as_the_view(self.row.account_payment_id, user)
                self.assertEqual(values['qpay_txn_id'], self.row.qpay_txn_id)

    def test_administrators_read_all_that_the_watch_shows(self):
        health = self.env['qpay.health'].sudo().create({'provider_id': self.provider.id})
        for kind in ('list', 'form'):
            with self.subTest(kind=kind):
                [values] = self._read_as_the_view(health, self.administrator, kind)
                self.assertEqual(values['provider_id']['display_name'], self.provider.display_name)
        with self.assertRaises(AccessError):
            self._read_as_the_view(health, self.accountant)

    def test_accountants_read_all_that_lists_show(self):
        for records in (self.intent, self.row, self.intent.callback_ids, self.result):
            with self.subTest(model=records._name):
                self.assertTrue(self._read_as_the_view(records, self.accountant, 'list'))

    def test_buttons_are_for_those_who_may_press_them(self):
        auditor = self._create_user('auditor', "Auditor", 'account.group_account_readonly')
        for model, view_type, button in (
            ('account.payment', 'form', 'action_qpay_pay_back'),
            ('account.move', 'form', 'action_qpay_qr'),
            ('qpay.intent', 'form', 'action_check'),
            ('qpay.intent', 'form', 'action_cancel'),
            ('qpay.payment', 'form', 'action_settle'),
            ('qpay.payment', 'form', 'action_assign'),
            ('qpay.payment', 'form', 'action_book_refund'),
            ('qpay.payment', 'list', 'action_settle'),
            ('qpay.callback', 'list', 'action_process'),
        ):
            with self.subTest(button=button, view=view_type):
                model = self.env[model]
                view = model.with_user(self.accountant).get_view(view_type=view_type)
                self.assertIn(button, view['arch'])
                view = model.with_user(auditor).get_view(view_type=view_type)
                self.assertNotIn(button, view['arch'])

    def test_what_came_of_a_call_is_not_asked_for_again(self):
        callbacks = self.env['qpay.callback'].with_user(self.accountant)
        states = callbacks._fields['state'].get_values(self.env)
        for kind in ('list', 'kanban'):
            with self.subTest(view=kind):
                arch = etree.fromstring(callbacks.get_view(view_type=kind)['arch'])
                conditions = arch.xpath(
                    '//button[@name="action_process"]/ancestor-or-self::*[@invisible]/@invisible'
                )
                offered = [
                    state for state in states
                    if not any(safe_eval(condition, {'state': state}) for condition in conditions)
                ]
                self.assertEqual(offered, ['received', 'ignored', 'failed'])

    def test_form_opens_what_a_qr_is_for(self):
        bills = self._create_invoice(100) | self._create_invoice(200)
        several = self._create_intent(bills, 300)
        for intent, expected in ((self.intent, self.bill), (several, bills)):
            with self.subTest(document=intent.document_name):
                intent = intent.sudo(False).with_user(self.accountant)
                form = etree.fromstring(intent.get_view(view_type='form')['arch'])
                button = form.find('.//button[@name="action_open_document"]')
                self.assertFalse(safe_eval(button.get('invisible'), intent.read()[0]))
                action = intent.action_open_document()
                domain = action.get('domain') or [('id', '=', action['res_id'])]
                self.assertEqual(self.env[action['res_model']].search(domain), expected)

    def test_nobody_writes_by_hand(self):
        for records in (self.intent, self.row, self.intent.callback_ids):
            with self.subTest(model=records._name), self.assertRaises(AccessError):
                records.sudo(False).with_user(self.administrator).write({'state': 'new'})

    def test_menus_open_their_actions(self):
        for name in ('payment', 'intent', 'callback', 'reconciliation'):
            with self.subTest(menu=name):
                menu = self.env.ref(f'payment_qpay.menu_qpay_{name}')
                visible = self.env['ir.ui.menu'].with_user(self.accountant)._visible_menu_ids()
                self.assertIn(menu.id, visible)
                action = menu.sudo().action
                for view_type in action.view_mode.split(','):
                    self.env[action.res_model].with_user(self.accountant).get_view(
                        view_type=view_type
                    )
