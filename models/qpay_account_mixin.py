from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.qpay_api import QPayRefused


class QPayAccountMixin(models.AbstractModel):
    """What is known to one account at QPay only: the merchant's that made the QR, or that took the
    payment. Another one is never asked about it, whatever the provider's settings are by then.
    """

    _name = 'qpay.account.mixin'
    _description = "Record of an Account at QPay"

    account = fields.Char(
        help="The account at QPay. Several providers may share it.",
        compute='_compute_account',
        store=True,
        precompute=True,
        readonly=True,
        groups='base.group_system',
    )

    @api.depends('provider_id', 'environment')
    def _compute_account(self):
        for record in self:
            record.account = record.provider_id._qpay_account(record.environment)

    def _get_client(self):
        """Return the client of this record's account at QPay.

        :rtype: QPayClient
        :raise QPayRefused: If no provider uses the account any more.
        """
        if provider := self._find_provider():
            return provider._qpay_client(self.environment)
        raise QPayRefused(key='ACCOUNT_CHANGED', message='no provider uses the account any more')

    def _find_provider(self):
        """Return a provider that uses this record's account: its own, or else another one.

        :rtype: payment.provider
        """
        self.ensure_one()
        providers = self.provider_id.sudo()
        if providers._qpay_account(self.environment) == self.account:
            return providers
        return providers.search([
            ('code', '=', const.PROVIDER_CODE), ('state', '!=', 'disabled'),
        ]).filtered(
            lambda provider: provider._qpay_account(self.environment) == self.account
        )[:1]
