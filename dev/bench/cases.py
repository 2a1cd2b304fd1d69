"""The pieces of work that are measured, each from the beginning to its end in the books."""

from urllib.parse import urlsplit

from odoo import Command

from odoo.addons.payment_qpay import const, documents

from .measure import Meter

GOES = 7


class Bench:
    """Work on fresh invoices of one customer each.

    :param SimulatorControl qpay: the simulator that its provider is connected to
    """

    def __init__(self, env, qpay):
        self.env = env
        self.qpay = qpay

    # === CASES === #

    def register_payment(self):
        """Odoo's own payment of an invoice, without QPay: the yardstick."""
        meter = self._meter()
        for invoice in self._create_invoices(GOES):
            wizard = self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=invoice.ids
            )
            with meter.go():
                wizard.create({})._create_payments()
        return meter.typical()

    def confirm_transaction(self):
        """Odoo's own payment of an invoice online, by a provider that asks nobody: it is confirmed,
        and then booked, as the page does that its payer waits on.
        """
        provider = self._get_demo_provider()
        meter = self._meter()
        for invoice in self._create_invoices(GOES):
            transaction = self.env['payment.transaction'].create({
                'provider_id': provider.id,
                'payment_method_id': provider.payment_method_ids[:1].id,
                'reference': invoice.name,
                'amount': invoice.amount_residual,
                'currency_id': invoice.currency_id.id,
                'partner_id': invoice.partner_id.id,
                'operation': 'online_direct',
                'invoice_ids': [Command.set(invoice.ids)],
            })
            with meter.go():
                transaction._process('demo', {
                    'reference': transaction.reference, 'simulated_state': 'done',
                })
                self.env.cr.commit()
                transaction._post_process()
            if invoice.amount_residual:
                raise RuntimeError(f'{invoice.name} was not paid: its cost says nothing.')
        return meter.typical()

    def create_qr(self):
        """An accountant asks for the QR of an invoice."""
        meter = self._meter()
        for invoice in self._create_invoices(GOES):
            with meter.go():
                self._create_intent(invoice)
        return meter.typical()

    def look(self):
        """A dialog or page polls a QR that nobody has paid."""
        meter = self._meter()
        [invoice] = self._create_invoices(1)
        intent = self._create_intent(invoice)
        for _number in range(GOES):
            with meter.go():
                intent._refresh_for_viewer()
                intent._get_status_payload()
        return meter.typical()

    def receive_callback(self):
        """QPay calls; its call is stored."""
        meter = self._meter()
        for intent, payment_id in self._create_paid(GOES):
            with meter.go():
                self.env['qpay.callback']._receive(intent, payment_id)
        return meter.typical()

    def settle_alone(self):
        """A call is processed: QPay is asked, the payment recorded, booked and reconciled."""
        meter = self._meter()
        for intent, payment_id in self._create_paid(GOES):
            callback = self.env['qpay.callback']._receive(intent, payment_id)
            with meter.go():
                callback._process()
            self._expect_paid(intent)
        return meter.typical()

    def settle_together(self):
        """Many calls that have waited are processed by the scheduled action; the share of one."""
        meter = self._meter()
        intents = self.announce_paid(const.SETTLE_BATCH)
        with meter.go():
            intents.callback_ids._process()
        for intent in intents:
            self._expect_paid(intent)
        return meter.typical(of=len(intents))

    # === WHAT THEY NEED === #

    def create_paid_intent(self):
        """Return a QR whose payment is booked."""
        [(intent, payment_id)] = self._create_paid(1)
        self.env['qpay.callback']._receive(intent, payment_id)._process()
        self._expect_paid(intent)
        return intent

    def announce_paid(self, number):
        """Return QRs that are paid, and of which QPay has told a moment ago."""
        paid = self._create_paid(number)
        for intent, payment_id in paid:
            self.env['qpay.callback']._receive(intent, payment_id)
        self.env.cr.commit()
        return self.env['qpay.intent'].union(*(intent for intent, _payment_id in paid))

    def trust_list(self, is_trusted):
        """Let QPay's list have proved itself, or nothing yet."""
        account = self.env.ref('payment_qpay.payment_provider_qpay')._qpay_account()
        trust = self.env['qpay.list.trust']
        trust = trust._find(account) or trust.create({'account': account})
        trust.same_count = const.LIST_PROOF if is_trusted else 0
        self.env.cr.commit()

    def create_paid_qrs(self, number):
        """Return QRs that are paid, of which QPay has told nothing yet, with QPay's payments."""
        return self._create_paid(number)

    def create_open_intent(self):
        """Return a QR that can be paid, for others to see."""
        [invoice] = self._create_invoices(1)
        return self._create_intent(invoice)

    def create_link_path(self):
        """Return where the permanent link of an invoice without a QR leads."""
        [invoice] = self._create_invoices(1)
        return urlsplit(invoice.qpay_link).path

    def _meter(self):
        return Meter(self.env, self.qpay)

    def _create_invoices(self, number):
        partners = self.env['res.partner'].create([{'name': 'Харилцагч'}] * number)
        invoices = self.env['account.move'].create([{
            'move_type': 'out_invoice',
            'partner_id': partner.id,
            'invoice_line_ids': [Command.create({'name': 'Үйлчилгээ', 'price_unit': 10000})],
        } for partner in partners])
        invoices.action_post()
        # QPay is asked only about what is saved.
        self.env.cr.commit()
        return invoices

    def _get_demo_provider(self):
        """Return Odoo's provider for demonstrations, which books as QPay's does."""
        provider = self.env['payment.provider'].search([
            ('code', '=', 'demo'), ('company_id', '=', self.env.company.id),
        ], limit=1)
        provider.state = 'test'
        qpay = self.env.ref('payment_qpay.payment_provider_qpay')
        lines = provider.journal_id.inbound_payment_method_line_ids
        lines.filtered(lambda line: line.payment_provider_id == provider).payment_account_id = (
            qpay._qpay_choose_method_line().payment_account_id
        )
        return provider

    def _create_intent(self, invoice):
        return documents.of(invoice).get_or_create_intent(invoice.amount_residual)

    def _create_paid(self, number):
        intents = [self._create_intent(invoice) for invoice in self._create_invoices(number)]
        return [
            (intent, self.qpay.pay(intent.qpay_invoice_id, callback=False)['payment_id'])
            for intent in intents
        ]

    @staticmethod
    def _expect_paid(intent):
        intent.invalidate_recordset()
        if intent.state != 'paid' or intent.invoice_ids.amount_residual:
            raise RuntimeError(f'{intent.name} was not settled: its cost says nothing.')
