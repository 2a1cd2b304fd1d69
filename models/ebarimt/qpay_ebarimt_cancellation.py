from odoo import fields, models


class QPayEbarimtCancellation(models.Model):
    """Queue of VAT receipts to cancel (insert-only), until QPay has done so or a person has to.

    Wishes come from the middle of refunds and credit notes, which can neither wait for a process
    that has QPay issue the receipt at that moment nor undo its work. So they are rows of their own:
    nothing of the receipt is changed before `qpay_ebarimt_cancel` takes them up.
    """

    _name = 'qpay.ebarimt.cancellation'
    _inherit = ['qpay.guarded']
    _description = 'Cancellation of a VAT Receipt'

    ebarimt_id = fields.Many2one(
        comodel_name='qpay.ebarimt', required=True, readonly=True, index=True, ondelete='cascade'
    )
