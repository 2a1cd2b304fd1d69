"""A quotation that its deposit confirms, for databases that have Odoo's module for sales."""

from .data import CUSTOMERS, LANGUAGE, PRODUCTS

# Of what is ordered.
DEPOSIT = 0.3


def make_quotation(seller):
    """Make the quotation and send it, and tell what there is to see.

    :param OdooClient seller: signed in as the salesperson
    """
    [customer] = seller.call('res.partner', 'search', [('vat', '=', CUSTOMERS['tal']['vat'])])
    sold = seller.call('product.product', 'search', [
        ('name', 'in', [name for name, *_rest in PRODUCTS]), ('type', '=', 'service'),
    ])
    order = seller.call('sale.order', 'create', {
        'partner_id': customer,
        'require_signature': False,
        'require_payment': True,
        'prepayment_percent': DEPOSIT,
        'order_line': [(0, 0, {'product_id': product, 'product_uom_qty': 4}) for product in sold],
    }, context={'lang': LANGUAGE})
    # It counts as sent without an e-mail.
    seller.call('sale.order', 'action_quotation_sent', [order])
    [made] = seller.call('sale.order', 'read', [order], ['name'])
    return f'{made["name"]}: a quotation that a deposit confirms.'
