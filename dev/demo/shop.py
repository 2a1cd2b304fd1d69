"""The demonstration's shop and till, for databases that have Odoo's modules for them."""

from odoo import Command

from .data import PRODUCTS, SELLER, TILL


def seed(env):
    """Load the data into a database that has the demonstration's company."""
    env['product.template'].create([
        {
            'name': name, 'type': kind, 'list_price': price, 'is_published': True,
            'available_in_pos': True, 'invoice_policy': 'order',
        }
        for name, kind, price in PRODUCTS
    ])
    _set_up_website(env)
    _set_up_till(env)
    _set_up_seller(env)
    # What is brought to the customer costs nothing more.
    env.ref('delivery.free_delivery_carrier').is_published = True


def _set_up_website(env):
    company = env.ref('base.main_company')
    # It was made before the company had its currency.
    env['product.pricelist'].search([]).currency_id = company.currency_id
    env['website'].search([]).write({
        'name': company.name,
        'logo': company.logo,
        # As shops in Mongolia show them.
        'show_line_subtotals_tax_selection': 'tax_included',
    })


def _set_up_till(env):
    provider = env.ref('payment_qpay.payment_provider_qpay')
    online = env['pos.payment.method'].create({
        'name': 'QPay',
        'is_online_payment': True,
        'online_payment_provider_ids': [Command.set(provider.ids)],
    })
    cash_journal = env['account.journal'].create({
        'name': f'{TILL}: бэлэн мөнгө', 'type': 'cash', 'code': 'POSC',
    })
    cash = env['pos.payment.method'].create({
        'name': 'Бэлэн мөнгө', 'journal_id': cash_journal.id,
    })
    env['pos.config'].create({
        'name': TILL, 'payment_method_ids': [Command.set((cash | online).ids)],
    })


def _set_up_seller(env):
    groups = env.ref('base.group_user') | env.ref('base.group_partner_manager')
    groups |= env.ref('sales_team.group_sale_salesman_all_leads')
    groups |= env.ref('point_of_sale.group_pos_user')
    env['res.users'].with_context(no_reset_password=True).create(SELLER | {
        'lang': 'mn_MN', 'tz': 'Asia/Ulaanbaatar', 'group_ids': [Command.set(groups.ids)],
        'email': 'seller@khukhtenger.example',
    })
