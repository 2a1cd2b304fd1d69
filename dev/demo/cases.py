"""Ready-made cases of money that is not what was asked for, made as they happen in life.

Each is one function over HTTP: a part is paid, a payer pays after the QR was cancelled, and
another program of the company takes a payment that Odoo knows nothing of.
"""

import requests

from .data import CUSTOMERS, LANGUAGE

SANDBOX = ('TEST_MERCHANT', '123456')
INVOICE_CODE = 'TEST_INVOICE'
TIMEOUT_SECONDS = 30


def make_cases(odoo, bank):
    """Make all cases.

    :param OdooClient odoo: signed in as the accountant
    """
    return [_pay_a_part(odoo, bank), _pay_late(odoo, bank), _pay_unknown(odoo, bank)]


def _pay_a_part(odoo, bank):
    invoice, intent = _ask_for_qr(odoo, 'tal')
    bank.pay(intent['qpay_invoice_id'], amount=500_000, wait=True)
    return f'{invoice}: a part was paid, the rest can be asked for.'


def _pay_late(odoo, bank):
    invoice, intent = _ask_for_qr(odoo, 'dorj')
    odoo.call('qpay.intent', 'action_cancel', [intent['id']])
    bank.pay(intent['qpay_invoice_id'], wait=True)
    return f'{invoice}: paid after the QR was cancelled.'


def _pay_unknown(odoo, bank):
    """Let a shop of the same merchant take a payment, and compare QPay's list with Odoo."""
    token = _post(bank, '/v2/auth/token', auth=SANDBOX)['access_token']
    made = _post(bank, '/v2/invoice', headers={'Authorization': f'Bearer {token}'}, json={
        'invoice_code': INVOICE_CODE,
        'sender_invoice_no': 'WEBSHOP-1042',
        'invoice_receiver_code': 'terminal',
        'invoice_description': 'Вэб дэлгүүрийн захиалга 1042',
        'amount': 89000,
        'callback_url': f'{bank.base_url}/',
    })
    bank.pay(made['invoice_id'], callback=False)
    # Its first message is in the language of who makes it.
    [reconciliation] = odoo.call(
        'qpay.reconciliation', 'create', [{}], context={'lang': LANGUAGE}
    )
    odoo.call('qpay.reconciliation', 'action_run', [reconciliation])
    return 'A payment that no QR of Odoo asked for waits under QPay Payments to be assigned.'


def _ask_for_qr(odoo, customer):
    [invoice] = odoo.call('account.move', 'search_read', [
        ('partner_id.name', '=', CUSTOMERS[customer]['name']),
        ('payment_state', '=', 'not_paid'),
        ('move_type', '=', 'out_invoice'),
        ('state', '=', 'posted'),
    ], ['name'], limit=1)
    qr = odoo.call('account.move', 'qpay_create_intent', [invoice['id']])
    [intent] = odoo.call('qpay.intent', 'read', [qr['intent_id']], ['qpay_invoice_id'])
    return invoice['name'], intent


def _post(bank, path, **options):
    answer = requests.post(f'{bank.base_url}{path}', timeout=TIMEOUT_SECONDS, **options)
    answer.raise_for_status()
    return answer.json()
