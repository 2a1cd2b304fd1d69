from datetime import datetime, timezone
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.locking import check_no_savepoint
from odoo.addons.payment_qpay.qpay_api import Payment


class QPayIntent(models.Model):
    """Made-up payments, for trying out the sandbox; never in live."""

    _inherit = 'qpay.intent'

    is_simulation_allowed = fields.Boolean(compute='_compute_is_simulation_allowed')

    @api.depends_context('uid')
    @api.depends('state', 'environment', 'provider_id.state')
    def _compute_is_simulation_allowed(self):
        is_system = self.env.user._is_system()
        for intent in self:
            provider = intent.provider_id.sudo()
            intent.is_simulation_allowed = (
                is_system
                and intent.state == 'new'
                and bool(intent.qpay_invoice_id)
                and intent.environment == 'sandbox'
                and provider.state == 'test'
                and provider._qpay_environment() == 'sandbox'
            )

    def action_simulate_payment(self):
        """Book a made-up payment of this QR, for trying out the sandbox; this commits. It never
        works in live.

        :return: True
        :raise AccessError: If the user is no administrator, or the QR is not the sandbox's.
        :raise UserError: Within a savepoint.
        """
        self.ensure_one()
        check_records(self)
        check_no_savepoint(self.env)
        if not self.is_simulation_allowed:
            raise AccessError(self.env._(
                "A payment can only be simulated by an administrator, for an open sandbox QR of a"
                " provider in test mode."
            ))
        self.sudo()._sync_payments([Payment(
            payment_id=f'{const.SIMULATED_PREFIX}{self.name}',
            status='PAID',
            amount=self._get_decimal_amount(),
            fee=Decimal(0),
            currency=self.currency_id.name,
            payment_type='P2P',
            wallet=self.env._("Simulated"),
            paid_at=datetime.now(timezone.utc),
            invoice_id=self.qpay_invoice_id,
            raw={'simulated': True},
        )])
        return True
