from odoo import fields, models


class QPayLook(models.Model):
    """The wish that the scheduled action looks at a QR, because its document may have changed.

    Rows are only added, by whoever changes a document, and deleted by the scheduled action. To
    write the wish down on the QR itself would make foreign transactions and settlements wait for
    each other, or fail.
    """

    _name = 'qpay.look'
    _inherit = ['qpay.guarded']
    _description = 'QPay QR to Look At'

    intent_id = fields.Many2one(
        comodel_name='qpay.intent', required=True, readonly=True, index=True, ondelete='cascade',
    )
