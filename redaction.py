"""The secrets in the addresses of QPay's routes stay out of the server's access log."""

import logging
import re

_SECRET = re.compile(r'(/payment/qpay/(?:callback|(?:pay|receipt|link/\w+)/\d+)/)[^\s?"]+')


class SecretAddressFilter(logging.Filter):
    """Masks the tokens in addresses like `/payment/qpay/callback/<token>`."""

    def filter(self, record):
        """ Override of `logging` to mask the record's text; it always lets the record through. """
        text = record.getMessage()
        if '/payment/qpay/' in text:
            record.msg, record.args = _SECRET.sub(r'\1[REDACTED]', text), ()
        return True


def install():
    """Mask the access log of this process, once."""
    logger = logging.getLogger('werkzeug')
    if not any(isinstance(known, SecretAddressFilter) for known in logger.filters):
        logger.addFilter(SecretAddressFilter())
