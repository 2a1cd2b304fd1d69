"""Debian's packages as files: a private apt downloads them, ``dpkg -x`` unpacks them.

Nothing is installed, so nothing that a package brings is started; root is not needed, and the
machine's own apt is not touched.
"""

import shutil
from pathlib import Path

from .console import Failure, Step, run
from .paths import CACHE, locked

#: Stands for the suite that this machine's own packages come from.
OWN_SUITE = 'own'


def fetch(target, title, packages, otherwise, finish=lambda _root: None):
    """Unpack packages without what they depend on into a folder, unless they are there, whole.

    :param Path target: the folder, in the cache
    :param str title: what they are, for the person who waits
    :param dict packages: suite → names
    :param str otherwise: what to do where this cannot be done
    :param finish: what is still to do with the folder
    """
    if (target / '.complete').exists():
        return
    with locked(target.name):
        if not (target / '.complete').exists():
            _fetch(target, title, packages, otherwise, finish)


def _fetch(target, title, packages, otherwise, finish):
    for program in ('apt-get', 'dpkg'):
        if not shutil.which(program):
            raise Failure(
                f'{title} is fetched with {program}, which is missing here: {otherwise}.'
            )
    with Step(f'Fetching {title}'):
        apt = _PrivateApt(CACHE / f'apt-{target.name}', list(packages), otherwise)
        for suite, names in packages.items():
            apt.download(suite, names)
    with Step(f'Unpacking {target.name}'):
        # Unpacked beside its place and moved there at the end: half never looks like all of it.
        new = target.with_suffix('.new')
        shutil.rmtree(new, ignore_errors=True)
        for package in apt.packages.iterdir():
            run(
                ['dpkg', '-x', str(package), str(new)],
                failure=f'{package.name} could not be unpacked: check the free space on the disk.',
            )
        finish(new)
        (new / '.complete').touch()
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
        # Lists and packages: up to several hundred megabytes that are not needed again.
        shutil.rmtree(apt.folder)


class _PrivateApt:
    """apt with its own sources, lists and cache, which may read other suites than the machine's.

    :param Path folder: where all of that is kept
    :param list suites: what it reads
    :param str otherwise: what to do where it fails
    """

    def __init__(self, folder, suites, otherwise):
        self.folder, self.packages, self._otherwise = folder, folder / 'packages', otherwise
        mirror, self._own_suite = self._machine_mirror()
        # What an earlier attempt has left may be old or cut short.
        shutil.rmtree(folder, ignore_errors=True)
        for sub in ('lists/partial', 'cache/archives/partial', 'packages'):
            (folder / sub).mkdir(parents=True)
        (folder / 'status').touch()
        keyring = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
        signed = f'[signed-by={keyring}] ' if keyring.exists() else ''
        (folder / 'sources.list').write_text(''.join(
            f'deb {signed}{mirror} {self._named(suite)} main\n' for suite in suites
        ), encoding='utf-8')
        # apt-get update ends well even when a mirror does not answer; this makes it an error.
        self._call('-o', 'APT::Update::Error-Mode=any', 'update')

    def download(self, suite, names):
        """Download packages of a suite without what they depend on."""
        self._call('download', *(f'{name}/{self._named(suite)}' for name in names))

    def _named(self, suite):
        return self._own_suite if suite == OWN_SUITE else suite

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
            failure='The packages could not be fetched from the Debian mirror: check the network, '
                    f'or {self._otherwise}.',
        )

    def _machine_mirror(self):
        """Return the mirror from which this machine gets its own packages, and its suite."""
        targets = run(
            ['apt-get', 'indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)',
             'Created-By: Packages'],
            failure='apt does not say where this machine gets its packages from: '
                    f'{self._otherwise}.',
        )
        for line in targets.splitlines():
            release, component, address = line.split(' ', 2)
            if component == 'main' and '-' not in release and 'security' not in address:
                return address, release
        raise Failure(f'apt knows no Debian mirror here (is this Debian?): {self._otherwise}.')
