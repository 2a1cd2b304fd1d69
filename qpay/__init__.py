"""The QPay v2 wire in pure Python: no Odoo import below this package."""

from .client import QPayClient
from .emv import EmvError, check_invoice_qr
from .errors import (
    QPayError,
    QPayRefused,
    QPayUnauthorized,
    QPayUnavailable,
    QPayUnknownOutcome,
    QPayUnreachable,
)
from .text import clean_text
from .values import BankLink, Invoice, InvoiceRequest, Payment, PaymentCheck, Token

__all__ = [
    'BankLink',
    'EmvError',
    'Invoice',
    'InvoiceRequest',
    'Payment',
    'PaymentCheck',
    'QPayClient',
    'QPayError',
    'QPayRefused',
    'QPayUnauthorized',
    'QPayUnavailable',
    'QPayUnknownOutcome',
    'QPayUnreachable',
    'Token',
    'check_invoice_qr',
    'clean_text',
]
