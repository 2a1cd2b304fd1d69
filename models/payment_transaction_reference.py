import secrets

import psycopg2

from odoo import api, models
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import const


class PaymentTransaction(models.Model):
    """References that two transactions choose at the same moment."""

    _inherit = 'payment.transaction'

    @api.model
    def _qpay_create_apart(self, create, values):
        """Create a transaction. If another one has just taken its reference, it gets one that
        nobody else chooses: the money must not wait for a person because of its name.

        :param callable create: What creates it.
        :param dict values: What it is called with; the reference is one of them.
        :rtype: payment.transaction
        """
        try:
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return create(values)
        except psycopg2.errors.UniqueViolation:
            return create({
                **values, 'reference': f'{values["reference"]}-{secrets.token_hex(4)}',
            })

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """ Override of `payment` to refund also where the reference of the refund has just been
        taken.
        """
        create_child = super()._create_child_transaction
        if self.provider_code != const.PROVIDER_CODE or not is_refund:
            return create_child(amount, is_refund=is_refund, **custom_create_values)
        reference = self._compute_reference(const.PROVIDER_CODE, prefix=f'R-{self.reference}')
        return self._qpay_create_apart(
            lambda values: create_child(amount, is_refund=True, **values),
            {'reference': reference, **custom_create_values},
        )
