"""What must not be read in the server's log, nor in any other record of what people do: what opens
a payment, the credentials of QPay, and whom VAT receipts are for.
"""

import logging
import re

from odoo.tools import frozendict

# Every stored field that must not be read by others, by model.
SECRET_FIELDS = frozendict({
    'payment.provider': ('qpay_client_secret',),
    'qpay.assign.wizard': ('ebarimt_receiver',),
    'qpay.ebarimt': ('receiver', 'lottery', 'qr_data', 'raw_data'),
    'qpay.intent': (
        'access_token', 'callback_token', 'qr_text', 'short_url', 'deeplinks', 'raw_response',
        'ebarimt_receiver',
    ),
    'qpay.payment': ('raw_data', 'ebarimt_receiver'),
    'qpay.qr.wizard': ('ebarimt_receiver',),
    'qpay.receiver.wizard': ('receiver',),
    'qpay.taxpayer': ('register',),
    'qpay.token': ('access_token',),
    'qpay.trial.call': ('token',),
    'res.partner': ('qpay_receiver',),
})
# Every field that is made of them when it is read, so that no query holds it.
SECRET_COMPUTED_FIELDS = frozendict({
    'account.move': ('qpay_link',),
    'qpay.ebarimt': ('qr_image',),
    'qpay.intent': ('pay_url', 'qr_image'),
    'qpay.qr.wizard': ('document_link', 'payment_apps'),
})
# Every part of an address behind `/payment/qpay/` that is followed by a token.
SECRET_ADDRESS_PARTS = (r'callback', r'pay/\d+', r'receipt/\d+', r'link/\w+/\d+')

REDACTED = '[REDACTED]'
# Whoever logs addresses or queries in Odoo itself: programs that collect errors may listen there.
_LOGGERS = (
    'odoo.addons.http_routing.models.ir_http', 'odoo.http', 'odoo.sql_db', 'longpolling',
    'urllib3.connectionpool', 'werkzeug',
)

# Addresses come as parts of others, too, as where to go back to.
_SLASH = '(?:/|%(?:25)*2F)'
_PARTS = '|'.join(SECRET_ADDRESS_PARTS).replace('/', _SLASH)
_ADDRESS = re.compile(
    rf'''(payment{_SLASH}qpay{_SLASH}(?:{_PARTS}){_SLASH})[^\s?"'&]+''', re.IGNORECASE
)
# What the tax office is asked.
_NUMBER = re.compile(r'''(\b(?:regNo|tin)=)[^\s&"']+''')
_COLUMNS_BY_TABLE = {
    model.replace('.', '_'): re.compile(r'\b(?:{})\b'.format('|'.join(names)))
    for model, names in SECRET_FIELDS.items()
}
_TABLES = re.compile(r'\b(?:{})\b'.format('|'.join(_COLUMNS_BY_TABLE)))
_LITERAL = re.compile(r"'(?:[^']|'')*'")
# PostgreSQL shows the whole row that it refuses, in the language of the database server.
_ROW = re.compile(
    r'("(?:{})"[^\n]*\n[^\n(]{{0,80}})\(.*?\)\.?$'.format('|'.join(_COLUMNS_BY_TABLE)),
    re.DOTALL | re.MULTILINE,
)


class SecretFilter(logging.Filter):
    """Masks what is secret in addresses, queries and errors of the database."""

    def filter(self, record):
        """ Override of `logging` to mask the record's text; it always lets the record through. """
        if record.name == 'odoo.sql_db' and isinstance(record.args, tuple):
            record.args = tuple(map(_mask_argument, record.args))
        text = _get_text(record)
        masked = mask(text)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info:
            trace = record.exc_text or logging.Formatter().formatException(record.exc_info)
            masked_trace = mask(trace)
            if masked_trace != trace:
                record.exc_text = masked_trace
        return True


def mask(text):
    """Return a text without what is secret in addresses, and the rows that the database refused.

    :rtype: str
    """
    for secret in (_ADDRESS, _NUMBER, _ROW):
        text = secret.sub(rf'\1{REDACTED}', text)
    return text


def mask_query(query):
    """Return a query without its values, if one of them may be secret.

    :rtype: str
    """
    is_secret = any(_COLUMNS_BY_TABLE[table].search(query) for table in _TABLES.findall(query))
    return _LITERAL.sub(f"'{REDACTED}'", query) if is_secret else query


def install():
    """Mask the logs of this process, once."""
    mask_secrets = SecretFilter()
    root = logging.getLogger()
    for place in (*root.handlers, *map(logging.getLogger, _LOGGERS)):
        if not any(isinstance(known, SecretFilter) for known in place.filters):
            place.addFilter(mask_secrets)


def _mask_argument(argument):
    """Return what a message about a query is made of, without the values that may be secret."""
    if not isinstance(argument, bytes | str):
        return argument
    query = argument.decode(errors='replace') if isinstance(argument, bytes) else argument
    masked = mask_query(query)
    return argument if masked == query else masked


def _get_text(record):
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # That its values do not fit is told by `logging` itself.
        return ''
