"""Checks of the running demonstration from outside, as people and QPay reach it.

Run as ``python -m verify.live --odoo URL --simulator URL --database NAME``: prints a line of JSON
for each check, with its error or null.
"""

import argparse
import json
import re
import xmlrpc.client
from contextlib import suppress

import psutil
import requests
from demo.client import OdooClient, OdooRefusal
from demo.data import ACCOUNTANT, CUSTOMERS
from demo.payment import NotSettled, wait_for
from simulator.control import SimulatorControl, SimulatorError
from stack.paths import CHECKOUT

CREATE = 'POST /v2/invoice'
TIMEOUT_SECONDS = 60


class World:
    """The demonstration's Odoo, and the payer's bank."""

    def __init__(self, options):
        self.url, self.database = options.odoo, options.database
        self.bank = SimulatorControl(options.simulator)
        self.odoo = OdooClient(self.url).log_in(
            self.database, ACCOUNTANT['login'], ACCOUNTANT['password'],
        )

    def bill(self, amount):
        """Create and post an invoice, and return its id."""
        odoo = self.odoo
        customer = odoo.call('res.partner', 'search', [('vat', '=', CUSTOMERS['tal']['vat'])])
        invoice = odoo.call('account.move', 'create', {
            'move_type': 'out_invoice', 'partner_id': customer[0], 'invoice_line_ids': [
                (0, 0, {'name': 'Үйлчилгээ', 'price_unit': amount, 'tax_ids': []}),
            ],
        })
        odoo.call('account.move', 'action_post', [invoice])
        return invoice

    def ask(self, invoice):
        """Have a QR made, and return its id and QPay's."""
        qr = self.odoo.call('account.move', 'qpay_create_intent', [invoice])
        [intent] = self.odoo.call('qpay.intent', 'read', [qr['intent_id']], ['qpay_invoice_id'])
        return qr['intent_id'], intent['qpay_invoice_id']

    def booked(self, paid):
        """Wait until a payment is settled, and return the amounts in the books, and its case."""
        def settled():
            return self.odoo.call('qpay.payment', 'search_read', [
                ('qpay_txn_id', '=', paid['payment_id']), ('state', '=', 'settled'),
            ], ['discrepancy'])

        [row] = wait_for(settled, 'The payment is not settled')
        payments = self.odoo.call('account.payment', 'search_read', [
            ('qpay_txn_id', '=', paid['payment_id']),
        ], ['amount'])
        return [payment['amount'] for payment in payments], row['discrepancy']

    def due(self, invoice):
        """Return what is still due of an invoice."""
        [read] = self.odoo.call('account.move', 'read', [invoice], ['amount_residual'])
        return read['amount_residual']

    def count(self, model, *domain):
        """Count records."""
        return self.odoo.call(model, 'search_count', list(domain))

    def open(self, url):
        """Open a page as somebody who is not signed in, and return its text."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            return answer.text


def _expect(found, expected):
    if found != expected:
        raise AssertionError(f'{found!r} instead of {expected!r}')


def paid_by_itself(world):
    """A QR is paid, and QPay calls twenty times: the invoice is paid, by one payment."""
    invoice = world.bill(15_000)
    paid = world.bank.pay(world.ask(invoice)[1])
    world.bank.callback(paid['payment_id'], repeat=20, wait=True)
    _expect(world.booked(paid), ([15_000], False))
    _expect(world.due(invoice), 0)


def unusual_money(world):
    """A part, more, twice, and after the QR's end: booked as it arrived, with an activity."""
    for case, amounts, due in (
        ('partial', [5_000], 10_000), ('exceeding', [20_000], 0),
        ('double', [15_000, 15_000], 0), ('late', [15_000], 0),
    ):
        activities = world.count('mail.activity')
        invoice = world.bill(15_000)
        intent, qpay_id = world.ask(invoice)
        if case == 'late':
            world.odoo.call('qpay.intent', 'action_cancel', [intent])
        for amount in amounts:
            booked = world.booked(world.bank.pay(qpay_id, amount=amount, wait=True))
        _expect(booked, ([amounts[-1]], case))
        _expect(world.due(invoice), due)
        _expect(world.count('mail.activity') > activities, True)


