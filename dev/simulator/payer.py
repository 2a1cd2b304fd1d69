"""What a bank application lets a payer do with an invoice (QPay contract §2.2)."""
from .model import CANCELED, CLOSED

#: Why a bank application refuses: Mongolian and English.
REASONS = {
    'cancelled': ('Нэхэмжлэл цуцлагдсан байна', 'The invoice was cancelled'),
    'closed': ('Нэхэмжлэл төлөгдсөн байна', 'The invoice is paid already'),
    'expired': ('Нэхэмжлэлийн хугацаа дууссан байна', 'The invoice has expired'),
    'amount': ('Үнийн дүн буруу байна', 'This is not an amount'),
    'too_small': ('Энэ нэхэмжлэлийг хэсэгчлэн төлөх боломжгүй', 'It cannot be paid in part'),
    'too_large': ('Үнийн дүнгээс илүү төлөх боломжгүй', 'More than the amount cannot be paid'),
    'minimum': ('Доод дүнгээс бага байна', 'Less than the smallest amount allowed'),
    'maximum': ('Дээд дүнгээс их байна', 'More than the largest amount allowed'),
    'not_cancelled': ('Төлөгдсөн нэхэмжлэлийг цуцлах боломжгүй', 'A paid one cannot be cancelled'),
}


def remaining(invoice, paid):
    """Return what is left to pay, in tögrög."""
    return max(invoice.amount - paid, invoice.amount * 0)


def refusal(invoice, paid, amount, now):
    """Tell why the payer cannot pay an amount.

    :param Invoice invoice: the invoice.
    :param Decimal paid: tögrög that were paid on it already.
    :param amount: tögrög that the payer wants to pay, or None when what was typed is no amount.
    :param float now: Unix seconds.
    :return: a key of ``REASONS``, or None when it is allowed.
    :rtype: str | None
    """
    if invoice.status == CANCELED:
        return 'cancelled'
    if invoice.status == CLOSED:
        return 'closed'
    if invoice.expired(now):
        return 'expired'
    if amount is None or amount <= 0:
        return 'amount'
    left = remaining(invoice, paid)
    if amount < left:
        return _too_small(invoice, amount)
    return _too_large(invoice, amount) if amount > left else None


def _too_small(invoice, amount):
    if not invoice.allow_partial:
        return 'too_small'
    below = invoice.minimum_amount is not None and amount < invoice.minimum_amount
    return 'minimum' if below else None


def _too_large(invoice, amount):
    if not invoice.allow_exceed:
        return 'too_large'
    above = invoice.maximum_amount is not None and amount > invoice.maximum_amount
    return 'maximum' if above else None
