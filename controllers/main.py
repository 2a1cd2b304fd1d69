from werkzeug.exceptions import NotFound

from odoo import SUPERUSER_ID, http
from odoo.http import request

from odoo.addons.payment_qpay.qpay_api import QPayError

from .access import get_page_language, refuse


class QPayController(http.Controller):

    @http.route(
        '/payment/qpay/callback/<string:token>',
        type='http', auth='public', methods=['GET', 'POST'], csrf=False, save_session=False,
    )
    def qpay_callback(self, token, qpay_payment_id='', **_data):
        """Store QPay's call, which is processed later (QPay contract §6).

        :param str token: The secret that QPay was told with the invoice, or that of a trial.
        :param qpay_payment_id: The payment that the call names; perhaps no text at all.
        :return: What QPay demands as an answer, once the call is stored.
        :raise NotFound: If the token is not ours.
        """
        intent_id, _separator, secret = token.partition('-')
        intents = request.env['qpay.intent']
        intent = intents._find_by_token(intent_id, secret, 'callback_token')
        if intent:
            request.env['qpay.callback'].with_user(SUPERUSER_ID)._receive(intent, qpay_payment_id)
        elif not request.env['qpay.trial.call']._receive(token):
            raise NotFound()
        return request.make_response('SUCCESS', [('Content-Type', 'text/plain; charset=utf-8')])

    # No `website=True`: a poll would take twice as many queries.
    @http.route('/payment/qpay/check', type='jsonrpc', auth='public')
    def qpay_check(self, intent_id=0, access_token='', now=False, known=None):
        """Return the state of a QR. Looking is free: QPay is asked only within its budget.

        :param int intent_id: The intent.
        :param str access_token: The intent's token, unless a signed-in user may see the intent.
        :param bool now: Whether the payer has asked to look at QPay now.
        :param str known: The `version` of an earlier answer, to be told only what has changed;
            '' to be told the version.
        :return: See `qpay.intent._get_status_payload` and, with `known`, `_get_news`.
        :rtype: dict
        :raise HTTPException: With status 403, if the intent may not be seen or does not exist.
        """
        intents = request.env['qpay.intent'].with_context(lang=get_page_language())
        intent = (
            intents._find_by_token(intent_id, access_token) or intents._find_visible(intent_id)
        )
        if not intent:
            refuse()
        if now and intent.qpay_invoice_id and intent._claim_check():
            try:
                intent._sync_payments()
            except QPayError as error:
                reason = intent.provider_id._qpay_get_error_message(error)
                providers = request.env['payment.provider'].with_context(lang=intent.env.lang)
                message = providers._qpay_get_public_message(reason)
                answer = {**intent._get_status_payload(), 'message': message}
                # The next answer tells everything, not this problem again.
                return answer if known is None else {**answer, 'version': ''}
        return intent._get_news(known)
