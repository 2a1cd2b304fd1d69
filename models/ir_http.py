from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = 'ir.http'

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """ Override of `http_routing` to have the scripts of the payer's page translated. """
        return [*super()._get_translation_frontend_modules_name(), 'payment_qpay']
