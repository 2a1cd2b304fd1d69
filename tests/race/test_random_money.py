"""Random lives of invoices, QRs and payments, which must always end with books that are right.

The lives are the same each time, unless QPAY_RANDOM_SEED names other ones; QPAY_RANDOM_RUNS says
how many. With QPAY_RANDOM_SHRINK=1 a life that ends badly is made as short as possible, which
takes minutes.
"""

import logging
import os
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from odoo import SUPERUSER_ID, Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.dev.simulator.control import SimulatorError
from odoo.addons.payment_qpay.tests.cases.money_life import MoneyLife, nth
from odoo.addons.payment_qpay.tests.cases.random_case import POINTS, TROUBLES, RandomCase

_logger = logging.getLogger(__name__)

STEPS = 300
RUNS = int(os.environ.get('QPAY_RANDOM_RUNS', 5))
SEED = int(os.environ.get('QPAY_RANDOM_SEED', 19))
SHRINK = bool(os.environ.get('QPAY_RANDOM_SHRINK'))

FAULTS = {
    'lost request': {'fault': 'drop'},
    'lost answer': {'fault': 'drop', 'after': True},
    'error': {'fault': 'status', 'status': 500},
    'garbage': {'fault': 'garbage'},
    'expired token': {'fault': 'expired_token'},
    'busy': {'fault': 'system_busy'},
}


def some(*values):
    return st.sampled_from(values)


# Which one is meant, counted from the newest.
NTH = st.integers(0, 15)
AMOUNT = some('15000', '10.87', '0.01', '1111.11', '999999999.99')
SHARE = some(1, 0.5, 0.1, 0.333, 1.7)
METHOD = some('P2P', 'CARD')
SALE = {
    'amount': AMOUNT,
    'currency': some('mnt', 'mnt', 'usd'),
    'term': some(None, None, 'advance_60days', '30days_early_discount'),
    'share': st.none() | SHARE,
}
ENDPOINT = some(
    '*', 'POST /v2/invoice', 'DELETE /v2/invoice/{id}', 'POST /v2/payment/check',
    'GET /v2/payment/{id}', 'DELETE /v2/payment/refund/{id}', 'POST /v2/payment/list',
)
needs_invoice = precondition(lambda self: self.invoices)
needs_qr = precondition(lambda self: self.qrs)
needs_payment = precondition(lambda self: self.payments)


