"""Typed results of the QPay wire. Amounts are `Decimal` in the currency's main unit (tögrög)."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .lines import InvoiceLine
from .tax import TAX_TYPE_VAT, TAX_TYPES

# The two generations of e-Barimt calls (§5.1), and whom a receipt is for (§5.2).
EBARIMT_V1, EBARIMT_V3 = 'v1', 'v3'
CITIZEN, COMPANY = 'CITIZEN', 'COMPANY'

_DISTRICT_CODE = re.compile(r'[0-9]{4}')


@dataclass(frozen=True)
class Token:
    """An access token (QPay contract §1.2), which its `repr` hides; times are aware and in UTC."""

    access_token: str = field(repr=False)
    expires_at: datetime
    server_time: datetime | None = None


@dataclass(frozen=True)
class InvoiceRequest:
    """What we ask QPay to create an invoice for (QPay contract §2.1 and §2.2).

    :param str invoice_code: QPay's code of the merchant, at most 45 characters.
    :param str sender_invoice_no: Our unique number of the attempt, at most 45 characters.
    :param str receiver_code: The payer's code at the merchant, at most 45 characters.
    :param str description: What the payer's bank app shows, at most 255 characters.
    :param Decimal amount: The amount in tögrög.
    :param str callback_url: Where QPay calls back, at most 255 characters.
    :param str tax_type: One of `tax.TAX_TYPES` for an invoice whose payments get VAT receipts
        (§2.3), else ''; such an invoice needs lines, a district code and a code of its own.
    :param str district_code: The four digits of province and part (§5.6).
    :param tuple lines: What is sold, as `InvoiceLine`; their sum must be the amount.
    :param str tax_customer_code: The register number of the receipt's company, or ''.
    :raise ValueError: If what is said of the tax does not fit together.
    """

    invoice_code: str
    sender_invoice_no: str
    receiver_code: str
    description: str
    amount: Decimal
    callback_url: str = field(repr=False)
    allow_partial: bool = False
    allow_exceed: bool = False
    tax_type: str = ''
    district_code: str = ''
    lines: tuple[InvoiceLine, ...] = ()
    tax_customer_code: str = field(default='', repr=False)

    def __post_init__(self):
        if not self.tax_type and not self.lines:
            return
        if self.tax_type not in TAX_TYPES:
            raise ValueError(f'the tax type is none of {", ".join(TAX_TYPES)}')
        if not _DISTRICT_CODE.fullmatch(self.district_code):
            raise ValueError('the district code has not four digits')
        if sum(line.amount for line in self.lines) != self.amount:
            raise ValueError('the lines do not sum to the amount')
        if self.tax_type != TAX_TYPE_VAT and any(line.taxes for line in self.lines):
            raise ValueError('an invoice without VAT has no taxes in its lines')


@dataclass(frozen=True)
class BankLink:
    """One bank app or wallet that can pay the QR (QPay contract §2.6)."""

    name: str
    description: str
    logo: str
    link: str


@dataclass(frozen=True)
class Invoice:
    """A QPay invoice as answered at its creation (QPay contract §2.5)."""

    invoice_id: str
    qr_text: str
    short_url: str
    links: tuple[BankLink, ...]
    raw: dict = field(repr=False)


@dataclass(frozen=True)
class Payment:
    """One payment, whichever call it was read from (QPay contract §4.1 to §4.3).

    :param str status: QPay's status; only 'PAID' is money.
    :param str payment_type: 'P2P' or 'CARD'.
    :param datetime paid_at: When the payer paid, aware and in UTC; None where QPay says nothing.
    :param str invoice_id: The QPay invoice that was paid; '' where the call does not say.
    :param str description: What the payer's bank showed; '' where the call does not say.
    :param str qr_text: The text of the QR that was paid; only payment/list says it.
    """

    payment_id: str
    status: str
    amount: Decimal
    fee: Decimal
    currency: str
    payment_type: str
    wallet: str
    paid_at: datetime | None
    invoice_id: str
    raw: dict = field(repr=False)
    description: str = ''
    qr_text: str = ''

    @property
    def is_money(self):
        """Whether this row is money received: only a paid row in tögrög is (§4.5, §9.1)."""
        return self.status == 'PAID' and self.currency == 'MNT' and self.amount > 0

    @property
    def is_clear(self):
        """Whether its row alone says all that money is booked by, and for which QR: only
        payment/list does (§4.3).
        """
        return (
            self.is_money
            and bool(self.qr_text)
            and self.paid_at is not None
            and self.payment_type in ('P2P', 'CARD')
            and self.raw.get('payment_fee') not in (None, '')
        )


@dataclass(frozen=True)
class PaymentCheck:
    """The answer to payment/check for one invoice (QPay contract §4.1)."""

    payments: tuple[Payment, ...]
    raw: dict = field(repr=False)

    @property
    def paid_payments(self):
        """The rows that are money."""
        return tuple(payment for payment in self.payments if payment.is_money)


@dataclass(frozen=True)
class EbarimtReceipt:
    """A VAT receipt (QPay contract §5.3), with nothing of its receiver in its `repr`.

    :param str ebarimt_id: QPay's id, by which a receipt is read.
    :param str receipt_number: The tax office's number, 33 digits; '' where the answer has none.
    :param str status: 'REGISTERED' or 'CANCELED'; see `is_valid`.
    :param datetime status_at: Since when it has that status, aware and in UTC; None if unreadable.
    :param str payment_id: The payment that it is for.
    :param str receiver_type: `CITIZEN` or `COMPANY`.
    :param str receiver: The citizen's phone or the company's register number; '' if unknown.
    :param str lottery: The lottery number; companies have none.
    :param str qr_data: The text of the receipt's QR.
    """

    ebarimt_id: str
    receipt_number: str
    status: str
    status_at: datetime | None
    payment_id: str
    receiver_type: str
    amount: Decimal
    vat_amount: Decimal
    city_tax_amount: Decimal
    receiver: str = field(repr=False)
    lottery: str = field(repr=False)
    qr_data: str = field(repr=False)
    raw: dict = field(repr=False)

    @property
    def is_valid(self):
        """Whether the receipt is registered and was not cancelled."""
        return self.status == 'REGISTERED'
