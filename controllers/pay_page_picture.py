import base64

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request
from odoo.tools import format_datetime

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qr_code import draw_card

from .access import PAGE_HEADERS


class QPayPicture(http.Controller):

    @http.route(
        '/payment/qpay/pay/<int:intent_id>/<string:access_token>/qr.png',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_pay_picture(self, intent_id, access_token, show=''):
        """Draw an open QR as a picture to keep: with whom it pays, for what, and until when.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :param str show: Whether it is shown, where it cannot be saved at once.
        :return: The PNG, to be saved.
        :raise NotFound: If the token is wrong, or the QR cannot be paid.
        """
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        if not intent or not intent._is_payable():
            raise NotFound()
        until = format_datetime(intent.env, intent.expires_at, tz=const.TIMEZONE)
        picture = draw_card(
            intent.qr_text,
            intent.currency_id.format(intent.amount - intent.amount_paid),
            (
                intent.company_id.name,
                intent.document_name or '',
                intent.env._("Valid until: %s", until),
            ),
        )
        return request.make_response(base64.b64decode(picture), [
            ('Content-Type', 'image/png'),
            ('Content-Disposition', content_disposition(
                intent._get_picture_name(), 'inline' if show else 'attachment'
            )),
            *PAGE_HEADERS.items(),
        ])
