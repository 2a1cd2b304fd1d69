"""All tests but those of VAT receipts, of the addon without that wing.

It hooks in by ``super()`` only, and nothing outside calls it by name. So a copy of the repository
in which each file and folder of that name is taken out, with the lines that load them, has to work.
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


def test():
    """Run the tests in the copy; ``T`` and ``ARGS`` select some, as for ``make test``.

    :raise Failure: when one of them fails
    """
    _make_copy()
    chosen = os.environ.get('T') or ' '.join(_TESTS)
    say(f'==> Testing without {WING}')
    if subprocess.run(['make', 'test', f'T={chosen}'], cwd=_COPY, check=False).returncode:
        raise Failure(f'Without models/{WING}, what is printed above fails.')


def _make_copy():
    shutil.rmtree(_COPY, ignore_errors=True)
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )
    for name in filter(None, listed.stdout.split('\0')):
        source, target = REPOSITORY / name, _COPY / name
        is_of_wing = WING in name and not name.startswith('dev/')
        if source.is_file() and not is_of_wing:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in (_COPY / '__manifest__.py', *_COPY.rglob('__init__.py')):
        text = path.read_text(encoding='utf-8')
        path.write_text(_LOADING.sub('', text), encoding='utf-8')

