from odoo import models

from odoo.addons.payment_qpay import documents


class MailThread(models.AbstractModel):
    _inherit = 'mail.thread'

    def _message_track(self, fields_iter, initial_values_dict):
        """ Override of `mail` to have the live QRs ended of orders that have changed.

        The model of orders cannot be extended: `sale` may not be installed.
        """
        tracking = super()._message_track(fields_iter, initial_values_dict)
        if self._name in documents.BOOKING_MODELS:
            # Carts change often: what may still be paid is not touched.
            documents.get_live_intents(self).filtered(
                lambda intent: documents.of(intent._get_document()).get_end_reason(intent)
            )._look_soon()
        return tracking
