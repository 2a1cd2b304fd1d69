"""What an invoice must say whose payments get VAT receipts (QPay contract §2.3, §5.6)."""
import re
from decimal import Decimal

from .errors import FieldRefusal, QPayRefusal
from .schema import REQUIRED, as_flag, as_number
from .taxes import RATES, TAX_TYPES, TAXED, VAT, is_right_tax, line_amount, line_taxes

_CLASSIFICATION = re.compile(r'\d{7}')
_DISTRICT = re.compile(r'(\d{2})\d{2}')
#: The provinces and the districts of the capital; the last two digits are the sum or khoroo.
_PROVINCES = {
    *(f'{number:02d}' for number in range(1, 21)),
    '23', '24', '25', '26', '27', '28', '29', '32', '34', '35',
}


def check_tax_invoice(body, merchant, settings):
    """Check what a tax invoice needs beyond any other.

    :raise FieldRefusal: the tax type or district code is missing or wrong.
    :raise QPayRefusal: INVOICE_CODE_INVALID, INVOICE_LINE_REQUIRED, INVALID_AMOUNT,
        CLASSIFICATION_CODE_INVALID, TAX_LINE_REQUIRED, TAX_PRODUCT_CODE_REQUIRED or
        VAT_AMOUNT_INVALID.
    """
    if not (merchant.has_ebarimt and settings.ebarimt_enabled):
        raise QPayRefusal('INVOICE_CODE_INVALID')
    wrong = {}
    if body.get('tax_type') not in TAX_TYPES:
        wrong['tax_type'] = ('ENUM', 'Value is not allowed!')
    if not is_district(body.get('district_code')):
        wrong['district_code'] = ('PATTERN', 'Value is not allowed!')
    if wrong:
        raise FieldRefusal({
            name: problem if body.get(name) else REQUIRED for name, problem in wrong.items()
        })
    if not body.get('lines'):
        raise QPayRefusal('INVOICE_LINE_REQUIRED')
    for line in body['lines']:
        _check_line(line, body, settings)
    total = sum((line_amount(line) for line in body['lines']), Decimal(0))
    if body.get('amount') not in (None, '') and as_number(body['amount']) != total:
        raise QPayRefusal('INVALID_AMOUNT')


def is_district(code):
    """Tell whether a text is a district code: two digits of a province, two of a part of it."""
    match = _DISTRICT.fullmatch(code or '')
    return bool(match) and match.group(1) in _PROVINCES


def check_classification(code, settings):
    """Check a code of the classification of products.

    :raise QPayRefusal: CLASSIFICATION_CODE_INVALID.
    """
    if not _CLASSIFICATION.fullmatch(code or '') or is_unknown(code, settings):
        raise QPayRefusal('CLASSIFICATION_CODE_INVALID')


def is_unknown(code, settings):
    """Tell whether a well-formed register or classification code is one that nobody has."""
    return code in re.split(r'[\s,]+', settings.ebarimt_unknown_codes)


def _check_line(line, body, settings):
    amount = line_amount(line)
    if amount <= 0:
        raise QPayRefusal('INVALID_AMOUNT')
    check_classification(line.get('classification_code'), settings)
    taxes = line_taxes(line)
    strange = set(taxes) - set(RATES)
    if strange or (body['tax_type'] != TAXED and any(taxes.values())):
        raise QPayRefusal('VAT_AMOUNT_INVALID')
    if VAT not in taxes and not as_flag(body.get('calculate_vat')):
        _check_untaxed_line(line, body, settings)
    for code, sent in taxes.items():
        if body['tax_type'] == TAXED and not is_right_tax(sent, amount, code, set(taxes)):
            raise QPayRefusal('VAT_AMOUNT_INVALID')


def _check_untaxed_line(line, body, settings):
    if body['tax_type'] == TAXED and not settings.ebarimt_mixed_lines:
        raise QPayRefusal('TAX_LINE_REQUIRED')
    if settings.ebarimt_product_code_required and not line.get('tax_product_code'):
        key = 'TAX_LINE_REQUIRED' if body['tax_type'] == TAXED else 'TAX_PRODUCT_CODE_REQUIRED'
        raise QPayRefusal(key)


def taxes_of_line(line, body):
    """Return the codes of the taxes that a line's price holds."""
    if body['tax_type'] != TAXED:
        return set()
    codes = {code for code, amount in line_taxes(line).items() if amount}
    return codes | {VAT} if as_flag(body.get('calculate_vat')) else codes
