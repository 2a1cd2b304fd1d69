"""A month of life: what customers have paid in the weeks before, for the accountants' page.

The payments are made at the simulator like any other, with its clock set back to their days, and
Odoo books them by QPay's calls.
"""

from datetime import datetime, timedelta
from itertools import cycle

from simulator.clock import ULAANBAATAR

from .data import CUSTOMERS
from .payment import wait_for

DAYS = 29
SERVICES = (
    ('Вэб сайтын засвар, үйлчилгээ', 420_000),
    ('Принтерийн хорны цэнэглэлт', 38_000),
    ('Зөөврийн компьютерын засвар', 120_000),
    ('Excel-ийн сургалт', 180_000),
    ('Сүлжээний тохиргоо', 265_000),
)
# Every fifth of them pays by card.
METHODS = ('P2P', 'P2P', 'P2P', 'P2P', 'CARD')


def make_month(odoo, bank):
    """Make the payments, and tell what there is to see.

    :param OdooClient odoo: signed in as the accountant
    """
    today = datetime.now(ULAANBAATAR).date()
    sold = list(_sell(today))
    invoices = _create_invoices(odoo, sold, today)
    qpay_ids = [_ask_for_qr(odoo, invoice) for invoice in invoices]
    try:
        paid = [
            _pay(bank, qpay_id, days, method)
            for qpay_id, (days, _customer, _service, method) in zip(qpay_ids, sold, strict=True)
        ]
    finally:
        bank.configure(clock_skew=0)
    _wait_until_settled(odoo, invoices)
    refunded = next(
        payment for payment, (*_sold, method) in zip(paid, sold, strict=True) if method == 'CARD'
    )
    bank.refund_in_portal(refunded['payment_id'])
    return [
        f'{len(paid)} payments of the last {DAYS} days: the page QPay shows them.',
        "One of them was refunded in QPay's portal: the refund waits to be booked.",
    ]


def _sell(today):
    """Give what is sold: how many days ago, to whom, what, and how it is paid."""
    customers, services, methods = cycle(sorted(CUSTOMERS)), cycle(SERVICES), cycle(METHODS)
    for days in range(DAYS, 0, -1):
        is_weekend = (today - timedelta(days=days)).weekday() >= 5
        for _number in range(0 if is_weekend else 1 + days % 3 // 2):
            yield days, next(customers), next(services), next(methods)


def _create_invoices(odoo, sold, today):
    partners = {
        key: odoo.call('res.partner', 'search', [('name', '=', values['name'])], limit=1)[0]
        for key, values in CUSTOMERS.items()
    }
    invoices = odoo.call('account.move', 'create', [
        {
            'move_type': 'out_invoice',
            'partner_id': partners[customer],
            'invoice_date': str(today - timedelta(days=days)),
            'invoice_line_ids': [(0, 0, {'name': name, 'price_unit': price, 'tax_ids': []})],
        }
        for days, customer, (name, price), _method in sold
    ])
    odoo.call('account.move', 'action_post', invoices)
    return invoices


def _ask_for_qr(odoo, invoice):
    qr = odoo.call('account.move', 'qpay_create_intent', [invoice])
    [intent] = odoo.call('qpay.intent', 'read', [qr['intent_id']], ['qpay_invoice_id'])
    return intent['qpay_invoice_id']


def _pay(bank, qpay_id, days, method):
    bank.configure(clock_skew=-timedelta(days=days).total_seconds())
    return bank.pay(qpay_id, method=method, wait=True)


def _wait_until_settled(odoo, invoices):
    wait_for(lambda: not odoo.call('account.move', 'search_count', [
        ('id', 'in', invoices), ('payment_state', '=', 'not_paid'),
    ]), 'The month has unpaid invoices')
