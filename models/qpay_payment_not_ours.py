from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_accountant
from odoo.addons.payment_qpay.locking import lock
from odoo.addons.payment_qpay.reasons import get_reason


class QPayPayment(models.Model):
    """Payments on QPay's list that are another shop's, which takes money by the same account. They
    stay in the ledger, and never get into the books.
    """

    _inherit = 'qpay.payment'

    other_shop_id = fields.Many2one(
        help="Whose payment it is, as its text says.",
        comodel_name='qpay.other.shop',
        readonly=True,
        copy=False,
        index='btree_not_null',
    )

    def action_set_not_ours(self):
        """Say that these payments are another shop's, so that nothing is to be done.

        :return: True
        :raise UserError: If somebody has said already whose one of them is.
        :raise LockError: If another process is at one of them.
        """
        check_accountant(self)
        payments = self.sudo()
        lock(payments)
        if not all(payment._is_unknown() for payment in payments):
            raise UserError(self.env._("This payment is already known."))
        payments._set_not_ours()
        return True

    def action_set_ours(self):
        """Take back that these payments are another shop's: somebody has to say whose they are.

        :return: True
        :raise LockError: If another process is at one of them.
        """
        check_accountant(self)
        payments = self.sudo()
        lock(payments)
        for payment in payments.filtered(lambda payment: payment.state == 'not_ours'):
            payment.other_shop_id = False
            payment.message_post(body=self.env._("Taken back: this may be our payment after all."))
            payment._ask_whose()
        return True

    def action_add_other_shop(self):
        """Open the form of a rule by which all payments with a text are another shop's.

        :return: The action of the form.
        :rtype: dict
        """
        self.ensure_one()
        check_accountant(self)
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Another shop"),
            'res_model': 'qpay.other.shop',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_provider_id': self.provider_id.id, 'default_text': self.description,
            },
        }

    def _set_not_ours(self, shop=None):
        """Leave these payments aside, and ask nobody about them any more.

        :param qpay.other.shop shop: Whose they are, if a rule says so.
        :return: None
        """
        self.write({
            'state': 'not_ours', 'state_message': False, 'other_shop_id': shop and shop.id,
        })
        self.activity_unlink([const.ACTIVITY_TYPE])
        for payment in self:
            payment.message_post(body=(
                self.env._("Not ours: this is a payment of %s.", shop.name) if shop
                else self.env._("Not ours: this is a payment of another shop.")
            ))

    def _ask_whose(self):
        """Have a person say whose this payment is, of which no QR tells."""
        self._flag_for_review(get_reason(self.env, 'nobodys'))
