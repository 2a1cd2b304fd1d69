"""Where things are: the repository, the shared cache and this checkout's own work folder.

The work folder lies outside the repository because it holds a link back to it: Odoo's translation
export and pytest follow links, and would go round in circles.
"""

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path

from .console import Failure

REPOSITORY = Path(__file__).resolve().parents[2]
DEV = REPOSITORY / 'dev'
MODULE = 'payment_qpay'


def _cache():
    chosen = os.environ.get('QPAY_CACHE')
    if chosen:
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and its user cannot look into root's home.
        return Path('/var/cache') / MODULE
    return Path.home() / '.cache' / MODULE


#: Downloads and virtual environments, shared by all checkouts of one user.
CACHE = _cache()
#: Databases, ports, logs and the addon's link: one set per checkout, which run side by side.
CHECKOUT = CACHE / 'checkouts' / hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:10]
ADDONS = CHECKOUT / 'addons'
ADDON_LINK = ADDONS / MODULE
LOGS = CHECKOUT / 'logs'
RUN = CHECKOUT / 'run'
POSTGRES = CHECKOUT / 'postgres'
FILESTORE = CHECKOUT / 'filestore'


def prepare():
    """Create this checkout's work folder and the link through which Odoo reaches the addon."""
    for folder in (CACHE, ADDONS, LOGS, RUN, FILESTORE):
        _make(folder)
    if not (ADDON_LINK.is_symlink() and ADDON_LINK.resolve() == REPOSITORY):
        ADDON_LINK.unlink(missing_ok=True)
        ADDON_LINK.symlink_to(REPOSITORY)


def _make(folder):
    with contextlib.suppress(PermissionError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise Failure(
            f'{folder} cannot be written: downloads and databases go there; '
            'set QPAY_CACHE to a folder of yours.'
        )


@contextlib.contextmanager
def locked(name, folder=CACHE):
    """Let only one process at a time do the thing called ``name``.

    Several checkouts share the cache, and several commands a checkout.

    :param str name: what is being guarded
    :param Path folder: where the lock's file is put
    """
    _make(folder)
    with open(folder / f'.{name}.lock', 'w', encoding='utf-8') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(*parts):
    """A short name for a combination of texts and files, for what is rebuilt when one changes.

    :param parts: texts, or paths of files whose contents count
    :return: 12 hexadecimal digits
    :rtype: str
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        digest.update(b'\0')
    return digest.hexdigest()[:12]
