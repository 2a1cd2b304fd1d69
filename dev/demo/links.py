"""The permanent links of invoices that wait for their payment, for who tries out the demonstration.

Run as ``python -m demo.links --odoo URL --database NAME``.
"""

import argparse
import sys

import requests

from .client import OdooClient, OdooRefusal
from .data import ACCOUNTANT, CUSTOMERS, PORTAL_CUSTOMER

SHOWN = 2


def main():
    """Print the links.

    :return: the exit status
    :rtype: int
    """
    parser = argparse.ArgumentParser(prog='demo.links')
    for name in ('odoo', 'database'):
        parser.add_argument(f'--{name}', required=True)
    options = parser.parse_args()
    try:
        _show(options)
    except (OdooRefusal, requests.RequestException) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    return 0


def _show(options):
    odoo = OdooClient(options.odoo).log_in(
        options.database, ACCOUNTANT['login'], ACCOUNTANT['password']
    )
    invoices = odoo.call('account.move', 'search_read', [
        ('partner_id.name', '=', CUSTOMERS[PORTAL_CUSTOMER['customer']]['name']),
        ('move_type', '=', 'out_invoice'), ('state', '=', 'posted'), ('amount_residual', '>', 0),
    ], ['name', 'amount_residual', 'qpay_link'], limit=SHOWN)
    for invoice in invoices:
        print(f'  To pay           {invoice["qpay_link"]}')
        print(f'                   {invoice["name"]}: {invoice["amount_residual"]:,.2f} ₮')


if __name__ == '__main__':
    sys.exit(main())
