import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment_qpay import const

# A legal entity has seven digits, a citizen two letters and eight digits.
_REGISTER = re.compile(r'[0-9]{7}|[А-ЯЁӨҮ]{2}[0-9]{8}')
_PHONE = re.compile(r'[0-9]{8}')


class ResPartner(models.Model):
    _inherit = 'res.partner'

    qpay_receiver_type = fields.Selection(
        string="VAT Receipts of QPay",
        help="Whom the VAT receipts of this customer are for. Empty: organisations get theirs with"
             " their register number, people without a number.",
        selection=list(const.EBARIMT_RECEIVERS_OR_NOBODY),
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    qpay_receiver = fields.Char(
        string="Number on VAT Receipts",
        help="The phone number that a citizen has registered with e-Barimt, or the register number"
             " of an organisation. Empty: an organisation's tax ID.",
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    @api.constrains('qpay_receiver_type', 'qpay_receiver')
    def _check_qpay_receiver(self):
        for partner in self:
            partner._qpay_normalise_receiver(
                partner.qpay_receiver_type or partner._qpay_get_receiver()[0],
                partner.qpay_receiver,
                is_required=False,
            )

    def _qpay_get_receiver(self):
        """Return whom a VAT receipt of this customer is for, if nobody says otherwise.

        :return: 'citizen', 'company' or 'none'; and the number in the form that QPay takes, ''
            where there is none of that form.
        :rtype: tuple[str, str]
        """
        partner = self.sudo()
        customer = partner.commercial_partner_id
        has_own = partner.qpay_receiver_type or partner.qpay_receiver
        chosen = partner if has_own else customer
        kind, number = chosen.qpay_receiver_type, chosen.qpay_receiver
        if not kind:
            is_company = customer.is_company and (number or customer.vat)
            kind = 'company' if is_company else 'citizen'
        if kind == 'company' and not number:
            # European tax IDs begin with the country, and so people write Mongolian ones.
            number = (customer.vat or '').upper().removeprefix('MN')
        try:
            return kind, self._qpay_normalise_receiver(kind, number, is_required=False)
        except ValidationError:
            return kind, ''

    @api.model
    def _qpay_normalise_receiver(self, kind, number, is_required=True):
        """Return the number of a receipt's receiver in the form that QPay takes (QPay contract
        §5.2).

        :param str kind: 'citizen', 'company' or 'none'.
        :param str number: What people have entered.
        :param bool is_required: Whether an organisation must have one.
        :rtype: str
        :raise ValidationError: If it has not the form of a phone or register number.
        """
        number = re.sub(r'[\s-]', '', number or '').upper()
        if kind == 'citizen':
            number = number.removeprefix('+976') if len(number) > 8 else number
            if number and not _PHONE.fullmatch(number):
                raise ValidationError(self.env._("A phone number has eight digits."))
        elif kind == 'company' and (number or is_required) and not _REGISTER.fullmatch(number):
            raise ValidationError(self.env._(
                "An organisation's register number has seven digits (or two letters and eight"
                " digits)."
            ))
        return number if kind != 'none' else ''
