from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import lock

# What is shorter is part of too many texts.
_MIN_LENGTH = 3


class QPayOtherShop(models.Model):
    """Another shop that takes money by the account at QPay of one of ours, known by the text of
    its payments.
    """

    _name = 'qpay.other.shop'
    _inherit = ['qpay.guarded']
    _description = 'Other Shop at QPay'
    _order = 'name, id'

    name = fields.Char(string="Shop", required=True)
    text = fields.Char(
        string="Text of Its Payments",
        help="Payments that belong to no QR of Odoo, and whose text contains this, are this"
             " shop's. Capital and small letters are the same.",
        required=True,
    )
    provider_id = fields.Many2one(
        comodel_name='payment.provider',
        required=True,
        ondelete='cascade',
        domain=[('code', '=', const.PROVIDER_CODE)],
    )
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    payment_ids = fields.One2many(
        string="Payments", comodel_name='qpay.payment', inverse_name='other_shop_id', readonly=True
    )

    @api.constrains('text')
    def _check_text(self):
        for shop in self:
            if len(shop.text.strip()) < _MIN_LENGTH:
                raise ValidationError(self.env._(
                    "The text must have at least %s characters: else it would be found in the"
                    " payments of your own customers.", _MIN_LENGTH,
                ))

    @api.constrains('provider_id')
    def _check_provider(self):
        if self.provider_id.filtered(lambda provider: provider.code != const.PROVIDER_CODE):
            raise ValidationError(self.env._("Please choose a provider of QPay."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        shops = super().create(vals_list)
        shops._take_waiting()
        return shops

    def write(self, vals):
        result = super().write(vals)
        # It may be another company's now.
        self.check_access('write')
        if 'text' in vals or 'provider_id' in vals:
            self._take_waiting()
        return result

    # === BUSINESS METHODS === #

    def _take_waiting(self):
        """Leave the payments of these shops aside that wait for somebody to say whose they are.

        :return: None
        """
        for shop in self.sudo():
            waiting = self.env['qpay.payment'].sudo().search([
                ('provider_id', '=', shop.provider_id.id), ('state', '=', 'needs_attention'),
            ])
            theirs = waiting.filtered(
                lambda payment, shop=shop: payment._is_unknown() and shop._is_named_by(payment)
            )
            lock(theirs)
            theirs._set_not_ours(shop)

    @api.model
    def _find_for(self, payment):
        """Return the shop whose payment it is; empty if it is none of these.

        :param qpay.payment payment: A payment that belongs to no QR of ours.
        :rtype: qpay.other.shop
        """
        shops = self.search([('provider_id', '=', payment.provider_id.id)])
        return shops.filtered(lambda shop: shop._is_named_by(payment))[:1]

    def _is_named_by(self, payment):
        return self.text.strip().casefold() in (payment.description or '').casefold()
