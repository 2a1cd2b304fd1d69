"""The sentences of README.md, and the table of how each of them is checked."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / 'README.md'
TABLE = Path(__file__).with_name('claims.md')
LIVE = Path(__file__).with_name('live.py')
#: Checks that whoever runs the demonstration makes beside, and what is left to another command.
BY_RUNNING = ('first_run', 'later_run', 'reset', 'stop', 'help', 'lint', 'chosen_tests')
LEFT_OUT = 'own_command'

BLOCK = re.compile(r'^```\n(.*?)^```$', re.DOTALL | re.MULTILINE)
# Headings, pictures, links that stand alone; and tables, which only lead to other documents.
BESIDE = re.compile(r'^(?:#|!\[|\[[^]]+\]\([^)]+\)$|\|).*$', re.MULTILINE)
ITEM = re.compile(r'^(?:\*|\d+\.) ', re.MULTILINE)
LINK = re.compile(r'\[([^]]+)\]\([^)]+\)')
END = re.compile(r'(?<=[.!?])\s+(?=[*`]*[A-ZА-ЯӨҮ`])')
ROW = re.compile(r'^\| (.+) \| (.+) \|$', re.MULTILINE)
CHECK = re.compile(r'`(\w+)`')


def read_sentences(text):
    """Return the sentences of a document, each on one line and without its links.

    :rtype: list[str]
    """
    commands = [
        ' '.join(line.split()) for block in BLOCK.findall(text) for line in block.splitlines()
    ]
    text = ITEM.sub('\n', BESIDE.sub('', BLOCK.sub('', text)))
    text = LINK.sub(r'\1', text).replace('**', '')
    paragraphs = [' '.join(part.split()) for part in re.split(r'\n\s*\n', text)]
    return commands + [
        sentence for part in paragraphs if part for sentence in END.split(part)
    ]


def read_table():
    """Return the names of the checks of each sentence; none for one that asks to do something.

    :rtype: dict[str, list[str]]
    """
    _head, *rows = ROW.findall(TABLE.read_text(encoding='utf-8'))
    return {sentence: CHECK.findall(checks) for sentence, checks in rows}


def read_live_checks():
    """Return the names of the checks that look at the running demonstration.

    :rtype: list[str]
    """
    return re.findall(r'^def ([a-z]\w+)\(world\)', LIVE.read_text(encoding='utf-8'), re.MULTILINE)
