"""Invoices and payments: what there is and what may happen to it."""
import secrets
import uuid
from decimal import ROUND_HALF_UP, Decimal

from . import emv
from .errors import QPayRefusal, not_found
from .model import (
    CANCELED,
    CARD,
    CLOSED,
    OPEN,
    P2P,
    PAID,
    REFUNDED,
    Invoice,
    Payment,
    Subscription,
)

_CENT = Decimal('0.01')
_SHORT_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'


class Ledger:
    """All invoices, payments and subscriptions; its methods hold the lock while they work."""

    def __init__(self, settings, clock, lock, store):
        self._settings = settings
        self._clock = clock
        self._lock = lock
        self._store = store
        self.clear()

    # -- invoices (QPay contract §2 and §3)

    def create_invoice(self, merchant, order):
        """Create an invoice.

        :param Merchant merchant: whose it is.
        :param InvoiceOrder order: the checked request.
        :rtype: Invoice
        :raise QPayRefusal: the number was used before and the setting forbids that.
        """
        with self._lock:
            number = (merchant.username, order.sender_invoice_no)
            if self._settings.unique_sender_invoice_no and number in self._numbers:
                raise QPayRefusal('UNIQUE_ERROR', 409)
            now = self._clock.now()
            invoice = Invoice(
                invoice_id=str(uuid.uuid4()),
                merchant=merchant.username,
                invoice_code=order.invoice_code,
                sender_invoice_no=order.sender_invoice_no,
                description=order.description,
                callback_url=order.callback_url,
                amount=order.amount,
                qr_text=emv.build(
                    merchant, order.amount, secrets.token_urlsafe(15), self._settings.acquirer,
                ),
                short_id=''.join(secrets.choice(_SHORT_ALPHABET) for _ in range(9)),
                created_at=now,
                request=order.request,
                expires_at=self._expiry(order, now),
                allow_partial=order.allow_partial,
                allow_exceed=order.allow_exceed,
                minimum_amount=order.minimum_amount,
                maximum_amount=order.maximum_amount,
                is_tax_invoice=order.is_tax_invoice,
            )
            if order.subscription_interval:
                self._subscribe(invoice, order)
            self._add_invoice(invoice)
            self._save('invoice', invoice)
            return invoice

    def invoice(self, invoice_id, merchant=None):
        """Return an invoice; with a merchant, only one of theirs.

        :raise QPayRefusal: INVOICE_NOTFOUND, 422.
        """
        with self._lock:
            invoice = self._invoices.get(invoice_id)
            if not invoice or (merchant and invoice.merchant != merchant.username):
                raise not_found('INVOICE_NOTFOUND')
            return invoice

    def invoice_by_qr(self, qr_text, merchant=None):
        """Return the invoice of a QR text.

        :raise QPayRefusal: QRCODE_NOTFOUND, 422.
        """
        with self._lock:
            invoice_id = self._by_qr.get(qr_text)
            invoice = self._invoices.get(invoice_id)
            if not invoice or (merchant and invoice.merchant != merchant.username):
                raise not_found('QRCODE_NOTFOUND')
            return invoice

    def invoice_by_short_id(self, short_id):
        """Return the invoice of a short address.

        :raise QPayRefusal: INVOICE_NOTFOUND, 422.
        """
        with self._lock:
            return self.invoice(self._by_short_id.get(short_id))

    def invoices(self, status=None):
        """Return the invoices, oldest first; with a status, only these."""
        with self._lock:
            return [
                invoice for invoice in self._invoices.values()
                if status is None or invoice.status == status
            ]

    def cancel_invoice(self, invoice_id, merchant=None):
        """Cancel an invoice (QPay contract §3.2).

        :raise QPayRefusal: INVOICE_NOTFOUND, INVOICE_ALREADY_CANCELED or INVOICE_PAID.
        """
        with self._lock:
            invoice = self.invoice(invoice_id, merchant)
            if invoice.status == CANCELED:
                raise QPayRefusal('INVOICE_ALREADY_CANCELED')
            if invoice.status == CLOSED or self.paid_amount(invoice):
                raise QPayRefusal('INVOICE_PAID')
            invoice.status = CANCELED
            self._save('invoice', invoice)

    # -- payments (QPay contract §4)

    def pay(self, invoice_id, amount=None, method=P2P, status=PAID, currency='MNT', fee=None):
        """Record a payment, whatever the state of the invoice: money can always arrive.

        :param Decimal amount: what was paid; by default the invoice's amount.
        :param Decimal fee: the merchant's cost; by default ``fee_rate`` of the amount.
        :rtype: Payment
        :raise QPayRefusal: INVOICE_NOTFOUND.
        """
        with self._lock:
            invoice = self.invoice(invoice_id)
            amount = invoice.amount if amount is None else amount
            if fee is None:
                fee = (amount * Decimal(self._settings.fee_rate)).quantize(_CENT, ROUND_HALF_UP)
            now = self._clock.now()
            payment = Payment(
                payment_id=self._payment_id(method),
                invoice_id=invoice.invoice_id,
                merchant=invoice.merchant,
                amount=amount,
                fee=fee,
                currency=currency,
                method=method,
                status=status,
                transaction_id=_digits(15),
                paid_at=now,
                visible_at=now + self._settings.visibility_delay,
                refunded_at=now if status == REFUNDED else None,
            )
            self._add_payment(payment)
            self._save('payment', payment)
            if invoice.status == OPEN and self.paid_amount(invoice) >= invoice.amount:
                invoice.status = CLOSED
                self._save('invoice', invoice)
            return payment

    def payment(self, payment_id, merchant=None):
        """Return a payment; with a merchant, only one of theirs that the API already shows.

        :raise QPayRefusal: PAYMENT_NOTFOUND, 422.
        """
        with self._lock:
            payment = self._payments.get(payment_id)
            hidden = merchant and payment and (
                payment.merchant != merchant.username or not self._visible(payment)
            )
            if not payment or hidden:
                raise not_found('PAYMENT_NOTFOUND')
            return payment

    def payments_of(self, invoice, visible_only=False):
        """Return the payments of an invoice, oldest first."""
        with self._lock:
            payments = [self._payments[key] for key in self._by_invoice.get(invoice.invoice_id, ())]
            return [item for item in payments if not visible_only or self._visible(item)]

    def payments_of_merchant(self, merchant):
        """Return the payments of a merchant that the API already shows, newest first."""
        with self._lock:
            return [
                payment for payment in reversed(self._payments.values())
                if payment.merchant == merchant.username and self._visible(payment)
            ]

    def paid_amount(self, invoice, visible_only=False):
        """Return the sum of the PAID tögrög payments of an invoice."""
        return sum(
            (payment.amount for payment in self.payments_of(invoice, visible_only)
             if payment.status == PAID and payment.currency == 'MNT'),
            Decimal(0),
        )

    def refund_by_merchant(self, payment_id, merchant):
        """Cancel or refund a card payment in full (QPay contract §4.4).

        :raise QPayRefusal: PAYMENT_NOTFOUND, PAYMENT_SETTLED for a transfer,
            PAYMENT_ALREADY_CANCELED or PAYMENT_NOT_PAID.
        """
        with self._lock:
            payment = self.payment(payment_id, merchant)
            if payment.method == P2P:
                raise QPayRefusal('PAYMENT_SETTLED')
            return self.refund(payment_id)

    def refund(self, payment_id):
        """Give a payment back, as the merchant or QPay's people can in the portal.

        :raise QPayRefusal: PAYMENT_NOTFOUND, PAYMENT_ALREADY_CANCELED or PAYMENT_NOT_PAID.
        """
        with self._lock:
            payment = self.payment(payment_id)
            if payment.status == REFUNDED:
                raise QPayRefusal('PAYMENT_ALREADY_CANCELED')
            if payment.status != PAID:
                raise QPayRefusal('PAYMENT_NOT_PAID')
            payment.status = REFUNDED
            payment.refunded_at = self._clock.now()
            self._save('payment', payment)
            return payment

    # -- subscriptions (QPay contract §4.6)

    def subscription(self, subscription_id, merchant):
        """Return a merchant's subscription.

        :raise QPayRefusal: SUBSCRIPTION_NOTFOUND, 422.
        """
        with self._lock:
            found = self._subscriptions.get(subscription_id)
            if not found or found.merchant != merchant.username:
                raise not_found('SUBSCRIPTION_NOTFOUND')
            return found

    def stop_subscription(self, subscription_id, merchant):
        """End a subscription.

        :raise QPayRefusal: SUBSCRIPTION_NOTFOUND, 422.
        """
        with self._lock:
            found = self.subscription(subscription_id, merchant)
            found.is_active = False
            self._save('subscription', found)

    # -- the state file

    def restore(self, kind, record):
        """Take one record of the state file; a later one about the same thing replaces it."""
        if kind == 'invoice':
            self._add_invoice(Invoice.from_record(record))
        elif kind == 'payment':
            self._add_payment(Payment.from_record(record))
        else:
            subscription = Subscription.from_record(record)
            self._subscriptions[subscription.subscription_id] = subscription

    def records(self):
        """Yield (kind, record) of everything."""
        for kind, things in (
            ('invoice', self._invoices),
            ('payment', self._payments),
            ('subscription', self._subscriptions),
        ):
            for thing in things.values():
                yield kind, thing.to_record()

    def clear(self):
        """Forget everything."""
        self._invoices, self._payments, self._subscriptions = {}, {}, {}
        self._by_qr, self._by_short_id, self._by_invoice, self._numbers = {}, {}, {}, set()

    # -- inside

    def _add_invoice(self, invoice):
        self._invoices[invoice.invoice_id] = invoice
        self._by_qr[invoice.qr_text] = invoice.invoice_id
        self._by_short_id[invoice.short_id] = invoice.invoice_id
        self._numbers.add((invoice.merchant, invoice.sender_invoice_no))

    def _add_payment(self, payment):
        if payment.payment_id not in self._payments:
            self._by_invoice.setdefault(payment.invoice_id, []).append(payment.payment_id)
        self._payments[payment.payment_id] = payment

    def _subscribe(self, invoice, order):
        subscription = Subscription(
            subscription_id=str(uuid.uuid4()),
            merchant=invoice.merchant,
            invoice_id=invoice.invoice_id,
            interval=order.subscription_interval,
            webhook=order.subscription_webhook,
            created_at=invoice.created_at,
        )
        invoice.subscription_id = subscription.subscription_id
        self._subscriptions[subscription.subscription_id] = subscription
        self._save('subscription', subscription)

    def _expiry(self, order, now):
        lifetime = self._settings.invoice_lifetime
        if order.enable_expiry and order.expires_at is not None:
            return order.expires_at
        if order.enable_expiry is False or lifetime is None:
            return None
        return now + lifetime

    def _payment_id(self, method):
        if method == CARD:
            return str(uuid.uuid4())
        while True:
            number = _digits(15)
            if number not in self._payments:
                return number

    def _visible(self, payment):
        return payment.visible_at <= self._clock.now()

    def _save(self, kind, thing):
        self._store.append(kind, thing.to_record())


def _digits(count):
    first = secrets.choice('123456789')
    return first + ''.join(secrets.choice('0123456789') for _ in range(count - 1))
