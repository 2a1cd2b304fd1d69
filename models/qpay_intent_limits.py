from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.reasons import get_reason


class QPayIntent(models.Model):
    """How many QRs strangers may have made."""

    _inherit = 'qpay.intent'

    @api.model
    def _check_public_limits(self, document, provider):
        """Make sure that payers do not have QR after QR made. Employees may.

        :param Document document: What is to be paid.
        :param payment.provider provider: The provider, in sudo mode.
        :raise UserError: If they do.
        """
        if self.env.user._is_internal():
            return
        since = fields.Datetime.now() - const.PUBLIC_QR_PERIOD
        if document.count_intents(since) >= const.PUBLIC_QR_LIMIT:
            raise UserError(get_reason(
                self.env, 'too_many_qrs', const.PUBLIC_QR_PERIOD // timedelta(minutes=1)
            ))
        if self._count_public(provider) >= const.PUBLIC_QR_PROVIDER_LIMIT:
            raise UserError(get_reason(self.env, 'very_many_people'))

    @api.model
    def _count_public(self, provider):
        """Count the QRs that strangers have had made by a provider just now, and let nobody else
        count before this transaction ends: it makes one more.

        :param payment.provider provider: The provider, in sudo mode.
        :rtype: int
        """
        self.env.cr.execute(
            'SELECT pg_advisory_xact_lock(hashtext(%s), %s)', [self._name, provider.id]
        )
        # This transaction does not see what was committed while it waited.
        with self.env.registry.cursor() as cr:
            return self.with_env(self.env(cr=cr)).search_count([
                ('provider_id', '=', provider.id),
                ('create_uid.share', '=', True),
                ('create_date', '>', fields.Datetime.now() - const.PUBLIC_QR_PROVIDER_PERIOD),
            ])
