from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.payment_qpay.controllers.access import refuse
from odoo.addons.payment_qpay.controllers.pay_page import QPayPayPage

_MAX_NUMBER_LENGTH = 32


class QPayEbarimtPage(QPayPayPage):
    """The VAT receipt on the payer's page."""

    @http.route('/payment/qpay/ebarimt', type='jsonrpc', auth='public', website=True)
    def qpay_ebarimt(self, intent_id=0, access_token='', receiver_type='', receiver=''):
        """Return what has become of the VAT receipt, after taking note whom it is for.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :param str receiver_type: 'citizen', 'company' or 'none'; '' to only look.
        :param str receiver: The phone number of a citizen, or the register number of a company.
        :return: See `qpay.intent._get_ebarimt_state`, with a `message` if the number is refused.
        :rtype: dict
        :raise HTTPException: With status 403, if the token is wrong.
        """
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        if not intent:
            refuse()
        message = ''
        if receiver_type in ('citizen', 'company', 'none'):
            try:
                intent._set_ebarimt_receiver(receiver_type, str(receiver)[:_MAX_NUMBER_LENGTH])
            except UserError as error:
                message = str(error)
        state = intent._get_ebarimt_state()
        receipts_html = request.env['ir.qweb']._render('payment_qpay.pay_page_receipts', {
            **state, 'money': {'widget': 'monetary', 'display_currency': intent.currency_id},
        })
        return {**state, 'receipts_html': receipts_html, 'message': message}

    @http.route('/payment/qpay/taxpayer', type='jsonrpc', auth='public', website=True)
    def qpay_taxpayer(self, intent_id=0, access_token='', register=''):
        """Return whose a company's register number is, while the payer types it.

        :param int intent_id: The intent.
        :param str access_token: The intent's token.
        :param str register: What was typed.
        :return: A sentence, '' if nobody says.
        :rtype: str
        :raise HTTPException: With status 403, if the token is wrong.
        """
        intent = request.env['qpay.intent']._find_by_token(intent_id, access_token)
        if not intent:
            refuse()
        if not intent._get_ebarimt_state()['is_changeable']:
            return ''
        return intent.env['qpay.taxpayer']._describe(intent.provider_id, register, intent.id)

    def _get_values(self, document, intent, paid, view):
        """Return what the page shows, with the VAT receipt."""
        return {
            **super()._get_values(document, intent, paid, view),
            'ebarimt': paid._get_ebarimt_state() if paid else {},
            'ebarimt_params': {'intent_id': paid.id, 'access_token': paid.access_token},
        }
