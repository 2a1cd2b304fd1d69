import base64

from werkzeug.exceptions import NotFound

from odoo import SUPERUSER_ID, http
from odoo.exceptions import LockError, UserError
from odoo.http import request

from odoo.addons.bus.websocket import WebsocketConnectionHandler
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.checks import to_id
from odoo.addons.payment_qpay.qr_code import draw_qr

from .access import PAGE_HEADERS, refuse
from .in_app import find_app


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
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        if not intent:
            raise NotFound()
        document = self._get_document(intent)
        renew_params = {'intent_id': intent.id, 'access_token': access_token}
        return self._render(document, intent, renew_params)

    @http.route(
        '/payment/qpay/link/<string:kind>/<int:document_id>/<string:token>',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_link(self, kind, document_id, token):
        """Lead whoever opens a document's permanent link to its QR.

        Where there is no open QR, the page itself asks for one: programs that only look at links,
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
        intent = document.get_payable_intent()
        if intent:
            return self._redirect_to(intent)
        renew_params = {'kind': kind, 'document_id': document_id, 'token': token}
        return self._render(document, intent, renew_params)

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
        :raise NotFound: If the token is wrong, or QPay does not collect the document's payment.
        """
        document = self._find_document(kind, document_id, token)
        link = document and document.get_link()
        if not link:
            raise NotFound()
        picture = base64.b64decode(draw_qr(link))
        return request.make_response(picture, [
            ('Content-Type', 'image/png'), *PAGE_HEADERS.items(),
        ])

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
            of the page says so; 'wait' while somebody else's request for the same QR is under way.
        :rtype: dict
        :raise HTTPException: With status 403, if the token is wrong.
        """
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        document = (
            self._get_document(intent) if intent
            else self._find_document(kind, document_id, token)
        )
        if not document:
            refuse()
        try:
            if intent:
                renewed = intent.with_env(document.env)._renew()
            else:
                document.check_payable()
                renewed = document.get_current_intent(document.get_default_amount())
        except LockError as error:
            return {'url': '', 'message': str(error), 'view': 'wait'}
        except UserError as error:
            view, _reason = self._get_view(document, intent)
            view = view if view in ('paid', 'settling', 'settled', 'ended') else 'expired'
            return {'url': '', 'message': str(error), 'view': view}
        return {'url': renewed._get_pay_path(), 'message': '', 'view': 'open'}

    @http.route(
        '/payment/qpay/receipt/<int:intent_id>/<string:access_token>',
        type='http', auth='public', methods=['GET'], website=True, sitemap=False,
    )
    def qpay_receipt(self, intent_id, access_token):
        """Show the receipt of what was paid by a QR, or a page that waits for it.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :return: The document: a PDF, where the server can make one; until then, a page that comes
            back by itself.
        :raise NotFound: If the token is wrong, or nothing is paid and booked.
        """
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        payments = intent._get_booked_payments()
        if not payments:
            raise NotFound()
        receipts = request.env['qpay.receipt'].with_user(SUPERUSER_ID)
        can_print = request.env['ir.actions.report'].get_wkhtmltopdf_state() != 'install'
        receipt = receipts._get_for(intent) if can_print else receipts
        if receipt.made_at:
            stream = request.env['ir.binary']._get_stream_from(
                receipt, 'document', filename=intent.name
            )
            response = stream.get_response(as_attachment=False, immutable=False)
            response.headers.update(PAGE_HEADERS)
            return response
        if not receipt or receipt._is_hopeless():
            return request.make_response(receipts._render_page(payments), [
                ('Content-Type', 'text/html; charset=utf-8'), *PAGE_HEADERS.items(),
            ])
        return request.render('payment_qpay.receipt_wait', {'company': intent.company_id}, headers={
            **PAGE_HEADERS, 'Refresh': str(const.RECEIPT_REFRESH_SECONDS),
        })

    # === THE PAGE === #

    def _render(self, document, intent, renew_params):
        """Render the page.

        :param Document document: What is paid.
        :param qpay.intent intent: The QR, if there is one.
        :param dict renew_params: What `/payment/qpay/renew` is asked with.
        """
        view, reason = self._get_view(document, intent)
        # Whoever paid a document that is settled finds the receipts there, too.
        paid = document.get_last_paid_intent() if view == 'settled' else intent
        values = self._get_values(document, intent, paid, view)
        return request.render('payment_qpay.pay_page', {
            **values, 'reason': reason, 'renew_params': renew_params,
        }, headers=PAGE_HEADERS)

    def _get_values(self, document, intent, paid, view):
        """Return what the page shows, see its template.

        :param Document document: What is paid.
        :param qpay.intent intent: The QR, if there is one.
        :param qpay.intent paid: The QR by which it was paid, or is.
        :param str view: Which view of the page is shown.
        :rtype: dict
        """
        amount = intent.amount or (view == 'opening' and document.get_default_amount())
        is_owed = view in ('opening', 'open', 'expired')
        provider = intent.provider_id or document.find_provider()
        status = intent._get_status_payload() if intent else {}
        return {
            'view': view,
            'intent': intent,
            'status': status,
            'known': self._get_known(intent, status),
            'money_format': self._get_money_format(document.currency),
            'bus_version': WebsocketConnectionHandler._VERSION,
            'environment': intent.environment or provider and provider._qpay_environment() or '',
            'company': intent.company_id or document.company,
            'document_name': intent.document_name or document.name,
            'amount': amount,
            'currency': document.currency,
            'amount_note': document.get_amount_note(amount) if is_owed else '',
            'seconds_left': intent._get_seconds_left() if intent else 0,
            'access_token': intent.access_token,
            'is_renewable': view not in ('settling', 'paid', 'settled')
            and not self._get_blocking_reason(document, intent),
            'receipt_url': self._get_receipt_url(paid),
            'landing_url': self._get_landing_url(document, intent),
            'paid_rows': paid.payment_ids.filtered(lambda row: row.status == 'paid').sorted('id'),
            'in_app': find_app(request.httprequest.user_agent.string),
            'page_url': request.httprequest.base_url,
        }

    @staticmethod
    def _get_known(intent, status):
        """Return what the page's script goes on from."""
        if not intent:
            return {'amount': 0, 'amount_paid': 0}
        keys = ('state', 'amount', 'amount_paid', 'message')
        return {**{key: status[key] for key in keys}, 'version': intent._get_version()}

    @staticmethod
    def _get_money_format(currency):
        """Return how amounts are written in the language of the page, for its script."""
        language = request.env['res.lang']._get_data(code=request.env.lang)
        return {
            'digits': currency.decimal_places,
            'point': language.decimal_point,
            'separator': language.thousands_sep or '',
            'symbol': currency.symbol,
            'isBefore': currency.position == 'before',
        }

    @classmethod
    def _get_view(cls, document, intent):
        """Return which view of the page is shown, and why nothing can be paid, for people.

        :param Document document: What is paid.
        :param qpay.intent intent: The QR, if there is one.
        :rtype: tuple[str, str]
        """
        if intent.state == 'paid' and intent._is_refunded():
            return 'ended', intent._get_status_message()
        if intent.state == 'paid':
            return 'paid', ''
        if intent and intent._has_full_amount():
            return 'settling', ''
        if intent and intent._is_payable() and not document.get_closing_reason(intent):
            return 'open', ''
        if reason := cls._get_blocking_reason(document, intent):
            return ('settled' if document.is_paid() else 'ended'), reason
        if not intent:
            return 'opening', ''
        return ('expired', '') if intent._is_expired() else ('ended', intent._get_status_message())

    @staticmethod
    def _get_blocking_reason(document, intent):
        """Return why the payer can get no QR, for people; None if one can be had."""
        reason = document.get_payer_blocking_reason(intent)
        if not reason and not document.find_provider():
            return document.env._("%s does not take payments by QPay now.", document.company.name)
        return reason

    @staticmethod
    def _get_receipt_url(paid):
        """Return where the receipt of what was paid by a QR is; '' if there is none."""
        is_booked = paid and paid._get_booked_payments()
        return f'/payment/qpay/receipt/{paid.id}/{paid.access_token}' if is_booked else ''

    @staticmethod
    def _get_landing_url(document, intent):
        """Return where a payer who came from a payment form goes on: where the form of this very
        session leads. Other payers of the same QR may go on elsewhere.

        :return: A path of this site; '' if nowhere, or not before the payment is booked.
        :rtype: str
        """
        monitored_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        monitored = intent.env['payment.transaction'].browse(monitored_id).exists()
        if not intent or not monitored or not document.is_paid_by(monitored):
            return ''
        confirmed = intent._get_confirmed_transaction()
        is_waiting = intent.state == 'paid' and not confirmed.payment_id
        return '' if is_waiting else monitored._qpay_get_landing_path(confirmed or monitored)

    @staticmethod
    def _find_document(kind, document_id, token):
        return documents.of_link(_get_visitor_env(), kind, to_id(document_id), token)

    @staticmethod
    def _get_document(intent):
        return documents.of(intent._get_document().with_env(_get_visitor_env()))

    @staticmethod
    def _redirect_to(intent):
        response = request.redirect(intent._get_pay_path())
        response.headers.extend(PAGE_HEADERS)
        return response


def _get_visitor_env():
    """Return an environment that may read everything, but is not the system's: QRs that people
    have made are counted, and people pay by what is published.
    """
    return request.env(su=True)
