"""How scripts are refused what they may not see; who may is in `qpay.intent`."""

from werkzeug.exceptions import abort

from odoo.http import request

# Odoo's own answer to an exception would describe it.
_FORBIDDEN = {
    'jsonrpc': '2.0',
    'id': None,
    'error': {'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"}},
}


def refuse():
    """Refuse what a script has asked for: the same for a wrong token as for an unknown record.

    :raise HTTPException: Always, with status 403.
    """
    abort(request.make_json_response(_FORBIDDEN, status=403))
