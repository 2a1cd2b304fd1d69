from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.models.payment_provider_health import HealthCheck
from odoo.addons.payment_qpay.qpay_api import (
    TAX_TYPE_VAT,
    VAT,
    InvoiceLine,
    is_tax_office_address,
)


class PaymentProvider(models.Model):
    """Whether and how QPay issues VAT receipts (e-Barimt) of the payments that it took."""

    _inherit = 'payment.provider'

    qpay_ebarimt_mode = fields.Selection(
        string="VAT Receipts",
        help="QPay must have switched e-Barimt on for your company. With its invoice, QPay gets the"
             " lines and their taxes; after payment, the amount only.",
        selection=list(const.EBARIMT_MODES),
        default='none',
        required=True,
    )
    qpay_ebarimt_generation = fields.Selection(
        string="e-Barimt Version",
        selection=list(const.EBARIMT_GENERATIONS),
        default='v3',
        required=True,
    )
    qpay_ebarimt_invoice_code = fields.Char(
        string="Invoice Code for VAT Receipts",
        help="QPay's code for invoices with taxes, for example COMPANY_EB_INVOICE.",
        copy=False,
        groups='base.group_system',
    )
    qpay_ebarimt_cancel_by = fields.Selection(
        string="Cancel Receipts By",
        help="The number that tells QPay which receipt to cancel. Ask QPay if it is always busy"
             " then. The earlier version uses the receipt's number.",
        selection=[('payment', "Payment's number"), ('receipt', "Receipt's number")],
        default='payment',
        required=True,
    )
    qpay_ebarimt_exempt_type = fields.Selection(
        string="Exempt Sales Are",
        help="What QPay calls sales that are exempt from VAT; those with 0 % are the other one."
             " Sources disagree: ask QPay.",
        selection=[('2', "Type 2"), ('3', "Type 3")],
        default='3',
        required=True,
    )
    qpay_tax_office_url = fields.Char(
        string="Tax Office's Address",
        help="Where the tax office tells whose an organisation's register number is, while one is"
             " typed. Empty: it is not asked.",
        default='https://api.ebarimt.mn',
        groups='base.group_system',
    )
    # What the company says on receipts is entered where they are switched on.
    qpay_district = fields.Selection(related='company_id.qpay_district', readonly=False)
    qpay_khoroo = fields.Char(related='company_id.qpay_khoroo', readonly=False)
    qpay_classification_code = fields.Char(
        related='company_id.qpay_classification_code', readonly=False
    )
    qpay_tax_product_code = fields.Char(
        related='company_id.qpay_tax_product_code', readonly=False
    )

    @api.constrains('qpay_ebarimt_mode', 'qpay_ebarimt_invoice_code', 'state')
    def _check_qpay_ebarimt_invoice_code(self):
        for provider in self.sudo():
            is_needed = provider.qpay_ebarimt_mode == 'with_invoice'
            is_on = provider.state != 'disabled'
            if is_needed and is_on and not provider.qpay_ebarimt_invoice_code:
                raise ValidationError(self.env._(
                    "VAT receipts with QPay's invoice need QPay's invoice code for them."
                ))

    @api.constrains('qpay_tax_office_url')
    def _check_qpay_tax_office_url(self):
        for provider in self.sudo():
            address = provider.qpay_tax_office_url
            if address and not is_tax_office_address(address):
                raise ValidationError(self.env._("The tax office's address must begin with https."))

    # === BUSINESS METHODS === #

    def _qpay_get_tax_office(self):
        """Return where to ask whose a register number is.

        :return: The address; '' if nobody is to be asked.
        :rtype: str
        """
        address = self._qpay_setting('qpay_tax_office_url')
        is_on = self.qpay_ebarimt_mode != 'none' and is_tax_office_address(address)
        return address if is_on else ''

    def _qpay_invoice_codes(self):
        """ Override of `payment.provider` to name the one for invoices with taxes. """
        codes, code = super()._qpay_invoice_codes(), self.sudo().qpay_ebarimt_invoice_code
        return codes if not code or code in codes else [*codes, code]

    def _qpay_get_health(self):
        """ Override of `payment.provider` to add what became of VAT receipts. """
        return [*super()._qpay_get_health(), self._qpay_get_health_of_receipts()]

    def _qpay_get_action_names(self):
        """ Override of `payment.provider` to add the one for VAT receipts. """
        return super()._qpay_get_action_names() | {'ir_cron_ebarimt'}

    def _qpay_get_health_of_receipts(self):
        """Return whether VAT receipts get issued."""
        count = self.env['qpay.ebarimt'].sudo().search_count([
            ('payment_id.provider_id', '=', self.id), ('state', 'in', ('failed', 'unknown')),
        ])
        if count:
            return HealthCheck('receipts', 'warning', self.env._(
                "%s VAT receipts were not issued, or nobody knows whether they were. Open the VAT"
                " receipts: each says why.", count,
            ))
        return HealthCheck('receipts', 'ok', self.env._("No VAT receipt is stuck."))

    def _qpay_get_trials(self, request):
        """ Override of `payment.provider` to try the invoice code for VAT receipts. """
        trials = super()._qpay_get_trials(request)
        if self.qpay_ebarimt_mode == 'with_invoice':
            trials.append(self._qpay_get_tax_trial(request))
        return trials

    def _qpay_get_tax_trial(self, request):
        """Return the trial of the invoice code for VAT receipts.

        :param InvoiceRequest request: The trial of the ordinary one.
        :rtype: InvoiceRequest
        :raise UserError: If the company's codes are missing.
        """
        company = self.company_id
        district_code = company._qpay_get_district_code()
        if not district_code or not company.qpay_classification_code:
            raise UserError(self.env._(
                "Please enter the district, khoroo and classification code for VAT receipts."
            ))
        line = InvoiceLine.for_total(
            request.description, request.amount, company.qpay_classification_code, tax_codes=[VAT]
        )
        return replace(
            request,
            invoice_code=self.sudo().qpay_ebarimt_invoice_code,
            sender_invoice_no=f'{request.sender_invoice_no}-VAT',
            tax_type=TAX_TYPE_VAT,
            district_code=district_code,
            lines=(line,),
        )

    def _qpay_has_other_ebarimt(self, records):
        """Hook for modules that issue VAT receipts in another way: QPay issues none of a document
        for which this returns True.

        :param recordset records: What is paid: invoices, a sales order, an order of the till, or a
            transaction that is for several orders.
        :return: Whether another module has issued, or is going to issue, its VAT receipt.
        :rtype: bool
        """
        self.ensure_one()
        return False
