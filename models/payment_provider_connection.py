from datetime import datetime, timezone
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.qpay_api import (
    InvoiceRequest,
    QPayError,
    QPayRefused,
    QPayUnauthorized,
    QPayUnreachable,
)
from odoo.addons.payment_qpay.reasons import get_reason

# What QPay's error keys mean (QPay contract §7.3), and ours.
_REASONS = {
    'INVOICE_CODE_INVALID': 'invoice_code_unknown',
    'INVALID_AMOUNT': 'amount_refused',
    'MIN_AMOUNT_ERR': 'amount_too_small',
    'MAX_AMOUNT_ERR': 'amount_too_big',
    'MERCHANT_INACTIVE': 'merchant_inactive',
    'PERMISSION_DENIED': 'merchant_not_permitted',
    'INVOICE_PAID': 'qpay_invoice_paid',
    'INVOICE_NOTFOUND': 'qpay_invoice_unknown',
    'EBARIMT_NOT_REGISTERED': 'receipts_not_registered',
    'EBARIMT_ALREADY_REGISTERED': 'receipt_exists',
    'EBARIMT_CANCEL_NOTSUPPERDED': 'receipts_not_cancelled',
    'CLASSIFICATION_CODE_INVALID': 'classification_unknown',
    'CUSTOMER_REGISTER_INVALID': 'register_unknown',
    'VAT_AMOUNT_INVALID': 'vat_otherwise',
    'PAYMENT_NOTFOUND': 'qpay_payment_unknown',
    'ACCOUNT_CHANGED': 'earlier_account',
}


