"""The check of a QR text before anybody is asked to pay it (QPay contract §9.3)."""

from decimal import Decimal, InvalidOperation

_CURRENCY_MNT = '496'
_TAG_CURRENCY, _TAG_AMOUNT, _TAG_CRC = '53', '54', '63'


class EmvError(ValueError):
    """The QR text is not what we asked QPay for."""


def check_invoice_qr(qr_text, amount):
    """Make sure that a QR text asks its payer for the given amount.

    :param str qr_text: The EMV text that QPay answered.
    :param Decimal amount: The amount in tögrög that it must ask for.
    :return: None
    :raise EmvError: If the text is damaged, or its currency or amount is another.
    """
    fields = parse(qr_text)
    if fields.get(_TAG_CURRENCY) != _CURRENCY_MNT:
        raise EmvError('the currency is not MNT')
    try:
        asked = Decimal(fields[_TAG_AMOUNT])
    except (KeyError, InvalidOperation) as error:
        raise EmvError('there is no amount') from error
    if asked != amount:
        raise EmvError(f'the amount is {asked}, not {amount}')


def parse(qr_text):
    """Read the outer fields of an EMV text and verify its checksum.

    :param str qr_text: The text.
    :return: The values by two-digit tag.
    :rtype: dict
    :raise EmvError: If a field is cut short or the checksum is wrong.
    """
    if qr_text[-4:] != crc(qr_text[:-4]):
        raise EmvError('the checksum is wrong')
    try:
        fields = _split(qr_text)
    except EmvError:
        # Nobody knows whether a Cyrillic name's length is told in letters or in bytes.
        fields = _split(qr_text.encode().decode('latin-1'))
    if list(fields)[-1] != _TAG_CRC:
        raise EmvError('the checksum is not the last field')
    return fields


def _split(text):
    fields = {}
    position = 0
    while position < len(text):
        tag, length = text[position:position + 2], text[position + 2:position + 4]
        value = text[position + 4:position + 4 + int(length)] if length.isdecimal() else ''
        if not length.isdecimal() or len(value) != int(length):
            raise EmvError(f'the field at {position} is damaged')
        fields[tag] = value
        position += 4 + len(value)
    return fields


def crc(text):
    """Return the CRC-16/CCITT-FALSE of a text as four upper-case hexadecimal digits.

    :param str text: The text up to and including the checksum's own tag and length.
    :rtype: str
    """
    register = 0xFFFF
    for byte in text.encode():
        register ^= byte << 8
        for _bit in range(8):
            register = (register << 1) ^ (0x1021 if register & 0x8000 else 0)
            register &= 0xFFFF
    return f'{register:04X}'
