"""Loads the data of the demonstration into a database with the addon."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tools import SQL

from odoo.addons.payment_qpay import const

from . import data, logo, shop
from .data import LANGUAGE

TIME_ZONE = 'Asia/Ulaanbaatar'
CHART = 'mn'
DEFAULT_ODOO_URL = 'http://127.0.0.1:8069'


def seed(env, simulator_url, odoo_url=DEFAULT_ODOO_URL):
    """Load the data once; called again, only point the database at the given addresses.

    :param str simulator_url: where the provider finds QPay, without ``/v2``
    :param str odoo_url: where QPay and people find this Odoo
    """
    company = env.ref('base.main_company')
    env = env(context={**env.context, 'allowed_company_ids': company.ids, 'lang': 'en_US'})
    if company.chart_template != CHART:
        _set_up_company(env, company)
        accountant = _set_up_users(env)
        customers = _create_customers(env)
        _set_up_portal(env, customers)
        _create_invoices(env, customers, accountant)
        _set_up_provider(env)
        if 'pos.config' in env:
            shop.seed(env)
    _set_addresses(env, simulator_url, odoo_url)


def _set_up_company(env, company):
    mongolia = env.ref('base.mn')
    tugrik = env.ref('base.MNT')
    tugrik.active = True
    company.write(data.COMPANY | {
        'country_id': mongolia.id, 'currency_id': tugrik.id, 'logo': logo.draw(),
    })
    company.partner_id.write({'lang': LANGUAGE, 'tz': TIME_ZONE})
    env['account.chart.template'].try_loading(CHART, company)
    # Else the first printed invoice asks for a layout.
    company.external_report_layout_id = env.ref('web.external_layout_standard')


def _set_up_users(env):
    groups = env.ref('base.group_user') | env.ref('base.group_partner_manager')
    groups |= env.ref('account.group_account_user')
    accountant = env['res.users'].with_context(no_reset_password=True).create(data.ACCOUNTANT | {
        'lang': LANGUAGE, 'tz': TIME_ZONE, 'group_ids': [Command.set(groups.ids)],
        'email': 'accountant@khukhtenger.example',
    })
    env.ref('base.user_admin').write(data.ADMIN | {
        'tz': TIME_ZONE, 'email': 'admin@khukhtenger.example',
    })
    return accountant


def _set_up_portal(env, customers):
    """Let a customer sign in to see what is open."""
    env['res.users'].with_context(no_reset_password=True).create({
        'login': data.PORTAL_CUSTOMER['login'],
        'password': data.PORTAL_CUSTOMER['password'],
        'partner_id': customers[data.PORTAL_CUSTOMER['customer']].id,
        'group_ids': [Command.set(env.ref('base.group_portal').ids)],
    })


def _set_up_provider(env):
    env.ref('payment_qpay.payment_provider_qpay').write(const.SANDBOX_SETTINGS | {
        'state': 'test',
        # Else a provider in test mode is shown to nobody but the company's own people.
        'is_published': True,
    })


def _create_customers(env):
    common = {'lang': LANGUAGE, 'tz': TIME_ZONE, 'country_id': env.ref('base.mn').id}
    return {
        key: env['res.partner'].create(values | common) for key, values in data.CUSTOMERS.items()
    }


def _create_invoices(env, customers, accountant):
    today = fields.Date.context_today(env['res.users'].with_context(tz=TIME_ZONE))
    payment_term = env.ref('account.account_payment_term_15days')
    # Lines without a product get no tax by themselves.
    taxes = env.ref('base.main_company').account_sale_tax_id
    moves = env['account.move'].create([{
        'move_type': 'out_invoice',
        'partner_id': customers[customer].id,
        'invoice_date': today - timedelta(days=days),
        'invoice_payment_term_id': payment_term.id,
        'invoice_user_id': accountant.id,
        'invoice_line_ids': [
            Command.create({
                'name': name, 'quantity': quantity, 'price_unit': price,
                'tax_ids': [Command.set(taxes.ids)],
            })
            for name, quantity, price in lines
        ],
    } for customer, days, lines in data.INVOICES])
    moves.action_post()


def _set_addresses(env, simulator_url, odoo_url):
    parameters = env['ir.config_parameter']
    parameters.set_param('web.base.url', odoo_url)
    # Else the address follows whatever an administrator signs in by.
    parameters.set_param('web.base.url.freeze', 'True')
    provider = env.ref('payment_qpay.payment_provider_qpay')
    provider.qpay_callback_url = odoo_url
    move_simulator(provider, simulator_url)


def move_simulator(provider, url):
    """Tell a provider that the simulator, with all that it knows, is elsewhere.

    To the addon another address is another account: what is known of the account stays known.

    :param payment.provider provider: whose QPay it is
    :param str url: where it is now, without ``/v2``
    """
    before = provider._qpay_account('sandbox')
    after = before.replace(provider._qpay_setting('qpay_base_url_sandbox'), url)
    for model in ('qpay.intent', 'qpay.payment'):
        records = provider.env[model].sudo().search([('account', '=', before)])
        provider.env.cr.execute(SQL(
            'UPDATE %s SET account = %s WHERE id = ANY(%s)',
            SQL.identifier(records._table), after, records.ids,
        ))
        records.invalidate_recordset(['account'])
    for name in ('qpay_base_url_sandbox', 'qpay_tax_office_url'):
        if name in provider._fields:
            provider[name] = url
