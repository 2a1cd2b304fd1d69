"""One real payment from outside, over HTTP: the accountant's QR, the payer's bank, QPay's callback,
and the VAT receipt that Odoo then has issued.
"""

import time

PATIENCE_SECONDS = 60
# Sukhbaatar district, 1st khoroo; information technology.
COMPANY_CODES = {
    'qpay_district': '35', 'qpay_khoroo': '01', 'qpay_classification_code': '8314000',
}


class NotSettled(Exception):
    """The money arrived at QPay but not at the invoice within the time allowed."""


def switch_receipts_on(odoo):
    """Have QPay issue the receipt of each payment, which a company switches on once QPay has.

    :param OdooClient odoo: signed in as an administrator
    """
    odoo.call('res.company', 'write', odoo.call('res.company', 'search', []), COMPANY_CODES)
    providers = odoo.call('payment.provider', 'search', [('code', '=', 'qpay')])
    odoo.call('payment.provider', 'write', providers, {'qpay_ebarimt_mode': 'after_payment'})


def make_payment(odoo, bank):
    """Make the payment and tell what happened.

    :param OdooClient odoo: signed in as the accountant
    """
    found = odoo.call('account.move', 'search_read', [
        ('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),
        ('payment_state', '=', 'not_paid'),
    ], ['name', 'partner_id', 'amount_residual', 'payment_state'], order='invoice_date, id')
    if not found:
        raise NotSettled('There is no unpaid invoice: run "make demo-reset".')
    invoice = found[0]
    print(f'Invoice {invoice["name"]} of {invoice["partner_id"][1]}: {invoice["payment_state"]}, '
          f'{_money(invoice["amount_residual"])} due')
    qr = odoo.call('account.move', 'qpay_create_intent', [invoice['id']])
    print(f'QR created for {_money(qr["amount"])}: {qr["qr_text"][:48]}…')
    intent = _read(odoo, 'qpay.intent', qr['intent_id'], 'qpay_invoice_id')
    paid = bank.pay(intent['qpay_invoice_id'])
    began = time.monotonic()
    print(f'Paid at the bank: QPay transaction {paid["payment_id"]}')

    # Only the invoice is looked at: asking for the QR's state could settle it by itself.
    def settled():
        read = odoo.call('account.move', 'read', [invoice['id']], list(invoice))[0]
        return read if read['payment_state'] != 'not_paid' else None

    invoice = wait_for(settled, 'The invoice is still unpaid')
    print(f'QPay called back and Odoo settled it in {time.monotonic() - began:.1f} s\n')
    [payment] = odoo.call('qpay.payment', 'search_read', [('intent_id', '=', qr['intent_id'])], [
        'qpay_txn_id', 'amount', 'account_payment_id',
    ])
    _show_table(invoice, payment, odoo)


def _show_table(invoice, payment, odoo):
    """Show what is in the books, and the receipt."""
    booked = _read(
        odoo, 'account.payment', payment['account_payment_id'][0],
        'name', 'date', 'move_id', 'journal_id', 'memo',
    )
    lines = odoo.call('account.move.line', 'search_read', [
        ('move_id', '=', booked['move_id'] and booked['move_id'][0]),
    ], ['account_id', 'debit', 'credit'])
    [receipt] = wait_for(lambda: odoo.call('qpay.ebarimt', 'search_read', [
        ('payment_id', '=', payment['id']), ('state', '=', 'issued'),
    ], ['receipt_number', 'receiver_type', 'receiver', 'vat_amount']), 'There is no VAT receipt')
    rows = {
        'invoice': invoice['name'],
        'amount': _money(payment['amount']),
        'QPay transaction id': payment['qpay_txn_id'],
        'payment': f'{booked["name"]}, {booked["date"]}, {booked["memo"]}',
        'journal entry': f'{_label(booked["move_id"])} in {_label(booked["journal_id"])}',
        **{
            f'  {_label(line["account_id"])}':
                f'debit {_money(line["debit"])}' if line['debit'] else
                f'credit {_money(line["credit"])}'
            for line in lines
        },
        'still due': _money(invoice['amount_residual']),
        'payment state': invoice['payment_state'],
        'VAT receipt': f'{receipt["receipt_number"]}, VAT {_money(receipt["vat_amount"])}, '
                       f'for {receipt["receiver_type"]} {receipt["receiver"] or ""}',
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f'  {name.ljust(width)}  {value}')


def wait_for(get, complaint):
    """Wait for something, and return it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (result := get()):
        if time.monotonic() > until:
            raise NotSettled(f'{complaint} {PATIENCE_SECONDS} s after the payment.')
        time.sleep(0.2)
    return result


def _read(odoo, model, record_id, *names):
    return odoo.call(model, 'read', [record_id], names)[0]


def _label(reference):
    return reference[1] if reference else '-'


def _money(amount):
    return f'{amount:,.2f} ₮'
