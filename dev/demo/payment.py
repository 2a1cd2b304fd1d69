"""One real payment from outside, over HTTP: the accountant's QR, the payer's bank, QPay's callback.

The cases of money that is not what was asked for follow it.

Run as ``python -m demo.payment --odoo URL --simulator URL --database NAME``. It does nothing when
the database has seen a payment already.
"""

import argparse
import sys
import time
from functools import partial

import requests
from simulator.control import SimulatorControl, SimulatorError

from . import receipts
from .cases import make_cases
from .client import OdooClient, OdooRefusal
from .data import ACCOUNTANT, ADMIN

PATIENCE_SECONDS = 60


class NotSettled(Exception):
    """The money arrived at QPay but not at the invoice within the time allowed."""


def main():
    """Make the payment and tell what happened.

    :return: the exit status
    :rtype: int
    """
    parser = argparse.ArgumentParser(prog='demo.payment')
    for name in ('odoo', 'simulator', 'database'):
        parser.add_argument(f'--{name}', required=True)
    options = parser.parse_args()
    try:
        _demonstrate(options)
    except (OdooRefusal, SimulatorError, NotSettled, requests.RequestException) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    return 0


def _demonstrate(options):
    odoo = _log_in(options, ACCOUNTANT)
    if odoo.call('qpay.payment', 'search_count', []):
        return
    receipts.switch_on(_log_in(options, ADMIN))
    invoice = _read(odoo, 'account.move', _payable_invoice(odoo), [
        'name', 'partner_id', 'amount_residual', 'payment_state',
    ])
    print(f'Invoice {invoice["name"]} of {invoice["partner_id"][1]}: {invoice["payment_state"]}, '
          f'{_money(invoice["amount_residual"])} due')
    qr = odoo.call('account.move', 'qpay_create_intent', [invoice['id']])
    print(f'QR created for {_money(qr["amount"])}: {qr["qr_text"][:48]}…')
    intent = _read(odoo, 'qpay.intent', qr['intent_id'], ['qpay_invoice_id'])
    bank = SimulatorControl(options.simulator)
    paid = bank.pay(intent['qpay_invoice_id'])
    began = time.monotonic()
    print(f'Paid at the bank: QPay transaction {paid["payment_id"]}')
    # Only the invoice is looked at: asking for the QR's state could settle it by itself.
    _wait_until(
        lambda: _read(odoo, 'account.move', invoice['id'], ['payment_state'])['payment_state']
        != 'not_paid',
        'The invoice is still unpaid',
    )
    print(f'QPay called back and Odoo settled it in {time.monotonic() - began:.1f} s')
    _show_result(odoo, invoice['id'], qr['intent_id'])
    print('\nReady-made cases:')
    for sentence in make_cases(odoo, bank):
        print(f'  {sentence}')


def _log_in(options, user):
    return OdooClient(options.odoo).log_in(options.database, user['login'], user['password'])


def _payable_invoice(odoo):
    found = odoo.call('account.move', 'search', [
        ('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),
        ('payment_state', '=', 'not_paid'),
    ], order='invoice_date, id', limit=1)
    if not found:
        raise NotSettled('There is no unpaid invoice: run "make demo-reset".')
    return found[0]


def _wait_until(get, complaint):
    """Wait for something, and return it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (result := get()):
        if time.monotonic() > until:
            raise NotSettled(f'{complaint} {PATIENCE_SECONDS} s after the payment.')
        time.sleep(0.2)
    return result


def _show_result(odoo, invoice_id, intent_id):
    invoice = _read(odoo, 'account.move', invoice_id, ['name', 'payment_state', 'amount_residual'])
    found = odoo.call('qpay.payment', 'search_read', [('intent_id', '=', intent_id)], [
        'qpay_txn_id', 'amount', 'fee', 'paid_at', 'state', 'account_payment_id',
    ])
    for payment in found:
        booked = _read(odoo, 'account.payment', payment['account_payment_id'][0], [
            'name', 'date', 'move_id', 'journal_id', 'state', 'memo',
        ])
        lines = odoo.call('account.move.line', 'search_read', [
            ('move_id', '=', booked['move_id'] and booked['move_id'][0]),
        ], ['account_id', 'debit', 'credit'])
        receipt = _wait_until(
            partial(receipts.find, odoo, payment['id']), 'There is no VAT receipt'
        )
        _show_table({
            'invoice': invoice['name'],
            'amount': _money(payment['amount']),
            'QPay transaction id': payment['qpay_txn_id'],
            'payment': f'{booked["name"]}, {booked["date"]}, {booked["memo"]}',
            'journal entry': f'{_label(booked["move_id"])} in {_label(booked["journal_id"])}',
        } | {
            f'  {_label(line["account_id"])}':
                f'debit {_money(line["debit"])}' if line['debit'] else
                f'credit {_money(line["credit"])}'
            for line in lines
        } | {
            'still due': _money(invoice['amount_residual']),
            'payment state': invoice['payment_state'],
            'VAT receipt': f'{receipt["receipt_number"]}, VAT {_money(receipt["vat_amount"])}, '
                           f'for {receipt["receiver_type"]} {receipt["receiver"] or ""}',
        })


def _read(odoo, model, record_id, names):
    return odoo.call(model, 'read', [record_id], names)[0]


def _label(reference):
    return reference[1] if reference else '-'


def _money(amount):
    return f'{amount:,.2f} ₮'


def _show_table(rows):
    print()
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f'  {name.ljust(width)}  {value}')


if __name__ == '__main__':
    sys.exit(main())
