from odoo import api, fields, models

from odoo.addons.payment_qpay.reasons import get_kinds


class QPayReasoned(models.AbstractModel):
    """Rows with a reason, which are found and grouped by its kind."""

    _name = 'qpay.reasoned'
    _description = 'What Has a Reason'
    # Where the reason is.
    _reason_name = 'state_message'

    reason = fields.Selection(
        string="Kind of Reason",
        selection=lambda self: get_kinds(self.env),
        compute='_compute_reason',
        store=True,
        precompute=True,
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: [self._reason_name])
    def _compute_reason(self):
        """ Tell the kind of a reason; none of what is only a text. """
        for row in self:
            row.reason = getattr(row[self._reason_name], 'key', False)
