"""Brings the addon's catalogs up to date with what Odoo has exported.

Run as ``python -m i18n EXPORTED``.
"""

import sys
from pathlib import Path

from . import FOLDER, LANGUAGES, TEMPLATE
from .catalog import find_problems, merge, read, read_template


def main(exported):
    """Write the template and merge it into each language."""
    template = read_template(exported.read_text(encoding='utf-8'))
    FOLDER.mkdir(exist_ok=True)
    template.save(str(TEMPLATE))
    print(f'i18n/{TEMPLATE.name}: {len(template)} terms')
    for language in LANGUAGES:
        path = FOLDER / f'{language}.po'
        merged = merge(template, read(path), language)
        merged.catalog.save(str(path))
        for entry in merged.dropped:
            print(f'i18n/{path.name}: gone: {entry.msgid}\n    was: {entry.msgstr}')
        for problem in find_problems(template, merged.catalog):
            print(f'i18n/{path.name}: {problem}')
        print(f'i18n/{path.name}: {merged.catalog.percent_translated()} % translated')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
