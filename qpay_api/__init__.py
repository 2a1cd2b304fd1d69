"""The QPay v2 wire in pure Python: no Odoo import below this package.

"QPay contract §4.1", or "§4.1" alone, is section 4.1 of `docs/qpay_api.md`, here and in all of the
addon.
"""

from .asker import Asker
from .breaker import Breaker
from .client import QPayClient
from .connection import TIMEOUT
from .emv import EmvError, check_invoice_qr
from .errors import (
    QPayBusy,
    QPayError,
    QPayRefused,
    QPayUnauthorized,
    QPayUnavailable,
    QPayUnknownOutcome,
    QPayUnreachable,
)
from .lines import InvoiceLine, LineTax
from .parsing import is_paid_out, is_uuid
from .questions import ListedQuestion, PaidQuestion
from .tax import (
    CITY_TAX,
    TAX_TYPE_EXEMPT,
    TAX_TYPE_NO_VAT,
    TAX_TYPE_VAT,
    TAX_TYPES,
    VAT,
    taxes_inside,
)
from .tax_office import (
    TaxOfficeSilent,
    Taxpayer,
    find_taxpayer,
    is_company_register,
    is_tax_office_address,
)
from .text import clean_text
from .values import (
    CITIZEN,
    COMPANY,
    EBARIMT_V1,
    EBARIMT_V3,
    BankLink,
    EbarimtReceipt,
    Invoice,
    InvoiceRequest,
    Payment,
    PaymentCheck,
    Token,
)

__all__ = [
    'CITIZEN',
    'CITY_TAX',
    'COMPANY',
    'EBARIMT_V1',
    'EBARIMT_V3',
    'TAX_TYPES',
    'TAX_TYPE_EXEMPT',
    'TAX_TYPE_NO_VAT',
    'TAX_TYPE_VAT',
    'TIMEOUT',
    'VAT',
    'Asker',
    'BankLink',
    'Breaker',
    'EbarimtReceipt',
    'EmvError',
    'Invoice',
    'InvoiceLine',
    'InvoiceRequest',
    'LineTax',
    'ListedQuestion',
    'PaidQuestion',
    'Payment',
    'PaymentCheck',
    'QPayBusy',
    'QPayClient',
    'QPayError',
    'QPayRefused',
    'QPayUnauthorized',
    'QPayUnavailable',
    'QPayUnknownOutcome',
    'QPayUnreachable',
    'TaxOfficeSilent',
    'Taxpayer',
    'Token',
    'check_invoice_qr',
    'clean_text',
    'find_taxpayer',
    'is_company_register',
    'is_paid_out',
    'is_tax_office_address',
    'is_uuid',
    'taxes_inside',
]
