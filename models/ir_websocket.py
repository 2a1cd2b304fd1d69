import re
from collections import defaultdict

from odoo import models
from odoo.tools import consteq

from odoo.addons.payment_qpay import documents

# What of a record's messages is QPay's: who hears these need not hear others.
SUBCHANNEL = 'payment_qpay'

_PREFIX = 'payment_qpay.'
# An id that is longer is none that the database can hold.
_INTENT = re.compile(r'payment_qpay\.intent/([0-9]{1,9})(?:/(.*))?', re.DOTALL)
_DOCUMENT = re.compile(r'payment_qpay\.document/([a-z0-9_.]+)/([0-9]{1,9})')


class IrWebsocket(models.AbstractModel):
    """Access control of the bus channels of QRs and of their documents.

    What a client asks to hear is a text that anybody can write, so messages are sent to records,
    and the text leads to the record only for who may see it.
    """

    _inherit = 'ir.websocket'

    def _build_bus_channel_list(self, channels):
        """ Override of `bus` to replace QPay's channels by those that the user may hear. """
        own, others = [], []
        for channel in channels:
            is_own = isinstance(channel, str) and channel.startswith(_PREFIX)
            (own if is_own else others).append(channel)
        others += [(record, SUBCHANNEL) for record in self._qpay_get_audible_records(own)]
        return super()._build_bus_channel_list(others)

    def _qpay_get_audible_records(self, names):
        """Return the QRs and documents that the user may hear of.

        :param list[str] names: The channels as they came over the wire.
        :rtype: list
        """
        tokens_by_id, document_ids = defaultdict(set), defaultdict(set)
        for name in names:
            if match := _INTENT.fullmatch(name):
                tokens_by_id[int(match[1])].add(match[2])
            elif (match := _DOCUMENT.fullmatch(name)) and documents.is_asked_for(
                self.env, match[1]
            ):
                document_ids[match[1]].add(int(match[2]))
        return [
            *self._qpay_get_audible_intents(tokens_by_id),
            *self._qpay_get_audible_documents(document_ids),
        ]

    def _qpay_get_audible_intents(self, tokens_by_id):
        intents = self.env['qpay.intent'].browse(tokens_by_id).exists()
        return intents.filtered(
            lambda intent: any(
                intent._is_visible_to_user() if token is None else consteq(
                    # What came over the wire may be a text that cannot be encoded.
                    token.encode(errors='replace'), intent.sudo().access_token.encode()
                )
                for token in tokens_by_id[intent.id]
            )
        )

    def _qpay_get_audible_documents(self, document_ids):
        # Customers read their documents, too; they hear of a QR by its token.
        if not document_ids or not self.env.user._is_internal():
            return
        for model, ids in document_ids.items():
            yield from self.env[model].browse(ids).exists()._filtered_access('read')
