"""Drive the package qpay-py 1.0.0 (imported as ``qpay``) against a simulator.

Usage: ``python run_qpay_py.py http://127.0.0.1:PORT``, with a Python that has the package.
"""

import base64
import sys
import time
from datetime import datetime, timedelta, timezone

from steps import (
    CALLBACK_URL,
    INVOICE_CODE,
    PASSWORD,
    TAX_INVOICE_CODE,
    USERNAME,
    Steps,
    control,
    expect,
)

from qpay import (
    CreateEbarimtInvoiceRequest,
    CreateEbarimtRequest,
    CreateSimpleInvoiceRequest,
    EbarimtInvoiceLine,
    Offset,
    PaymentCancelRequest,
    PaymentCheckRequest,
    PaymentListRequest,
    PaymentRefundRequest,
    QPayClient,
    QPayConfig,
    QPayError,
    TaxEntry,
)

_PNG = b'\x89PNG\r\n\x1a\n'
_ULAANBAATAR = timezone(timedelta(hours=8))


class Conversation:
    """The steps; later ones use what earlier ones created."""

    def __init__(self, client, simulator):
        self.client = client
        self.simulator = simulator
        self.invoice = None
        self.payment = None

    def token(self):
        """Log in; the expiry is an absolute time, a day from now."""
        token = self.client.get_token()
        expect(token.token_type, 'bearer', 'token_type')
        expect(abs(token.expires_in - time.time() - 86400) < 60, True, 'expiry a day from now')

    def refresh(self):
        """Refresh; the client goes on with the new token."""
        old = self.client.get_token()
        new = self.client.refresh_token()
        expect(new.access_token != old.access_token, True, 'another token')

    def create(self, number, amount):
        """Create an invoice; this client sends the amount as a float."""
        return self.client.create_simple_invoice(
            CreateSimpleInvoiceRequest(
                invoice_code=INVOICE_CODE,
                sender_invoice_no=number,
                invoice_receiver_code='terminal',
                invoice_description='Туршилтын нэхэмжлэл',
                amount=amount,
                callback_url=CALLBACK_URL,
            )
        )

    def simple_invoice(self):
        """Create an invoice."""
        self.invoice = self.create('CONF-11', 150.5)
        expect(len(self.invoice.invoice_id), 36, 'length of invoice_id')
        expect(base64.b64decode(self.invoice.qr_image)[:8], _PNG, 'start of qr_image')
        expect(len(self.invoice.urls), 23, 'number of bank links')
        expect(self.invoice.qpay_short_url.startswith('https://'), True, 'short URL')

    def check(self):
        """Ask what was paid, without an offset."""
        return self.client.check_payment(
            PaymentCheckRequest(object_type='INVOICE', object_id=self.invoice.invoice_id)
        )

    def check_unpaid(self):
        """Check before any payment."""
        answer = self.check()
        expect((answer.count, answer.rows), (0, []), 'unpaid check')

    def check_paid(self):
        """Check after a transfer."""
        self.payment = self.simulator.pay(self.invoice.invoice_id, callback=False)
        answer = self.check()
        expect((answer.count, answer.paid_amount), (1, 150.5), 'count and paid_amount')
        row = answer.rows[0]
        expect(row.payment_id, self.payment['payment_id'], 'payment_id')
        expect((row.payment_status, row.payment_type), ('PAID', 'P2P'), 'status and type')
        expect((row.payment_amount, row.trx_fee), ('150.50', '1.51'), 'amount and fee')

    def get_payment(self):
        """Read the payment by its id."""
        read = self.client.get_payment(self.payment['payment_id'])
        expect((read.object_type, read.object_id), ('INVOICE', self.invoice.invoice_id), 'object')
        expect((read.payment_fee, read.transaction_type), ('1.51', 'P2P'), 'fee and type')

    def get_card_payment(self):
        """Read a card payment, whose row has other keys here than in a check."""
        payment = self.simulator.pay(self.invoice.invoice_id, method='CARD', callback=False)
        read = self.client.get_payment(payment['payment_id'])
        card = read.card_transactions[0]
        expect((card.transaction_amount, card.amount), ('150.50', ''), 'card amounts')
        self.client.refund_payment(payment['payment_id'], PaymentRefundRequest(note='туршилт'))

    def list_payments(self):
        """List with QPay's own form of dates, in Ulaanbaatar's time."""
        now = datetime.now(_ULAANBAATAR)
        answer = self.client.list_payments(
            PaymentListRequest(
                object_type='INVOICE',
                object_id=INVOICE_CODE,
                offset=Offset(page_number=1, page_limit=100),
                start_date=(now - timedelta(hours=1)).strftime('%Y-%m-%d %H:%M:%S'),
                end_date=(now + timedelta(hours=1)).strftime('%Y-%m-%d %H:%M:%S'),
            )
        )
        listed = {row.payment_id: row.payment_status for row in answer.rows}
        expect(sorted(listed.values()), ['PAID', 'REFUNDED'], 'statuses of the rows')
        expect(listed[self.payment['payment_id']], 'PAID', 'status of the transfer')

    def transfer_not_reversible(self):
        """Neither refund nor cancel takes a transfer back."""
        payment_id = self.payment['payment_id']
        self.refused(
            400,
            'PAYMENT_SETTLED',
            lambda: self.client.refund_payment(payment_id, PaymentRefundRequest(note='туршилт')),
        )
        self.refused(
            400,
            'PAYMENT_SETTLED',
            lambda: self.client.cancel_payment(payment_id, PaymentCancelRequest(note='туршилт')),
        )

    def cancel_invoice(self):
        """An open invoice can be cancelled, once; a paid one cannot."""
        invoice_id = self.create('CONF-12', 100).invoice_id
        self.client.cancel_invoice(invoice_id)
        self.refused(
            400, 'INVOICE_ALREADY_CANCELED', lambda: self.client.cancel_invoice(invoice_id)
        )
        self.refused(
            400, 'INVOICE_PAID', lambda: self.client.cancel_invoice(self.invoice.invoice_id)
        )

    def unknown(self):
        """What is unknown is answered with 422."""
        self.refused(422, 'INVOICE_NOTFOUND', lambda: self.client.cancel_invoice('unknown'))
        self.refused(422, 'PAYMENT_NOTFOUND', lambda: self.client.get_payment('1'))

    def ebarimt(self):
        """Have a citizen's receipt made; its money is text."""
        payment_id = self.payment['payment_id']
        receipt = self.client.create_ebarimt(
            CreateEbarimtRequest(
                payment_id=payment_id,
                ebarimt_receiver_type='CITIZEN',
                ebarimt_receiver='99112233',
                district_code='3505',
                classification_code='0000010',
            )
        )
        expect((receipt.amount, receipt.vat_amount), ('150.50', '13.68'), 'amount and VAT')
        expect((receipt.g_payment_id, receipt.barimt_status), (payment_id, 'REGISTERED'), 'receipt')
        expect(len(receipt.ebarimt_receipt_id), 33, 'length of ebarimt_receipt_id')
        expect(receipt.merchant_tin != '', True, 'merchant_tin')
        expect(len(receipt.ebarimt_lottery), 11, 'length of ebarimt_lottery')
        expect(receipt.barimt_items[0].vat_amount, '13.68', 'VAT of the item')
        expect(len(receipt.barimt_histories), 1, 'number of histories')
        self.simulator.inject('POST /v2/ebarimt_v3/create', 'system_busy')
        request = CreateEbarimtRequest(payment_id=payment_id, ebarimt_receiver_type='CITIZEN')
        self.refused(500, 'SYSTEM_BUSY', lambda: self.client.create_ebarimt(request))

    def cancel_ebarimt(self):
        """Cancel it by the payment's id, without a body."""
        receipt = self.client.cancel_ebarimt(self.payment['payment_id'])
        expect(receipt.barimt_status, 'CANCELED', 'barimt_status')
        self.refused(500, 'SYSTEM_BUSY', lambda: self.client.cancel_ebarimt('unknown'))

    def ebarimt_invoice(self):
        """Create an invoice with taxes, pay it, have a company's receipt made."""
        invoice = self.client.create_ebarimt_invoice(
            CreateEbarimtInvoiceRequest(
                invoice_code=TAX_INVOICE_CODE,
                sender_invoice_no='CONF-13',
                invoice_receiver_code='23',
                invoice_description='Татвартай нэхэмжлэл',
                tax_type='1',
                district_code='0101',
                callback_url=CALLBACK_URL,
                lines=[
                    self.line('Будаа', '0111100', VAT=89.2857, CITY_TAX=17.8571),
                    self.line('Гурил', '0114200', VAT=90.91),
                ],
            )
        )
        payment = self.simulator.pay(invoice.invoice_id, callback=False)
        expect(payment['amount'], '2000.00', 'amount of the lines')
        receipt = self.client.create_ebarimt(
            CreateEbarimtRequest(
                payment_id=payment['payment_id'],
                ebarimt_receiver_type='COMPANY',
                ebarimt_receiver='5395305',
            )
        )
        expect((receipt.vat_amount, receipt.city_tax_amount), ('180.20', '17.86'), 'taxes')
        expect((receipt.ebarimt_lottery, receipt.tax_type), ('', '1'), 'lottery and tax type')
        expect(len(receipt.barimt_items), 2, 'number of items')

    @staticmethod
    def line(description, classification_code, **taxes):
        """Return a line of 1000 tögrög with these taxes in it."""
        return EbarimtInvoiceLine(
            line_description=description,
            line_quantity='1.00',
            line_unit_price='1000.00',
            classification_code=classification_code,
            taxes=[
                TaxEntry(tax_code=code, description=code, amount=amount)
                for code, amount in taxes.items()
            ],
        )

    def ebarimt_refusals(self):
        """A receipt needs money; a tax invoice the right tax."""
        payment = self.simulator.pay(self.invoice.invoice_id, status='FAILED', callback=False)
        request = CreateEbarimtRequest(
            payment_id=payment['payment_id'],
            ebarimt_receiver_type='CITIZEN',
            district_code='3505',
            classification_code='0000010',
        )
        self.refused(400, 'PAYMENT_NOT_PAID', lambda: self.client.create_ebarimt(request))
        wrong = CreateEbarimtInvoiceRequest(
            invoice_code=TAX_INVOICE_CODE,
            sender_invoice_no='CONF-14',
            invoice_receiver_code='23',
            invoice_description='Буруу татвар',
            tax_type='1',
            district_code='0101',
            callback_url=CALLBACK_URL,
            lines=[self.line('Гурил', '0114200', VAT=100.0)],
        )
        self.refused(400, 'VAT_AMOUNT_INVALID', lambda: self.client.create_ebarimt_invoice(wrong))

    def wrong_password(self):
        """A wrong password is answered with 401."""
        config = QPayConfig(
            base_url=self.simulator.base_url,
            username=USERNAME,
            password='wrong',
            invoice_code=INVOICE_CODE,
            callback_url=CALLBACK_URL,
        )
        with QPayClient(config) as stranger:
            self.refused(401, 'AUTHENTICATION_FAILED', stranger.get_token)

    @staticmethod
    def refused(status, key, action):
        """Expect a refusal."""
        try:
            action()
        except QPayError as error:
            expect((error.status_code, error.code), (status, key), 'the refusal')
        else:
            expect('accepted', key, 'the answer')


