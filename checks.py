"""What comes from outside must be what it says: records, amounts, addresses."""

import re

from odoo.exceptions import AccessError, MissingError, ValidationError

# What the database can hold as an id.
_MAX_ID = 2 ** 31 - 1
# More than any payment.
_MAX_AMOUNT = 10 ** 15
# A path from the root of this site. Browsers take a backslash for a slash, and pass over control
# characters.
_OWN_PATH = re.compile(r'/[^\x00-\x20\x7f\\]*')


def check_records(records, operation='read'):
    """Make sure that records that were named from outside are some, and that the user may do
    something with them. Access rights pass over ids that no record has, like 0.

    :param recordset records: The records.
    :param str operation: 'read' or 'write'.
    :raise MissingError: If there is no such record.
    :raise AccessError: If the user may not do that.
    """
    records.browse().check_access(operation)
    if not has_ids(records):
        raise MissingError(records.env._("This record does not exist."))
    records.check_access(operation)


def has_ids(records):
    """Whether records that were named from outside can be some: with anything else than ids, the
    database would not even answer.

    :param recordset records: The records.
    :rtype: bool
    """
    return all(
        isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_ID
        for value in records._ids
    )


def check_number(env, amount):
    """Make sure that an amount that came from outside is a number: not a text that looks like one,
    nor what Python takes for one, like True, nor NaN.

    :param Environment env: The user's environment.
    :param amount: The amount.
    :raise ValidationError: If it is none.
    """
    is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
    if not is_number or not abs(amount) < _MAX_AMOUNT:
        raise ValidationError(env._("The amount must be a number."))


def is_own_path(address):
    """Whether an address leads to a page of this very site, whoever has written it.

    :param str address: The address.
    :rtype: bool
    """
    path = (address or '').partition('?')[0].partition('#')[0]
    return bool(_OWN_PATH.fullmatch(address or '')) and '//' not in path


def check_accountant(records):
    """Make sure that the user may act on records of QPay: their rows are never written by hand,
    so access rights alone only tell who may read them.

    :param recordset records: The records to act on.
    :raise MissingError: If there is no such record.
    :raise AccessError: If the user may not read them, or is no accountant.
    """
    check_records(records)
    if not is_accountant(records.env):
        raise AccessError(records.env._("Only accountants can do this."))


def is_accountant(env):
    """Whether the user may act on records of QPay that he may read.

    :param Environment env: The user's environment.
    :rtype: bool
    """
    return env.su or env.user.has_group('account.group_account_invoice')


def to_id(value):
    """Return an id of a record from what came over the wire; 0 if it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
