"""The taxes inside a price, as QPay checks them (QPay contract §2.3).

QPay reckons the taxes of every line anew from the line's own amount and compares: a figure that was
rounded otherwise, or a difference that was moved from one line to another, is VAT_AMOUNT_INVALID.
"""

from decimal import Decimal
from fractions import Fraction

VAT, CITY_TAX = 'VAT', 'CITY_TAX'
RATES = {VAT: Decimal('0.10'), CITY_TAX: Decimal('0.02')}

# What `tax_type` says of an invoice (§2.2).
TAX_TYPE_VAT, TAX_TYPE_NO_VAT, TAX_TYPE_EXEMPT = '1', '2', '3'
TAX_TYPES = (TAX_TYPE_VAT, TAX_TYPE_NO_VAT, TAX_TYPE_EXEMPT)

_PLACES = 4


def taxes_inside(gross, codes):
    """Return the taxes that a price holds, cut (not rounded) to four decimals.

    With VAT alone that is a tenth of the price divided by 1.1; with the city tax too the divisor
    is 1.12.

    :param Decimal gross: The price with its taxes, in tögrög.
    :param codes: The taxes in it: `VAT`, `CITY_TAX`, both or none.
    :return: The amounts by code, VAT first.
    :rtype: dict[str, Decimal]
    :raise ValueError: If there is no such tax, or the price is negative.
    """
    unknown = set(codes) - set(RATES)
    if unknown:
        raise ValueError(f'there is no tax {", ".join(sorted(unknown))}')
    if gross < 0:
        raise ValueError('the price is negative')
    chosen = [code for code in RATES if code in codes]
    net = Fraction(gross) / (1 + sum(Fraction(RATES[code]) for code in chosen))
    return {code: _cut(net * Fraction(RATES[code])) for code in chosen}


def _cut(exact):
    return Decimal(int(exact * 10 ** _PLACES)).scaleb(-_PLACES)
