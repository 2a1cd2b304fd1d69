"""Odoo 19's source: taken from ``ODOO_SOURCE``, else unpacked from Debian's package ``odoo-19``.

Odoo 19 is not in the Python registry. Debian's unstable suite has it, complete and with its tests.
"""

import os
import runpy
import shutil
from pathlib import Path

from . import debian
from .console import Failure
from .paths import CACHE

SERIES = 19
# Debian replaces the libraries and fonts in Odoo's static folders by links to these packages.
LINKED_UNSTABLE = (
    'libjs-jquery', 'libjs-underscore', 'libjs-jquery-form',
    'fonts-roboto-unhinted', 'fonts-montserrat', 'fonts-ocr-b',
)
# Unstable has versions of these whose names differ from those that Odoo uses (Font Awesome 7).
LINKED_STABLE = ('fonts-font-awesome', 'fonts-inconsolata')
# Debian leaves this file out, and an asset bundle that misses a file logs an error on every page.
EMPTY_FILE = 'mail/static/lib/selfie_segmentation/selfie_segmentation.js'

FETCHED = CACHE / 'odoo'
DEBIAN_PACKAGES = Path('usr/lib/python3/dist-packages')
OR_SOURCE = f'set ODOO_SOURCE to the root of an Odoo {SERIES} source tree'


def locate():
    """Return the folder that contains the package ``odoo``, fetching Odoo the first time."""
    if chosen := os.environ.get('ODOO_SOURCE'):
        return _checked(Path(chosen).expanduser().resolve())
    debian.fetch(
        FETCHED, f'Odoo {SERIES} (about 300 MB, once)',
        {'unstable': (f'odoo-{SERIES}', *LINKED_UNSTABLE), debian.OWN_SUITE: LINKED_STABLE},
        otherwise=OR_SOURCE, finish=_mend,
    )
    return _checked(FETCHED / DEBIAN_PACKAGES)


def version(folder):
    """Return the version of a source tree, such as ``(19, 0, 0, 'final', 0, '')``.

    :param Path folder: the folder that contains the package ``odoo``
    """
    return runpy.run_path(str(folder / 'odoo/release.py'))['version_info']


def addons_folders(folder):
    """Return the folders of Odoo's own addons: ``odoo/addons``, and ``addons`` of a git checkout.

    The Debian package has all of them in the first.

    :param Path folder: the folder that contains the package ``odoo``
    """
    return [path for path in (folder / 'odoo/addons', folder / 'addons') if path.is_dir()]


def _checked(folder):
    if not (folder / 'odoo/release.py').is_file():
        raise Failure(f'{folder} is no Odoo source tree (no odoo/release.py in it): {OR_SOURCE}.')
    found = version(folder)[0]
    if str(found).removeprefix('saas~') != str(SERIES):
        raise Failure(f'{folder} holds Odoo {found}: {OR_SOURCE}.')
    return folder


def _mend(root):
    """Make the unpacked tree whole and free of what is in the way."""
    for path in root.rglob('*'):
        # Absolute links lead to where the packages would be installed.
        if path.is_symlink() and os.readlink(path).startswith('/'):
            inside = root / os.readlink(path).lstrip('/')
            path.unlink()
            path.symlink_to(os.path.relpath(inside, path.parent))
    # The package also has a second set of addons without their data, which Odoo must not find.
    shutil.rmtree(root / DEBIAN_PACKAGES / 'addons')
    missing = root / DEBIAN_PACKAGES / 'odoo/addons' / EMPTY_FILE
    missing.parent.mkdir(parents=True, exist_ok=True)
    missing.touch()
