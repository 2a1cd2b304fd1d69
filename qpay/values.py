"""Typed results of the QPay wire. Amounts are `Decimal` in the currency's main unit (tögrög)."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Token:
    """An access token (QPay contract §1.2); times are aware and in UTC."""

    access_token: str
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
    """

    invoice_code: str
    sender_invoice_no: str
    receiver_code: str
    description: str
    amount: Decimal
    callback_url: str
    allow_partial: bool = False
    allow_exceed: bool = False


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

    @property
    def is_money(self):
        """Whether this row is money received: only a paid row in tögrög is (§4.5, §9.1)."""
        return self.status == 'PAID' and self.currency == 'MNT' and self.amount > 0


@dataclass(frozen=True)
class PaymentCheck:
    """The answer to payment/check for one invoice (QPay contract §4.1)."""

    payments: tuple[Payment, ...]
    raw: dict = field(repr=False)

    @property
    def paid_payments(self):
        """The rows that are money."""
        return tuple(payment for payment in self.payments if payment.is_money)
