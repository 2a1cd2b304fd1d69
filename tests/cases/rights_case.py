"""Users of every role, a record of everything, and the door by which programs come in."""

from contextlib import suppress
from decimal import Decimal

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import _generate_routing_rules
from odoo.models import LOG_ACCESS_COLUMNS
from odoo.service.model import call_kw
from odoo.tools import mute_logger

from odoo.addons.payment_qpay.qpay_api import Payment
from odoo.addons.payment_qpay.tests.cases.core_answers import is_ours
from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase
from odoo.addons.payment_qpay.tests.cases.rights_table import RightsTable

ADDON = 'payment_qpay'
_LOGGERS = ('odoo.models', 'odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
_ALL_OF_ACCOUNTING = (
    'account.group_account_user', 'account.group_account_manager', 'base.group_partner_manager',
)
_GROUPS = {
    'customer': ('base.group_portal',),
    'stranger': ('base.group_portal',),
    'employee': ('base.group_user',),
    'seller': ('sales_team.group_sale_salesman',),
    'billing': ('account.group_account_invoice',),
    'accountant': _ALL_OF_ACCOUNTING,
    'outsider': _ALL_OF_ACCOUNTING,
    'branch': _ALL_OF_ACCOUNTING,
    'auditor': ('account.group_account_readonly',),
    'administrator': ('base.group_system',),
}


class Undone(Exception):
    """What was called has worked, and is undone."""


class RightsCase(EbarimtCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = RightsTable()
        branch, other = cls.env['res.company'].sudo().create([
            {'name': 'Салбар', 'parent_id': cls.company.id}, {'name': 'Өөр ХХК'},
        ])
        companies = {'outsider': other, 'branch': branch}
        cls.users = {'public': cls.env.ref('base.public_user')}
        for role, groups in _GROUPS.items():
            if cls.env.ref(groups[0], raise_if_not_found=False):
                company = companies.get(role, cls.company)
                cls.users[role] = cls._create_user(f'rights_{role}', role, *groups, company=company)
        cls.users['customer'].partner_id.parent_id = cls.customer

    def setUp(self):
        super().setUp()
        self.records = {record._name: record for record in (
            *self._create_documents(), *self._create_rows(), *self._create_dialogs(),
            self.company, self.customer, self.vat, self.provider, self.users['stranger'],
            self.env['ir.module.module'].search([('name', '=', 'mail_bot')]),
        )}

    # === A RECORD OF EVERYTHING === #

    def _create_documents(self):
        """Return what of Odoo's own models this addon has its fields on."""
        self.bill = self._create_taxed_invoice()
        self.row = self._pay_invoice()
        category = self.env['product.category'].sudo().create({'name': 'Бараа'})
        product = self.env['product.product'].sudo().create({
            'name': 'Сургалт', 'type': 'service', 'categ_id': category.id,
        })
        statement_line = self.env['account.bank.statement.line'].sudo().create({
            'journal_id': self.company_data['default_journal_bank'].id, 'payment_ref': 'X',
            'amount': 5,
        })
        return (
            self.bill, self.row.account_payment_id, statement_line, product,
            self.row.account_payment_id.move_id.line_ids.matched_debit_ids,
            product.product_tmpl_id, category,
        )

    def _create_rows(self):
        """Return a row of each of this addon's own tables."""
        self.intent = self._create_intent(self.bill).sudo()
        self.receipt = self.row.ebarimt_ids
        self.unknown = self.env['qpay.payment'].sudo()._record_unknown(self.provider, Payment(
            payment_id='777000000000777', status='PAID', amount=Decimal(500), fee=Decimal(0),
            currency='MNT', payment_type='P2P', wallet='', invoice_id='', raw={},
            paid_at=fields.Datetime.now().astimezone(),
        ))
        return (
            self.intent, self.row, self.receipt,
            self._create_row('qpay.callback', intent_id=self.intent.id, qpay_payment_id='1'),
            self._create_row('qpay.intent.recheck', intent_id=self.intent.id),
            self._create_row('qpay.ebarimt.cancellation', ebarimt_id=self.receipt.id),
            self._create_row('qpay.reconciliation', provider_id=self.provider.id),
            self._create_row(
                'qpay.reconciliation.day', date=fields.Date.today(),
                reconciliation_id=self._create_row(
                    'qpay.reconciliation', provider_id=self.provider.id
                ).id,
            ),
            self._create_row('qpay.health', provider_id=self.provider.id),
            self._create_row(
                'qpay.other.shop', provider_id=self.provider.id, name='X', text='Дархан',
            ),
            self._create_row('qpay.token', account='https://qpay.example someone'),
            self._create_row('qpay.trial.call'),
            self._create_row(
                'qpay.taxpayer', register='5234568', asked_at=fields.Datetime.now()
            ),
            self._create_row('qpay.list.trust', account='someone'),
            self._create_row('qpay.outage', account='someone', until=fields.Datetime.now()),
            self._create_row('qpay.receipt', intent_id=self.row.intent_id.id, shown_payments='0'),
        )

    def _create_row(self, model, **values):
        return self.env[model].sudo().create(values)

    def _create_dialogs(self):
        """Return the dialogs that a bookkeeper has open."""
        self.dialogs = {
            'qpay.qr.wizard': {'res_model': 'account.move', 'res_id': self.bill.id},
            'qpay.assign.wizard': {
                'payment_id': self.unknown.id, 'partner_id': self.customer.id,
                'invoice_ids': [Command.set([])],
            },
            'qpay.link.wizard': {'line_ids': [Command.create({'move_id': self.bill.id})]},
            'qpay.receiver.wizard': {
                'ebarimt_id': self.receipt.id, 'receiver_type': 'citizen', 'receiver': '99112233',
            },
        }
        dialogs = [
            self.env[model].with_user(self.users['billing']).create(values)
            for model, values in self.dialogs.items()
        ]
        [links] = [dialog for dialog in dialogs if dialog._name == 'qpay.link.wizard']
        self.dialogs['qpay.link.wizard.line'] = {'wizard_id': links.id, 'move_id': self.bill.id}
        return [*dialogs, links.line_ids]

    # === WHAT PEOPLE DO === #

    def _may_call(self, role, model, method, ids, *args):
        """Call a method as a program does for a user, and undo what it does.

        :return: Whether it is allowed, even if there is a reason why it cannot be done.
        :rtype: bool
        """
        return self._may(role, lambda records: call_kw(records, method, [ids, *args], {}), model)

    def _may_create(self, role, model, values):
        """Create a record like that."""
        return self._may(role, lambda records: call_kw(records, 'create', [[values]], {}), model)

    def _may(self, role, act, model):
        records = self.env(user=self.users[role].id, su=False, context={})[model]
        try:
            with mute_logger(*_LOGGERS, 'odoo.sql_db'), self.cr.savepoint():
                act(records)
                records.env.flush_all()
                raise Undone
        except (AccessDenied, AccessError):
            return False
        except (Undone, UserError, psycopg2.IntegrityError):
            return True
        finally:
            self.env.invalidate_all()

    def _call_dialog(self, role, model, method):
        """Open a dialog and press a button in it."""
        def act(records):
            wizard_id = call_kw(records, 'create', [self.dialogs[model]], {})
            call_kw(records, method, [[wizard_id]], {})

        return self._may(role, act, model)

    def _sign_in(self, role):
        is_public = role == 'public'
        login = None if is_public else self.users[role].login
        self.authenticate(login, login)

    # === WHAT THERE IS === #

    def _get_routes(self):
        """Return the routes that this addon adds."""
        return {
            address
            for address, endpoint in _generate_routing_rules([ADDON], nodb_only=False)
            if endpoint.func.__module__.startswith(f'odoo.addons.{ADDON}.')
        }

    def _get_methods(self):
        """Return the public methods that this addon defines, on whichever model: what it extends
        for all models that are like one, on that one.

        :rtype: set[tuple[str, str]]
        """
        return {
            (model_name, name)
            for model_name, model in self.env.registry.items()
            for definition in model.mro()
            if is_ours(definition) and definition._name == model_name
            for name, value in vars(definition).items()
            if callable(value) and not name.startswith('_') and not isinstance(value, type)
        }

    def _is_odoos(self, model, method):
        """Whether a method is one of Odoo's own, which this addon extends."""
        return any(
            method in vars(definition) for definition in self.registry[model].mro()
            if not is_ours(definition)
        )

    def _get_fields(self):
        """Return the fields that there are because of this addon.

        :rtype: dict[tuple[str, str], Field]
        """
        return {
            (model_name, name): field
            for model_name, model in self.env.registry.items()
            for name, field in model._fields.items()
            if not model._abstract
            and field.base_field._modules == (ADDON,) and name not in LOG_ACCESS_COLUMNS
        }

    def _get_own_models(self):
        """Return the models of this addon that have records."""
        return {
            name for name, model in self.env.registry.items()
            if model._original_module == ADDON and not model._abstract
        }

    def _get_value(self, record, name):
        """Return what a field holds, as it is written."""
        with suppress(AccessError):
            return record._fields[name].convert_to_write(record.sudo()[name], record)
        return False
