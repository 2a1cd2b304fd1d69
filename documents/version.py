import hashlib

from odoo.tools import float_repr


def get_version(record, lines):
    """Return what stands for what is sold by a record, for how much.

    :param recordset record: The invoice or order, with `amount_total` and `currency_id`.
    :param recordset lines: Its lines, with what they cost in `price_total`.
    :rtype: str
    """
    digits = record.currency_id.decimal_places
    content = [record.currency_id.id, float_repr(record.amount_total, digits)]
    content += [
        (line.product_id.id, line.name, float_repr(line.price_total, digits), line.tax_ids.ids)
        for line in lines if not line.currency_id.is_zero(line.price_total)
    ]
    return hashlib.sha256(repr(content).encode()).hexdigest()
