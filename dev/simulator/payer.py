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


def refusal(invoice, left, amount, now):
    """Tell why the payer cannot pay an amount.

    :param Decimal left: tögrög that are left to pay on it.
    :param Decimal amount: tögrög that the payer wants to pay.
    :return: a key of ``REASONS``, or None when it is allowed.
    """
    if invoice.status == CANCELED:
        return 'cancelled'
    if invoice.status == CLOSED:
        return 'closed'
    if invoice.expired(now):
        return 'expired'
    if amount < left:
        if not invoice.allow_partial:
            return 'too_small'
        return 'minimum' if amount < (invoice.minimum_amount or 0) else None
    if amount > left:
        if not invoice.allow_exceed:
            return 'too_large'
        return 'maximum' if amount > (invoice.maximum_amount or amount) else None
    return None
