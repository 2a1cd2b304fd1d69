"""The addon's translations, brought up to date with its code."""

import os
import subprocess

from .console import Failure, Step
from .databases import Databases
from .paths import CHECKOUT, LOGS, MODULE, RUN


def update(setup):
    """Export the addon's terms with Odoo's own export, and merge them into the translations.

    :param Setup setup: what runs it
    :raise Failure: when the terms cannot be exported or merged
    """
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
        done = subprocess.run(
            [setup.python, '-m', 'i18n', str(exported)],
            cwd=CHECKOUT, env=setup.environment(), check=False,
        )
        if done.returncode:
            raise Failure('The terms could not be merged into i18n/: read what is printed above.')
    finally:
        databases.drop(name)
        exported.unlink(missing_ok=True)
