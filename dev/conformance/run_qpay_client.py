"""Drive the package qpay-client 2.0.5, the strictest of the public clients, against a simulator.

Usage: ``python run_qpay_client.py http://127.0.0.1:PORT``, with a Python that has the package.
"""

import base64
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from qpay_client.v2 import QPayClient, QPaySettings
from qpay_client.v2.enums import (
    EbarimtReceiverType,
    InvoiceStatus,
    ObjectType,
    PaymentStatus,
    TransactionType,
)
from qpay_client.v2.error import QPayError
from qpay_client.v2.schemas import (
    EbarimtCreateRequest,
    InvoiceCreateRequest,
    InvoiceCreateSimpleRequest,
    Line,
    Offset,
    PaymentCancelRequest,
    PaymentCheckRequest,
    PaymentListRequest,
    PaymentRefundRequest,
)
from steps import CALLBACK_URL, INVOICE_CODE, PASSWORD, USERNAME, Steps, control, expect

_PNG = b'\x89PNG\r\n\x1a\n'


class Conversation:
    """The steps; later ones use what earlier ones created."""

    def __init__(self, client, simulator):
        self.client = client
        self.simulator = simulator
        self.invoice = None
        self.payment = None

    def token(self):
        """The client logged in when its context was entered."""
        expect(self.client.is_authenticated, True, 'is_authenticated')
        expect(len(self.client.get_token()) > 20, True, 'a token of some length')

    def simple_invoice(self):
        """Create an invoice; this client sends the amount as a text."""
        self.invoice = self.client.invoice_create(
            InvoiceCreateSimpleRequest(
                invoice_code=INVOICE_CODE,
                sender_invoice_no='CONF-1',
                invoice_receiver_code='terminal',
                invoice_description='Туршилтын нэхэмжлэл',
                amount=Decimal('1500.50'),
                callback_url=CALLBACK_URL,
            )
        )
        expect(len(self.invoice.invoice_id), 36, 'length of invoice_id')
        expect(base64.b64decode(self.invoice.qr_image)[:8], _PNG, 'start of qr_image')
        expect(len(self.invoice.urls), 23, 'number of bank links')
        expect(self.invoice.qr_text in self.invoice.urls[0].link, True, 'QR text in the link')

    def full_invoice(self):
        """Create an invoice with lines and the optional fields."""
        invoice = self.client.invoice_create(
            InvoiceCreateRequest(
                invoice_code=INVOICE_CODE,
                sender_invoice_no='CONF-2',
                invoice_receiver_code='terminal',
                invoice_description='Мөртэй нэхэмжлэл',
                callback_url=CALLBACK_URL,
                allow_partial=False,
                lines=[
                    Line(
                        line_description='Ном',
                        line_quantity=Decimal('2'),
                        line_unit_price=Decimal('1000'),
                    )
                ],
            )
        )
        read = self.client.invoice_get(invoice.invoice_id)
        expect(read.total_amount, Decimal('2000'), 'total_amount of the lines')
        expect(len(read.lines), 1, 'number of lines')

    def read_open_invoice(self):
        """Read an open invoice."""
        read = self.client.invoice_get(self.invoice.invoice_id)
        expect(read.invoice_status, InvoiceStatus.open, 'invoice_status')
        expect(read.total_amount, Decimal('1500.50'), 'total_amount')

    def check(self):
        """Ask what was paid."""
        return self.client.payment_check(
            PaymentCheckRequest(
                object_type=ObjectType.invoice,
                object_id=self.invoice.invoice_id,
                offset=Offset(page_number=1, page_limit=100),
            )
        )

    def check_unpaid(self):
        """Check before any payment."""
        answer = self.check()
        expect((answer.count, answer.paid_amount, answer.rows), (0, None, []), 'unpaid check')

    def check_paid(self):
        """Check after a transfer."""
        self.payment = self.simulator.pay(self.invoice.invoice_id, callback=False)
        answer = self.check()
        expect((answer.count, answer.paid_amount), (1, Decimal('1500.5')), 'count and paid_amount')
        row = answer.rows[0]
        expect(row.payment_id, self.payment['payment_id'], 'payment_id')
        expect(row.payment_status, PaymentStatus.paid, 'payment_status')
        expect(row.payment_type, TransactionType.p2p, 'payment_type')
        expect(
            (row.payment_amount, row.trx_fee),
            (Decimal('1500.50'), Decimal('15.01')),
            'amount and fee',
        )
        expect(row.p2p_transactions[0].settlement_status, 'SETTLED', 'settlement_status')

    def read_paid_invoice(self):
        """Read the invoice after it was paid."""
        read = self.client.invoice_get(self.invoice.invoice_id)
        expect(read.invoice_status, InvoiceStatus.closed, 'invoice_status')
        expect(len(read.payments), 1, 'number of payments')

    def get_payment(self):
        """Read the payment by its id."""
        read = self.client.payment_get(self.payment['payment_id'])
        expect(read.object_id, self.invoice.invoice_id, 'object_id')
        expect(read.payment_fee, Decimal('15.01'), 'payment_fee')
        expect(read.transaction_type, TransactionType.p2p, 'transaction_type')

    def list_payments(self):
        """List the payments of the invoice code."""
        now = datetime.now(timezone.utc)
        answer = self.client.payment_list(
            PaymentListRequest(
                object_type=ObjectType.invoice,
                object_id=INVOICE_CODE,
                start_date=now - timedelta(hours=1),
                end_date=now + timedelta(hours=1),
                offset=Offset(page_number=1, page_limit=100),
            )
        )
        expect((answer.count, len(answer.rows)), (1, 1), 'count and rows')
        expect(answer.rows[0].payment_id, self.payment['payment_id'], 'payment_id')

    def ebarimt(self):
        """Have receipts made and read them, with the keys that this client's models know."""
        self.simulator.configure(ebarimt_keys='both')
        for receiver_type, receiver, invoice_no in (
            (EbarimtReceiverType.citizen, '99112233', 'CONF-4'),
            (EbarimtReceiverType.company, '5395305', 'CONF-5'),
        ):
            payment_id = self.paid(invoice_no)
            receipt = self.client.ebarimt_create(
                EbarimtCreateRequest(
                    payment_id=payment_id,
                    ebarimt_receiver_type=receiver_type,
                    ebarimt_receiver=receiver,
                )
            )
            expect(receipt.ebarim_receiver_type, receiver_type, 'ebarim_receiver_type')
            expect(receipt.g_payment_id, Decimal(payment_id), 'g_payment_id')
            expect((receipt.amount, receipt.vat_amount), (Decimal(100), Decimal('9.09')), 'VAT')
            expect(receipt.ebarimt_status, 'REGISTERED', 'ebarimt_status')
            has_lottery = receiver_type == EbarimtReceiverType.citizen
            expect(bool(receipt.ebarimt_lottery), has_lottery, 'lottery')
            read = self.client.ebarimt_get(receipt.id)
            expect(read.model_dump(), receipt.model_dump(), 'the receipt read again')
        self.refused(422, 'BARIMT_NOT_FOUND', lambda: self.client.ebarimt_get('unknown'))

    def paid(self, invoice_no):
        """Create an invoice, pay it and return the payment's id."""
        invoice = self.client.invoice_create(
            InvoiceCreateSimpleRequest(
                invoice_code=INVOICE_CODE,
                sender_invoice_no=invoice_no,
                invoice_receiver_code='terminal',
                invoice_description='Баримттай нэхэмжлэл',
                amount=Decimal('100'),
                callback_url=CALLBACK_URL,
            )
        )
        return self.simulator.pay(invoice.invoice_id, callback=False)['payment_id']

    def transfer_not_reversible(self):
        """Neither refund nor cancel takes a transfer back."""
        payment_id = self.payment['payment_id']
        self.refused(
            400,
            'PAYMENT_SETTLED',
            lambda: self.client.payment_refund(payment_id, PaymentRefundRequest(note='туршилт')),
        )
        self.refused(
            400,
            'PAYMENT_SETTLED',
            lambda: self.client.payment_cancel(payment_id, PaymentCancelRequest(note='туршилт')),
        )

    def card_refund(self):
        """A card payment can be refunded; this client cannot read the status that follows."""
        payment = self.simulator.pay(self.invoice.invoice_id, method='CARD', callback=False)
        status = self.client.payment_refund(
            payment['payment_id'], PaymentRefundRequest(note='туршилт')
        )
        expect(status, 200, 'status of the refund')

    def paid_invoice_stays(self):
        """A paid invoice cannot be cancelled."""
        self.refused(
            400, 'INVOICE_PAID', lambda: self.client.invoice_cancel(self.invoice.invoice_id)
        )

    def cancel_invoice(self):
        """An open invoice can be cancelled, once."""
        invoice_id = self.client.invoice_create(
            InvoiceCreateSimpleRequest(
                invoice_code=INVOICE_CODE,
                sender_invoice_no='CONF-3',
                invoice_receiver_code='terminal',
                invoice_description='Цуцлах нэхэмжлэл',
                amount=Decimal('100'),
                callback_url=CALLBACK_URL,
            )
        ).invoice_id
        expect(self.client.invoice_cancel(invoice_id), 200, 'status of the cancellation')
        self.refused(
            400, 'INVOICE_ALREADY_CANCELED', lambda: self.client.invoice_cancel(invoice_id)
        )

    def unknown(self):
        """What is unknown is answered with 422."""
        self.refused(422, 'INVOICE_NOTFOUND', lambda: self.client.invoice_get('unknown'))
        self.refused(422, 'PAYMENT_NOTFOUND', lambda: self.client.payment_get('1'))

    def logs_in_again(self):
        """The client recovers from a token that was killed."""
        self.simulator.inject('GET /v2/invoice/{id}', 'expired_token')
        expect(
            self.client.invoice_get(self.invoice.invoice_id).invoice_id,
            self.invoice.invoice_id,
            'id',
        )

    @staticmethod
    def refused(status, key, action):
        """Expect a refusal."""
        try:
            action()
        except QPayError as error:
            expect((error.status_code, error.error_key), (status, key), 'the refusal')
        else:
            expect('accepted', key, 'the answer')


