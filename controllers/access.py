"""Who may see which QR: the routes are public, and opened by tokens alone."""

from werkzeug.exceptions import abort

from odoo import SUPERUSER_ID
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.payment_qpay import documents

# Odoo's own answer to an exception would describe it.
_FORBIDDEN = {
    'jsonrpc': '2.0',
    'id': None,
    'error': {'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"}},
}


def find_intent(intent_id, token, field_name='access_token'):
    """Return the intent that a token opens, to act as the system; empty if it opens none.

    :param intent_id: The id as it came over the wire.
    :param str token: The token as it came over the wire.
    :param str field_name: The field that holds the authentic token.
    :rtype: qpay.intent
    """
    intents = request.env['qpay.intent'].with_user(SUPERUSER_ID)
    intent = intents.browse(to_id(intent_id)).exists()
    # An unknown intent costs the same comparison as a known one.
    authentic_token = intent[field_name] or '-'
    # What came over the wire may be a text that cannot be encoded.
    sent_token = str(token or '').encode(errors='replace')
    is_authentic = consteq(sent_token, authentic_token.encode())
    return intent if intent and is_authentic else intents


def find_visible_intent(intent_id):
    """Return an intent that the signed-in user may see, to act as the system; empty if the user
    may not see it or it does not exist.

    :param intent_id: The id as it came over the wire.
    :rtype: qpay.intent
    """
    intent = request.env['qpay.intent'].browse(to_id(intent_id)).exists()
    is_visible = intent and intent._is_visible_to_user()
    # A public route would else speak the language of the website.
    return (intent if is_visible else intent.browse()).with_user(SUPERUSER_ID).with_context(
        lang=request.env.user.lang
    )


def find_payer(kind, record_id, token):
    """Return whose page an address opens; empty if it opens none.

    :param str kind: The kind of the document of a permanent link; None for the page of a QR.
    :param str record_id: The document, or the intent.
    :param str token: What opens it.
    :rtype: res.partner
    """
    env = request.env(user=SUPERUSER_ID)
    if not kind:
        return find_intent(record_id, token).partner_id
    document = documents.of_link(env, kind, to_id(record_id), token)
    return document.partner if document else env['res.partner']


def refuse():
    """Refuse what a script has asked for: the same for a wrong token as for an unknown record.

    :raise HTTPException: Always, with status 403.
    """
    abort(request.make_json_response(_FORBIDDEN, status=403))


def to_id(value):
    """Return an id of a record from what came over the wire; 0 if it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
