"""Drive the package qpay-client 2.0.5, the strictest of the public clients, against a simulator.

Usage: ``python run_qpay_client.py http://127.0.0.1:PORT``, with a Python that has the package.
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from qpay_client.v2 import QPayClient, QPaySettings
from qpay_client.v2.enums import EbarimtReceiverType, InvoiceStatus, ObjectType
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
from steps import INVOICE, PASSWORD, USERNAME, Conversation, converse, expect, expect_qr

_PAGE = Offset(page_number=1, page_limit=100)


class StrictConversation(Conversation):

    error, key_name = QPayError, 'error_key'

    def token(self):
        """The client logged in when its context was entered."""
        expect(
            is_authenticated=(self._client.is_authenticated, True),
            token_of_some_length=(len(self._client.get_token()) > 20, True),
        )

    def _create(self, number, amount):
        return self._client.invoice_create(InvoiceCreateSimpleRequest(
            **INVOICE, sender_invoice_no=number, amount=Decimal(amount),
        ))

    def invoice(self):
        """Create an invoice; this client sends the amount as a text."""
        self._invoice = self._create('CONF-1', '1500.50')
        expect_qr(self._invoice)

    def invoice_with_lines(self):
        """Create an invoice with lines and optional fields."""
        created = self._client.invoice_create(InvoiceCreateRequest(
            **INVOICE, sender_invoice_no='CONF-2', allow_partial=False,
            lines=[Line(
                line_description='Ном', line_quantity=Decimal(2), line_unit_price=Decimal(1000),
            )],
        ))
        read = self._client.invoice_get(created.invoice_id)
        expect(total=(read.total_amount, Decimal(2000)), number_of_lines=(len(read.lines), 1))

    def read_open_invoice(self):
        """Read an open invoice."""
        read = self._client.invoice_get(self._invoice.invoice_id)
        expect(
            status=(read.invoice_status, InvoiceStatus.open),
            total=(read.total_amount, Decimal('1500.50')),
        )

    def _check(self):
        return self._client.payment_check(PaymentCheckRequest(
            object_type=ObjectType.invoice, object_id=self._invoice.invoice_id, offset=_PAGE,
        ))

    def check_unpaid(self):
        """Check before any payment."""
        answer = self._check()
        expect(answer=((answer.count, answer.paid_amount, answer.rows), (0, None, [])))

    def check_paid(self):
        """Check after a transfer."""
        self._payment = self._pay(self._invoice)
        answer = self._check()
        [row] = answer.rows
        expect(
            sums=((answer.count, answer.paid_amount), (1, Decimal('1500.5'))),
            payment_id=(row.payment_id, self._payment['payment_id']),
            status_and_type=((row.payment_status.value, row.payment_type.value), ('PAID', 'P2P')),
            amounts=((row.payment_amount, row.trx_fee), (Decimal('1500.50'), Decimal('15.01'))),
            settlement=(row.p2p_transactions[0].settlement_status, 'SETTLED'),
        )

    def read_paid_invoice(self):
        """Read the invoice after it was paid."""
        read = self._client.invoice_get(self._invoice.invoice_id)
        expect(
            status=(read.invoice_status, InvoiceStatus.closed), payments=(len(read.payments), 1),
        )

    def get_payment(self):
        """Read the payment by its id."""
        read = self._client.payment_get(self._payment['payment_id'])
        expect(
            object_id=(read.object_id, self._invoice.invoice_id),
            fee_and_type=(
                (read.payment_fee, read.transaction_type.value), (Decimal('15.01'), 'P2P'),
            ),
        )

    def list_payments(self):
        """List the payments of the invoice code."""
        now = datetime.now(timezone.utc)
        answer = self._client.payment_list(PaymentListRequest(
            object_type=ObjectType.invoice, object_id=INVOICE['invoice_code'], offset=_PAGE,
            start_date=now - timedelta(hours=1), end_date=now + timedelta(hours=1),
        ))
        listed = [row.payment_id for row in answer.rows]
        expect(listed=((answer.count, listed), (1, [self._payment['payment_id']])))

    def killed_token(self):
        """The client recovers from a token that was killed."""
        self._simulator.inject('GET /v2/invoice/{id}', 'expired_token')
        invoice_id = self._invoice.invoice_id
        expect(invoice_id=(self._client.invoice_get(invoice_id).invoice_id, invoice_id))

    def transfer_cannot_be_refunded(self):
        """Neither refund nor cancel takes a transfer back."""
        for action, kind in (
            (self._client.payment_refund, PaymentRefundRequest),
            (self._client.payment_cancel, PaymentCancelRequest),
        ):
            request = kind(note='туршилт')
            self._refused(400, 'PAYMENT_SETTLED', action, self._payment['payment_id'], request)

    def card_can_be_refunded(self):
        """A card payment can be refunded; this client cannot read the status that follows."""
        payment = self._pay(self._invoice, method='CARD')
        request = PaymentRefundRequest(note='туршилт')
        expect(status=(self._client.payment_refund(payment['payment_id'], request), 200))

    def paid_invoice_cannot_be_cancelled(self):
        """A paid invoice cannot be cancelled."""
        self._refused(400, 'INVOICE_PAID', self._client.invoice_cancel, self._invoice.invoice_id)

    def cancel_invoice(self):
        """An open invoice can be cancelled, once."""
        invoice_id = self._create('CONF-3', 100).invoice_id
        expect(status=(self._client.invoice_cancel(invoice_id), 200))
        self._refused(400, 'INVOICE_ALREADY_CANCELED', self._client.invoice_cancel, invoice_id)

    def unknown_ids(self):
        """What is unknown is answered with 422."""
        self._refused(422, 'INVOICE_NOTFOUND', self._client.invoice_get, 'unknown')
        self._refused(422, 'PAYMENT_NOTFOUND', self._client.payment_get, '1')

    def vat_receipts(self):
        """Have receipts made and read them, with the keys that this client's models know."""
        self._simulator.configure(ebarimt_keys='both')
        for kind, receiver, number in (
            (EbarimtReceiverType.citizen, '99112233', 'CONF-4'),
            (EbarimtReceiverType.company, '5395305', 'CONF-5'),
        ):
            payment_id = self._pay(self._create(number, 100))['payment_id']
            receipt = self._client.ebarimt_create(EbarimtCreateRequest(
                payment_id=payment_id, ebarimt_receiver_type=kind, ebarimt_receiver=receiver,
            ))
            read = self._client.ebarimt_get(receipt.id)
            expect(
                receiver_type=(receipt.ebarim_receiver_type, kind),
                payment_id=(receipt.g_payment_id, Decimal(payment_id)),
                amounts=((receipt.amount, receipt.vat_amount), (Decimal(100), Decimal('9.09'))),
                status=(receipt.ebarimt_status, 'REGISTERED'),
                lottery=(bool(receipt.ebarimt_lottery), kind == EbarimtReceiverType.citizen),
                read_again=(read.model_dump(), receipt.model_dump()),
            )
        self._refused(422, 'BARIMT_NOT_FOUND', self._client.ebarimt_get, 'unknown')


def new_client(base_url):
    """Return a client that asks each thing once."""
    return QPayClient(QPaySettings(
        username=USERNAME, password=PASSWORD, invoice_code=INVOICE['invoice_code'],
        base_url=f'{base_url}/v2', client_retries=0, payment_check_retries=0,
    ))


if __name__ == '__main__':
    converse(StrictConversation, new_client)
