"""Every role at every entry: `docs/security.md` says who may, and nothing is missing there."""

from lxml import etree

from odoo.service.model import call_kw
from odoo.tests import tagged

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.tests.cases.rights_case import RightsCase

# What the methods want beside the records.
ARGUMENTS = {
    ('account.move', 'write'): [{'ref': 'X'}],
    ('account.payment', 'write'): [{'memo': 'X'}],
    ('payment.provider', 'web_save'): [{'name': 'X'}, {}],
    ('payment.provider', 'write'): [{'name': 'X'}],
    ('res.users', 'write'): [{'active': True}],
}
VALUES = {
    'account.partial.reconcile': {'amount': 1},
    'payment.provider': {'name': 'X', 'code': 'none'},
}
# What has no records of its own is tried on a model that has.
STANDS_FOR = {'qpay.reconciliation.totals': 'qpay.reconciliation'}
# Odoo has an opinion of its own about each model that is like this one.
OTHERS = {'mail.thread'}
CRUD = {'create', 'read', 'write', 'unlink'}


class MatrixCase(RightsCase):

    def _compare(self, allowed, expected, entry):
        """The roles that are allowed are those of the document, as far as the database has them."""
        self.assertEqual(
            sorted(allowed), sorted(expected & set(self.users)), f'{entry}: see docs/security.md'
        )

    def _assert_complete(self, listed, existing):
        self.assertEqual(len(listed), len(set(listed)), "Something is listed twice.")
        self.assertEqual(existing - set(listed), set(), "docs/security.md does not tell of these.")
        self.assertEqual(set(listed) - existing, set(), "docs/security.md tells of what is gone.")


@tagged('post_install', '-at_install')
class TestRoutes(MatrixCase):

    def setUp(self):
        super().setUp()
        kind, document_id, token = documents.of(self.bill).get_link().split('/link/')[1].split('/')
        link = {'kind': kind, 'document_id': int(document_id), 'token': token}
        paid = {'intent_id': self.row.intent_id.id, 'access_token': self.row.intent_id.access_token}
        self.parameters = {
            '/payment/qpay/callback/<string:token>': {
                'token': f'{self.intent.id}-{self.intent.sudo().callback_token}',
            },
            '/payment/qpay/check': paid,
            '/payment/qpay/ebarimt': paid,
            '/payment/qpay/taxpayer': paid,
            '/payment/qpay/renew': link,
            '/payment/qpay/receipt/<int:intent_id>/<string:access_token>': paid,
            '/payment/qpay/pay/<int:intent_id>/<string:access_token>': paid,
            '/payment/qpay/pay/<int:intent_id>/<string:access_token>/qr.png': {
                'intent_id': self.intent.id, 'access_token': self.intent.sudo().access_token,
            },
        }
        self.parameters.update(dict.fromkeys((
            '/payment/qpay/link/<string:kind>/<int:document_id>/<string:token>',
            '/payment/qpay/link/<string:kind>/<int:document_id>/<string:token>/qr.png',
        ), link))

    def _is_open(self, route, parameters):
        """Whether a route answers with more than a refusal."""
        path = route
        for name, value in parameters.items():
            for kind in ('string', 'int'):
                path = path.replace(f'<{kind}:{name}>', str(value))
        is_script = path == route
        answer = self.url_open(
            path, json={'params': parameters} if is_script else None, allow_redirects=False
        )
        self.assertIn(answer.status_code, (200, 301, 302, 303, 403, 404))
        return answer.status_code < 400 and not (is_script and 'error' in answer.json())

    def _get_open_to(self, route, parameters):
        roles = set()
        for role in self.users:
            self._sign_in(role)
            if self._is_open(route, parameters):
                roles.add(role)
        return roles

    def test_every_role(self):
        listed = []
        for row in self.table.rows('Routes'):
            [route] = self.table.names(row['Route'])
            listed.append(route)
            right = self.parameters[route]
            # Neither without a token nor with another one.
            wrong = {
                name: f'{str(value)[:-8]}wrong123' if 'token' in name else value
                for name, value in right.items()
            }
            for parameters, title in ((right, 'With its token'), (wrong, 'Without')):
                with self.subTest(route=route, title=title):
                    self._compare(
                        self._get_open_to(route, parameters), self.table.who(row[title]), route
                    )
        self._assert_complete(listed, self._get_routes())


