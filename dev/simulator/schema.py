"""A small checker of JSON fields that answers as QPay's validation does (QPay contract §7.2)."""
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .clock import parse_moment
from .errors import FieldRefusal

_PLAIN = re.compile(r'[\w \-/.]*')
_HTTP_URL = re.compile(r'https?://[^\s/]+\S*')


@dataclass(frozen=True)
class Field:
    """What one field may hold.

    ``kind`` is text, url, number, flag, moment, object, list or any; ``limit`` is the longest text
    in characters; ``fields`` describes the members of an object or of each item of a list.
    """

    kind: str = 'text'
    limit: int | None = None
    required: bool = False
    plain: bool = False
    fields: dict | None = None


def text(limit=None, required=False, plain=False):
    """Describe a text; a ``plain`` one has no special characters where these are refused."""
    return Field('text', limit, required, plain)


def check(body, fields, plain_only=False):
    """Check a JSON object; fields that are not described may hold anything.

    :param dict body: the object.
    :param dict fields: name to :class:`Field`.
    :param bool plain_only: refuse special characters in the plain texts.
    :raise FieldRefusal: naming every field that is wrong.
    """
    problems = {}
    _check_object(body, fields, plain_only, '', problems)
    if problems:
        raise FieldRefusal(problems)


def as_flag(value):
    """Read a boolean; QPay's own examples also send ``"false"``. None stays None."""
    if isinstance(value, str):
        return value.lower() == 'true'
    return value


def as_number(value):
    """Read a number or a numeric text.

    :return: the number, or None when it is none.
    :rtype: Decimal | None
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_page_member(offset, name, default):
    """Read ``page_number`` or ``page_limit``; the smallest value is 1.

    :raise FieldRefusal: with QPay's type MIN_NUMBER, or NUMBER when it is no whole number.
    """
    value = offset.get(name)
    if value is None:
        return default
    number = as_number(value)
    if number is None or number != number.to_integral_value():
        raise FieldRefusal({name: ('NUMBER', 'Number is required!')})
    if number < 1:
        raise FieldRefusal({name: ('MIN_NUMBER', 'Number min value [1]!')})
    return int(number)


def _check_object(body, fields, plain_only, prefix, problems):
    for name, field in fields.items():
        problem = _problem(body.get(name), field, plain_only, prefix + name, problems)
        if problem:
            problems[prefix + name] = problem


def _problem(value, field, plain_only, path, problems):
    """Return what is wrong with a value itself; what is wrong inside it goes to ``problems``."""
    if value is None or value == '':
        return ('REQUIRED', 'Field is required!') if field.required else None
    if field.kind == 'object':
        if not isinstance(value, dict):
            return ('OBJECT', 'Object is required!')
        _check_object(value, field.fields or {}, plain_only, path + '.', problems)
        return None
    if field.kind == 'list':
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return ('ARRAY', 'Array of objects is required!')
        for index, item in enumerate(value):
            _check_object(item, field.fields or {}, plain_only, f'{path}[{index}].', problems)
        return None
    return _CHECKS[field.kind](value, field, plain_only)


def _text_problem(value, field, plain_only):
    if not isinstance(value, str):
        return ('STRING', 'String is required!')
    if field.limit and len(value) > field.limit:
        return ('MAX_LENGTH', f'String max length [{field.limit}]!')
    if field.plain and plain_only and not _PLAIN.fullmatch(value):
        return ('SPECIAL_CHARACTER', 'Special characters are not allowed!')
    return None


def _url_problem(value, field, plain_only):
    problem = _text_problem(value, field, plain_only)
    if not problem and not _HTTP_URL.fullmatch(value):
        return ('URL', 'URL is required!')
    return problem


def _number_problem(value, _field, _plain_only):
    return ('NUMBER', 'Number is required!') if as_number(value) is None else None


def _flag_problem(value, _field, _plain_only):
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ('true', 'false')):
        return None
    return ('BOOLEAN', 'Boolean is required!')


def _moment_problem(value, _field, _plain_only):
    try:
        parse_moment(value)
    except ValueError:
        return ('DATE', 'Date is required!')
    return None


_CHECKS = {
    'text': _text_problem,
    'url': _url_problem,
    'number': _number_problem,
    'flag': _flag_problem,
    'moment': _moment_problem,
    'any': lambda _value, _field, _plain_only: None,
}
