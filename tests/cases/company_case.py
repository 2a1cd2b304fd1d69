"""Odoo's company for tests of accounting, as a Mongolian one that gets paid by QPay."""

import json

from odoo import Command
from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.tests import TransactionCase
from odoo.tests.common import get_db_name

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.base.tests.common import BaseCommon

# The parameter of the database that says what the classes find there.
KEY = 'payment_qpay.tests'


class CompanyCase(AccountPaymentCommon):
    """A company with its chart of accounts, a QPay provider, a customer and users.

    To load a chart takes many seconds, so the template of the tests' databases has all of it, and
    a class only looks up what Odoo's own classes would have made. In any other database, each class
    makes it for itself.
    """

    @classmethod
    @AccountTestInvoicingCommon.setup_country('mn')
    @AccountTestInvoicingCommon.setup_chart_template('mn')
    def setUpClass(cls):
        with Registry(get_db_name()).cursor() as cr:
            cr.execute('SELECT value FROM ir_config_parameter WHERE key = %s', [KEY])
            stored = cr.fetchone()
        if stored:
            # Past those of Odoo's classes that make what is stored.
            super(BaseCommon, cls).setUpClass()
            cls._restore(json.loads(stored[0]))
        else:
            super().setUpClass()
            cls._create_all()

    @classmethod
    def _create_all(cls):
        cls.mnt = cls._enable_currency('MNT')
        cls.currency = cls.mnt
        cls.provider = cls.env.ref('payment_qpay.payment_provider_qpay').sudo().copy({
            'company_id': cls.company.id,
        })
        cls.provider.write({
            'state': 'test',
            'is_published': True,
            'qpay_client_id': 'TEST_MERCHANT',
            'qpay_client_secret': '123456',
            'qpay_invoice_code': 'TEST_INVOICE',
        })
        # The tests read English sentences; the database's own language is Mongolian.
        cls.env['res.lang'].sudo()._activate_lang('en_US')
        cls.company.partner_id.lang = 'en_US'
        cls.env['ir.default'].sudo().set('res.partner', 'lang', 'en_US')
        if 'website' in cls.env:
            english = cls.env['res.lang']._get_data(code='en_US').id
            cls.env['website'].sudo().search([]).default_lang_id = english
        cls.customer = cls.env['res.partner'].create({
            'name': 'Бат-Эрдэнэ', 'country_id': cls.env.ref('base.mn').id,
        })
        cls.accountant = cls._create_user(
            'qpay_accountant', "Нягтлан", 'account.group_account_invoice'
        )
        cls.administrator = cls._create_user('qpay_admin', "Админ", 'base.group_system')

    @classmethod
    def _create_user(cls, login, name, *groups, company=None):
        """Return a user of one company whose password is the login."""
        company = company or cls.company
        return cls.env['res.users'].create({
            'name': name,
            'login': login,
            'password': login,
            'lang': 'en_US',
            'company_id': company.id,
            'company_ids': [Command.set(company.ids)],
            'group_ids': [Command.link(cls.env.ref(group).id) for group in groups],
        })

    # === THE TEMPLATE === #

    @classmethod
    def build(cls):
        """Create everything in the database, for the classes of all its copies."""
        bare, full = type('Bare', (TransactionCase,), {}), type('Full', (cls,), {})
        bare.setUpClass()
        bare.doClassCleanups()
        full.setUpClass()
        values = {
            name: _to_json(value) for name, value in vars(full).items()
            if name not in vars(bare) and not name.startswith('_')
        }
        full.env['ir.config_parameter'].sudo().set_param(
            KEY, json.dumps({'uid': full.env.uid, 'values': values})
        )
        full.env.flush_all()
        full.commit_patcher.stop()
        full.cr.commit()
        full.commit_patcher.start()
        full.doClassCleanups()

    @classmethod
    def _restore(cls, stored):
        cls.env = cls.env['base'].with_context(**cls.default_env_context()).env
        cls.env = cls.env(user=stored['uid'])
        for name, value in stored['values'].items():
            setattr(cls, name, _from_json(value, cls.env))


def _to_json(value):
    if isinstance(value, BaseModel):
        return {'model': value._name, 'ids': value.ids, 'su': value.env.su}
    if isinstance(value, dict):
        return {'dict': {key: _to_json(item) for key, item in value.items()}}
    return value


def _from_json(value, env):
    match value:
        case {'model': model, 'ids': ids, 'su': su}:
            return env[model].sudo(su).browse(ids)
        case {'dict': items}:
            return {key: _from_json(item, env) for key, item in items.items()}
    return value
