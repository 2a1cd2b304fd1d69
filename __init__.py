from . import controllers
from . import models
from . import log_filters
from . import wizards

from odoo.addons.payment import reset_payment_provider, setup_provider

from .const import PROVIDER_CODE, SUPPORTED_CURRENCIES

log_filters.install()


def post_init_hook(env):
    """Give each company its provider and switch tögrög on, which Odoo ships inactive."""
    currencies = env['res.currency'].with_context(active_test=False)
    currencies.search([('name', 'in', SUPPORTED_CURRENCIES)]).active = True
    setup_provider(env, PROVIDER_CODE)


def uninstall_hook(env):
    """Leave what is in the books there, as payments by Odoo's own method, and switch the providers
    off. Else Odoo would refuse in the middle of it.
    """
    method = env['payment.provider']._get_provider_payment_method(PROVIDER_CODE)
    lines = env['account.payment.method.line'].search([('payment_method_id', '=', method.id)])
    lines.payment_method_id = env.ref('account.account_payment_method_manual_in')
    transactions = env['payment.transaction'].search([('provider_code', '=', PROVIDER_CODE)])
    providers = env['payment.provider'].with_context(active_test=False).search([
        ('code', '=', PROVIDER_CODE),
    ])
    for records in (providers, transactions.payment_method_id):
        # What transactions and QRs refer to cannot be deleted with the module.
        env['ir.model.data'].search([
            ('module', '=', 'payment_qpay'), ('model', '=', records._name),
            ('res_id', 'in', records.ids),
        ]).unlink()
    reset_payment_provider(env, PROVIDER_CODE)
