from .document import Document


class TransactionDocument(Document):
    """A transaction that pays nothing else than itself."""

    def get_unpaid_amount(self):
        """Return what is unpaid: all or nothing."""
        return 0 if self.records.state in ('authorized', 'done') else self.records.amount

    def get_waiting_amount(self):
        """Return what QPay has confirmed: a QR that renews another one has a transaction of its
        own.
        """
        intents = self.env['qpay.intent'].sudo().search(self._get_intent_domain())
        return sum(intents.mapped('amount_paid'))

    def get_change(self, intent):
        """Return that nothing has changed: what a transaction asks for is its own."""
        return ''

    def get_closing_reason(self, intent):
        """Return why an open QR must no longer be paid: the transaction is gone."""
        return '' if self.records else self.get_blocking_reason()

    def is_surplus(self, row):
        """Return that no money is more than it takes: it owes nothing beyond its own payments."""
        return False
