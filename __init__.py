from . import controllers
from . import models
from . import redaction
from . import wizards

from odoo.addons.payment import reset_payment_provider, setup_provider

from .const import PROVIDER_CODE, SUPPORTED_CURRENCIES

redaction.install()


def post_init_hook(env):
    """Give each company its provider and switch tögrög on, which Odoo ships inactive."""
    currencies = env['res.currency'].with_context(active_test=False)
    currencies.search([('name', 'in', SUPPORTED_CURRENCIES)]).active = True
    setup_provider(env, PROVIDER_CODE)


def uninstall_hook(env):
    reset_payment_provider(env, PROVIDER_CODE)
