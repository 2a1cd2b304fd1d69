from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.documents.ebarimt import TaxReceipt
from odoo.addons.payment_qpay.locking import try_in_savepoint
from odoo.addons.payment_qpay.reasons import get_reason


class QPayPayment(models.Model):
    """Which VAT receipt a payment gets."""

    _inherit = 'qpay.payment'

    ebarimt_ids = fields.One2many(
        string="VAT Receipts", comodel_name='qpay.ebarimt', inverse_name='payment_id'
    )

    # Of a payment without a QR, when a person says whose it is.
    ebarimt_receiver_type = fields.Selection(
        string="VAT Receipt For",
        selection=list(const.EBARIMT_RECEIVERS_OR_NOBODY),
        readonly=True,
        copy=False,
    )
    ebarimt_receiver = fields.Char(
        string="Number on the VAT Receipt", readonly=True, copy=False
    )

    # === WHAT BECOMES OF A PAYMENT === #

    def _settle(self):
        """ Override of `qpay.payment` to have the VAT receipts issued. """
        result = super()._settle()
        self._plan_ebarimt()
        return result

    def _complete_refund(self):
        """ Override of `qpay.payment` to have the VAT receipt of what is refunded cancelled. """
        was_refunded = self.status == 'refunded'
        result = super()._complete_refund()
        if not was_refunded:
            self.ebarimt_ids._request_cancellation()
        return result

    def _take_back_assignment(self):
        """ Override of `qpay.payment` to have the VAT receipt of the wrong customer cancelled. """
        self.ebarimt_ids._request_cancellation()
        self.write({'ebarimt_receiver_type': False, 'ebarimt_receiver': False})
        return super()._take_back_assignment()

    # === PLANNING === #

    def _plan_ebarimt(self):
        """Have VAT receipts issued for those of these payments that are to get one and had none.

        A receipt that was cancelled is not issued anew by itself. Nothing that goes wrong here
        touches the payment.

        :return: None
        """
        for payment in self.filtered(lambda p: p._is_to_get_receipt()):
            if reason := try_in_savepoint(self.env, payment._plan_receipt):
                payment._add_activity(self.env._("A VAT receipt was not issued"), reason)

    def _plan_receipt(self):
        """Have the VAT receipt of this payment issued, or say why it cannot be."""
        kind, number = self._get_receiver()
        receipt = self._create_receipt(kind, number)
        problem = self._find_ebarimt_problem(kind, number) or self._find_credit()
        if problem:
            receipt._set_failed(problem)

    def _issue_ebarimt_anew(self, kind, number):
        """Have a new VAT receipt of this payment issued, because a person says so.

        :param str kind: 'citizen' or 'company'.
        :param str number: The number of the receiver.
        :raise UserError: If the payment was paid back or credited, or has a receipt.
        """
        self.ensure_one()
        if not self._is_sale():
            raise UserError(get_reason(self.env, 'nothing_to_receipt'))
        if self.ebarimt_ids.filtered(lambda receipt: receipt.state != 'cancelled'):
            raise UserError(get_reason(self.env, 'receipt_exists'))
        self._create_receipt(kind, number)

    def _create_receipt(self, kind, number):
        receipt = self.env['qpay.ebarimt'].create({
            'payment_id': self.id,
            'generation': self.provider_id.qpay_ebarimt_generation,
            'receiver_type': kind,
            'receiver': number,
            'next_attempt_at': fields.Datetime.now(),
        })
        receipt._trigger()
        return receipt

    # === WHAT IT IS FOR === #

    def _is_to_get_receipt(self):
        """Whether somebody is to get a receipt of this payment, and it had none."""
        kind, _number = self._get_receiver()
        return kind != 'none' and not self.ebarimt_ids and self._is_sale()

    def _is_sale(self):
        """Whether this payment is booked and stays: it was neither paid back nor credited.

        :rtype: bool
        """
        self.ensure_one()
        invoices = self._get_invoices()
        is_credited = invoices and all(invoice._qpay_is_credited() for invoice in invoices)
        return self.state == 'settled' and self.status == 'paid' and not is_credited

    def _get_invoices(self):
        """Return the invoices that this payment is for: also of the order that it paid before.

        :rtype: account.move
        """
        self.ensure_one()
        invoices = self.intent_id.invoice_ids | self.assigned_invoice_ids
        return invoices | self.transaction_id.invoice_ids

    def _get_partner(self):
        """Return who paid.

        :rtype: res.partner
        """
        self.ensure_one()
        document = documents.of(self._get_document())
        return document.partner or self.intent_id.partner_id or self.assigned_partner_id

    def _get_receiver(self):
        """Return whom the receipt of this payment is for: 'none' if there is to be none.

        :rtype: tuple[str, str]
        """
        self.ensure_one()
        chosen = self.intent_id or self
        if self.intent_id:
            is_wanted = self.intent_id.ebarimt_mode != 'none'
        else:
            # What nobody asked for by a QR has no lines at QPay.
            is_wanted = self.provider_id.qpay_ebarimt_mode == 'after_payment'
        kind = is_wanted and chosen.ebarimt_receiver_type or 'none'
        return kind, kind != 'none' and chosen.ebarimt_receiver or ''

    def _get_tax_receipt(self):
        """Return the receipt of this payment, with what QPay knows of it.

        :rtype: TaxReceipt
        """
        self.ensure_one()
        document = documents.of(self._get_document())
        return TaxReceipt(
            document, self.provider_id, self.intent_id.ebarimt_has_lines
        )

    # === WHAT KEEPS QPAY FROM ISSUING IT === #

    def _find_ebarimt_problem(self, kind, number):
        """Return what QPay would refuse of the receipt of this payment, for people; '' if nothing.

        :param str kind: 'citizen' or 'company'.
        :param str number: The number of the receiver.
        :rtype: str
        """
        self.ensure_one()
        if kind == 'company' and not number:
            return get_reason(self.env, 'register_missing')
        if self.intent_id:
            return self.intent_id._find_ebarimt_problem()
        return self._get_tax_receipt().get_receipt_error(is_asked=True)

    def _find_credit(self):
        """Return why a person decides about the receipt of this payment: nothing was owed any more,
        so nothing is sold for it yet.

        :rtype: str
        """
        self.ensure_one()
        if self._get_invoices():
            items = self._get_credit_items()
            is_credit = self.discrepancy and items and not items.matched_debit_ids
        else:
            is_credit = self.discrepancy == 'double'
        if not is_credit:
            return ''
        return get_reason(self.env, 'all_is_credit')
