from contextlib import contextmanager

from odoo import models


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    @contextmanager
    def _qpay_as_unpaid(self):
        """Let Odoo reckon with nothing being paid of these items yet, so that the taxes of all of
        a discount are put right with the last part of an invoice.
        """
        name = 'amount_residual_currency'
        self.flush_recordset([name])
        for item in self:
            item._update_cache({name: item.amount_currency})
        try:
            yield
        finally:
            self.invalidate_recordset([name], flush=False)
