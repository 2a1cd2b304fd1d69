import base64

from werkzeug.exceptions import NotFound, abort

from odoo import SUPERUSER_ID, fields, http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.qr import draw_qr

from .access import find_intent, to_id

# The page shows what only its payer may see, under an address that is a secret.
_HEADERS = {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-Robots-Tag': 'noindex',
}
_MAX_NUMBER_LENGTH = 32
_RECEIPT = 'account.action_report_payment_receipt'


class QPayPayPage(http.Controller):

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
        intent = find_intent(intent_id, access_token)
        if not intent:
            raise NotFound()
        document = documents.of(intent._get_document())
        renew_params = {'intent_id': intent.id, 'access_token': access_token}
        return self._render(document, intent, renew_params)

    @http.route(
        '/payment/qpay/link/<string:kind>/<int:document_id>/<string:token>',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_link(self, kind, document_id, token):
        """Lead whoever opens a document's permanent link to its QR.

        Where there is no live QR, the page itself asks for one: programs that only look at links,
        to show what is behind them, must not have QRs made.

        :param str kind: The kind of the document, as the link names it.
        :param int document_id: The document.
        :param str token: The token of the document's link.
        :return: The page, or the way to it.
        :raise NotFound: If the token is wrong or the document does not exist.
        """
        document = self._find_document(kind, document_id, token)
        if not document:
            raise NotFound()
        live = document.get_payable_intent()
        if live:
            return self._redirect_to(live)
        renew_params = {'kind': kind, 'document_id': document_id, 'token': token}
        return self._render(document, live, renew_params)

    @http.route(
        '/payment/qpay/link/<string:kind>/<int:document_id>/<string:token>/qr.png',
        type='http', auth='public', methods=['GET'], save_session=False,
    )
    def qpay_link_picture(self, kind, document_id, token):
        """Draw a document's permanent link as a QR, for e-mails.

        :param str kind: The kind of the document, as the link names it.
        :param int document_id: The document.
        :param str token: The token of the document's link.
        :return: The PNG.
        :raise NotFound: If the token is wrong or the document does not exist.
        """
        document = self._find_document(kind, document_id, token)
        if not document:
            raise NotFound()
        picture = base64.b64decode(draw_qr(document.get_link()))
        return request.make_response(picture, [('Content-Type', 'image/png'), *_HEADERS.items()])

    @http.route('/payment/qpay/renew', type='jsonrpc', auth='public', website=True)
    def qpay_renew(
        self, intent_id=0, access_token='', kind='', document_id=0, token='',
    ):
        """Return where the payer can pay what is still owed, making a QR if there is none.

        :param int intent_id: The earlier intent, with its token; or
        :param str access_token: The earlier intent's token.
        :param str kind: the kind of the document, as its link names it,
        :param int document_id: with the document
        :param str token: and the token of its link.
        :return: The `url` to go to; or '' and the `message` why there is none, and which `view`
            of the page says so.
        :rtype: dict
        :raise HTTPException: With status 404, if the token is wrong.
        """
        intent = find_intent(intent_id, access_token)
        document = (
            documents.of(intent._get_document()) if intent
            else self._find_document(kind, document_id, token)
        )
        if not document:
            abort(request.make_json_response({'error': 'Not Found'}, status=404))
        # QRs that people have made are counted, those that the system makes are not.
        as_visitor = request.env(su=True)
        try:
            if intent:
                renewed = intent.with_env(as_visitor)._renew()
            else:
                visited = documents.of(document.records.with_env(as_visitor))
                visited.check_payable()
                renewed = visited.get_current_intent(visited.get_default_amount())
        except UserError as error:
            view, _reason = self._get_view(document, intent)
            view = view if view in ('paid', 'settled', 'ended') else 'expired'
            return {'url': '', 'message': str(error), 'view': view}
        if intent and request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY) == (
            intent.transaction_id.id
        ):
            PaymentPostProcessing.monitor_transaction(renewed.transaction_id)
        return {'url': self._get_path(renewed), 'message': '', 'view': 'open'}

    @http.route('/payment/qpay/ebarimt', type='jsonrpc', auth='public', website=True)
    def qpay_ebarimt(self, intent_id=0, access_token='', receiver_type='', receiver=''):
        """Return what has become of the VAT receipt, after taking note whom it is for.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :param str receiver_type: 'citizen', 'company' or 'none'; '' to only look.
        :param str receiver: The phone number of a citizen, or the register number of a company.
        :return: See `qpay.intent._get_ebarimt_state`, with a `message` if the number is refused.
        :rtype: dict
        :raise HTTPException: With status 404, if the token is wrong.
        """
        intent = find_intent(intent_id, access_token)
        if not intent:
            abort(request.make_json_response({'error': 'Not Found'}, status=404))
        message = ''
        if receiver_type in ('citizen', 'company', 'none'):
            try:
                intent._set_ebarimt_receiver(receiver_type, str(receiver)[:_MAX_NUMBER_LENGTH])
            except UserError as error:
                message = str(error)
        return {**intent._get_ebarimt_state(), 'message': message}

    @http.route(
        '/payment/qpay/receipt/<int:intent_id>/<string:access_token>',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_receipt(self, intent_id, access_token):
        """Print the receipt of what was paid by a QR.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :return: The document: a PDF, where the server can make one.
        :raise NotFound: If the token is wrong, or nothing is paid.
        """
        intent = find_intent(intent_id, access_token)
        paid = intent.payment_ids.filtered(lambda payment: payment.status == 'paid')
        if not paid.account_payment_id:
            raise NotFound()
        report = request.env['ir.actions.report'].with_user(SUPERUSER_ID)
        can_print = report.get_wkhtmltopdf_state() != 'install'
        render = report._render_qweb_pdf if can_print else report._render_qweb_html
        content, content_type = render(_RECEIPT, paid.account_payment_id.ids)
        mimetype = {'pdf': 'application/pdf', 'html': 'text/html; charset=utf-8'}[content_type]
        return request.make_response(content, [('Content-Type', mimetype), *_HEADERS.items()])

    # === THE PAGE === #

    def _render(self, document, intent, renew_params):
        """Render the page.

        :param Document document: What is paid.
        :param qpay.intent intent: The QR, if there is one.
        :param dict renew_params: What `/payment/qpay/renew` is asked with.
        """
        view, reason = self._get_view(document, intent)
        amount = intent.amount or (view == 'opening' and document.get_default_amount())
        is_owed = view in ('opening', 'open', 'expired')
        # Whoever paid a document that is settled finds the receipt there, too.
        paid = document.get_last_paid_intent() if view == 'settled' else intent
        provider = intent.provider_id or document.find_provider()
        return request.render('payment_qpay.pay_page', {
            'view': view,
            'reason': reason,
            'intent': intent,
            'status': intent._get_normalised_values() if intent else {},
            'environment': intent.environment or provider._qpay_environment(),
            'company': intent.company_id or document.company,
            'document_name': intent.document_name or document.name,
            'amount': amount,
            'currency': document.currency,
            'amount_note': document.get_amount_note(amount) if is_owed else '',
            'seconds_left': self._get_seconds_left(intent),
            'access_token': intent.access_token,
            'is_renewable': view not in ('settled', 'paid') and not document.get_obstacle(),
            'renew_params': renew_params,
            'receipt_url': paid and f'/payment/qpay/receipt/{paid.id}/{paid.access_token}' or '',
            'ebarimt': intent._get_ebarimt_state() if intent else {},
            'landing_url': '/payment/status' if self._is_monitored(intent) else '',
        }, headers=_HEADERS)

    @staticmethod
    def _get_view(document, intent):
        """Return which view of the page is shown, and why nothing can be paid, for people.

        :param Document document: What is paid.
        :param qpay.intent intent: The QR, if there is one.
        :rtype: tuple[str, str]
        """
        if intent.state == 'paid':
            return 'paid', ''
        if intent and intent._is_payable() and not document.get_end_reason(intent):
            return 'open', ''
        if obstacle := document.get_obstacle():
            return ('settled' if document.is_paid() else 'ended'), obstacle
        if not intent:
            return 'opening', ''
        if intent.expires_at and intent.expires_at > fields.Datetime.now():
            return 'ended', intent._get_status_message()
        return 'expired', ''

    @staticmethod
    def _get_seconds_left(intent):
        if not intent.expires_at:
            return 0
        # Upwards: the page must not offer a new QR while the server still holds to this one.
        left = intent.expires_at - fields.Datetime.now()
        return max(0, -int(-left.total_seconds() // 1))

    @staticmethod
    def _is_monitored(intent):
        """Whether the payer came from a payment form, and goes on from there."""
        monitored_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        return bool(monitored_id) and monitored_id == intent.transaction_id.id

    @staticmethod
    def _find_document(kind, document_id, token):
        env = request.env(user=SUPERUSER_ID)
        return documents.of_link(env, kind, to_id(document_id), token)

    @staticmethod
    def _get_path(intent):
        return f'/payment/qpay/pay/{intent.id}/{intent.access_token}'

    def _redirect_to(self, intent):
        response = request.redirect(self._get_path(intent))
        response.headers.extend(_HEADERS)
        return response