def main():
    """Run all steps and return the exit code."""
    simulator = control()
    simulator.reset()
    settings = QPaySettings(
        username=USERNAME,
        password=PASSWORD,
        invoice_code=INVOICE_CODE,
        base_url=f'{simulator.base_url}/v2',
        client_retries=0,
        payment_check_retries=0,
    )
    steps = Steps()
    with QPayClient(settings) as client:
        talk = Conversation(client, simulator)
        steps.run('token', talk.token)
        steps.run('invoice', talk.simple_invoice)
        steps.run('invoice with lines', talk.full_invoice)
        steps.run('read open invoice', talk.read_open_invoice)
        steps.run('check unpaid', talk.check_unpaid)
        steps.run('check paid', talk.check_paid)
        steps.run('read paid invoice', talk.read_paid_invoice)
        steps.run('get payment', talk.get_payment)
        steps.run('list payments', talk.list_payments)
        steps.run('killed token', talk.logs_in_again)
        steps.run('transfer cannot be refunded', talk.transfer_not_reversible)
        steps.run('card can be refunded', talk.card_refund)
        steps.run('paid invoice cannot be cancelled', talk.paid_invoice_stays)
        steps.run('cancel invoice', talk.cancel_invoice)
        steps.run('unknown ids', talk.unknown)
        steps.run('VAT receipts', talk.ebarimt)
    return steps.finish()


if __name__ == '__main__':
    sys.exit(main())
