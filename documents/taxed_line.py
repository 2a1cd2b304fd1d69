from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from odoo.addons.payment_qpay.qpay_api import clean_text

_MAX_NAME_LENGTH = 255


@dataclass(frozen=True)
class TaxedLine:
    """One line of a document, for a VAT receipt.

    :param str name: What is sold.
    :param Decimal quantity: How much of it.
    :param Decimal amount: What it costs with all taxes, in the document's currency; below zero it
        is taken off from the others.
    :param str kind: 'vat', 'zero' or 'exempt', see `account.tax.qpay_kind`; '' if a tax has none.
    :param bool has_city_tax: Whether the price holds city tax.
    :param str classification_code: The tax office's code of the product; '' if it has none.
    :param str tax_product_code: The code of the reason for no VAT; '' if it has none.
    :param Decimal open_part: Which part of it is still owed, between 0 and 1.
    """

    name: str
    quantity: Decimal
    amount: Decimal
    kind: str
    has_city_tax: bool
    classification_code: str
    tax_product_code: str
    open_part: Decimal = Decimal(1)

    @classmethod
    def of(cls, line, name, quantity, amount, taxes, open_part=Decimal(1)):
        """Return the line of an invoice or order.

        :param recordset line: The record, with `product_id`, `company_id` and `currency_id`.
        :param str name: What is sold; by default the product's name.
        :param float quantity: How much of it.
        :param float amount: What it costs with all taxes.
        :param account.tax taxes: Its taxes.
        :param Decimal open_part: Which part of it is still owed.
        :rtype: TaxedLine
        """
        product = line.product_id.product_tmpl_id
        get_code = partial(product._qpay_get_code, company=line.company_id)
        kinds = {tax.qpay_kind or '' for tax in taxes.flatten_taxes_hierarchy()}
        return cls(
            name=clean_text(name or line.product_id.display_name or '', _MAX_NAME_LENGTH),
            quantity=Decimal(str(quantity)),
            amount=Decimal(str(line.currency_id.round(amount))),
            kind=_get_kind(kinds),
            has_city_tax='city' in kinds,
            classification_code=get_code('qpay_classification_code'),
            tax_product_code=get_code('qpay_tax_product_code'),
            open_part=open_part,
        )

    @property
    def taxation(self):
        """What two lines must have in common for one to be taken off from the other."""
        return self.kind, self.has_city_tax


def _get_kind(kinds):
    """Return what a line with taxes of such kinds is; '' if one of them is not known.

    :param set kinds: See `account.tax.qpay_kind`.
    :rtype: str
    """
    if '' in kinds:
        return ''
    # What bears no tax at all bears no VAT.
    return next((kind for kind in ('vat', 'exempt') if kind in kinds), 'zero')
