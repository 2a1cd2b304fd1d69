from odoo import SUPERUSER_ID, api, models
from odoo.tools import consteq

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.checks import check_accountant, has_ids, is_accountant, to_id


class QPayIntent(models.Model):
    """Who may see and operate which QR: employees by their rights, payers by tokens alone."""

    _inherit = 'qpay.intent'

    # === PAYERS === #

    @api.model
    def _find_by_token(self, intent_id, token, field_name='access_token'):
        """Return the intent that a token opens, to act as the system; empty if it opens none.

        :param intent_id: The id as it came over the wire.
        :param str token: The token as it came over the wire.
        :param str field_name: The field that holds the authentic token.
        :rtype: qpay.intent
        """
        intents = self.with_user(SUPERUSER_ID).browse()
        intent = intents.search_fetch([('id', '=', to_id(intent_id))])
        # An unknown intent costs the same comparison as a known one.
        authentic_token = intent[field_name] or '-'
        # What came over the wire may be a text that cannot be encoded.
        sent_token = str(token or '').encode(errors='replace')
        is_authentic = consteq(sent_token, authentic_token.encode())
        return intent if intent and is_authentic else intents

    @api.model
    def _find_payer(self, kind, record_id, token):
        """Return whose page an address opens; empty if it opens none.

        :param str kind: The kind of the document of a permanent link; None for the page of a QR.
        :param str record_id: The document, or the intent.
        :param str token: What opens it.
        :rtype: res.partner
        """
        if not kind:
            return self._find_by_token(record_id, token).partner_id
        env = self.env(user=SUPERUSER_ID)
        document = documents.of_link(env, kind, to_id(record_id), token)
        return document.partner if document else env['res.partner']

    # === EMPLOYEES === #

    @api.model
    def _find_visible(self, intent_id):
        """Return an intent that the user may see, to act as the system; empty if the user may not
        see it or it does not exist.

        :param intent_id: The id as it came over the wire.
        :rtype: qpay.intent
        """
        intent = self.browse(to_id(intent_id)).exists()
        is_visible = intent and intent._is_visible_to_user()
        # A public route would else speak the language of the website.
        return (intent if is_visible else intent.browse()).with_user(SUPERUSER_ID).with_context(
            lang=self.env.user.lang
        )

    def _is_visible_to_user(self):
        """Whether the user may watch this QR, which leads to its payer's page, and act on it: as an
        accountant, or as who may change its document.

        :rtype: bool
        """
        self.ensure_one()
        is_readable = is_accountant(self.env) and self.has_access('read')
        return is_readable or self._is_document_writable()

    def _check_operator(self):
        """Make sure that the user may act on this QR, for the same reasons.

        :raise AccessError: If not.
        """
        if not has_ids(self) or not self._is_document_writable():
            check_accountant(self)

    def _is_document_writable(self):
        intent = self.sudo().exists()
        document = intent and intent._get_document().with_env(self.env)
        return bool(document) and document.has_access('write')
