"""The lines of an invoice whose payments get VAT receipts (QPay contract §2.2, §2.3)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from .tax import RATES, taxes_inside

DESCRIPTION_LENGTH = 255
CODE_LENGTH = 45

_CLASSIFICATION_CODE = re.compile(r'[0-9]{7}')
_CENT = Decimal('0.01')


@dataclass(frozen=True)
class LineTax:
    """One tax inside a line's price.

    :param str code: `VAT` or `CITY_TAX` of `tax`.
    :param Decimal amount: The tax in tögrög, cut to four decimals.
    """

    code: str
    amount: Decimal

    def __post_init__(self):
        if self.code not in RATES:
            raise ValueError(f'there is no tax {self.code}')


@dataclass(frozen=True)
class InvoiceLine:
    """A line of a tax invoice; see `for_total`, which reckons price and taxes.

    :param str description: At most 255 characters.
    :param Decimal quantity: More than zero, at most two decimals.
    :param Decimal unit_price: The price of one with its taxes, at most two decimals.
    :param str classification_code: The seven digits of the tax office's classification.
    :param tuple taxes: What the line's amount holds, as `LineTax`; none for lines without VAT.
    :param str tax_product_code: The tax office's reason why there is no VAT, else ''.
    :raise ValueError: If QPay would refuse the line; the text names what is wrong.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    classification_code: str
    taxes: tuple[LineTax, ...] = ()
    tax_product_code: str = ''

    def __post_init__(self):
        if not self.description or len(self.description) > DESCRIPTION_LENGTH:
            raise ValueError(f'the description has not 1 to {DESCRIPTION_LENGTH} characters')
        for name in ('quantity', 'unit_price'):
            if getattr(self, name) <= 0 or not _has_two_decimals(getattr(self, name)):
                raise ValueError(f'the {name} is not positive with at most two decimals')
        if not _CLASSIFICATION_CODE.fullmatch(self.classification_code):
            raise ValueError('the classification code has not seven digits')
        if len(self.tax_product_code) > CODE_LENGTH:
            raise ValueError(f'the code has more than {CODE_LENGTH} characters')
        taxes = {tax.code: tax.amount for tax in self.taxes}
        if taxes != taxes_inside(self.amount, taxes):
            raise ValueError('the taxes are not those that the amount holds')

    @classmethod
    def for_total(cls, description, total, classification_code, quantity=Decimal(1),
                  tax_codes=(), tax_product_code=''):
        """Make the line of which only the total is known, as Odoo rounds it.

        Where the total cannot be divided into whole möngö by the quantity, or the quantity has more
        than two decimals, the line says one piece for the total.

        :param Decimal total: What the line costs with its taxes, in tögrög.
        :param Decimal quantity: How many pieces.
        :param tax_codes: The taxes in it, see `tax.taxes_inside`.
        :param str tax_product_code: The tax office's reason why there is no VAT, else ''.
        :rtype: InvoiceLine
        :raise ValueError: If QPay would refuse the line.
        """
        if quantity > 0 and _has_two_decimals(quantity):
            unit_price = (total / quantity).quantize(_CENT)
        else:
            unit_price = Decimal(0)
        if unit_price * quantity != total:
            quantity, unit_price = Decimal(1), total
        taxes = taxes_inside(total, tax_codes)
        return cls(
            description, quantity, unit_price, classification_code,
            tuple(LineTax(code, amount) for code, amount in taxes.items()), tax_product_code,
        )

    @property
    def amount(self):
        """What the line adds to the invoice, in tögrög."""
        return self.quantity * self.unit_price


def _has_two_decimals(number):
    return number == number.quantize(_CENT)