@tagged('post_install', '-at_install')
class TestMethods(MatrixCase):

    def _may_use(self, role, model, method):
        if model in self.dialogs and method not in CRUD:
            return self._call_dialog(role, model, method)
        if method == 'create':
            return self._may_create(role, model, VALUES[model])
        model = STANDS_FOR.get(model, model)
        if self.registry[model]._abstract:
            return self._may(role, lambda records: call_kw(records, method, [], {}), model)
        records = self.others.get(method, self.records[model])
        arguments = ARGUMENTS.get((model, method), [])
        return self._may_call(role, model, method, records.ids, *arguments)

    def test_every_role(self):
        # What can be posted, and who is nobody of those who try.
        self.others = {
            'action_post': self.row.account_payment_id.copy(),
            'action_archive': self._create_user('rights_leaver', "Ажлаас гарсан"),
        }
        listed = []
        for row in self.table.rows('Methods'):
            [model] = self.table.names(row['Model'])
            for method in self.table.names(row['Methods']):
                listed.append((model, method))
                if model in OTHERS:
                    continue
                with self.subTest(model=model, method=method):
                    allowed = {role for role in self.users if self._may_use(role, model, method)}
                    self._compare(allowed, self.table.who(row['Called by']), (model, method))
        own = {(model, name) for model in self._get_own_models() for name in CRUD}
        self._assert_complete(listed, self._get_methods() - own)


@tagged('post_install', '-at_install')
class TestButtons(MatrixCase):

    def test_nobody_is_shown_a_button_that_refuses_him(self):
        # Dialogs are opened by buttons.
        models = [
            name for name, model in self.registry.items()
            if name in self.records and not model._transient
        ]
        pressed, refused = set(), set()
        for role in self.users:
            for model in models:
                if not self._reads(role, model):
                    continue
                for method in self._get_buttons(role, model):
                    pressed.add((model, method))
                    if not self._may_call(role, model, method, self.records[model].ids):
                        refused.add((role, model, method))
        self.assertEqual(refused, set())
        self.assertLessEqual({
            ('account.move', 'action_qpay_qr'), ('qpay.callback', 'action_process'),
            ('qpay.intent', 'action_open_document'), ('qpay.intent', 'action_simulate_payment'),
            ('qpay.payment', 'action_settle'), ('qpay.reconciliation', 'action_run'),
        }, pressed)

    def _reads(self, role, model):
        records = self.records[model].sudo(False).with_user(self.users[role])
        return self.users[role]._is_internal() and records.has_access('read')

    def _get_buttons(self, role, model):
        """Return our methods that the views of a model offer to a role, each once.

        :rtype: set[str]
        """
        ours = {method for owner, method in self._get_methods() if owner == model}
        views = self.env['ir.ui.view'].sudo().search([
            ('model', '=', model), ('mode', '=', 'primary'),
            ('type', 'in', ('form', 'list', 'kanban')),
        ])
        records = self.env[model].with_user(self.users[role])
        archs = (
            etree.fromstring(records.get_view(view.id, view.type)['arch']) for view in views
        )
        # Those within a field's own list are of other records.
        path = '//button[@type="object"][not(ancestor::field)]/@name'
        return {method for arch in archs for method in arch.xpath(path)} & ours


@tagged('post_install', '-at_install')
class TestRecords(MatrixCase):

    def _may_do(self, role, model, operation):
        records = self.records[model]
        if operation == 'Create':
            return self._may_create(role, model, {
                'qpay.reconciliation': {'provider_id': self.provider.id},
                'qpay.other.shop': {
                    'provider_id': self.provider.id, 'name': 'X', 'text': 'Эрдэнэт',
                },
                **self.dialogs,
            }.get(model, {}))
        method, *arguments = {
            'Read': ('read', ['id']), 'Write': ('write', {}), 'Delete': ('unlink',),
        }[operation]
        return self._may_call(role, model, method, records.ids, *arguments)

    def test_every_role(self):
        listed = []
        for row in self.table.rows('Records'):
            [model] = self.table.names(row['Model'])
            listed.append(model)
            for operation in ('Read', 'Write', 'Create', 'Delete'):
                with self.subTest(model=model, operation=operation):
                    allowed = {role for role in self.users if self._may_do(role, model, operation)}
                    self._compare(allowed, self.table.who(row[operation]), (model, operation))
        self._assert_complete(listed, self._get_own_models())


@tagged('post_install', '-at_install')
class TestFields(MatrixCase):

    def _may_read(self, role, model, name):
        return self._may_call(role, model, 'read', self.records[model].ids, [name])

    def _may_write(self, role, model, name):
        record = self.records[model]
        values = {name: self._get_value(record, name)}
        return self._may_call(role, model, 'write', record.ids, values)

    def test_every_role(self):
        listed = []
        fields = self._get_fields()
        for row in self.table.rows('Fields'):
            [model] = self.table.names(row['Model'])
            for name in self.table.names(row['Fields']):
                listed.append((model, name))
                for title, may in (('Read by', self._may_read), ('Written by', self._may_write)):
                    with self.subTest(model=model, name=name, title=title):
                        allowed = {role for role in self.users if may(role, model, name)}
                        self._compare(allowed, self.table.who(row[title]), (model, name, title))
        self._assert_complete(listed, set(fields))

    def test_what_is_read_only_is_written_by_nobody(self):
        for row in self.table.rows('Fields'):
            [model] = self.table.names(row['Model'])
            for name in self.table.names(row['Fields']):
                if self.env[model]._fields[name].readonly:
                    self.assertEqual(row['Written by'], 'nobody', (model, name))
