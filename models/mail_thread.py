from odoo import models

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.locking import post_messages


class MailThread(models.AbstractModel):
    _inherit = 'mail.thread'

    def _message_track(self, fields_iter, initial_values_dict):
        """ Override of `mail` to have the open QRs ended of orders that have changed.

        The model of orders cannot be extended: `sale` may not be installed.
        """
        tracking = super()._message_track(fields_iter, initial_values_dict)
        document = documents.of(self)
        if document.is_tracked:
            # Carts change often: what may still be paid is not touched.
            document.find_open_intents().filtered(
                lambda intent: documents.of(intent._get_document()).get_closing_reason(intent)
            )._enqueue_recheck()
        return tracking

    def message_post(self, **kwargs):
        """ Override of `mail` to let no message keep a payment of QPay out of the books. """
        return post_messages(self.env, super().message_post, **kwargs)

    def message_post_with_source(self, source_ref, **kwargs):
        """ Override of `mail` to let no e-mail keep a payment of QPay out of the books. """
        return post_messages(self.env, super().message_post_with_source, source_ref, **kwargs)
