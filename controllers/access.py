"""Who may see which QR: the routes are public, and opened by tokens alone."""

from werkzeug.exceptions import abort

from odoo import SUPERUSER_ID
from odoo.http import request

from odoo.addons.payment_qpay.checks import to_id

# Odoo's own answer to an exception would describe it.
_FORBIDDEN = {
    'jsonrpc': '2.0',
    'id': None,
    'error': {'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"}},
}


def find_intent(intent_id, token, field_name='access_token'):
    """Return the intent that a token opens, see `qpay.intent._find_by_token`."""
    return request.env['qpay.intent']._find_by_token(intent_id, token, field_name)


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


def refuse():
    """Refuse what a script has asked for: the same for a wrong token as for an unknown record.

    :raise HTTPException: Always, with status 403.
    """
    abort(request.make_json_response(_FORBIDDEN, status=403))
