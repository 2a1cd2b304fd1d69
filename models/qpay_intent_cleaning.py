from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import try_lock


class QPayIntent(models.Model):
    """What is not kept of a QR for ever."""

    _inherit = 'qpay.intent'

    @api.autovacuum
    def _gc_raw_responses(self):
        """Forget what QPay answered to the creation of QRs that ended long ago. What is needed of
        it is in fields of its own.
        """
        old = self.search([
            ('raw_response', '!=', False),
            ('state', '!=', 'new'),
            ('recheck_at', '=', False),
            ('create_date', '<', fields.Datetime.now() - const.ANSWER_KEEPING_PERIOD),
        ], limit=const.CLEANING_BATCH)
        free = try_lock(old)
        free.raw_response = False
        return len(free), len(free) == const.CLEANING_BATCH
