"""The addon's catalogs of terms: the template, a language's translations, and what is wrong with
them. Nothing here needs Odoo or a database.
"""

import re
from collections import Counter
from typing import NamedTuple

import polib

# Without the day and Odoo's release, which would change while the terms do not.
_METADATA = {
    'Project-Id-Version': 'payment_qpay',
    'Report-Msgid-Bugs-To': '',
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Transfer-Encoding': '8bit',
}
_PLACEHOLDER = re.compile(r'%\(\w+\)[sdfi]|%[sdfi]|%%|\{\{.*?\}\}|\$\{.*?\}')
_TAG = re.compile(r'<[^>]+>')
_ATTRIBUTE_TEXT = re.compile(r'((?:title|alt|placeholder|aria-label)=)"[^"]*"')
_LATIN_WORD = re.compile(r'[A-Za-z]{2,}')
_MIXED_WORD = re.compile(r'\w*(?:[A-Za-z][Ѐ-ӿ]|[Ѐ-ӿ][A-Za-z])\w*')
# What is written the same in every language.
_INTERNATIONAL = re.compile(r'QPay|ID|[\d.]+|[A-Z]+(?:_[A-Z]+)+|https?://\S+')


def read_template(exported):
    """Return what Odoo exported as the addon's template: without the days and versions in its
    header, so that the same code always gives the same file.
    """
    template = polib.pofile(exported)
    template.header = 'The terms of the Odoo addon payment_qpay.'
    template.metadata = dict(_METADATA)
    return template


def read(path):
    """Return a catalog.

    :param Path path: its file, which need not exist yet
    """
    return polib.pofile(str(path)) if path.exists() else polib.POFile()


class Merged(NamedTuple):
    """A language's new catalog, and the translated entries whose terms are gone."""

    catalog: polib.POFile
    dropped: list


def merge(template, translated, language):
    """Bring a language's translations up to date with the template.

    A term that was only indented anew keeps its translation.
    """
    known = {_squeeze(entry.msgid): entry for entry in translated if not entry.obsolete}
    catalog = polib.POFile()
    catalog.header = 'The Mongolian translation of the Odoo addon payment_qpay.'
    catalog.metadata = _METADATA | {
        'Language': language, 'Plural-Forms': 'nplurals=2; plural=(n != 1);',
    }
    for term in template:
        before = known.get(_squeeze(term.msgid), polib.POEntry())
        catalog.append(polib.POEntry(
            msgid=term.msgid, msgstr=before.msgstr, comment=term.comment,
            occurrences=term.occurrences, tcomment=before.tcomment, flags=before.flags,
        ))
    terms = {_squeeze(term.msgid) for term in template}
    return Merged(catalog, [
        entry for text, entry in known.items() if text not in terms and entry.msgstr
    ])


def find_problems(template, translated):
    """Return what keeps a language's translations from being complete and right.

    :return: one line for each problem
    """
    terms = {entry.msgid for entry in template}
    entries = {entry.msgid: entry for entry in translated if not entry.obsolete}
    problems = [f'is missing: {term}' for term in terms if term not in entries]
    problems += [f'is no term any more: {term}' for term in entries if term not in terms]
    problems += [
        f'is an obsolete entry: {entry.msgid}' for entry in translated.obsolete_entries()
    ]
    problems += [
        f'{problem}: {entry.msgid}' for entry in entries.values()
        for problem in _find_problems_of(entry)
    ]
    return sorted(' '.join(problem.split()) for problem in problems)


def _find_problems_of(entry):
    source, translation = entry.msgid, entry.msgstr
    if entry.fuzzy:
        yield 'is marked fuzzy'
    if not translation.strip():
        yield 'has no translation'
        return
    if translation == source and not _INTERNATIONAL.fullmatch(source):
        yield 'has its source as its translation'
    if _placeholders(source) != _placeholders(translation):
        yield 'has other placeholders in its translation'
    if _tags(source) != _tags(translation):
        yield 'has other tags in its translation'
    if foreign := sorted(_latin_words(translation) - _latin_words(source)):
        yield f'has words in its translation that it does not have ({", ".join(foreign)})'
    if mixed := _MIXED_WORD.findall(_TAG.sub(' ', translation)):
        yield f'has Latin letters within Mongolian words ({", ".join(mixed)})'


def _placeholders(text):
    return Counter(_PLACEHOLDER.findall(text))


def _tags(text):
    """The tags with their attributes, of which only some are texts to translate."""
    return Counter(_ATTRIBUTE_TEXT.sub(r'\1""', tag) for tag in _TAG.findall(text))


def _latin_words(text):
    words = _LATIN_WORD.findall(_PLACEHOLDER.sub(' ', _TAG.sub(' ', text)))
    return {word.removesuffix('s') for word in words}


def _squeeze(text):
    return ' '.join(text.split())
