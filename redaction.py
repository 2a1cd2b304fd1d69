"""What must not be read in the server's log: the secrets in the addresses of QPay's routes, and
whom VAT receipts are for.
"""

import logging
import re

_SECRET = re.compile(r'(/payment/qpay/(?:callback|(?:pay|receipt|link/\w+)/\d+)/)[^\s?"]+')

_RECEIPT = re.compile(r'qpay_ebarimt|qpay_receiver|ebarimt_receiver')


class SecretAddressFilter(logging.Filter):
    """Masks the tokens in addresses like `/payment/qpay/callback/<token>`."""

    def filter(self, record):
        """ Override of `logging` to mask the record's text; it always lets the record through. """
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            return True  # Its arguments are wrong, which Python's logging says by itself.
        if '/payment/qpay/' in text:
            record.msg, record.args = _SECRET.sub(r'\1[REDACTED]', text), ()
        return True


class ReceiptQueryFilter(logging.Filter):
    """Masks queries that failed and may hold numbers of people, or what a VAT receipt says.

    Odoo logs a query that failed with all its values.
    """

    def filter(self, record):
        """ Override of `logging` to mask the query's values; it always lets the record through. """
        if str(record.msg).startswith('bad query') and len(record.args or ()) == 2:
            query, error = record.args
            if _RECEIPT.search(str(query)):
                # The whole error would show the row.
                reason = getattr(getattr(error, 'diag', None), 'message_primary', None)
                record.args = ('[REDACTED: VAT receipts]', reason or type(error).__name__)
        return True


def install():
    """Mask the logs of this process, once."""
    for name, mask in (('werkzeug', SecretAddressFilter), ('odoo.sql_db', ReceiptQueryFilter)):
        logger = logging.getLogger(name)
        if not any(isinstance(known, mask) for known in logger.filters):
            logger.addFilter(mask())
