"""The tables of `docs/security.md`, which say who may do what."""

import re
from functools import cached_property
from pathlib import Path

_FILE = Path(__file__).parents[2] / 'docs/security.md'


class RightsTable:
    """What the document says, by the headings of its tables.

    :param Path file: The document.
    """

    def __init__(self, file=_FILE):
        self._lines = file.read_text().splitlines()

    def rows(self, heading):
        """Return the rows of the table under a heading, each with its cells by column.

        :param str heading: The heading, without the signs before it.
        :rtype: list[dict]
        """
        start = next(
            number for number, line in enumerate(self._lines)
            if line.lstrip('#').strip() == heading and line.startswith('#')
        )
        lines = []
        for line in self._lines[start + 1:]:
            if line.startswith('#'):
                break
            if line.startswith('|'):
                lines.append([cell.strip() for cell in line.strip('|').split(' |')])
        titles, _rule, *rows = lines
        return [dict(zip(titles, row, strict=True)) for row in rows]

    @cached_property
    def roles(self):
        """All roles, in the order of the document."""
        return [row['Role'] for row in self.rows('Roles')]

    def who(self, cell):
        """Return the roles that a cell names, one by one or by what they are called together.

        :param str cell: For example "bookkeepers, auditor" or "nobody".
        :rtype: set[str]
        """
        names = set()
        for name in re.split(r',\s*', cell):
            if name in self.roles:
                names.add(name)
            elif name == 'everybody':
                names.update(self.roles)
            elif name != 'nobody':
                names |= self.who(self._together[name])
        return names

    @cached_property
    def _together(self):
        return {row['Together']: row['Roles'] for row in self.rows('Roles together')}

    @staticmethod
    def names(cell):
        """Return the technical names in a cell.

        :rtype: list[str]
        """
        return re.findall(r'`([^`]+)`', cell)
