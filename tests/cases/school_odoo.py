"""Odoo's command line with the addons of `tests/addons`, for `test_extending`."""

import sys
from pathlib import Path

from odoo.cli.command import main

import odoo.addons


def find_addons():
    """Let Odoo find the addons of `tests/addons` in this process."""
    folder = str(Path(__file__).parents[1] / 'addons')
    if folder not in odoo.addons.__path__:
        odoo.addons.__path__.append(folder)


if __name__ == '__main__':
    find_addons()
    sys.exit(main())
