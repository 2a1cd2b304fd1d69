"""The text inside a QPay QR: EMVCo tag-length-value (QPay contract §9.3, the form of 2025)."""
from decimal import Decimal

#: By acquirer: its name in tag 27, and tag 79. Those of 2022 had neither, nor tags 71 to 80.
#: Which values go with which acquirer is assumed.
ACQUIRERS = {
    'GLMT': ('GLMTMNUB', '22'),
    'CAXB': ('CAXBMNUB', '35'),
    'TDBM': ('TDBMMNUB', None),
    'none': (None, None),
}


class EmvError(ValueError):
    """A QR text that is not well-formed or whose check sum is wrong."""


def crc16(text):
    """Return the CRC-16/CCITT-FALSE of a text as four upper-case hexadecimal digits."""
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return f'{crc:04X}'


def tlv(tag, value):
    """Write one element; a value of more than 99 characters does not fit."""
    if len(value) > 99:
        raise EmvError(f'tag {tag} is too long')
    return f'{tag}{len(value):02d}{value}'


def plain_amount(amount):
    """Write an amount for tag 54: ``100``, or ``100.50`` when it has a fraction."""
    amount = Decimal(amount)
    if amount == amount.to_integral_value():
        return f'{amount:.0f}'
    return f'{amount:.2f}'


def build(merchant, amount, token, acquirer='GLMT'):
    """Build the dynamic QR text of an invoice.

    :param Merchant merchant: who is paid.
    :param Decimal amount: tögrög.
    :param str token: the 20 characters by which QPay finds the invoice.
    :param str acquirer: a key of ``ACQUIRERS``.
    :return: the text with its check sum.
    :rtype: str
    """
    name, scheme = ACQUIRERS[acquirer]
    wallet = name and tlv('00', 'A0000008430001') + tlv('01', name) + tlv('02', token)
    text = ''.join((
        tlv('00', '01'),
        tlv('01', '12'),
        tlv('15', merchant.emv_id),
        tlv('27', wallet) if wallet else '',
        tlv('52', merchant.mcc),
        tlv('53', '496'),
        tlv('54', plain_amount(amount)),
        tlv('58', 'MN'),
        tlv('59', merchant.name[:25]),
        tlv('60', merchant.city),
        tlv('62', tlv('07', token)),
        tlv('71', 'QPP_QR') + tlv('78', merchant.emv_serial) if wallet else '',
        tlv('79', scheme) if scheme else '',
        tlv('80', '01') if wallet else '',
        '6304',
    ))
    return text + crc16(text)


def parse(text):
    """Read a QR text.

    :param str text: the text of the QR.
    :return: tag to value, in the order of the text.
    :rtype: dict
    :raise EmvError: when it is cut short or its check sum does not match.
    """
    elements, position = {}, 0
    while position < len(text):
        tag, size = text[position:position + 2], text[position + 2:position + 4]
        if not (tag.isdigit() and size.isdigit()):
            raise EmvError('not an EMV QR text')
        value = text[position + 4:position + 4 + int(size)]
        if len(value) != int(size):
            raise EmvError('the QR text is cut short')
        elements[tag] = value
        position += 4 + int(size)
    if list(elements)[-1:] != ['63']:
        raise EmvError('the QR text does not end with its check sum')
    if crc16(text[:-4]) != elements['63']:
        raise EmvError('the check sum of the QR text is wrong')
    return elements
