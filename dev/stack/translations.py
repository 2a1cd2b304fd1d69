"""The addon's translations, brought up to date with its code."""

import os

from .console import Step
from .databases import Databases
from .paths import LOGS, MODULE, RUN


def update(setup):
    """Export the addon's terms with Odoo's own export, and merge them into the translations."""
    databases = Databases(setup)
    name = f'translations-{os.getpid()}'
    exported = RUN / f'{name}.pot'
    databases.copy(databases.with_addon(), name)
    try:
        with Step("Exporting the addon's terms"):
            # Odoo tells an addon's files by the addons path, so this works only through the link.
            setup.run_odoo(
                'i18n', 'export', '--database', name, '--output', str(exported), MODULE,
                failure='The terms could not be exported.', log=LOGS / 'translations.log',
            )
        return setup.call('-m', 'i18n', exported)
    finally:
        databases.drop(name)
        exported.unlink(missing_ok=True)
