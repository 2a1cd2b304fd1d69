"""nginx for the tests of ``deploy/nginx.conf``: taken from ``QPAY_NGINX``, else Debian's program.

Debian's package, installed, would start a server that listens on all addresses. So it is only
unpacked. Its libraries are those that dpkg, coreutils and Python need, too: no Debian is without.
"""

import os
from pathlib import Path

from . import debian
from .console import Failure, run
from .paths import CACHE

OR_PROGRAM = 'set QPAY_NGINX to the program of an nginx'


def locate():
    """Return the path of the program, fetching it the first time.

    :rtype: Path
    """
    program = Path(os.environ.get('QPAY_NGINX') or CACHE / 'nginx/usr/sbin/nginx')
    if not os.environ.get('QPAY_NGINX'):
        debian.fetch(
            CACHE / 'nginx', 'nginx (about 10 MB, once)', {debian.OWN_SUITE: ('nginx',)},
            otherwise=OR_PROGRAM, finish=_check,
        )
    elif not os.access(program, os.X_OK):
        raise Failure(f'QPAY_NGINX={program} is no program: {OR_PROGRAM}.')
    return program


def _check(root):
    run([root / 'usr/sbin/nginx', '-v'], failure=f"Debian's nginx does not run here: {OR_PROGRAM}.")
