"""Runs a command: ``python3 -m dev.stack COMMAND``.

Looks at Python before anything else is imported, which another Python may be unable to read.
"""

import sys

#: The packages are pinned for it.
PYTHON = (3, 11)

if sys.version_info[:2] == PYTHON:
    from .commands import main
    sys.exit(main())
else:
    sys.exit(
        'error: This is Python {0}, but the packages are pinned for {1}: '
        'install python{1} and run make PYTHON=python{1}.'.format(
            '.'.join(map(str, sys.version_info[:3])), '.'.join(map(str, PYTHON)),
        )
    )
