"""What QPay is asked in several calls."""

from .asker import Question
from .errors import QPayRefused


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
