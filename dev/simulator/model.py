"""The things that the simulator remembers."""
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal

OPEN, CLOSED, CANCELED = 'OPEN', 'CLOSED', 'CANCELED'
PAID, REFUNDED = 'PAID', 'REFUNDED'
PAYMENT_STATUSES = ('NEW', 'FAILED', 'PAID', 'PARTIAL', 'REFUNDED')
P2P, CARD = 'P2P', 'CARD'
METHODS = (P2P, CARD)
REGISTERED = 'REGISTERED'
CITIZEN, COMPANY = 'CITIZEN', 'COMPANY'
V1, V3 = 'v1', 'v3'


class Record:
    """A dataclass that can be written to the state file; its first field is its key."""

    @property
    def key(self):
        """What no other thing of the kind has."""
        return getattr(self, fields(self)[0].name)

    def to_record(self):
        """Return the fields as plain JSON values; money as text."""
        return {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_record(cls, record):
        """Undo :meth:`to_record`.

        Fields that a later version added keep their defaults, those that it dropped are forgotten.
        """
        kinds = {item.name: str(item.type) for item in fields(cls)}
        return cls(**{
            name: Decimal(value) if 'Decimal' in kinds[name] and value is not None else value
            for name, value in record.items() if name in kinds
        })


@dataclass
class Setting(Record):
    """A setting that was changed while the simulator ran."""

    name: str
    value: object


@dataclass
class Token(Record):
    """An access token and its refresh token; both end at ``expires_at`` (QPay contract §1.2)."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    merchant: str
    expires_at: int


@dataclass
class Invoice(Record):
    """An invoice as a merchant created it; ``request`` holds what was sent."""

    invoice_id: str
    merchant: str
    invoice_code: str
    sender_invoice_no: str
    description: str
    callback_url: str
    amount: Decimal
    qr_text: str
    short_id: str
    created_at: float
    request: dict
    expires_at: float | None = None
    status: str = OPEN
    allow_partial: bool = False
    allow_exceed: bool = False
    minimum_amount: Decimal | None = None
    maximum_amount: Decimal | None = None
    is_tax_invoice: bool = False

    def expired(self, now):
        """Tell whether the invoice's time is over, ``now`` being Unix seconds."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass
class Payment(Record):
    """Money that a payer sent for an invoice. Times are Unix seconds, money is in ``currency``."""

    payment_id: str
    invoice_id: str
    merchant: str
    amount: Decimal
    fee: Decimal
    currency: str
    method: str
    status: str
    transaction_id: str
    paid_at: float
    visible_at: float
    refunded_at: float | None = None


@dataclass
class Ebarimt(Record):
    """The VAT receipt of a payment (QPay contract §5).

    ``items`` are written as QPay's JSON writes them, so their money is text.
    """

    ebarimt_id: str
    generation: str
    merchant: str
    payment_id: str
    invoice_id: str
    receiver_type: str
    receiver: str | None = field(repr=False)
    district_code: str | None
    tax_type: str
    amount: Decimal
    vat_amount: Decimal
    city_tax_amount: Decimal
    items: list
    receipt_no: str
    lottery: str = field(repr=False)
    qr_data: str = field(repr=False)
    created_at: float
    issued_by: str = 'merchant'
    status: str = REGISTERED
    note: str | None = None
    cancelled_at: float | None = None


@dataclass
class Callback(Record):
    """One call to a merchant's callback URL, planned or made.

    ``status`` and ``body`` are the merchant's answer; ``ok`` is true only for 200 and exactly
    ``SUCCESS``. ``attempt`` counts up when the call repeats one that was not answered well.
    """

    callback_id: str
    payment_id: str
    invoice_id: str
    url: str
    method: str
    due_at: float
    attempt: int = 1
    state: str = 'pending'
    sent_at: float | None = None
    duration: float | None = None
    status: int | None = None
    body: str | None = None
    content_type: str | None = None
    error: str | None = None
    ok: bool = False
