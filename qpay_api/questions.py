"""What QPay is asked in several calls."""

from collections import defaultdict

from .asker import Question
from .errors import QPayRefused, QPayUnknownOutcome
from .parsing import is_uuid, parse_payment


class PaidQuestion(Question):
    """What was paid for an invoice, as far as it is not known yet, and when (QPay contract §4.1,
    §4.2). If the answer to the creation of the invoice was lost, the invoice is looked for first.

    :param str number: Our number of the invoice.
    :param str invoice_id: QPay's id of the invoice; '' if it is not known.
    :param known_ids: QPay's ids of the payments that are known.
    :param announced_ids: The payments by which an unknown invoice is looked for.
    """

    def __init__(self, number, invoice_id, known_ids=(), announced_ids=()):
        super().__init__()
        self.invoice_id = invoice_id
        #: Whether the invoice was found by a payment.
        self.is_found = False
        #: The verified `Payment` values; without a moment where QPay does not tell it.
        self.payments = []
        self._number = number
        self._known_ids = frozenset(known_ids)
        self._announced_ids = list(announced_ids)
        self._undated = None

    def ask(self, client):
        """ Override of `Question`. """
        self._find_invoice(client)
        if not self.invoice_id:
            return
        if self._undated is None:
            paid = client.check_payment(self.invoice_id).paid_payments
            self._undated = [one for one in paid if one.payment_id not in self._known_ids]
        while self._undated:
            self.payments.append(client.date_payment(self._undated[0]))
            del self._undated[0]

    def take_answer_of(self, listed, qr_text, amount):
        """Take over what a list says of the invoice, if that is clear.

        :param ListedQuestion listed: The list.
        :param str qr_text: The text of the invoice's QR.
        :param Decimal amount: The amount of the invoice.
        :return: Whether it need not be asked.
        :rtype: bool
        """
        payments = listed.find_paid(qr_text, self.invoice_id, amount)
        unseen = set(self._announced_ids) - {payment.payment_id for payment in payments}
        if not payments or unseen or self._known_ids:
            return False
        self.payments = payments
        return True

    def _find_invoice(self, client):
        """Find the invoice by the payments that were announced for it: it carries our own number
        (QPay contract §3.1, §4.2).
        """
        while self._announced_ids and not self.invoice_id:
            invoice_id = self._get_invoice_of(client, self._announced_ids[0])
            if invoice_id and client.get_sender_invoice_no(invoice_id) == self._number:
                self.invoice_id, self.is_found = invoice_id, True
            del self._announced_ids[0]

    @staticmethod
    def _get_invoice_of(client, payment_id):
        """Return QPay's id of the invoice that a payment paid; '' if there is no such payment."""
        try:
            return client.get_payment(payment_id).invoice_id
        except QPayRefused as error:
            if error.key == 'PAYMENT_NOTFOUND':
                return ''
            raise


class ListedQuestion(Question):
    """What was paid within a short time, for whatever QR (QPay contract §4.3): a few calls for each
    invoice code, mostly one, instead of some for each QR.

    :param list invoice_codes: QPay's codes of the merchant's invoices.
    :param datetime start: The beginning of the time, in Ulaanbaatar's time.
    :param datetime end: The end of the time, in Ulaanbaatar's time.
    :param int max_calls: How many calls are worth while for each of them.
    """

    is_optional = True

    def __init__(self, invoice_codes, start, end, max_calls=1):
        super().__init__()
        self._codes = list(invoice_codes)
        self._period = start, end
        self._max_calls = max_calls
        # The payments by the text of the QR that they name; None for a row that cannot be read.
        self._payments = defaultdict(list)

    def ask(self, client):
        """ Override of `Question`. """
        while self._codes:
            for row in client.list_rows(self._codes[0], *self._period, self._max_calls):
                qr_text = row.get('qr_code') if isinstance(row, dict) else None
                if isinstance(qr_text, str):
                    self._payments[qr_text].append(_read(row))
            del self._codes[0]

    def find_paid(self, qr_text, invoice_id, amount):
        """Return the payments of a QR, if it is clear that they pay it once and in full.

        :param str qr_text: The text of the QR.
        :param str invoice_id: QPay's id of its invoice.
        :param Decimal amount: Its amount.
        :return: The `Payment` values; none if they do not, or a row says too little, or other than
            money.
        :rtype: list
        """
        payments = self._payments.get(qr_text, [])
        is_clear = all(
            payment and payment.is_clear and _may_pay(payment, invoice_id) for payment in payments
        )
        if not is_clear or sum(payment.amount for payment in payments) != amount:
            return []
        is_each_once = len({payment.payment_id for payment in payments}) == len(payments)
        return payments if is_each_once else []


def _read(row):
    """Return the payment of a row; None if it cannot be read."""
    try:
        return parse_payment(row)
    except QPayUnknownOutcome:
        return None


def _may_pay(payment, invoice_id):
    """Whether a payment of the list names no other invoice: some rows name the code (§4.3)."""
    return payment.invoice_id == invoice_id or not is_uuid(payment.invoice_id)