def main():
    """Run all steps and return the exit code."""
    simulator = control()
    simulator.reset()
    config = QPayConfig(
        base_url=simulator.base_url,
        username=USERNAME,
        password=PASSWORD,
        invoice_code=INVOICE_CODE,
        callback_url=CALLBACK_URL,
    )
    steps = Steps()
    with QPayClient(config) as client:
        talk = Conversation(client, simulator)
        steps.run('token', talk.token)
        steps.run('refresh', talk.refresh)
        steps.run('invoice', talk.simple_invoice)
        steps.run('check unpaid', talk.check_unpaid)
        steps.run('check paid', talk.check_paid)
        steps.run('get payment', talk.get_payment)
        steps.run('get card payment', talk.get_card_payment)
        steps.run('list payments', talk.list_payments)
        steps.run('transfer cannot be refunded', talk.transfer_not_reversible)
        steps.run('cancel invoice', talk.cancel_invoice)
        steps.run('unknown ids', talk.unknown)
        steps.run('VAT receipt', talk.ebarimt)
        steps.run('cancel VAT receipt', talk.cancel_ebarimt)
        steps.run('invoice with taxes', talk.ebarimt_invoice)
        steps.run('VAT refusals', talk.ebarimt_refusals)
        steps.run('wrong password', talk.wrong_password)
    return steps.finish()


if __name__ == '__main__':
    sys.exit(main())
