from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr

from odoo.addons.payment_qpay import documents


class QPayIntent(models.Model):
    """Whom the VAT receipt of a QR's payment is for, and what QPay is told of it beforehand."""

    _inherit = 'qpay.intent'

    ebarimt_mode = fields.Selection(
        string="VAT Receipts",
        selection=[
            ('none', "Not by QPay"),
            ('after_payment', "After payment"),
            ('with_invoice', "With QPay's invoice"),
        ],
        default='none',
        required=True,
        readonly=True,
        copy=False,
    )
    ebarimt_receiver_type = fields.Selection(
        string="VAT Receipt For",
        selection=[('citizen', "Citizen"), ('company', "Company"), ('none', "Nobody")],
        readonly=True,
        copy=False,
    )
    ebarimt_receiver = fields.Char(
        string="Number on the VAT Receipt", readonly=True, copy=False
    )
    ebarimt_problem = fields.Char(
        string="No VAT Receipt Because", readonly=True, copy=False
    )

    ebarimt_ids = fields.Many2many(
        string="Receipts", comodel_name='qpay.ebarimt', compute='_compute_ebarimt_ids'
    )

    # === COMPUTE METHODS === #

    def _compute_ebarimt_ids(self):
        for intent in self:
            intent.ebarimt_ids = intent.payment_ids.ebarimt_ids

    # === RECEIVER === #

    def _set_ebarimt_receiver(self, kind, number):
        """Take note whom the receipt is for, as long as it is not issued.

        :param str kind: 'citizen', 'company' or 'none'.
        :param str number: The phone number of a citizen, or the register number of a company.
        :return: None
        :raise UserError: If QPay issues no receipt, or has issued it already.
        :raise ValidationError: If the number has not its form.
        """
        self.ensure_one()
        if self.ebarimt_mode == 'none' or self.ebarimt_problem:
            raise UserError(self.env._("QPay issues no VAT receipt of this payment."))
        number = self.env['res.partner']._qpay_normalise_receiver(kind, number)
        receipts = self.payment_ids.ebarimt_ids.try_lock_for_update(allow_referencing=True)
        waiting = receipts.filtered(lambda receipt: receipt.state in ('to_issue', 'failed'))
        if self.payment_ids.ebarimt_ids.filtered(lambda r: r.state != 'cancelled') - waiting:
            raise UserError(self.env._("The VAT receipt is issued already."))
        self.write({'ebarimt_receiver_type': kind, 'ebarimt_receiver': number})
        waiting._set_receiver(kind, number)
        self.payment_ids._plan_ebarimt()

    def _get_ebarimt_state(self):
        """Return what the payer may know about the receipts of this QR.

        :return: Whether and for whom receipts are issued, without numbers that the payer has not
            entered here, and the receipts themselves.
        :rtype: dict
        """
        self.ensure_one()
        receipts = self.payment_ids.ebarimt_ids.filtered(lambda r: r.state != 'cancelled')
        is_possible = self.ebarimt_mode != 'none' and not self.ebarimt_problem
        return {
            'is_possible': is_possible,
            'is_changeable': is_possible and all(
                receipt.state in ('to_issue', 'failed') for receipt in receipts
            ),
            'receiver_type': self.ebarimt_receiver_type or 'none',
            'receiver_hint': _mask(self.ebarimt_receiver),
            'receipts': [receipt._get_payer_values() for receipt in receipts],
        }

    # === WHAT QPAY IS TOLD === #

    def _get_ebarimt_values(self, document, provider, receiver=None):
        """Return what a new QR remembers of its receipt.

        :param Document document: What is paid.
        :param payment.provider provider: The provider, in sudo mode.
        :param tuple[str, str] receiver: Whom the receipt is for; by default, as the customer has
            it.
        :rtype: dict
        """
        if provider.qpay_ebarimt_mode == 'none':
            return {}
        kind, number = receiver or document.partner._qpay_get_receiver()
        return {
            'ebarimt_mode': provider.qpay_ebarimt_mode,
            'ebarimt_receiver_type': kind,
            'ebarimt_receiver': number,
            'ebarimt_problem': documents.TaxReceipt(document, provider).find_problem(),
        }

    def _get_ebarimt_request(self):
        """Return what QPay's invoice says about taxes (QPay contract §2.3).

        :return: Values of the `InvoiceRequest`.
        :rtype: dict
        """
        self.ensure_one()
        is_wanted = self.ebarimt_mode == 'with_invoice' and self.ebarimt_receiver_type != 'none'
        if not is_wanted or self.ebarimt_problem:
            return {}
        receipt = documents.TaxReceipt(documents.of(self._get_document()), self.provider_id)
        is_for_company = self.ebarimt_receiver_type == 'company'
        amount = Decimal(float_repr(self.amount, self.currency_id.decimal_places))
        return {
            'invoice_code': self.provider_id.sudo().qpay_ebarimt_invoice_code,
            'tax_type': receipt.tax_type,
            'district_code': receipt.district_code,
            'tax_customer_code': is_for_company and self.ebarimt_receiver or '',
            'lines': receipt.get_invoice_lines(amount),
        }


def _mask(number):
    """Return a number of which people recognise their own, and nobody learns another's."""
    return f'{number[:2]}{"•" * (len(number) - 4)}{number[-2:]}' if number else ''
