from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.payment_qpay import const


class PaymentProvider(models.Model):
    """Which account at QPay a provider uses. It may change only when no QR of the present one can
    be paid any more: QPay tells of a payment only the account that took it.
    """

    _inherit = 'payment.provider'

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment` to leave no QR behind that can be paid. """
        if not vals.keys() & const.ACCOUNT_SETTINGS:
            return super().write(vals)
        left = self._qpay_find_left_intents()
        result = super().write(vals)
        self._qpay_check_left_intents(left)
        return result

    # === GETTERS === #

    def _qpay_account(self, environment=None):
        """Return what names the provider's account at QPay. Several providers may share one, and
        then see the same payments.

        :param str environment: 'sandbox' or 'live'; by default the provider's present one.
        :rtype: str
        """
        self.ensure_one()
        environment = environment or self._qpay_environment()
        return f'{environment} {self._qpay_get_login_key(environment)}'

    def _qpay_invoice_codes(self):
        """Return the codes under which QPay makes the provider's invoices, each of which has a list
        of payments of its own.

        :rtype: list[str]
        """
        self.ensure_one()
        return [self._qpay_setting('qpay_invoice_code')]

    def _qpay_get_list_domain(self):
        """Return which QRs and payments can be on this provider's list: those of its account,
        unless another provider of the account keeps them under an invoice code of its own, be it
        switched off by now.

        :rtype: Domain
        """
        self.ensure_one()
        account, codes = self._qpay_account(), set(self._qpay_invoice_codes())
        others = self.sudo().search([
            ('code', '=', const.PROVIDER_CODE), ('id', '!=', self.id),
        ]).filtered(
            lambda other: other._qpay_account(self._qpay_environment()) == account
            and not codes.intersection(other._qpay_invoice_codes())
        )
        return Domain('account', '=', account) & Domain('provider_id', 'not in', others.ids)

    def _qpay_find_left_intents(self):
        """Return the QRs that can still be paid, or of which QPay has announced a payment, and
        that are of an account that no provider uses now.

        :rtype: qpay.intent
        """
        intents = self.env['qpay.intent'].sudo().search([
            ('provider_id', 'in', self.ids),
            '|', '|', ('state', '=', 'new'), ('recheck_at', '!=', False),
            ('callback_ids.state', '=', 'received'),
        ])
        return intents.filtered(
            lambda intent: not intent._find_provider() and not intent._is_left_behind()
        )

    def _qpay_check_left_intents(self, known):
        """Make sure that a change of the account leaves no QR behind that can be paid.

        :param qpay.intent known: The QRs that were left behind before.
        :raise UserError: If it does.
        """
        if left := self._qpay_find_left_intents() - known:
            raise UserError(self.env._(
                "%s QRs of the present account at QPay can still be paid, or were paid just now."
                " Please switch the provider off first: Odoo then ends them with that account,"
                " within minutes. After that, change the account.", len(left)
            ))
