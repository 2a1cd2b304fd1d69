from odoo import models

from odoo.addons.payment_qpay.models.ir_websocket import SUBCHANNEL


class QPayIntent(models.Model):
    """Bus notifications to whoever watches a QR or its document."""

    _inherit = 'qpay.intent'

    def _notify_viewers(self, with_documents=True):
        """Tell whoever looks at these QRs to look again, as soon as this transaction is committed.

        The message says no more than that: who hears it asks by a way that checks what may be seen.

        :param bool with_documents: Whether their documents may have changed, too.
        :return: None
        """
        for intent in self:
            intent._send_change(intent)
            if with_documents:
                for record in intent._get_document():
                    intent._send_change(record, document=f'{record._name}/{record.id}')

    def _send_change(self, record, **values):
        self.env['bus.bus']._sendone(
            (record, SUBCHANNEL), 'payment_qpay/changed', {'intent_id': self.id, **values}
        )
