from odoo.tools import consteq, hmac

_LINK_SCOPE = 'payment_qpay-document'
# 128 bits, in as few characters as a text message and a printed QR like.
_LINK_TOKEN_LENGTH = 32


class PermanentLink:
    """The address that leads to the payment of a document for ever."""

    # The kind of the document as its link calls it; None if it has no link.
    link_name = None

    def get_link(self):
        """Return the address that leads to the payment of this document for ever; '' if QPay does
        not collect it.

        :rtype: str
        """
        has_link = self.link_name and len(self.records) == 1
        provider = has_link and self.find_provider(is_for_payer=True)
        if not provider:
            return ''
        base_url = provider._qpay_callback_base_url()
        return f'{base_url}/payment/qpay/link/{self.link_name}/{self.records.id}/{self._token}'

    def is_opened_by(self, token):
        """Whether a token, as it came over the wire, is the one of this document's link.

        :param str token: The token.
        :rtype: bool
        """
        # An unknown document costs the same comparison as a known one.
        is_authentic = consteq(str(token).encode(errors='replace'), self._token.encode())
        return bool(self.records) and is_authentic

    @property
    def _token(self):
        identity = (self.records._name, self.records.id)
        return hmac(self.env(su=True), _LINK_SCOPE, identity)[:_LINK_TOKEN_LENGTH]
