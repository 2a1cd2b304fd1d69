"""Invoices and payments: what there is and what may happen to it."""
import secrets
import uuid
from decimal import ROUND_HALF_UP, Decimal

from .errors import QPayRefusal, not_found
from .model import CANCELED, CARD, CLOSED, OPEN, P2P, PAID, REFUNDED, Invoice, Payment

_CENT = Decimal('0.01')


class Ledger:
    """All invoices and payments."""

    def __init__(self, backend):
        self._backend = backend
        self._store = backend.store

    # -- invoices (QPay contract §2 and §3)

    def add_invoice(self, invoice):
        """Take an invoice in.

        :param Invoice invoice: the checked request.
        """
        if self._backend.settings.unique_sender_invoice_no and any(
            known.sender_invoice_no == invoice.sender_invoice_no
            for known in self.invoices() if known.merchant == invoice.merchant
        ):
            raise QPayRefusal('UNIQUE_ERROR', 409)
        self._store.save(invoice)

    def invoice(self, invoice_id, merchant=None):
        """Return an invoice; with a merchant, only one of theirs."""
        found = self._store.all(Invoice).get(invoice_id)
        return _of_merchant(found, merchant, 'INVOICE_NOTFOUND')

    def invoice_by(self, name, value, merchant=None):
        """Return the invoice of a QR text or a short address."""
        found = next((item for item in self.invoices() if getattr(item, name) == value), None)
        return _of_merchant(found, merchant, 'QRCODE_NOTFOUND')

    def invoices(self, status=None):
        """Return the invoices, oldest first; with a status, only these."""
        invoices = self._store.all(Invoice).values()
        return [invoice for invoice in invoices if status in (None, invoice.status)]

    def cancel_invoice(self, invoice_id, merchant=None):
        """Cancel an invoice (QPay contract §3.2)."""
        invoice = self.invoice(invoice_id, merchant)
        if invoice.status == CANCELED:
            raise QPayRefusal('INVOICE_ALREADY_CANCELED')
        if invoice.status == CLOSED or self.paid_amount(invoice):
            raise QPayRefusal('INVOICE_PAID')
        invoice.status = CANCELED
        self._store.save(invoice)
        return invoice

    # -- payments (QPay contract §4)

    def pay(self, invoice_id, amount=None, method=P2P, status=PAID, currency='MNT', fee=None):
        """Record a payment, whatever the state of the invoice: money can always arrive.

        :param Decimal amount: what was paid; by default the invoice's amount.
        :param Decimal fee: the merchant's cost; by default ``fee_rate`` of the amount.
        """
        invoice = self.invoice(invoice_id)
        settings, now = self._backend.settings, self._backend.now()
        amount = invoice.amount if amount is None else amount
        if fee is None:
            fee = (amount * settings.fee_rate).quantize(_CENT, ROUND_HALF_UP)
        payment = Payment(
            payment_id=str(uuid.uuid4()) if method == CARD else _digits(15),
            invoice_id=invoice.invoice_id, merchant=invoice.merchant, amount=amount, fee=fee,
            currency=currency, method=method, status=status, transaction_id=_digits(15),
            paid_at=now, visible_at=now + settings.visibility_delay,
            refunded_at=now if status == REFUNDED else None,
        )
        self._store.save(payment)
        if invoice.status == OPEN and self.paid_amount(invoice) >= invoice.amount:
            invoice.status = CLOSED
            self._store.save(invoice)
        return payment

    def payment(self, payment_id, merchant=None):
        """Return a payment; with a merchant, only one of theirs that the API already shows."""
        payment = self._store.all(Payment).get(payment_id)
        if merchant and payment and not self._is_visible(payment):
            payment = None
        return _of_merchant(payment, merchant, 'PAYMENT_NOTFOUND')

    def payments_of(self, invoice, visible_only=False):
        """Return the payments of an invoice, oldest first."""
        return [
            payment for payment in self._store.all(Payment).values()
            if payment.invoice_id == invoice.invoice_id
            and (not visible_only or self._is_visible(payment))
        ]

    def payments_of_merchant(self, merchant):
        """Return the payments of a merchant that the API already shows, newest first."""
        return [
            payment for payment in reversed(self._store.all(Payment).values())
            if payment.merchant == merchant.username and self._is_visible(payment)
        ]

    def paid_amount(self, invoice, visible_only=False):
        """Return the sum of the PAID tögrög payments of an invoice."""
        return sum(
            (payment.amount for payment in self.payments_of(invoice, visible_only)
             if payment.status == PAID and payment.currency == 'MNT'),
            Decimal(0),
        )

    def refund(self, payment_id, merchant=None):
        """Give a payment back: for a merchant as §4.4 of the contract says, else in the portal."""
        payment = self.payment(payment_id, merchant)
        if merchant and payment.method == P2P:
            raise QPayRefusal('PAYMENT_SETTLED')
        if payment.status == REFUNDED:
            raise QPayRefusal('PAYMENT_ALREADY_CANCELED')
        if payment.status != PAID:
            raise QPayRefusal('PAYMENT_NOT_PAID')
        payment.status = REFUNDED
        payment.refunded_at = self._backend.now()
        self._store.save(payment)
        return payment

    def _is_visible(self, payment):
        return payment.visible_at <= self._backend.now()


def _of_merchant(thing, merchant, key):
    if not thing or (merchant and thing.merchant != merchant.username):
        raise not_found(key)
    return thing


def _digits(count):
    return str(secrets.choice(range(10 ** (count - 1), 10 ** count)))
