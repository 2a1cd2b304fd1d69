"""What a VAT receipt lists: the invoice's lines, or the payment as a whole."""
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

from .schema import as_number
from .tax_invoices import taxes_of_line
from .taxes import CENT, CITY_TAX, TAXED, VAT, line_amount, rounded_tax


def items_of(payment, invoice, order, settings):
    """Return the items of a receipt, their money as text with two decimals.

    A part payment, or more than was asked for, is shared out over the lines of a tax invoice by
    their amounts.
    """
    if not invoice.is_tax_invoice:
        line = {
            'line_description': invoice.description, 'line_quantity': 1,
            'classification_code': order.classification_code,
        }
        return [_item(line, payment.amount, _taxes_of_payment(settings))]
    lines = invoice.request['lines']
    return [
        _item(line, amount, taxes_of_line(line, invoice.request))
        for line, amount in zip(lines, _shares(payment.amount, lines), strict=True)
    ]


def tax_type_of(invoice, settings):
    """Return the tax type of an invoice's receipts."""
    return invoice.request['tax_type'] if invoice.is_tax_invoice else settings.ebarimt_tax_type


def total_of(items, key):
    """Return the sum of one kind of money over the items."""
    return sum((Decimal(item[key]) for item in items), Decimal(0))


def _shares(paid, lines):
    sums = [Decimal(0), *accumulate(line_amount(line) for line in lines)]
    bounds = [(part * paid / sums[-1]).quantize(CENT, ROUND_HALF_UP) for part in sums]
    return [upper - lower for lower, upper in pairwise(bounds)]


def _taxes_of_payment(settings):
    if settings.ebarimt_tax_type != TAXED:
        return set()
    return {VAT, CITY_TAX} if settings.ebarimt_city_tax else {VAT}


def _item(line, amount, codes):
    vat = rounded_tax(amount, VAT, codes)
    city_tax = rounded_tax(amount, CITY_TAX, codes)
    quantity = as_number(line['line_quantity'])
    return {
        'merchant_product_code': line.get('sender_product_code'),
        'tax_product_code': line.get('tax_product_code') or None,
        'classification_code': line.get('classification_code'),
        'bar_code': line.get('barcode'),
        'name': line['line_description'],
        'unit_price': f'{(amount - vat - city_tax) / quantity:.2f}',
        'quantity': f'{quantity:.2f}',
        'amount': f'{amount:.2f}',
        'city_tax_amount': f'{city_tax:.2f}',
        'vat_amount': f'{vat:.2f}',
        'note': line.get('note'),
    }
