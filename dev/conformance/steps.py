"""What the conformance scripts have in common: most of their steps.

Standard library only, as each script runs in the environment of its client.
"""

import base64
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import FunctionType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulator.control import SimulatorControl

USERNAME, PASSWORD = 'TEST_MERCHANT', '123456'
#: Nobody listens there: the scripts pay without a callback.
CALLBACK_URL = 'http://127.0.0.1:9/payment?ref=conformance'
INVOICE = {
    'invoice_code': 'TEST_INVOICE',
    'invoice_receiver_code': 'terminal',
    'invoice_description': 'Туршилтын нэхэмжлэл',
    'callback_url': CALLBACK_URL,
}
_ULAANBAATAR = timezone(timedelta(hours=8))


class Conversation:
    """Steps with a client: the public methods in their order, first these and then a subclass's.

    Later ones use what earlier ones made.
    """

    #: The client's exception, and its attribute that holds QPay's key.
    error, key_name = Exception, ''
    #: The module that has the client's requests.
    requests = None
    #: What the client calls its methods, by what the steps call them.
    names = {}

    def __init__(self, client, simulator):
        self._client = client
        self._simulator = simulator
        self._invoice = self._payment = None

    def invoice(self):
        """Create an invoice."""
        self._invoice = self._create('CONF-1', '1500.50')
        expect(
            length_of_id=(len(self._invoice.invoice_id), 36),
            picture=(base64.b64decode(self._invoice.qr_image)[:8], b'\x89PNG\r\n\x1a\n'),
            number_of_apps=(len(self._invoice.urls), 23),
            qr_text_in_link=(self._invoice.qr_text in self._invoice.urls[0].link, True),
        )

    def check_unpaid(self):
        """Check before any payment."""
        answer = self._check()
        expect(answer=((answer.count, answer.rows), (0, [])))

    def check_paid(self):
        """Check after a transfer."""
        self._payment = self._pay(self._invoice)
        answer = self._check()
        [row] = answer.rows
        expect(
            sums=((answer.count, _number(answer.paid_amount)), (1, Decimal('1500.50'))),
            payment_id=(row.payment_id, self._payment['payment_id']),
            status_and_type=((_word(row.payment_status), _word(row.payment_type)), ('PAID', 'P2P')),
            amounts=(
                (_number(row.payment_amount), _number(row.trx_fee)),
                (Decimal('1500.50'), Decimal('15.01')),
            ),
            settlement=(row.p2p_transactions[0].settlement_status, 'SETTLED'),
        )

    def get_payment(self):
        """Read the payment by its id."""
        read = self._call('get', self._payment['payment_id'])
        expect(
            object_id=(read.object_id, self._invoice.invoice_id),
            fee=(_number(read.payment_fee), Decimal('15.01')),
            kind=(_word(read.transaction_type), 'P2P'),
        )

    def list_payments(self):
        """List the payments of the invoice code."""
        now = datetime.now(_ULAANBAATAR)
        answer = self._call('list', self.requests.PaymentListRequest(
            object_type='INVOICE', object_id=INVOICE['invoice_code'],
            offset=self.requests.Offset(page_number=1, page_limit=100),
            start_date=self._written(now - timedelta(hours=1)),
            end_date=self._written(now + timedelta(hours=1)),
        ))
        listed = [row.payment_id for row in answer.rows]
        expect(listed=((answer.count, listed), (1, [self._payment['payment_id']])))

    def transfer_cannot_be_refunded(self):
        """Neither refund nor cancel takes a transfer back."""
        for name, kind in (
            ('refund', self.requests.PaymentRefundRequest),
            ('cancel', self.requests.PaymentCancelRequest),
        ):
            payment_id = self._payment['payment_id']
            self._refused(400, 'PAYMENT_SETTLED', name, payment_id, kind(note='туршилт'))

    def card_can_be_refunded(self):
        """A card payment can be refunded."""
        payment = self._pay(self._invoice, method='CARD')
        request = self.requests.PaymentRefundRequest(note='туршилт')
        self._call('refund', payment['payment_id'], request)

    def cancel_invoice(self):
        """An open invoice can be cancelled, once; a paid one cannot."""
        invoice_id = self._create('CONF-2', '100').invoice_id
        self._call('cancel_invoice', invoice_id)
        self._refused(400, 'INVOICE_ALREADY_CANCELED', 'cancel_invoice', invoice_id)
        self._refused(400, 'INVOICE_PAID', 'cancel_invoice', self._invoice.invoice_id)

    def unknown_ids(self):
        """What is unknown is answered with 422."""
        self._refused(422, 'INVOICE_NOTFOUND', 'cancel_invoice', 'unknown')
        self._refused(422, 'PAYMENT_NOTFOUND', 'get', '1')

    # -- what the steps need

    @staticmethod
    def _create(number, amount):
        """Create an invoice with the client and return its answer."""
        raise NotImplementedError

    @staticmethod
    def _written(moment):
        """Return a time as the client wants it."""
        return moment

    def _check(self, **options):
        return self._call('check', self.requests.PaymentCheckRequest(
            object_type='INVOICE', object_id=self._invoice.invoice_id, **options,
        ))

    def _pay(self, invoice, **options):
        """Let money arrive for an invoice and return the payment."""
        return self._simulator.pay(invoice.invoice_id, callback=False, **options)

    def _call(self, name, *arguments):
        return getattr(self._client, self.names.get(name, name))(*arguments)

    def _refused(self, status, key, name, *arguments):
        """Expect that QPay refuses what the client asks for."""
        try:
            self._call(name, *arguments)
        except self.error as error:
            answer = (error.status_code, getattr(error, self.key_name))
            expect(refusal=(answer, (status, key)))
        else:
            raise AssertionError(f'accepted instead of {key}')

    def _run(self):
        """Run the steps, print a line for each and the sum, and return the exit code."""
        steps = [
            name for kind in reversed(type(self).__mro__) for name, step in vars(kind).items()
            if isinstance(step, FunctionType) and not name.startswith('_')
        ]
        failed = 0
        for name in steps:
            try:
                getattr(self, name)()
            except Exception as error:  # noqa: BLE001 - any failure of a client is a finding
                failed += 1
                print(f'FAILED {name}: {type(error).__name__}: {error}', flush=True)
            else:
                print(f'ok {name}', flush=True)
        print(f'{len(steps) - failed} of {len(steps)} steps')
        return 1 if failed else 0


def expect(**pairs):
    """Compare pairs of what there is and what there should be."""
    for what, (actual, wanted) in pairs.items():
        if actual != wanted:
            raise AssertionError(f'{what} is {actual!r} instead of {wanted!r}')


def converse(conversation, new_client):
    """Run a conversation with the simulator whose URL is the script's argument.

    :param type conversation: a kind of :class:`Conversation`.
    :param new_client: makes the client of a simulator's base URL.
    """
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} URL-OF-THE-SIMULATOR')
    simulator = SimulatorControl(sys.argv[1])
    simulator.reset()
    with new_client(simulator.base_url) as client:
        sys.exit(conversation(client, simulator)._run())


def _number(value):
    """Return an amount that one client gives as a text, another as a float or Decimal."""
    return Decimal(str(value))


def _word(value):
    """Return what one client gives as a text, another as a member of an enumeration."""
    return getattr(value, 'value', value)
