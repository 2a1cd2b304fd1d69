from odoo import fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.utils import PATIENCE_SECONDS, lock_afresh, try_apart


class QPayIntent(models.Model):
    """How the recorded payments of QRs are booked, whoever has recorded them."""

    _inherit = 'qpay.intent'

    def _book_waiting(self):
        """Book the recorded payments of these QRs that are not booked yet: together where that
        costs less, the others one QR after the other. Who is in the way of one holds up no other.

        :return: The QRs of which that was done; those of another process are left to it.
        :rtype: qpay.intent
        """
        together = self.filtered(
            lambda intent: intent._get_recorded_payments()._can_be_booked_together()
        )
        booked = try_apart(self.env, together._book_at_once) if together else together
        if booked is None:
            booked = together = self.browse()
        for intent in self - together:
            booked |= try_apart(self.env, intent._book_at_once) or self.browse()
        if booked != self:
            self.env['qpay.callback']._trigger(fields.Datetime.now() + const.CALLBACK_LEASE)
            self.env.cr.commit()
        return booked

    def _book_at_once(self):
        """Book the recorded payments of these QRs in one transaction.

        :return: The QRs of which that was done; those of another process are left to it.
        :rtype: qpay.intent
        """
        locked = lock_afresh(self, PATIENCE_SECONDS)
        waiting = locked._get_recorded_payments()
        # In the order of their record, in which it was decided which of them is one too many.
        waiting.sorted('id')._settle()
        (waiting.intent_id | locked._update_state())._notify_viewers()
        self.env.cr.commit()
        return locked

    def _get_recorded_payments(self):
        """Return the payments of these QRs that are recorded, and wait to be booked."""
        return self.payment_ids.filtered(lambda payment: payment.state == 'to_settle')
