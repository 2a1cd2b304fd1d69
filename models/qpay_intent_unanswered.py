from odoo import fields, models

from odoo.addons.payment_qpay import const


class QPayIntent(models.Model):
    """What QPay has refused, or not answered for a day, becomes a person's matter."""

    _inherit = 'qpay.intent'

    unconfirmed_since = fields.Datetime(
        help="Since when QPay has not confirmed that this QR can no longer be paid.",
        readonly=True,
        copy=False,
    )
    is_notified = fields.Boolean(
        string="Somebody Was Told",
        help="Whether somebody was told that QPay has not confirmed the end of this QR.",
        readonly=True,
        copy=False,
    )

    def _notify_unconfirmed_close(self):
        """Tell somebody, once, that this QR, which is locked, may still be paid.

        :return: None
        """
        self.ensure_one()
        if self.is_notified:
            return
        self.is_notified = True
        self._schedule_activity(
            self.env._("QPay does not confirm the end of a QR"),
            self.env._(
                "QPay has not confirmed that this QR can no longer be paid. Please press \"Check"
                " now\" to see why, and look in QPay's portal whether the invoice is cancelled"
                " there, or was paid."
            ),
        )

    def _clear_activity(self):
        """Clear activities about the end of these QRs, which are locked.

        :return: None
        """
        for intent in self.filtered('unconfirmed_since'):
            intent.unconfirmed_since = False
        for intent in self.filtered('is_notified'):
            intent.is_notified = False
            intent.activity_unlink([const.ACTIVITY_TYPE])

    def _notify_refusal(self, reason):
        """Tell somebody that payers are refused QRs, unless employees see it for themselves or
        somebody knows.

        :param str reason: Why QPay refuses, for people.
        :return: None
        """
        if self.env.user._is_internal() or self.search_count([
            ('provider_id', '=', self.provider_id.id),
            ('state', '=', 'failed'),
            ('activity_ids', '!=', False),
        ], limit=1):
            return
        self._in_company_language()._schedule_activity(
            self.env._("QPay refuses customers their QR"), reason
        )
