import hashlib

from odoo import fields, models

# What may change of a QR's state as long as it can be paid.
_CHANGING = ('state', 'amount_paid', 'expires_at', 'message')


class QPayIntent(models.Model):
    """What those are told who ask for the state of a QR again and again."""

    _inherit = 'qpay.intent'

    def _get_news(self, known=None):
        """Do what is due for this QR, and return what has changed of its state.

        Its document is looked at once a minute at most by who asks with what is known.

        :param str known: The `version` of what is known; '' if nothing is, None to be told all.
        :return: Nothing without news; else what has changed and the `version` of it. See
            `_get_status_payload`, which is the answer to None.
        :rtype: dict
        """
        self.ensure_one()
        self._refresh_for_viewer(with_document=known != self._get_version())
        if known is None:
            return self._get_status_payload()
        version = self._get_version()
        if known == version:
            return {}
        values = self._get_status_payload()
        # The first letter says whether there is a QR, which itself never changes.
        keys = _CHANGING if version[0] == str(known)[:1] else values
        return {**{key: values[key] for key in keys}, 'version': version}

    def _get_version(self):
        """Return what stands for the state of this QR, in this minute and language.

        :rtype: str
        """
        self.ensure_one()
        shown = (
            self.id, self.state, self.state_message, self.amount_paid, self.expires_at,
            self.env.lang,
        )
        fingerprint = hashlib.sha256(repr(shown).encode()).hexdigest()[:12]
        # Not all QRs have their documents looked at in the same second.
        minute = int((fields.Datetime.now().timestamp() + self.id) // 60)
        return f'{"q" if self._has_open_qr() else "-"}{fingerprint}.{minute}'
