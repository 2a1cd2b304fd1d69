import re

from odoo import models
from odoo.http import request

_PAYER_PAGE = re.compile(
    r'/payment/qpay/(?:pay|link/(?P<kind>[a-z]+))/(?P<record_id>[0-9]{1,9})/(?P<token>[^/]+)'
    r'(?:/qr\.png)?'
)


class IrHttp(models.AbstractModel):
    _inherit = 'ir.http'

    @classmethod
    def _match(cls, path):
        """ Override of `http_routing` to greet payers in the language that the company knows of
        them, in place of the browser's, as long as nobody has chosen another one.
        """
        is_decided = hasattr(request, 'is_frontend') or request.cookies.get('frontend_lang')
        page = not is_decided and _PAYER_PAGE.fullmatch(path)
        if page:
            payer = request.env['qpay.intent']._find_payer(**page.groupdict())
            if payer.lang in dict(payer.env['res.lang'].get_installed()):
                request.update_context(lang=payer.lang)
        return super()._match(path)

    @classmethod
    def _dispatch(cls, endpoint):
        """ Override of `base` to leave out a parameter that is called like what Python hands over
        to every controller: it would be an error of the server.
        """
        if '/payment/qpay/' in request.httprequest.path:
            request.params.pop('self', None)
        return super()._dispatch(endpoint)
