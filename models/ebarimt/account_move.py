import logging

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.payment_qpay.checks import check_records

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    """The VAT receipts of the payments of invoices."""

    _inherit = 'account.move'

    qpay_ebarimt_count = fields.Integer(
        string="VAT Receipt Count",
        compute='_compute_qpay_ebarimt_count',
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    # === COMPUTE METHODS === #

    def _compute_qpay_ebarimt_count(self):
        for move in self:
            move.qpay_ebarimt_count = len(move._qpay_find_receipts())

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to look after the VAT receipts of what is credited. """
        result = super().write(vals)
        if 'state' in vals:
            self._qpay_sync_receipts()
        return result

    def _qpay_sync_receipts(self):
        """Have the VAT receipts of invoices that are credited in full cancelled, and a person asked
        to correct those of invoices that are credited in part.

        :return: None
        """
        # Whoever posts a credit note need not be allowed to see what it credits.
        for note in self.sudo().filtered(
            lambda move: move.move_type == 'out_refund'
            and move.state == 'posted'
            and move.reversed_entry_id
        ):
            invoice = note.reversed_entry_id
            receipts = invoice._qpay_find_receipts().filtered(lambda r: r.state != 'cancelled')
            receipts._take_credit_note(note, invoice if invoice._qpay_is_credited() else None)

    # === ACTION METHODS === #

    def action_view_qpay_receipts(self):
        """Open the VAT receipts of this invoice, those too that failed or are void.

        :return: The action of their list.
        :rtype: dict
        """
        self.ensure_one()
        check_records(self)
        self.env['qpay.ebarimt'].check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id('payment_qpay.action_qpay_ebarimt')
        receipts = self._qpay_find_receipts().with_env(self.env)._filtered_access('read')
        return {**action, 'domain': [('id', 'in', receipts.ids)], 'context': {}}

    # === BUSINESS METHODS - PRINTING === #

    def get_extra_print_items(self):
        """ Override of `account` to print nothing anew for a menu, which only asks whether there is
        something to print.

        :return: The entries of the menu.
        :rtype: list[dict]
        """
        moves = self.with_context(qpay_prints_nothing=True)
        return super(AccountMove, moves).get_extra_print_items()

    def _get_invoice_legal_documents(self, filetype, allow_fallback=False):
        """ Override of `account` to print sent invoices anew once they have a VAT receipt.

        :param str filetype: The kind of the document.
        :param bool allow_fallback: Whether a pro forma invoice will do.
        :return: The document; None if there is none.
        :rtype: dict
        """
        document = super()._get_invoice_legal_documents(filetype, allow_fallback=allow_fallback)
        is_stored = filetype == 'pdf' and self.invoice_pdf_report_id
        return self._qpay_print_receipts(document) if document and is_stored else document

    def _get_invoice_legal_documents_all(self, allow_fallback=False):
        """ Override of `account` to print sent invoices anew once they have a VAT receipt.

        :param bool allow_fallback: Whether a pro forma invoice will do.
        :return: The documents; None if there are none.
        :rtype: list[dict]
        """
        documents_data = super()._get_invoice_legal_documents_all(allow_fallback=allow_fallback)
        stored = self.invoice_pdf_report_id
        if not documents_data or not stored:
            return documents_data
        return [
            self._qpay_print_receipts(data) if data['filename'] == stored.name else data
            for data in documents_data
        ]

    def _qpay_print_receipts(self, document):
        """Return the PDF of a sent invoice as it is to be read now. It was sent to be paid, with
        the QR of its payment, and is kept so; who gets it after the payment finds the VAT receipt.

        :param dict document: The PDF as it was sent.
        :rtype: dict
        """
        if self.env.context.get('qpay_prints_nothing') or not self._qpay_get_receipts():
            return document
        try:
            content, _kind = self.env['ir.actions.report']._render_qweb_pdf(
                self.env['account.move.send']._get_default_pdf_report_id(self), self.ids
            )
        except UserError as error:
            # Odoo itself needs nothing to hand out what is stored.
            _logger.warning("%s is handed out without its VAT receipt: %s", self.name, error)
            return document
        return {**document, 'content': content}

    # === GETTERS === #

    def _qpay_get_receipts(self):
        """Return the valid VAT receipts that QPay has issued of the payments of these invoices.

        :return: The receipts, in sudo mode.
        :rtype: qpay.ebarimt
        """
        return self._qpay_find_receipts().filtered(lambda receipt: receipt.state == 'issued')

    def _qpay_find_receipts(self):
        """Return the VAT receipts of the payments of these invoices, and of the orders that they
        invoice, whatever has become of them.

        :return: The receipts, in sudo mode.
        :rtype: qpay.ebarimt
        """
        receipts = self.env['qpay.ebarimt'].sudo()
        if not self:
            return receipts
        return receipts.search(Domain.OR(
            Domain(f'payment_id.{path}', 'in', self.ids) for path in (
                'intent_id.invoice_ids', 'assigned_invoice_ids', 'transaction_id.invoice_ids',
            )
        ), order='id')

    def _qpay_is_credited(self):
        """Whether this invoice is credited in full, by one credit note or by several.

        :rtype: bool
        """
        self.ensure_one()
        notes = self.reversal_move_ids.filtered(
            lambda note: note.move_type == 'out_refund' and note.state == 'posted'
        )
        total = sum(notes.filtered(lambda note: note.currency_id == self.currency_id).mapped(
            'amount_total'
        ))
        return bool(notes) and self.currency_id.compare_amounts(total, self.amount_total) >= 0
