import logging

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.documents.ebarimt import TaxReceipt
from odoo.addons.payment_qpay.locking import try_lock
from odoo.addons.payment_qpay.reasons import ReasonField

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """Whom the VAT receipt of a QR's payment is for, and what QPay is told of it beforehand."""

    _inherit = 'qpay.intent'

    ebarimt_mode = fields.Selection(
        string="VAT Receipts",
        selection=list(const.EBARIMT_MODES),
        default='none',
        required=True,
        readonly=True,
        copy=False,
    )
    ebarimt_has_lines = fields.Boolean(
        string="Tax Lines Sent",
        help="QPay's invoice has the lines with their taxes. Without them, QPay issues VAT receipts"
             " of the amount only.",
        readonly=True,
        copy=False,
    )
    ebarimt_receiver_type = fields.Selection(
        string="VAT Receipt For",
        selection=list(const.EBARIMT_RECEIVERS_OR_NOBODY),
        readonly=True,
        copy=False,
    )
    ebarimt_receiver = fields.Char(
        string="Number on the VAT Receipt", readonly=True, copy=False
    )
    ebarimt_refusal = ReasonField(
        string="QPay Refused the Taxes", help="Why QPay's invoice has no lines.", readonly=True,
        copy=False,
    )
    ebarimt_problem = fields.Char(
        string="VAT Receipt Error", compute='_compute_ebarimt_problem', compute_sudo=True
    )

    ebarimt_ids = fields.Many2many(
        string="Receipts", comodel_name='qpay.ebarimt', compute='_compute_ebarimt_ids'
    )

    # === COMPUTE METHODS === #

    def _compute_ebarimt_ids(self):
        for intent in self:
            intent.ebarimt_ids = intent.payment_ids.ebarimt_ids

    def _compute_ebarimt_problem(self):
        for intent in self:
            intent.ebarimt_problem = (
                intent.ebarimt_mode != 'none' and intent._find_ebarimt_problem()
            )

    # === RECEIVER === #

    def _set_ebarimt_receiver(self, kind, number):
        """Take note whom the payer wants the receipt for, as long as it is not issued. Where QPay
        has refused whom it was for, it is tried again.

        :param str kind: 'citizen', 'company' or 'none'.
        :param str number: The phone number of a citizen, or the register number of a company; '' of
            the same kind as before leaves the number as it is.
        :return: None
        :raise UserError: If QPay issues no receipt, or has issued it already.
        :raise ValidationError: If the number has not its form.
        """
        self.ensure_one()
        if self.ebarimt_mode == 'none' or self.ebarimt_problem and kind != 'none':
            raise UserError(self.env._("QPay issues no VAT receipt of this payment."))
        if not number and kind == self.ebarimt_receiver_type:
            number = self.ebarimt_receiver
        number = self.env['res.partner']._qpay_normalise_receiver(kind, number)
        receipts = self.payment_ids.ebarimt_ids
        if receipts and kind == 'none':
            # The seller may owe it.
            raise UserError(self.env._("After the payment, the VAT receipt cannot be declined."))
        waiting = try_lock(receipts).filtered(lambda receipt: receipt._is_changeable())
        if receipts - waiting:
            raise UserError(self.env._("The VAT receipt can no longer be changed."))
        self.write({'ebarimt_receiver_type': kind, 'ebarimt_receiver': number})
        waiting.write({'receiver_type': kind, 'receiver': number})
        waiting._try_for_other_receiver()
        self.payment_ids._plan_ebarimt()

    def _get_ebarimt_state(self):
        """Return what the payer may know about the receipts of this QR.

        :return: Whether and for whom receipts are issued, without numbers that the payer has not
            entered here, and the receipts themselves.
        :rtype: dict
        """
        self.ensure_one()
        receipts = self.payment_ids.ebarimt_ids
        is_possible = self.ebarimt_mode != 'none' and not self.ebarimt_problem
        return {
            'is_possible': is_possible,
            'is_changeable': is_possible and all(
                receipt._is_changeable() for receipt in receipts
            ),
            'is_declinable': not receipts,
            'receiver_type': self.ebarimt_receiver_type or 'none',
            'receiver_hint': _mask(self.ebarimt_receiver),
            'receipts': [
                receipt._get_payer_values()
                for receipt in receipts if receipt.state != 'cancelled'
            ],
        }

    # === WHAT QPAY IS TOLD === #

    def _get_option_values(self, document, provider, receiver=None, **options):
        """ Override of `qpay.intent` to remember whom the receipt is for.

        Lines that QPay would refuse are not sent: the payer must not be held up.

        :param tuple[str, str] receiver: Whom the receipt is for, and the number; by default as the
            customer has it.
        """
        values = super()._get_option_values(document, provider, **options)
        mode = provider.qpay_ebarimt_mode
        if mode == 'none':
            return {**values, 'ebarimt_mode': mode}
        kind, number = receiver or document.partner._qpay_get_receiver()
        is_wanted = mode == 'with_invoice' and kind != 'none'
        return {
            **values,
            'ebarimt_mode': mode,
            'ebarimt_has_lines': is_wanted and not (
                TaxReceipt(document, provider, has_lines=True).get_receipt_error()
            ),
            'ebarimt_receiver_type': kind,
            'ebarimt_receiver': number,
        }

    def _can_take_option_values(self, values):
        """ Override of `qpay.intent`: what QPay knows of the taxes stays as it is. """
        has_lines = self.ebarimt_has_lines or not values.get('ebarimt_has_lines')
        return has_lines and super()._can_take_option_values(values)

    def _take_option_values(self, values):
        """ Override of `qpay.intent`: what QPay knows of the taxes stays as it is. """
        return super()._take_option_values({
            **values, 'ebarimt_has_lines': self.ebarimt_has_lines
        })

    def _get_invoice_request_values(self):
        """ Override of `qpay.intent` to say what QPay's invoice says about taxes (QPay contract
        §2.3).
        """
        values = super()._get_invoice_request_values()
        if not self.ebarimt_has_lines:
            return values
        receipt = self._get_tax_receipt()
        is_for_company = self.ebarimt_receiver_type == 'company'
        return {
            **values,
            'invoice_code': self.provider_id.sudo().qpay_ebarimt_invoice_code,
            'tax_type': receipt.tax_type,
            'district_code': receipt.district_code,
            'tax_customer_code': is_for_company and self.ebarimt_receiver or '',
            'lines': receipt.get_invoice_lines(self._get_decimal_amount()),
        }

    def _adapt_to_refusal(self, reason):
        """ Override of `qpay.intent` to ask for the amount alone, under another number: payers must
        not be held up by what is wrong with the taxes, while employees can put it right.

        :raise LockError: If another process is at this QR.
        """
        if not self.ebarimt_has_lines or self.env.user._is_internal():
            return super()._adapt_to_refusal(reason)
        _logger.warning("QPay refused the taxes of %s: %s", self.name, reason)
        self._lock_or_raise()
        self.write({
            'name': self._next_number(),
            'ebarimt_has_lines': False,
            'ebarimt_refusal': reason,
        })
        self.env.cr.commit()
        return True

    # === WHAT KEEPS QPAY FROM ISSUING IT === #

    def _find_ebarimt_problem(self):
        """Return why QPay will issue no receipt of this QR's payment, for people; '' if it will.

        :rtype: str
        """
        self.ensure_one()
        problem = self._get_tax_receipt().get_receipt_error(is_asked=True)
        return problem and (self.ebarimt_refusal or problem)

    def _get_tax_receipt(self):
        """Return the receipt of this QR's payment, with what QPay knows of it.

        :rtype: TaxReceipt
        """
        self.ensure_one()
        document = documents.of(self._get_document())
        return TaxReceipt(document, self.provider_id, self.ebarimt_has_lines)


def _mask(number):
    """Return a number of which people recognise their own, and nobody learns another's."""
    if not number or len(number) <= 4:
        return "•" * len(number or '')
    return f'{number[:2]}{"•" * (len(number) - 4)}{number[-2:]}'
