from odoo import fields, models

from odoo.addons.payment_qpay import documents


class QPayPayment(models.Model):
    """Which VAT receipt a payment gets."""

    _inherit = 'qpay.payment'

    ebarimt_ids = fields.One2many(
        string="VAT Receipts", comodel_name='qpay.ebarimt', inverse_name='payment_id'
    )

    def _get_document(self):
        """Return what this payment paid; empty if nobody knows.

        :rtype: recordset
        """
        self.ensure_one()
        return self.intent_id._get_document() if self.intent_id else self.assigned_invoice_ids

    def _plan_ebarimt(self):
        """Have VAT receipts issued for those of these payments that are booked and are to get one.

        What keeps QPay from issuing one does not touch the payment: the receipt has failed, and a
        person is asked to look at it.

        :return: None
        """
        for payment in self.filtered(lambda p: p.state == 'settled' and p.status == 'paid'):
            kind, number = payment._get_receiver()
            valid = payment.ebarimt_ids.filtered(lambda receipt: receipt.state != 'cancelled')
            if kind == 'none' or valid:
                continue
            receipt = self.env['qpay.ebarimt'].create({
                'payment_id': payment.id,
                'generation': payment.provider_id.qpay_ebarimt_generation,
                'receiver_type': kind,
                'receiver': number,
                'next_attempt_at': fields.Datetime.now(),
            })
            if problem := payment._find_ebarimt_problem(kind, number):
                receipt._fail(problem)
            else:
                receipt._trigger_now()

    def _get_receiver(self):
        """Return whom the receipt of this payment is for: 'none' if there is to be none.

        :rtype: tuple[str, str]
        """
        self.ensure_one()
        intent = self.intent_id
        if intent:
            is_wanted = intent.ebarimt_mode != 'none'
            kind, number = intent.ebarimt_receiver_type or 'none', intent.ebarimt_receiver or ''
        else:
            # What nobody asked for by a QR has no lines at QPay.
            is_wanted = self.provider_id.qpay_ebarimt_mode == 'after_payment'
            kind, number = self.assigned_partner_id._qpay_get_receiver()
        return (kind, number) if is_wanted else ('none', '')

    def _find_ebarimt_problem(self, kind, number):
        if kind == 'company' and not number:
            return self.env._(
                "The customer has no register number. Please enter it as the customer's Tax ID."
            )
        if self.intent_id.ebarimt_problem:
            return self.intent_id.ebarimt_problem
        document = documents.of(self._get_document())
        return documents.TaxReceipt(document, self.provider_id).find_problem()
