"""All tests but those of VAT receipts, of the addon without that wing.

It hooks in by ``super()`` only, and nothing outside calls it by name. So a copy of the repository
in which each file and folder of that name is taken out, with the lines that load them, has to work.
Tests that name it are about it, at least in part, and are taken out as well.
"""

import os
import re
import shutil
import subprocess

from .console import Failure, say
from .paths import CHECKOUT, REPOSITORY

WING = 'ebarimt'
_COPY = CHECKOUT / f'without-{WING}'
# A line of a manifest or of a package's __init__ that names a part of the wing.
_LOADING = re.compile(rf"^(?: +'.*{WING}.*',|from \..*{WING}.*)\n", re.MULTILINE)
# Where nothing is chosen: one payment's ways, and real processes.
_TESTS = ('tests/flow', 'tests/race')
# They hold all of the addon, the wing with it, against what is written about it.
_ABOUT_ALL = (
    'tests/flow/test_overrides.py::TestTableOfOverrides',
    'tests/flow/test_translations.py::TestTranslations::test_template_is_current',
)


def test():
    """Run the tests in the copy; ``T`` and ``ARGS`` select some, as for ``make test``.

    :raise Failure: when one of them fails
    """
    _make_copy()
    chosen = os.environ.get('T') or ' '.join(_TESTS)
    left_out = ' '.join(f'--deselect {test}' for test in _ABOUT_ALL)
    arguments = f'{left_out} {os.environ.get("ARGS", "")}'
    say(f'==> Testing without {WING}')
    if subprocess.run(
        ['make', 'test', f'T={chosen}', f'ARGS={arguments}'], cwd=_COPY, check=False,
    ).returncode:
        raise Failure(f'Without models/{WING}, what is printed above fails.')


def _make_copy():
    shutil.rmtree(_COPY, ignore_errors=True)
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )
    for name in filter(None, listed.stdout.split('\0')):
        source, target = REPOSITORY / name, _COPY / name
        if source.is_file() and not _is_of_wing(name, source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in (_COPY / '__manifest__.py', *_COPY.rglob('__init__.py')):
        if not path.is_relative_to(_COPY / 'dev'):
            text = _LOADING.sub('', path.read_text(encoding='utf-8'))
            path.write_text(_without_missing(path, text), encoding='utf-8')


def _is_of_wing(name, source):
    """Whether a file is a part of the wing, or a test of it. The simulator plays all of QPay."""
    if name.startswith('dev/'):
        return False
    is_test = name.startswith('tests/') and source.suffix == '.py'
    is_package = source.name == '__init__.py'
    return WING in name or is_test and not is_package and WING in source.read_text(encoding='utf-8')


def _without_missing(path, text):
    """Return the text of a package without the lines that load modules which were taken out."""
    return re.sub(
        r'^from \. import (\w+)\n',
        lambda line: line[0] if any(
            (path.parent / name).exists() for name in (line[1], f'{line[1]}.py')
        ) else '',
        text, flags=re.MULTILINE,
    )

