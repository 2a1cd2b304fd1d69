"""The taxes inside a price, and how QPay reckons them (QPay contract §2.3)."""
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from .schema import as_number

VAT, CITY_TAX = 'VAT', 'CITY_TAX'
RATES = {VAT: Decimal('0.10'), CITY_TAX: Decimal('0.02')}
TAXED = '1'
TAX_TYPES = (TAXED, '2', '3')
CENT = Decimal('0.01')
_FOUR_PLACES = Decimal('0.0001')


def exact_tax(gross, code, codes):
    """Return one of the taxes inside a price, not rounded.

    :param str code: the tax, a key of ``RATES``.
    """
    if code not in codes:
        return Decimal(0)
    return gross * RATES[code] / (1 + sum(RATES[other] for other in codes))


def rounded_tax(gross, code, codes):
    """Return one of the taxes inside a price as a receipt shows it, to two decimals."""
    return exact_tax(gross, code, codes).quantize(CENT, ROUND_HALF_UP)


def is_right_tax(sent, gross, code, codes):
    """Tell whether QPay takes a merchant's figure: cut to four decimals, or rounded to two."""
    exact = exact_tax(gross, code, codes)
    return sent in (
        exact.quantize(_FOUR_PLACES, ROUND_DOWN), exact.quantize(CENT, ROUND_HALF_UP),
    )


def line_amount(line):
    """Return what a line of an invoice adds to the total; its taxes are inside the price."""
    amount = as_number(line['line_quantity']) * as_number(line['line_unit_price'])
    for discount in line.get('discounts') or ():
        amount -= as_number(discount.get('amount')) or 0
    for surcharge in line.get('surcharges') or ():
        amount += as_number(surcharge.get('amount')) or 0
    return amount


def line_taxes(line):
    """Return what a line says about its taxes: code to amount, each a :class:`~decimal.Decimal`."""
    return {
        tax.get('tax_code'): as_number(tax.get('amount')) or Decimal(0)
        for tax in line.get('taxes') or ()
    }
