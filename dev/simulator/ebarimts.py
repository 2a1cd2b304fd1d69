"""The VAT receipts: what there is and what may happen to it (QPay contract §5)."""
import secrets
import uuid

from .errors import FieldRefusal, QPayRefusal, TaxSystemBusy, not_found
from .model import CANCELED, CITIZEN, PAID, REGISTERED, V1, V3, Ebarimt
from .receipt_items import items_of, tax_type_of, total_of
from .schema import REQUIRED

_LOTTERY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
#: How long the text of the receipt's QR was in samples.
_QR_DIGITS = {V1: 310, V3: 157}
_NUMBER_DIGITS = 33


class EbarimtBook:
    """All receipts."""

    def __init__(self, backend):
        self._backend = backend
        self._store = backend.store

    def issue(self, order, merchant=None):
        """Make the receipt of a payment.

        :param Merchant merchant: who asks; None stands for the payer's own bank or QPay's portal.
        :raise QPayRefusal: EBARIMT_NOT_REGISTERED, PAYMENT_NOTFOUND, PAYMENT_NOT_PAID, or
            EBARIMT_ALREADY_REGISTERED if the settings say so.
        :raise FieldRefusal: neither the request nor the invoice says the codes.
        """
        settings, ledger = self._backend.settings, self._backend.ledger
        payment = ledger.payment(order.payment_id, merchant)
        seller = self._backend.merchants[payment.merchant]
        if not (seller.has_ebarimt and settings.ebarimt_enabled):
            raise QPayRefusal('EBARIMT_NOT_REGISTERED')
        if payment.status != PAID:
            raise QPayRefusal('PAYMENT_NOT_PAID')
        known = self._valid_of(payment.payment_id)
        if known and settings.ebarimt_repeated == 'same':
            return known
        if known and settings.ebarimt_repeated == 'refuse':
            raise QPayRefusal('EBARIMT_ALREADY_REGISTERED')
        invoice = ledger.invoice(payment.invoice_id)
        if merchant and order.generation == V3 and settings.ebarimt_codes_required:
            _check_codes(order, invoice)
        receipt = self._make(order, payment, invoice, seller)
        receipt.issued_by = 'merchant' if merchant else 'portal'
        self._store.save(receipt)
        return receipt

    def read(self, key, merchant):
        """Return a receipt, by the id that the settings allow.

        :raise QPayRefusal: BARIMT_NOT_FOUND, 422.
        """
        receipt = self._find(key, self._backend.settings.ebarimt_read_id, merchant)
        if not receipt:
            raise not_found('BARIMT_NOT_FOUND')
        return receipt

    def cancel(self, key, generation, merchant, note=None):
        """Cancel a receipt, by the id that the settings allow.

        :raise QPayRefusal: SYSTEM_BUSY for an unknown id, EBARIMT_CANCEL_NOTSUPPERDED, or
            EBARIMT_NOT_REGISTERED if it was cancelled before.
        :raise FieldRefusal: there is no note, and the settings want one.
        """
        settings = self._backend.settings
        kind = settings.ebarimt_v1_cancel_id if generation == V1 else settings.ebarimt_v3_cancel_id
        if settings.ebarimt_cancel_note_required and not note:
            raise FieldRefusal({'note': REQUIRED})
        if not settings.ebarimt_cancel_supported:
            raise QPayRefusal('EBARIMT_CANCEL_NOTSUPPERDED')
        receipt = self._find(key, kind, merchant)
        if not receipt:
            raise TaxSystemBusy
        return self._cancel(receipt, note)

    def cancel_in_portal(self, ebarimt_id):
        """Cancel a receipt without telling anybody.

        :raise QPayRefusal: BARIMT_NOT_FOUND or EBARIMT_NOT_REGISTERED.
        """
        receipt = self._store.all(Ebarimt).get(ebarimt_id)
        if not receipt:
            raise not_found('BARIMT_NOT_FOUND')
        return self._cancel(receipt)

    def receipts(self, payment_id=None):
        """Return the receipts, oldest first; with a payment, only its own."""
        receipts = self._store.all(Ebarimt).values()
        return [receipt for receipt in receipts if payment_id in (None, receipt.payment_id)]

    def _valid_of(self, payment_id):
        valid = [item for item in self.receipts(payment_id) if item.status == REGISTERED]
        return valid[-1] if valid else None

    def _find(self, key, kind, merchant):
        """Return a merchant's receipt by its own id or its payment's; of several the valid one."""
        found = None
        if kind in ('receipt', 'both'):
            found = self._store.all(Ebarimt).get(key)
        if not found and kind in ('payment', 'both'):
            found = self._valid_of(key) or next(reversed(self.receipts(key)), None)
        return found if found and found.merchant == merchant.username else None

    def _make(self, order, payment, invoice, seller):
        settings = self._backend.settings
        items = items_of(payment, invoice, order, settings)
        head = (seller.tin if order.generation == V3 else seller.register).zfill(12)
        return Ebarimt(
            ebarimt_id=str(uuid.uuid4()), generation=order.generation, merchant=seller.username,
            payment_id=payment.payment_id, invoice_id=invoice.invoice_id,
            receiver_type=order.receiver_type, receiver=order.receiver,
            district_code=order.district_code or invoice.request.get('district_code'),
            tax_type=tax_type_of(invoice, settings), amount=payment.amount,
            vat_amount=total_of(items, 'vat_amount'),
            city_tax_amount=total_of(items, 'city_tax_amount'), items=items,
            receipt_no=head + _digits(_NUMBER_DIGITS - len(head)),
            lottery=_lottery() if order.receiver_type == CITIZEN else '',
            qr_data=_digits(_QR_DIGITS[order.generation]),
            created_at=self._backend.now(),
        )

    def _cancel(self, receipt, note=None):
        if receipt.status == CANCELED:
            raise QPayRefusal('EBARIMT_NOT_REGISTERED')
        receipt.status, receipt.note = CANCELED, note
        receipt.cancelled_at = self._backend.now()
        self._store.save(receipt)
        return receipt


def _check_codes(order, invoice):
    """Make sure that v3 knows district and classification: from the request or the invoice."""
    missing = [
        name for name in ('district_code', 'classification_code')
        if not getattr(order, name) and not invoice.is_tax_invoice
    ]
    if missing:
        raise FieldRefusal(dict.fromkeys(missing, REQUIRED))


def _digits(count):
    return ''.join(secrets.choice('0123456789') for _ in range(count))


def _lottery():
    letters = ''.join(secrets.choice(_LOTTERY_LETTERS) for _ in range(2))
    return f'{letters} {_digits(8)}'
