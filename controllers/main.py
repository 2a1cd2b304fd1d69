from werkzeug.exceptions import NotFound, abort

from odoo import SUPERUSER_ID, http
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.payment_qpay.qpay import QPayError

# QPay's ids have 15 or 36 characters (QPay contract §4.1).
_MAX_PAYMENT_ID_LENGTH = 64
# The page shows what only its payer may see, under an address that is a secret.
_PAY_PAGE_HEADERS = {
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex',
}
_FORBIDDEN = {
    'jsonrpc': '2.0',
    'id': None,
    'error': {'code': 403, 'message': "403: Forbidden", 'data': {'message': "403: Forbidden"}},
}


class QPayController(http.Controller):

    @http.route(
        '/payment/qpay/callback/<string:token>',
        type='http', auth='public', methods=['GET', 'POST'], csrf=False, save_session=False,
    )
    def qpay_callback(self, token, qpay_payment_id='', **_data):
        """Store QPay's call, which is processed later (QPay contract §6).

        :param str token: The secret that QPay was told with the invoice.
        :param str qpay_payment_id: The payment that the call names; not to be trusted.
        :return: What QPay demands as an answer, once the call is stored.
        :raise NotFound: If the token is not ours.
        """
        intent_id, _separator, secret = token.partition('-')
        intent = self._find_intent(intent_id, secret, 'callback_token')
        if not intent:
            raise NotFound()
        request.env['qpay.callback'].with_user(SUPERUSER_ID)._receive(
            intent, qpay_payment_id[:_MAX_PAYMENT_ID_LENGTH]
        )
        return request.make_response('SUCCESS', [('Content-Type', 'text/plain; charset=utf-8')])

    @http.route('/payment/qpay/check', type='jsonrpc', auth='public')
    def qpay_check(self, intent_id=0, access_token='', now=False):
        """Return the state of a QR. Looking is free: QPay is asked only within its budget.

        :param int intent_id: The intent.
        :param str access_token: The intent's token, unless a signed-in user may read the intent.
        :param bool now: Whether the payer has asked to look at QPay now.
        :return: See `qpay.intent._get_normalised_values`.
        :rtype: dict
        :raise HTTPException: With status 403, if the intent may not be seen or does not exist.
        """
        intent = self._find_intent(intent_id, access_token, 'access_token')
        if not intent:
            intent = self._find_readable_intent(intent_id)
        if now and intent.qpay_invoice_id and intent._claim_check():
            try:
                intent._check()
            except QPayError as error:
                message = intent.provider_id._qpay_explain(error)
                return {**intent._get_normalised_values(), 'message': message}
        intent._refresh_for_viewer()
        return intent._get_normalised_values()

    @http.route(
        '/payment/qpay/pay/<int:intent_id>/<string:access_token>',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_pay(self, intent_id, access_token):
        """Show the payer the QR, the bank links and what has become of the payment.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :return: The page.
        :raise NotFound: If the token is wrong or the intent does not exist.
        """
        intent = self._find_intent(intent_id, access_token, 'access_token')
        if not intent:
            raise NotFound()
        monitored_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        is_monitored = monitored_id and monitored_id == intent.transaction_id.id
        return request.render('payment_qpay.pay_page', {
            'intent': intent,
            'status': intent._get_normalised_values(),
            'document_name': intent.document_name,
            'company': intent.company_id,
            'access_token': access_token,
            'landing_url': '/payment/status' if is_monitored else '',
        }, headers=_PAY_PAGE_HEADERS)

    @staticmethod
    def _find_intent(intent_id, token, field_name):
        """Return the intent that a token opens, to act as the system; empty if it opens none.

        :param intent_id: The id as it came over the wire.
        :param str token: The token as it came over the wire.
        :param str field_name: The field that holds the authentic token.
        :rtype: qpay.intent
        """
        intents = request.env['qpay.intent'].with_user(SUPERUSER_ID)
        intent = intents.browse(_to_id(intent_id)).exists()
        # An unknown intent costs the same comparison as a known one.
        authentic_token = intent[field_name] or '-'
        # What came over the wire may be a text that cannot be encoded.
        sent_token = str(token or '').encode(errors='replace')
        is_authentic = consteq(sent_token, authentic_token.encode())
        return intent if intent and is_authentic else intents

    @staticmethod
    def _find_readable_intent(intent_id):
        """Return an intent that the signed-in user may read, to act as the system.

        An intent that the user may not read is refused like one that does not exist. The refusal
        is made here because Odoo's own answer to an exception describes it.

        :rtype: qpay.intent
        :raise HTTPException: With status 403, if there is none.
        """
        intent = request.env['qpay.intent'].browse(_to_id(intent_id)).exists()
        if not intent or not intent.has_access('read'):
            abort(request.make_json_response(_FORBIDDEN, status=403))
        return intent.with_user(SUPERUSER_ID)


def _to_id(value):
    """Return an id of a record from what came over the wire; 0 if it is none."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else 0
