"""The frame of random lives: what is known in one, and what must hold in all of them."""

import sys
from decimal import Decimal

from hypothesis.stateful import RuleBasedStateMachine, invariant

from odoo import SUPERUSER_ID, fields
from odoo.tools import float_repr

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.random_case import START


class MoneyLife(RuleBasedStateMachine):
    """A life of invoices, QRs and payments: how it begins, what must hold in it, and at its end.
    Who inherits it says what happens in between, and how everything comes to rest.
    """

    case = None

    def __init__(self):
        super().__init__()
        self.qpay = self.case.qpay
        self.steps = 0
        self.invoices = []  # their ids
        self.qrs = []  # QPay's invoices, also those of which Odoo never learnt
        self.payments = []  # QPay's payments
        self.never_money = set()
        self.life = self.case.life()
        self.life.__enter__()
        provider = self.case.provider
        self.method_line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        self.outstanding_account = self.method_line.payment_account_id

    def teardown(self):
        try:
            # Not if the life has failed, or was not drawn to its end.
            if sys.exc_info()[0] is None:
                self.let_everything_come_to_rest()
                self.check_end()
                self.count('life')
                self.case.events['step'] += self.steps
        finally:
            self.life.__exit__(None, None, None)

    # === SHORTHAND === #

    @property
    def env(self):
        """What an accountant works in."""
        return self.case.env(user=self.case.accountant)

    @property
    def system(self):
        """What scheduled actions work in."""
        return self.case.env(user=SUPERUSER_ID)

    def invoice(self, n):
        return self.env['account.move'].browse(nth(self.invoices, n)).exists()

    def intent(self, order):
        return self.env['qpay.intent'].search([('name', '=', order['sender_invoice_no'])])

    def row(self, payment):
        return self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])])

    def term(self, name):
        terms = self.env['account.payment.term']
        return self.env.ref(f'account.account_payment_term_{name}') if name else terms

    def count(self, event):
        self.case.events[event] += 1

    # === WHAT MUST HOLD === #

    @invariant()
    def check_books(self):
        """At no moment do the books say what is not so."""
        self.steps += 1
        if self.steps % 20 == 0:
            self.case.analyze()
        lies = self.case.find_lies()
        assert not lies, lies

    def reconcile_since_start(self):
        """Compare all that ever happened, in periods as long as may be asked for."""
        date_to = fields.Datetime.now()
        while date_to > fields.Datetime.to_datetime(START):
            comparison = self.env['qpay.reconciliation'].create({
                'provider_id': self.case.provider.id,
                'date_from': date_to - const.RECONCILIATION_MAX_PERIOD,
                'date_to': date_to,
            })
            comparison.action_run()
            assert comparison.state == 'done', comparison.state_message
            date_to = comparison.date_from
        self.case._commit()

    def check_end(self):
        """Compare the ledger with what QPay took. That the books say the same as the ledger holds
        at every step.
        """
        taken, returned = {}, set()
        for payment in (paid for order in self.qpay.invoices() for paid in order['payments']):
            if payment['status'] == 'PAID' and payment['currency'] == 'MNT':
                taken[payment['payment_id']] = Decimal(payment['amount'])
            elif payment['status'] == 'REFUNDED':
                returned.add(payment['payment_id'])
        rows = self.env['qpay.payment'].search([('provider_id', '=', self.case.provider.id)])
        paid = rows.filtered(lambda row: row.status == 'paid')
        ledger = {row.qpay_txn_id: Decimal(float_repr(row.amount, 2)) for row in paid}
        assert ledger == taken, (ledger, taken)
        assert set((rows - paid).mapped('qpay_txn_id')) <= returned - self.never_money
        waiting = rows.filtered(lambda row: row.state != 'settled' or row.is_fee_waiting)
        assert not waiting, waiting.mapped('state_message')
        self.check_credit()
        self.check_books()
        self.check_qrs()

    def check_credit(self):
        """Whatever arrived and pays nothing is somebody's matter."""
        for row in self.env['qpay.payment'].search([('status', '=', 'paid')]):
            if row._get_credit_items():
                assert row.activity_ids, (row.qpay_txn_id, row.discrepancy, row.document_name)

    def check_qrs(self):
        """Whatever can still be paid at QPay is known here, and ended there if it ended here.

        QPay does not cancel an invoice of which a part was paid, and cannot be asked to cancel one
        whose creation it did not answer: what is paid for those is found in its list.
        """
        for order in self.qpay.invoices(status='OPEN'):
            intent = self.intent(order)
            assert intent, order['sender_invoice_no']
            if intent.qpay_invoice_id and not intent.payment_ids:
                assert intent.state == 'new', (intent.name, intent.state, intent.state_message)


def nth(things, n):
    """Return the thing that is meant, counted from the newest."""
    return things[-1 - n % len(things)]
