from odoo import models

from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, isolated, lock_in_new_transaction


class QPayIntent(models.Model):
    """How the pending payments of QRs are settled, whoever has recorded them."""

    _inherit = 'qpay.intent'

    def _settle_pending(self):
        """Settle the pending payments of these QRs: together where that costs less, the others one
        QR after the other. Who is in the way of one holds up no other.

        :return: The QRs of which that was done; those of another process are left to it.
        :rtype: qpay.intent
        """
        # What is alone is read once only, under its lock.
        together = self if len(self) == 1 else self.filtered(
            lambda intent: intent._get_pending_payments()._can_be_settled_together()
        )
        settled = isolated(self.env, together._settle_at_once) if together else together
        if settled is None:
            settled = together = self.browse()
        for intent in self - together:
            settled |= isolated(self.env, intent._settle_at_once) or self.browse()
        if settled != self:
            self.env['qpay.payment']._trigger_settlement()
            self.env.cr.commit()
        return settled

    def _settle_at_once(self):
        """Settle the pending payments of these QRs in one transaction.

        :return: The QRs of which that was done; those of another process are left to it.
        :rtype: qpay.intent
        """
        locked = lock_in_new_transaction(self, LOCK_TIMEOUT)
        waiting = locked._get_pending_payments()
        # In the order of their record, in which it was decided which of them is one too many.
        waiting.sorted('id')._settle_pending()
        (waiting.intent_id | locked._update_state())._notify_viewers()
        self.env.cr.commit()
        return locked

    def _get_pending_payments(self):
        """Return the payments of these QRs that are recorded, and not settled yet."""
        return self.payment_ids.filtered(lambda payment: payment.state == 'to_settle')

    def _get_document_share(self, amount):
        """Return which amount of the document money of this QR pays, in the document's currency.

        :param float amount: The money, in tögrög.
        :rtype: float
        """
        self.ensure_one()
        return self.document_currency_id.round(self.document_amount * amount / self.amount)
