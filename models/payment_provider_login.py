from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayError, QPayUnauthorized


class PaymentProvider(models.Model):
    """A login that does not work never replaces one that does: what is entered on the form of a
    provider in use is tried at QPay before it is saved. Whatever else writes a provider (data,
    imports, other code) knows what it does.
    """

    _inherit = 'payment.provider'

    qpay_is_login_changed = fields.Boolean(
        string="QPay Login Changes",
        compute='_compute_qpay_is_login_changed',
        groups='base.group_system',
    )
    qpay_save_untried = fields.Boolean(
        string="Save Without Trying at QPay",
        help="A changed user name or password is saved only if QPay accepts it, so that a mistake"
             " does not stop payments. Tick this to save it all the same, for example while QPay"
             " cannot be reached.",
        store=False,
        groups='base.group_system',
    )

    @api.depends(*const.LOGIN_SETTINGS, 'code', 'state')
    def _compute_qpay_is_login_changed(self):
        """ Tell, while the form is filled in, whether its login differs from the one in use. """
        for provider in self:
            provider.qpay_is_login_changed = provider._origin._qpay_is_login_replaced_by(provider)

    # === CRUD METHODS === #

    def web_save(self, vals, *args, **kwargs):
        """ Override of `web` to try a login before it replaces another. """
        values = dict(vals)
        is_tried = not values.pop('qpay_save_untried', False)
        if is_tried and len(self) == 1 and values.keys() & const.LOGIN_SETTINGS:
            self._qpay_try_login_of(values)
        return super().web_save(values, *args, **kwargs)

    # === BUSINESS METHODS === #

    def _qpay_try_login_of(self, values):
        """Make sure that QPay accepts the login that a save would bring.

        :param dict values: What is to be saved.
        :raise ValidationError: If QPay refuses it, or cannot be asked.
        """
        self.check_access('write')
        cleaned = self._qpay_clean_values(values, self.code == const.PROVIDER_CODE)
        names = const.LOGIN_SETTINGS | {'state'}
        changed = self.new(
            {name: value for name, value in cleaned.items() if name in names}, origin=self
        )
        if not self._qpay_is_login_replaced_by(changed):
            return
        tokens = self.env['qpay.token']._for_trial(changed._qpay_get_login_key())
        try:
            changed._qpay_client().aside(tokens=tokens).log_in()
        except QPayUnauthorized as error:
            raise ValidationError(self.env._(
                "%s\n\nNothing was saved: the earlier ones stay in use.",
                changed._qpay_get_login_advice(),
            )) from error
        except QPayError as error:
            raise ValidationError(self.env._(
                "%s\n\nThe new user name and password could not be tried at QPay, and were not"
                " saved: the earlier ones stay in use. Try again later, or tick \"Save Without"
                " Trying at QPay\" below the password.",
                self._qpay_get_error_message(error),
            )) from error

    def _qpay_is_login_replaced_by(self, changed):
        """Return whether a provider in use would get another login.

        :param payment.provider changed: The same provider, as it would be.
        :rtype: bool
        """
        in_use = [
            provider.code == const.PROVIDER_CODE and provider.state != 'disabled'
            for provider in self | changed
        ]
        return bool(self) and all(in_use) and any(
            self._qpay_setting(name) != changed._qpay_setting(name)
            for name in const.LOGIN_SETTINGS
        )
