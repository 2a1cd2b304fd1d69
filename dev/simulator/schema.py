"""A small checker of JSON fields that answers as QPay's validation does (QPay contract §7.2).

A check is a function of a value that returns what is wrong: None, a pair of QPay's type and text,
or a dictionary of such pairs by the path of a field inside the value.
"""
import re
from decimal import Decimal, InvalidOperation

from .clock import parse_moment
from .errors import FieldRefusal

REQUIRED = ('REQUIRED', 'Field is required!')
_PLAIN = re.compile(r'[\w \-/.]*')
_HTTP_URL = re.compile(r'https?://[^\s/]+\S*')


def check(body, fields, required=()):
    """Check a JSON object; fields that are not described may hold anything.

    :param required: the names of the fields that may not be missing or empty.
    """
    if problems := group(fields, required)(body):
        raise FieldRefusal(problems)


def check_plain(body, names):
    """Refuse texts with special characters."""
    if strange := [name for name in names if not _PLAIN.fullmatch(body[name])]:
        problem = ('SPECIAL_CHARACTER', 'Special characters are not allowed!')
        raise FieldRefusal(dict.fromkeys(strange, problem))


def text(limit=None):
    """Return the check of a text of at most so many characters."""
    def problem(value):
        if not isinstance(value, str):
            return ('STRING', 'String is required!')
        if limit and len(value) > limit:
            return ('MAX_LENGTH', f'String max length [{limit}]!')
        return None
    return problem


def url(value):
    """Check an address."""
    problem = text(255)(value)
    return problem or (None if _HTTP_URL.fullmatch(value) else ('URL', 'URL is required!'))


def number(value):
    """Check a number or a numeric text."""
    return ('NUMBER', 'Number is required!') if as_number(value) is None else None


def flag(value):
    """Check a boolean or its name."""
    if isinstance(value, bool) or str(value).lower() in ('true', 'false'):
        return None
    return ('BOOLEAN', 'Boolean is required!')


def moment(value):
    """Check a time."""
    try:
        parse_moment(value)
    except ValueError:
        return ('DATE', 'Date is required!')
    return None


def group(fields, required=()):
    """Return the check of an object."""
    def problems(value):
        if not isinstance(value, dict):
            return ('OBJECT', 'Object is required!')
        found = {}
        for name, checked in fields.items():
            if value.get(name) not in (None, ''):
                _note(found, name, checked(value[name]))
            elif name in required:
                found[name] = REQUIRED
        return found
    return problems


def items(fields, required=()):
    """Return the check of a list of objects."""
    def problems(value):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return ('ARRAY', 'Array of objects is required!')
        found = {}
        for index, item in enumerate(value):
            _note(found, f'[{index}]', group(fields, required)(item))
        return found
    return problems


def _note(found, name, problem):
    """Add what is wrong with a field, or by their paths with what is inside it."""
    if isinstance(problem, dict):
        for path, inner in problem.items():
            found[name + (path if path.startswith('[') else f'.{path}')] = inner
    elif problem:
        found[name] = problem


def as_flag(value):
    """Read a boolean; QPay's own examples also send ``"false"``. None stays None."""
    return value.lower() == 'true' if isinstance(value, str) else value


def as_number(value):
    """Read a number or a numeric text."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def has_cents_at_most(amount):
    """Tell whether an amount has no more than two decimals."""
    return amount.normalize().as_tuple().exponent >= -2