class PaymentProvider(models.Model):
    """Whether the connection to QPay works, and what QPay's errors mean for people."""

    _inherit = 'payment.provider'

    # === ACTION METHODS === #

    def action_qpay_test_connection(self):
        """Try the settings at QPay, and the way of QPay's calls: tell of both what works and what
        does not.

        :return: The notification to show.
        :rtype: dict
        """
        self.ensure_one()
        check_records(self, 'write')
        try:
            problem = self._qpay_find_problem()
        except QPayUnauthorized:
            problem = self._qpay_get_login_advice()
        except QPayError as error:
            problem = self._qpay_get_error_message(error)
        problem_of_calls = self._qpay_find_problem_of_calls()
        is_fine = not problem and not problem_of_calls
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'title': self.env._("QPay connection"),
                'message': ' '.join((
                    problem or self.env._(
                        "QPay accepts the user name, password and invoice code (%s).",
                        self._qpay_environment_name(),
                    ),
                    problem_of_calls or self.env._(
                        "Calls to %s arrive here.", self._qpay_callback_base_url()
                    ),
                )),
                'type': 'success' if is_fine else 'warning',
                'sticky': not is_fine,
            },
        }

    def action_qpay_use_sandbox(self):
        """Fill in what QPay gives everybody to try its sandbox with, where nothing is filled in.

        :return: True
        :raise UserError: If there is something already, which would be lost.
        """
        self.ensure_one()
        check_records(self, 'write')
        if self.state == 'enabled' or any(self[name] for name in const.SANDBOX_SETTINGS):
            raise UserError(self.env._(
                "This provider has credentials already. To try QPay's sandbox, empty them while the"
                " provider is disabled, or add another provider."
            ))
        self.write({**const.SANDBOX_SETTINGS, 'state': 'test'})
        return True

    def _qpay_find_problem(self):
        """Return the first thing that keeps the provider from working, or None.

        QPay has no call that only verifies an invoice code: an invoice that nobody sees is made
        and cancelled at once.

        :return: A translated sentence, or None.
        :rtype: str
        :raise QPayError: If QPay does not accept the settings or does not answer.
        """
        client = self._qpay_client()
        token = client.log_in()
        request = InvoiceRequest(
            invoice_code=self._qpay_setting('qpay_invoice_code'),
            sender_invoice_no=f'TEST-{int(datetime.now().timestamp())}',
            receiver_code=self._qpay_setting('qpay_receiver_code'),
            description='Connection test',
            amount=Decimal(const.CONNECTION_TEST_AMOUNT),
            callback_url=self._qpay_callback_base_url(),
        )
        for trial in self._qpay_get_trials(request):
            invoice = client.create_invoice(trial)
            try:
                client.cancel_invoice(invoice.invoice_id)
            except QPayError as error:
                return self.env._(
                    "QPay accepts the settings, but did not cancel the trial invoice over"
                    " %(amount)s ₮: %(reason)s",
                    amount=const.CONNECTION_TEST_AMOUNT,
                    reason=self._qpay_get_error_message(error),
                )
        return self._qpay_find_problem_of_clock(token)

    def _qpay_get_trials(self, request):
        """Return the invoices by which the provider's invoice codes are tried.

        :param InvoiceRequest request: The ordinary one.
        :rtype: list[InvoiceRequest]
        """
        return [request]

    def _qpay_find_problem_of_clock(self, token):
        """Return that this server's clock is wrong, though QPay accepts the settings.

        :param Token token: The token of a login just now.
        :return: A translated sentence, or None.
        :rtype: str
        """
        if token.server_time:
            skew = abs(datetime.now(timezone.utc) - token.server_time)
            if skew > const.MAX_CLOCK_SKEW:
                return self.env._(
                    "QPay accepts the settings, but this server's clock differs from QPay's by"
                    " %s minutes.", int(skew.total_seconds() // 60)
                )
        return None

    def _qpay_find_problem_of_calls(self):
        """Call the address that QPay calls, if it is a public one: return what keeps calls from
        arriving, and what can be done.

        :return: A translated sentence, or None.
        :rtype: str
        """
        url = self._qpay_callback_base_url()
        if not self.qpay_callback_is_public:
            return self.env._(
                "QPay cannot call %s: the address is not public. Payments are then noticed only"
                " while somebody looks at the QR or checks.", url,
            )
        outcome = self.env['qpay.trial.call']._make(url)
        return None if outcome == 'arrived' else {
            'unreachable': self.env._(
                "Could not connect to %s. Check that the name is right, that the reverse"
                " proxy runs, and that the firewall lets calls in. Some networks cannot reach their"
                " own public address: then open it from outside.", url,
            ),
            'certificate': self.env._(
                "The certificate of %s is not valid. Install one for this name, with its whole"
                " chain.", url,
            ),
            'silent': self.env._(
                "A call to %(url)s got no answer within %(seconds)s seconds. A server with one"
                " process only cannot answer itself: set workers to 0, or to 2 and more. Otherwise"
                " see what the reverse proxy waits for.",
                url=url, seconds=const.TRIAL_CALL_TIMEOUT,
            ),
            'redirected': self.env._(
                "%s redirects to another address. Enter that one: QPay may not follow.", url
            ),
            'refused': self.env._(
                "%s denies access. Let calls to /payment/qpay/ pass the reverse proxy and the"
                " firewall without a password.", url,
            ),
            'failing': self.env._(
                "The reverse proxy at %s gets no valid answer from Odoo. Check which port it"
                " forwards to, and Odoo's log.", url,
            ),
            'unanswered': self.env._(
                "A call to %s arrived here, but its answer did not come back. Check the reverse"
                " proxy.", url,
            ),
            'elsewhere': self.env._(
                "Something answers at %s, but not this database. Check that this is the address of"
                " this Odoo (web.base.url in the system parameters), that the reverse proxy passes"
                " /payment/qpay/ on and, if the server has several databases, that dbfilter"
                " chooses this one by the name.", url,
            ),
        }[outcome]

    def _qpay_get_login_advice(self):
        """Return what an administrator can do when QPay refuses the login.

        :rtype: str
        """
        return self.env._(
            "QPay does not accept the user name and password (%s). Copy both again from what"
            " QPay sent you, without blanks, and mind that the sandbox has its own. If they"
            " are right, ask QPay for new ones.", self._qpay_environment_name(),
        )

    # === ERRORS === #

    def _qpay_get_error_message(self, error):
        """Return what an error of QPay means, for the people who read it.

        :param QPayError error: The error.
        :return: A sentence that is translated and safe to show.
        :rtype: str
        """
        if isinstance(error, QPayUnreachable):
            return get_reason(self.env, 'qpay_unreachable')
        if isinstance(error, QPayUnauthorized):
            return get_reason(self.env, 'qpay_unauthorized')
        if isinstance(error, QPayRefused):
            if reason := _REASONS.get(error.key):
                return get_reason(self.env, reason)
            fields_refused = ', '.join(f'{name}: {key}' for name, key in error.fields.items())
            return get_reason(
                self.env, 'qpay_refused', fields_refused or error.key or error.status
            )
        return get_reason(self.env, 'qpay_no_proper_answer')

    @api.model
    def _qpay_get_public_message(self, reason):
        """Return what is said to the present user when something is wrong that only the company's
        people can put right, or may know.

        :param str reason: What is wrong, for employees.
        :rtype: str
        """
        if self.env.user._is_internal():
            return reason
        return get_reason(self.env, 'unavailable_for_public')
