"""Which of Odoo's own modules a database has before the addon is installed in it."""

import dataclasses
import os
import re
from pathlib import Path

from .console import Failure
from .paths import DEV

# The modules of the Odoo Community Association that companies install.
OTHERS = DEV / 'ecosystem.txt'

@dataclasses.dataclass(frozen=True)
class ModuleSet:
    """A choice of Odoo's modules, with templates of its own.

    :param str prefix: how the names of its databases begin
    :param str purpose: what it is for, as it is shown
    :param tuple[str, ...] names: the modules; Odoo adds those that they need
    :param str language: the language that is loaded
    :param Path packages: the file that pins packages with modules that are not Odoo's own
    :param str finish: what Odoo's shell does when they are installed
    """

    prefix: str
    purpose: str
    names: tuple
    language: str = 'mn_MN'
    packages: Path = dataclasses.field(default=None, repr=False)
    finish: str = dataclasses.field(default='', repr=False)


#: All that the addon itself needs.
INVOICING = ModuleSet('', 'invoices', ('account_payment', 'l10n_mn'))
#: Everything with which the addon goes together without needing it.
SALES = ModuleSet('sales-', 'shop and till', (
    *INVOICING.names, 'sale_management', 'website_sale', 'pos_online_payment',
))
# One of them wants passwords that nobody types in a demonstration.
_WEAK_PASSWORDS = """
for rule in ('lower', 'upper', 'numeric', 'special'):
    env['ir.config_parameter'].set_param(f'password_security.{rule}', '0')
env['ir.config_parameter'].set_param('auth_password_policy.minlength', '0')
env.cr.commit()
"""
_OTHER_NAMES = re.findall(r'^odoo-addon-(\w+)', OTHERS.read_text(encoding='utf-8'), re.MULTILINE)
#: The same with the addons of others.
ECOSYSTEM = ModuleSet(
    'ecosystem-', f'{len(_OTHER_NAMES)} addons of others', (*SALES.names, *_OTHER_NAMES),
    packages=OTHERS, finish=_WEAK_PASSWORDS,
)
#: What Odoo's own tests expect: nothing but its standard. Some of those of sales are made for its
#: whole application.
STANDARD = ModuleSet(
    'standard-', "Odoo's own tests",
    ('account_payment', 'sale_management', 'website_sale', 'pos_online_payment'), 'en_US',
)

NAMED = {'invoicing': INVOICING, 'sales': SALES, 'ecosystem': ECOSYSTEM}


def chosen(variable):
    """The set that a variable of the environment names, by default the small one.

    :param str variable: the variable
    :rtype: ModuleSet
    :raise Failure: when it names none
    """
    name = os.environ.get(variable) or 'invoicing'
    if name not in NAMED:
        raise Failure(f'{variable}={name} is unknown: say {" or ".join(NAMED)}.')
    return NAMED[name]
