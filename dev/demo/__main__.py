"""Makes the demonstration's payments, the first time, and tells where everything is.

Run as ``python -m demo --odoo URL --simulator URL --database NAME``.
"""

import argparse
import sys

import requests
from simulator.control import SimulatorControl, SimulatorError

from .cases import make_cases
from .client import OdooClient, OdooRefusal
from .data import ACCOUNTANT, ADMIN, CUSTOMERS, PORTAL_CUSTOMER, SELLER
from .month import make_month
from .payment import NotSettled, make_payment, switch_receipts_on
from .quotation import make_quotation

LINKS_SHOWN = 2


def main():
    """Do it, and return the exit status."""
    parser = argparse.ArgumentParser(prog='demo')
    for name in ('odoo', 'simulator', 'database'):
        parser.add_argument(f'--{name}', required=True)
    options = parser.parse_args()
    try:
        odoo = _log_in(options, ACCOUNTANT)
        if not odoo.call('qpay.payment', 'search_count', []):
            bank = SimulatorControl(options.simulator)
            month = make_month(odoo, bank)
            switch_receipts_on(_log_in(options, ADMIN))
            make_payment(odoo, bank)
            print('\nReady-made cases:')
            for sentence in (*month, *make_cases(odoo, bank)):
                print(f'  {sentence}')
            if _has_shop(options):
                print(f'  {make_quotation(_log_in(options, SELLER))}')
        _show_addresses(odoo, options)
    except (OdooRefusal, SimulatorError, NotSettled, requests.RequestException) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    return 0


def _log_in(options, user):
    return OdooClient(options.odoo).log_in(options.database, user['login'], user['password'])


def _has_shop(options):
    return options.database.startswith('sales')


def _show_addresses(odoo, options):
    print(f"""
  Odoo             {options.odoo}/odoo (invoices: {options.odoo}/odoo/customer-invoices,
                   QPay: {options.odoo}/odoo/qpay)
                   accountant / accountant, admin / admin (in Mongolian; English by the user's
                   own preferences)
  A customer       {options.odoo}/my/invoices
                   nomin / nomin (in a private window: one browser, one person)""")
    for invoice in odoo.call('account.move', 'search_read', [
        ('partner_id.name', '=', CUSTOMERS[PORTAL_CUSTOMER['customer']]['name']),
        ('move_type', '=', 'out_invoice'), ('state', '=', 'posted'), ('amount_residual', '>', 0),
    ], ['name', 'amount_residual', 'qpay_link'], limit=LINKS_SHOWN):
        print(f'  To pay           {invoice["qpay_link"]}')
        print(f'                   {invoice["name"]}: {invoice["amount_residual"]:,.2f} ₮')
    if _has_shop(options):
        print(f"""  Shop and till    {options.odoo}/shop, {options.odoo}/odoo/point-of-sale
                   seller / seller""")
    print(f"  The payer's bank {options.simulator}")


if __name__ == '__main__':
    sys.exit(main())
