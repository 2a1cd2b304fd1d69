"""Odoo 19's source: taken from ``ODOO_SOURCE``, else unpacked from Debian's package ``odoo-19``.

Odoo 19 is not in the Python registry. Debian's unstable suite has it, complete and with its tests.
The packages are used as files: a private apt configuration downloads them, ``dpkg -x`` unpacks
them, nothing is installed and the machine's own apt is not touched.
"""

import os
import runpy
import shutil
from pathlib import Path

from .console import Failure, Step, run
from .paths import CACHE, locked

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
    if not (FETCHED / '.complete').exists():
        with locked('odoo'):
            if not (FETCHED / '.complete').exists():
                _fetch()
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


def _fetch():
    for program in ('apt-get', 'dpkg'):
        if not shutil.which(program):
            raise Failure(
                f'Odoo {SERIES} is fetched with {program}, which is missing here: {OR_SOURCE}.'
            )
    apt = _PrivateApt(CACHE / 'apt')
    with Step(f'Fetching Odoo {SERIES} (about 300 MB, once)'):
        apt.update()
        apt.download([f'odoo-{SERIES}', *LINKED_UNSTABLE], suite='unstable')
        apt.download(LINKED_STABLE, suite=apt.stable)
    with Step('Unpacking Odoo'):
        # Unpacked beside its place and moved there at the end: half never looks like all of it.
        target = FETCHED.with_suffix('.new')
        shutil.rmtree(target, ignore_errors=True)
        for package in apt.packages.iterdir():
            run(
                ['dpkg', '-x', str(package), str(target)],
                failure=f'{package.name} could not be unpacked: check the free space on the disk.',
            )
        _mend(target)
        (target / '.complete').touch()
        shutil.rmtree(FETCHED, ignore_errors=True)
        target.rename(FETCHED)
        # Lists and packages: several hundred megabytes that are not needed again.
        shutil.rmtree(apt.folder)


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


class _PrivateApt:
    """apt with its own sources, lists and cache, which may read other suites than the machine's.

    :param Path folder: where all of that is kept
    """

    def __init__(self, folder):
        self.folder, self.packages = folder, folder / 'packages'
        mirror, self.stable = _machine_mirror()
        # What an earlier attempt has left may be old or cut short.
        shutil.rmtree(folder, ignore_errors=True)
        for sub in ('lists/partial', 'cache/archives/partial', 'packages'):
            (folder / sub).mkdir(parents=True)
        (folder / 'status').touch()
        keyring = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
        signed = f'[signed-by={keyring}] ' if keyring.exists() else ''
        (folder / 'sources.list').write_text(''.join(
            f'deb {signed}{mirror} {suite} main\n' for suite in ('unstable', self.stable)
        ), encoding='utf-8')

    def update(self):
        """Read the package lists of both suites."""
        # apt-get update ends well even when a mirror does not answer; this makes it an error.
        self._call('-o', 'APT::Update::Error-Mode=any', 'update')

    def download(self, names, suite):
        """Download packages of a suite without what they depend on."""
        self._call('download', *(f'{name}/{suite}' for name in names))

    def _call(self, *arguments):
        settings = {
            'Dir::Etc::sourcelist': self.folder / 'sources.list',
            'Dir::Etc::sourceparts': '-',
            'Dir::State::lists': self.folder / 'lists',
            'Dir::State::status': self.folder / 'status',
            'Dir::Cache': self.folder / 'cache',
            'APT::Update::Post-Invoke': '',
            'Acquire::Languages': 'none',
            'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
            'Acquire::Retries': '3',
            # apt's own user cannot write into this folder when root runs this.
            'APT::Sandbox::User': 'root',
        }
        options = [part for key, value in settings.items() for part in ('-o', f'{key}={value}')]
        run(
            ['apt-get', *options, *arguments], cwd=self.packages,
            failure=f'The packages of Odoo could not be had: check the network, or {OR_SOURCE}.',
        )


def _machine_mirror():
    """Return the mirror from which this machine gets its own Debian packages, and its suite."""
    targets = run(
        ['apt-get', 'indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)',
         'Created-By: Packages'],
        failure=f'apt does not say where this machine gets its packages from: {OR_SOURCE}.',
    )
    for line in targets.splitlines():
        release, component, address = line.split(' ', 2)
        if component == 'main' and '-' not in release and 'security' not in address:
            return address, release
    raise Failure(f'apt knows no Debian mirror here (is this Debian?): {OR_SOURCE}.')