class MoneyMachine(MoneyLife):
    """What people, payers, QPay and the scheduled actions do, in any order."""

    # === DOCUMENTS === #

    @initialize(
        allow_partial=st.booleans(), allow_exceed=st.booleans(), has_fee_account=st.booleans(),
        sales=st.lists(st.fixed_dictionaries(SALE), min_size=3, max_size=3),
    )
    def begin(self, allow_partial, allow_exceed, has_fee_account, sales):
        self.case.provider.write({
            'qpay_allow_partial': allow_partial,
            'qpay_allow_exceed': allow_exceed,
            'qpay_fee_account_id': has_fee_account and self.case.fee_account.id,
        })
        for sale in sales:
            self.sell(**sale)

    @rule(**SALE)
    def invoice_and_ask(self, **sale):
        self.sell(**sale)

    def sell(self, amount, currency, term, share):
        self.invoices.append(self.case._create_invoice(
            float(amount),
            currency_id=getattr(self.case, currency).id,
            invoice_date='2026-11-17',
            invoice_payment_term_id=self.term(term).id,
        ).id)
        self.case._commit()
        self.ask(self.invoice(0), share)

    @needs_invoice
    @rule(n=NTH, amount=AMOUNT)
    def change_amount(self, n, amount):
        with self.case.step():
            invoice = self.invoice(n)
            invoice.button_draft()
            invoice.invoice_line_ids.price_unit = float(amount)
            invoice.action_post()
            self.count('amount changed')

    @needs_invoice
    @rule(n=NTH, action=some(
        'button_draft', 'button_cancel', 'action_post', '_reverse_moves', 'unlink',
        'remove_move_reconcile',
    ))
    def change_document(self, n, action):
        with self.case.step():
            invoice = self.invoice(n)
            if action == '_reverse_moves':
                invoice._reverse_moves(cancel=True)
            elif action == 'remove_move_reconcile':
                invoice.line_ids.remove_move_reconcile()
            elif invoice:
                getattr(invoice, action)()
            self.count(action)

    @needs_invoice
    @rule(n=NTH, change=some(
        {'partner': 'other_customer'}, {'currency': 'mnt'}, {'currency': 'usd'}, {'term': None},
        {'term': '30days_early_discount'},
    ), is_confirmed=some(True, True, False))
    def change_draft(self, n, change, is_confirmed):
        with self.case.step():
            invoice = self.invoice(n)
            if invoice.state == 'posted':
                invoice.button_draft()
            [(what, value)] = change.items()
            if what == 'term':
                invoice.invoice_payment_term_id = self.term(value)
            else:
                invoice[f'{what}_id'] = getattr(self.case, value)
            if is_confirmed:
                invoice.action_post()
            self.count(f'{what} changed')

    @needs_invoice
    @rule(n=NTH, share=SHARE)
    def pay_otherwise(self, n, share):
        with self.case.step():
            invoice = self.invoice(n)
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=invoice.ids
            ).create({
                'amount': invoice.currency_id.round(invoice.amount_residual * share),
            })._create_payments()
            self.count('paid otherwise')

    # === QRS === #

    @needs_invoice
    @rule(n=NTH, share=st.none() | SHARE)
    def ask_for_qr(self, n, share):
        self.ask(self.invoice(n), share)

    @needs_invoice
    @rule(n=NTH, m=NTH)
    def ask_for_one_qr_of_two(self, n, m):
        self.ask(self.invoice(n) | self.invoice(m), None)

    def ask(self, invoices, share):
        with self.case.step():
            if share:
                share = self.case.mnt.round(documents.of(invoices).get_maximum_amount() * share)
            invoices.qpay_create_intent(share)
        known = len(self.qrs)
        # Also where Odoo does not know about it.
        self.qrs += self.qpay.invoices()[known:]
        self.case.events['QR'] += len(self.qrs) - known

    @needs_qr
    @rule(n=NTH, action=some('action_cancel', 'action_check', '_refresh_for_viewer'))
    def use_qr(self, n, action):
        with self.case.step():
            if intent := self.intent(nth(self.qrs, n)):
                getattr(intent.with_user(SUPERUSER_ID), action)()
                self.count(action)

    # === WHAT HAPPENS AT QPAY === #

    @needs_qr
    @rule(n=NTH, method=METHOD)
    def pay_in_full(self, n, method):
        self.pay(n, method=method)

    @needs_qr
    @rule(n=NTH, share=SHARE, method=METHOD)
    def pay_another_amount(self, n, share, method):
        self.pay(n, amount=_share(nth(self.qrs, n)['amount'], share), method=method)

    @needs_qr
    @rule(n=NTH, amount=AMOUNT, method=METHOD)
    def pay_some_amount(self, n, amount, method):
        self.pay(n, amount=amount, method=method)

    @needs_qr
    @rule(n=NTH, status=some('NEW', 'FAILED', 'PARTIAL', 'REFUNDED', 'USD'))
    def pay_what_is_no_money(self, n, status):
        payment = self.pay(n, **({'currency': 'USD'} if status == 'USD' else {'status': status}))
        self.never_money.add(payment['payment_id'])

    def pay(self, n, **how):
        payment = self.qpay.pay(nth(self.qrs, n)['invoice_id'], **how)
        self.payments.append(payment)
        self.count('payment')
        return payment

    @needs_payment
    @rule(n=NTH, claim=some('it', 'it', 'nothing', 'forged'), times=some(1, 1, 2))
    def call_back(self, n, claim, times):
        payment = nth(self.payments, n)
        order = next(qr for qr in self.qrs if qr['invoice_id'] == payment['invoice_id'])
        claimed = {'it': payment['payment_id'], 'nothing': '', 'forged': '123456789012345'}[claim]
        url = f"{urlsplit(order['callback_url']).path}?qpay_payment_id={claimed}"
        answers = {self.case.url_open(url).text for _time in range(times)}
        assert answers == {'SUCCESS'}, answers
        self.case._commit()
        self.count('callback')

    @needs_qr
    @rule(n=NTH, action=some('cancel', 'refund'))
    def use_portal(self, n, action):
        try:
            if action == 'cancel':
                self.qpay.cancel_in_portal(nth(self.qrs, n)['invoice_id'])
            elif self.payments:
                self.qpay.refund_in_portal(nth(self.payments, n)['payment_id'])
        except SimulatorError:
            return
        self.count(f'{action} in portal')

    @rule(endpoint=ENDPOINT, fault=some(*FAULTS), times=some(1, 1, 3))
    def let_qpay_fail(self, endpoint, fault, times):
        self.qpay.clear_faults()
        self.qpay.inject(endpoint, times=times, **FAULTS[fault])

    # === WHAT HAPPENS TO ODOO === #

    # Seven hours end the day in Ulaanbaatar and not yet in Greenwich, or the other way round.
    @rule(period=some(
        {'seconds': 15}, {'minutes': 2}, {'minutes': 61}, {'hours': 7}, {'days': 1},
    ))
    def let_time_pass(self, period):
        self.case.pass_time(**period)

    @rule(point=some(*POINTS), kind=some(*TROUBLES))
    def let_odoo_fail(self, point, kind):
        self.case.trouble[point] = kind

    @rule(is_account_missing=st.booleans(), is_period_locked=st.booleans())
    def configure(self, is_account_missing, is_period_locked):
        yesterday = fields.Date.today() - timedelta(days=1)
        self.method_line.payment_account_id = not is_account_missing and self.outstanding_account
        self.case.company.sudo().fiscalyear_lock_date = is_period_locked and yesterday
        self.case._commit()

    @rule(account=some('receivable', 'fee'), is_active=st.booleans())
    def archive_account(self, account, is_active):
        getattr(self.case, f'{account}_account').active = is_active
        self.case._commit()

    @rule(action=some('callback', 'callback', 'recheck', 'list'))
    def run_scheduled_action(self, action):
        with self.case.step():
            if action == 'callback':
                self.system['qpay.callback']._cron_process()
                self.system['qpay.payment']._cron_settle_pending()
            elif action == 'recheck':
                self.system['qpay.intent']._cron_recheck()
            else:
                self.system['qpay.reconciliation']._cron_reconcile()

    # === WHAT ACCOUNTANTS DO === #

    @needs_payment
    @rule()
    def settle_again(self):
        with self.case.step():
            self.env['qpay.payment'].search([('state', '!=', 'settled')]).action_settle()

    @needs_payment
    @rule(n=NTH, m=NTH)
    def assign(self, n, m):
        with self.case.step():
            if row := self.row(nth(self.payments, n)):
                self.assign_row(row, self.invoice(m))

    def assign_row(self, row, invoices):
        self.env['qpay.assign.wizard'].create({
            'payment_id': row.id,
            'partner_id': self.case.customer.id,
            'invoice_ids': [Command.set(invoices.ids)],
        }).action_assign()
        self.count('assigned')

    @needs_payment
    @rule(n=NTH, amount=some(None, None, 1, 5000))
    def refund(self, n, amount):
        with self.case.step():
            if booked := self.row(nth(self.payments, n)).account_payment_id:
                wizard = self.env['payment.refund.wizard'].with_context(
                    active_id=booked.id
                ).create({'payment_id': booked.id})
                wizard.amount_to_refund = amount or wizard.amount_to_refund
                wizard.action_refund()
                self.count('refund')

    @needs_payment
    @rule()
    def book_refunds(self):
        with self.case.step():
            noticed = self.env['qpay.payment'].search([('is_refund_noticed', '=', True)])
            noticed.action_book_refund()

    # === AT THE END === #

    def let_everything_come_to_rest(self):
        """End all troubles, and let Odoo and the accountant do what they do every day."""
        self.qpay.clear_faults()
        self.case.trouble.clear()
        self.configure(is_account_missing=False, is_period_locked=False)
        self.archive_account('receivable', is_active=True)
        self.archive_account('fee', is_active=True)
        for _day in range(3):
            self.case.pass_time(days=1)
            for action in ('callback', 'recheck', 'list'):
                self.run_scheduled_action(action)
            self.reconcile_since_start()
            self.book_refunds()
            for row in self.env['qpay.payment'].search([('state', '!=', 'settled')]):
                if not row.intent_id:
                    with self.case.step():
                        self.assign_row(row, self.env['account.move'])
            self.settle_again()


def _share(amount, share):
    cent = Decimal('0.01')
    return max((Decimal(amount) * Decimal(str(share))).quantize(cent), cent)


@tagged('post_install', '-at_install')
class TestRandomMoney(RandomCase):

    @mute_logger(
        'odoo.addons.payment_qpay.models.qpay_payment_settlement',
        'odoo.addons.payment_qpay.models.qpay_callback',
        'odoo.addons.payment_qpay.models.qpay_intent_close',
        'odoo.addons.payment_qpay.models.qpay_intent_sync',
    )
    def test_money_always_ends_in_the_right_place(self):
        MoneyMachine.case = self
        run_state_machine_as_test(seed(SEED)(MoneyMachine), settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            phases=[Phase.generate, Phase.shrink] if SHRINK else [Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ))
        _logger.info("What happened: %s", dict(self.events))