def comparison(world):
    """What no call announced is settled, a refund is noticed, what is nobody's waits."""
    _card_intent, card = world.ask(world.bill(7_000))
    refunded = world.bank.pay(card, method='CARD', wait=True)
    world.booked(refunded)
    world.bank.refund_in_portal(refunded['payment_id'])
    invoice = world.bill(8_000)
    silent = world.bank.pay(world.ask(invoice)[1], callback=False)
    run = world.odoo.call('qpay.reconciliation', 'create', [{}])
    world.odoo.call('qpay.reconciliation', 'action_run', run)
    _expect(world.booked(silent)[0], [8_000])
    for waits in ('qpay_txn_id', '=', refunded['payment_id']), ('intent_id', '=', False):
        _expect(world.count('qpay.payment', waits, ('state', '=', 'needs_attention')), 1)


def card_refund(world):
    """A card payment is refunded with Odoo's own dialog: at QPay, and in the books."""
    _intent, qpay_id = world.ask(world.bill(6_543))
    paid = world.bank.pay(qpay_id, method='CARD', wait=True)
    world.booked(paid)
    payments = world.odoo.call(
        'account.payment', 'search', [('qpay_txn_id', '=', paid['payment_id'])]
    )
    wizard = world.odoo.call(
        'payment.refund.wizard', 'create', {}, context={'active_id': payments[0]}
    )
    answer = world.odoo.call('payment.refund.wizard', 'action_refund', [wizard])
    _expect(answer['params']['type'], 'success')
    [invoice] = [row for row in world.bank.invoices() if row['invoice_id'] == qpay_id]
    _expect([payment['status'] for payment in invoice['payments']], ['REFUNDED'])
    wait_for(lambda: world.count(
        'account.payment', ('payment_type', '=', 'outbound'), ('amount', '=', 6_543),
    ), 'The refund is not booked')


def permanent_link(world):
    """To look makes no QR, to open it three times makes one, and in the end it says paid."""
    invoice = world.bill(9_000)
    [read] = world.odoo.call('account.move', 'read', [invoice], ['qpay_link'])
    link = read['qpay_link']
    made = world.bank.calls().get(CREATE, 0)
    for _look in range(3):
        _expect(_view(world.open(link)), 'opening')
    _expect(world.bank.calls().get(CREATE, 0), made)
    kind, document, token = link.partition('/payment/qpay/link/')[2].split('/')
    urls = {
        OdooClient(world.url).post(
            '/payment/qpay/renew', kind=kind, document_id=int(document), token=token,
        )['url'] for _payer in range(3)
    }
    _expect((len(urls), world.bank.calls().get(CREATE, 0)), (1, made + 1))
    _expect(_view(world.open(link)), 'open')
    world.booked(world.bank.pay(world.ask(invoice)[1], wait=True))
    _expect(_view(world.open(link)), 'settled')


def _view(page):
    return re.search(r'o_qpay_page[^>]*?data-view="(\w+)"', page)[1]


def external_api(world):
    """A program that speaks XML-RPC asks for a QR, and gets it."""
    invoice = world.bill(4_000)
    login = ACCOUNTANT['login'], ACCOUNTANT['password']
    common = xmlrpc.client.ServerProxy(f'{world.url}/xmlrpc/2/common')
    user = common.authenticate(world.database, *login, {})
    qr = xmlrpc.client.ServerProxy(f'{world.url}/xmlrpc/2/object').execute_kw(
        world.database, user, login[1], 'account.move', 'qpay_create_intent', [[invoice]],
    )
    _expect((qr['amount'], bool(qr['qr_text'])), (4_000, True))


def listens_here_only(world):
    """Every socket on which a process of the demonstration listens is one of 127.0.0.1."""
    addresses = set()
    for process in psutil.process_iter():
        with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
            if process.cwd().startswith(str(CHECKOUT)):
                addresses.update(
                    connection.laddr.ip for connection in process.connections('inet')
                    if connection.status == psutil.CONN_LISTEN
                )
    _expect(addresses, {'127.0.0.1'})


CHECKS = (
    paid_by_itself, unusual_money, comparison, card_refund, permanent_link, external_api,
    listens_here_only,
)


def main():
    """Run all checks."""
    parser = argparse.ArgumentParser(prog='verify.live')
    for name in ('odoo', 'simulator', 'database'):
        parser.add_argument(f'--{name}', required=True)
    world = World(parser.parse_args())
    for check in CHECKS:
        error = None
        try:
            check(world)
        except (
            AssertionError, NotSettled, OdooRefusal, SimulatorError, requests.RequestException,
            xmlrpc.client.Fault, ValueError, TypeError, KeyError,
        ) as caught:
            error = f'{type(caught).__name__}: {caught}'
        print(json.dumps({'name': check.__name__, 'error': error}), flush=True)


if __name__ == '__main__':
    main()
