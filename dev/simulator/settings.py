"""What can be set about the simulator, with the defaults."""
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation

from .emv import ACQUIRERS

_IDS = ('payment', 'receipt', 'both')


@dataclass
class Settings:
    """The knobs. The README says which of them stand for something that nobody knows about QPay."""

    # -- callbacks (QPay contract §6)
    callback_enabled: bool = True
    callback_method: str = 'GET'
    callback_delay: float = 0.0  # seconds between the payment and the callback
    callback_repeats: int = 1  # how often each callback is sent, 1 = once
    callback_repeat_interval: float = 0.0  # seconds between the repeats, 0 = all at once
    callback_retries: int = 0  # further tries after an answer other than 200 SUCCESS
    callback_retry_interval: float = 1.0  # seconds before each retry
    callback_timeout: float = 30.0  # seconds
    callback_headers: dict | None = None  # additional request headers
    refund_callback: bool = False  # call back also when a merchant cancels or refunds a payment

    # -- authentication (QPay contract §1.2 to §1.5)
    new_token_kills_old: bool = True
    credentials_key: str = 'NO_CREDENDIALS'
    token_lifetime: float = 86400.0  # seconds
    token_expiry: str = 'absolute'  # Unix seconds, or a duration
    session_state: str = 'sandbox'
    clock_skew: float = 0.0  # seconds that QPay's clock is ahead of this machine's

    # -- invoices (QPay contract §2 and §3)
    unique_sender_invoice_no: bool = False
    refuse_special_characters: bool = False
    min_amount: str | None = None  # tögrög
    max_amount: str | None = None  # tögrög
    invoice_lifetime: float | None = None  # seconds, for invoices that do not set their own expiry
    empty_qr_image: bool = False
    short_url_base: str = 'https://sandbox-s.qpay.mn'  # empty: the simulator's own address
    short_url_key: str = 'qPay_shortUrl'
    empty_logos: bool = False
    acquirer: str = 'GLMT'  # whose tags a QR has
    invoice_payments: bool = True  # a paid invoice that is read shows its payments

    # -- payments (QPay contract §4)
    fee_rate: str = '0.01'
    paid_amount_when_unpaid: bool = False
    visibility_delay: float = 0.0  # seconds until the API shows a payment
    list_object_id: str = 'invoice'  # what a row of the list names: its invoice, or the code

    # -- VAT receipts (QPay contract §2.3 and §5)
    ebarimt_enabled: bool = True  # QPay has switched them on, for the merchants that have them
    ebarimt_keys: str = 'json'  # the keys of the JSON, of the documents' table, or both
    ebarimt_repeated: str = 'refuse'  # a payment that has a receipt: refuse, the same, or another
    ebarimt_codes_required: bool = True  # v3: district and classification, if no invoice said them
    ebarimt_tax_type: str = '1'  # of payments whose invoice does not say it
    ebarimt_city_tax: bool = False  # these payments hold city tax too
    ebarimt_mixed_lines: bool = True  # a taxed invoice may have lines without VAT
    ebarimt_product_code_required: bool = True  # lines without VAT need tax_product_code
    ebarimt_unknown_codes: str = '9999999'  # well-formed registers and classifications nobody has
    ebarimt_read_id: str = 'receipt'  # the id that GET takes
    ebarimt_v3_read: bool = False  # there is a GET in v3 too
    ebarimt_v1_cancel_id: str = 'receipt'  # the id that DELETE takes
    ebarimt_v3_cancel_id: str = 'payment'
    ebarimt_cancel_supported: bool = True
    ebarimt_cancel_note_required: bool = False
    ebarimt_callback_delay: float = 0.0  # v1: seconds until a receipt with a callback_url is there
    ebarimt_callback_parameter: str = 'qpay_ebarimt_id'

    _CHOICES = {
        'callback_method': ('GET', 'POST'),
        'token_expiry': ('absolute', 'duration'),
        'short_url_key': ('qPay_shortUrl', 'qpay_short_url'),
        'acquirer': tuple(ACQUIRERS),
        'list_object_id': ('invoice', 'code'),
        'credentials_key': ('NO_CREDENDIALS', 'NO_CREDENTIALS'),
        'ebarimt_keys': ('json', 'table', 'both'),
        'ebarimt_repeated': ('refuse', 'same', 'another'),
        'ebarimt_tax_type': ('1', '2', '3'),
        'ebarimt_read_id': _IDS,
        'ebarimt_v1_cancel_id': _IDS,
        'ebarimt_v3_cancel_id': _IDS,
    }

    def update(self, values):
        """Take new values; all of them or, when one is wrong, none.

        :param dict values: name to value.
        :raise ValueError: for an unknown name or an unsuitable value; the message says which.
        """
        known = {field.name: field.type for field in fields(self)}
        accepted = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f'unknown setting {name!r}; known: {", ".join(sorted(known))}')
            accepted[name] = self._accept(name, known[name], value)
        for name, value in accepted.items():
            setattr(self, name, value)

    def as_dict(self):
        """Return all settings, by name."""
        return asdict(self)

    def _accept(self, name, kind, value):
        if value is None:
            if 'None' in str(kind):
                return None
            raise ValueError(f'{name} must not be null')
        choices = self._CHOICES.get(name)
        if choices and value not in choices:
            raise ValueError(f'{name} must be one of {", ".join(choices)}')
        base = getattr(kind, '__name__', str(kind)) if isinstance(kind, type) else str(kind)
        return _CONVERTERS[base.split(' ')[0]](name, value)


def _as_bool(name, value):
    if isinstance(value, bool):
        return value
    if str(value).lower() in ('true', '1', 'false', '0'):
        return str(value).lower() in ('true', '1')
    raise ValueError(f'{name} must be true or false')


def _as_int(name, value):
    number = _as_number(name, value)
    if number != int(number):
        raise ValueError(f'{name} must be a whole number')
    return int(number)


def _as_float(name, value):
    return float(_as_number(name, value))


def _as_number(name, value):
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f'{name} must be a number') from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f'{name} must be a number')
    if number < 0 and name != 'clock_skew':
        raise ValueError(f'{name} must not be negative')
    return number


def _as_str(name, value):
    if name in ('fee_rate', 'min_amount', 'max_amount'):
        return str(_as_number(name, value))
    return str(value)


def _as_dict(name, value):
    if not isinstance(value, dict):
        raise ValueError(f'{name} must be an object')
    return {str(key): str(item) for key, item in value.items()}


_CONVERTERS = {
    'bool': _as_bool, 'int': _as_int, 'float': _as_float, 'str': _as_str, 'dict': _as_dict,
}
