from odoo import fields, models


class QPayIntentRecheck(models.Model):
    """Queue of QRs to recheck (insert-only), because their document may have changed.

    Rows are only added, by whoever changes a document, and deleted by the scheduled action. A mark
    on the QR itself would make other transactions and settlements wait for each other, or fail.
    """

    _name = 'qpay.intent.recheck'
    _inherit = ['qpay.guarded']
    _description = 'QPay QR to Recheck'

    intent_id = fields.Many2one(
        comodel_name='qpay.intent', required=True, readonly=True, index=True, ondelete='cascade',
    )
