"""What scripts are answered in, and how they are refused what they may not see; who may is in
`qpay.intent`.
"""

from werkzeug.exceptions import abort

from odoo.http import request

# The page shows what only its payer may see, under an address that is a secret.
PAGE_HEADERS = {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex',
}
# Odoo's own answer to an exception would describe it.
_FORBIDDEN = {
    'jsonrpc': '2.0',
    'id': None,
    'error': {'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"}},
}


def get_page_language():
    """Return the language of the website's pages, which Odoo keeps in a cookie, for routes that
    belong to no website; before there is one, that of the request.

    :rtype: str
    """
    chosen = request.cookies.get('frontend_lang')
    return request.env['res.lang']._get_code(chosen) or request.env.lang


def refuse():
    """Refuse what a script has asked for: the same for a wrong token as for an unknown record.

    :raise HTTPException: Always, with status 403.
    """
    abort(request.make_json_response(_FORBIDDEN, status=403))
