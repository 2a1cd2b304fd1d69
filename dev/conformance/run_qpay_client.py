"""Drive the package qpay-client 2.0.5, the strictest of the public clients, against a simulator.

Usage: ``python run_qpay_client.py http://127.0.0.1:PORT``, with a Python that has the package.
"""

from decimal import Decimal

from qpay_client.v2 import QPayClient, QPaySettings, schemas
from qpay_client.v2.enums import EbarimtReceiverType
from qpay_client.v2.error import QPayError
from steps import INVOICE, PASSWORD, USERNAME, Conversation, converse, expect


class StrictConversation(Conversation):

    error, key_name = QPayError, 'error_key'
    requests = schemas
    names = {
        'check': 'payment_check', 'get': 'payment_get', 'list': 'payment_list',
        'refund': 'payment_refund', 'cancel': 'payment_cancel', 'cancel_invoice': 'invoice_cancel',
    }

    def _create(self, number, amount):
        """Create an invoice; this client sends the amount as a text."""
        return self._client.invoice_create(schemas.InvoiceCreateSimpleRequest(
            **INVOICE, sender_invoice_no=number, amount=Decimal(amount),
        ))

    def _check(self):
        return super()._check(offset=schemas.Offset(page_number=1, page_limit=100))

    def token(self):
        """The client logged in when its context was entered."""
        expect(
            is_authenticated=(self._client.is_authenticated, True),
            token_of_some_length=(len(self._client.get_token()) > 20, True),
        )

    def invoice_with_lines(self):
        """Create an invoice with lines and optional fields, and read it."""
        created = self._client.invoice_create(schemas.InvoiceCreateRequest(
            **INVOICE, sender_invoice_no='CONF-3', allow_partial=False,
            lines=[schemas.Line(
                line_description='Ном', line_quantity=Decimal(2), line_unit_price=Decimal(1000),
            )],
        ))
        read = self._client.invoice_get(created.invoice_id)
        expect(
            status=(read.invoice_status.value, 'OPEN'), number_of_lines=(len(read.lines), 1),
            total=(read.total_amount, Decimal(2000)),
        )

    def read_paid_invoice(self):
        """Read an invoice that was paid."""
        invoice = self._create('CONF-4', '250')
        self._pay(invoice)
        read = self._client.invoice_get(invoice.invoice_id)
        expect(status=(read.invoice_status.value, 'CLOSED'), payments=(len(read.payments), 1))

    def killed_token(self):
        """The client recovers from a token that was killed."""
        invoice_id = self._create('CONF-5', '100').invoice_id
        self._simulator.inject('GET /v2/invoice/{id}', 'expired_token')
        expect(invoice_id=(self._client.invoice_get(invoice_id).invoice_id, invoice_id))

    def vat_receipts(self):
        """Have receipts made and read them, with the keys that this client's models know."""
        self._simulator.configure(ebarimt_keys='both')
        for kind, receiver, number in (
            (EbarimtReceiverType.citizen, '99112233', 'CONF-6'),
            (EbarimtReceiverType.company, '5395305', 'CONF-7'),
        ):
            payment_id = self._pay(self._create(number, '100'))['payment_id']
            receipt = self._client.ebarimt_create(schemas.EbarimtCreateRequest(
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
        self._refused(422, 'BARIMT_NOT_FOUND', 'ebarimt_get', 'unknown')


def new_client(base_url):
    """Return a client that asks each thing once."""
    return QPayClient(QPaySettings(
        username=USERNAME, password=PASSWORD, invoice_code=INVOICE['invoice_code'],
        base_url=f'{base_url}/v2', client_retries=0, payment_check_retries=0,
    ))


if __name__ == '__main__':
    converse(StrictConversation, new_client)
