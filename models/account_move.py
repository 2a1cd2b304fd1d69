from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.qr import draw_qr


class AccountMove(models.Model):
    _inherit = 'account.move'

    qpay_intent_ids = fields.Many2many(
        string="QPay QRs",
        comodel_name='qpay.intent',
        relation='qpay_intent_invoice_rel',
        column1='invoice_id',
        column2='intent_id',
        readonly=True,
        copy=False,
        groups='account.group_account_invoice,account.group_account_readonly',
    )

    qpay_intent_count = fields.Integer(
        string="QPay QR Count",
        compute='_compute_qpay_intent_count',
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    qpay_ebarimt_count = fields.Integer(
        string="VAT Receipt Count",
        compute='_compute_qpay_ebarimt_count',
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    qpay_link = fields.Char(
        string="QPay Link",
        help="Leads the customer to the payment of this invoice by QPay. It never goes stale: who"
             " opens it gets the QR that is live, or reads that the invoice is paid.",
        compute='_compute_qpay_link',
    )

    # === COMPUTE METHODS === #

    @api.depends('qpay_intent_ids')
    def _compute_qpay_intent_count(self):
        for move in self:
            move.qpay_intent_count = len(move.qpay_intent_ids)

    def _compute_qpay_ebarimt_count(self):
        for move in self:
            move.qpay_ebarimt_count = len(move._qpay_get_receipts())

    @api.depends('state', 'move_type', 'company_id')
    def _compute_qpay_link(self):
        for move in self:
            is_invoice = move.move_type == 'out_invoice' and move.state == 'posted'
            move.qpay_link = is_invoice and documents.of(move).get_link()

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to look after the live QRs of what is no longer owed. """
        result = super().write(vals)
        if 'state' in vals:
            self._qpay_look_after_intents()
            self._qpay_look_after_receipts()
        return result

    def unlink(self):
        """ Override of `account` to end the live QRs of deleted invoices. """
        self._qpay_look_after_intents()
        return super().unlink()

    def _qpay_look_after_intents(self):
        """Have the live QRs of these documents, and of the orders that they invoice, looked at,
        because what is owed may have changed.

        :return: None
        """
        intents = documents.of(self).get_live_intents()
        # Without `sale` there are no orders.
        if 'sale_line_ids' in self.line_ids._fields:
            intents |= documents.get_live_intents(self.line_ids.sale_line_ids.order_id)
        intents._look_soon()

    def _qpay_look_after_receipts(self):
        """Have the VAT receipts of invoices that are credited in full cancelled, and a person asked
        to correct those of invoices that are credited in part.

        :return: None
        """
        for note in self.filtered(
            lambda move: move.move_type == 'out_refund'
            and move.state == 'posted'
            and move.reversed_entry_id
        ):
            invoice = note.reversed_entry_id
            receipts = invoice._qpay_find_receipts().filtered(lambda r: r.state != 'cancelled')
            receipts._take_credit_note(note, invoice if invoice._qpay_is_credited() else None)

    # === ACTION METHODS === #

    def action_qpay_qr(self):
        """Open the dialog that makes and shows the QPay QR of these invoices.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the invoices cannot be paid by one QPay QR.
        """
        self.check_access('write')
        document = documents.of(self)
        document.check_payable()
        document.get_provider()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("QPay QR"),
            'res_model': 'qpay.qr.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_res_model': self._name,
                'default_res_id': self.ids[0],
                'default_invoice_ids': self.ids,
            },
        }

    def action_send_qpay_link(self):
        """Open the dialog that sends customers the permanent links of those of these invoices
        that can be paid, and tell which are left out.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If none of them can be sent.
        """
        self.check_access('write')
        sendable = self.browse()
        left_out = defaultdict(self.browse)
        for move in self:
            if obstacle := move._qpay_get_sending_obstacle():
                left_out[obstacle] += move
            else:
                sendable += move
        notice = '\n'.join(
            f'{", ".join(moves.mapped("display_name"))}: {obstacle}'
            for obstacle, moves in left_out.items()
        )
        if not sendable:
            raise UserError(next(iter(left_out)) if len(self) == 1 else notice)
        dialog = sendable._qpay_get_sending_dialog()
        if not notice:
            return dialog
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'title': self.env._("Not sent"),
                'message': notice,
                'type': 'warning',
                'sticky': True,
                'next': dialog,
            },
        }

    def _qpay_get_sending_obstacle(self):
        """Return why the customer of this invoice cannot be sent its link, for people; None if
        nothing keeps us.

        :rtype: str
        """
        self.ensure_one()
        document = documents.of(self)
        if obstacle := document.get_obstacle():
            return obstacle
        document.get_provider()
        if not self.partner_id.email_normalized:
            return self.env._("%s has no e-mail address.", self.partner_id.display_name)
        return None

    def _qpay_get_sending_dialog(self):
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Send QPay link"),
            'res_model': 'mail.compose.message',
            'view_mode': 'form',
            'views': [(False, 'form')],
            'target': 'new',
            'context': {
                'default_model': self._name,
                'default_res_ids': self.ids,
                'default_template_id': self.env.ref('payment_qpay.mail_template_qpay_link').id,
                'default_composition_mode': 'comment' if len(self) == 1 else 'mass_mail',
                'default_email_layout_xmlid': 'mail.mail_notification_light',
                'force_email': True,
            },
        }

    def action_view_qpay_receipts(self):
        """Open the VAT receipts of this invoice.

        :return: The action of their list.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('payment_qpay.action_qpay_ebarimt')
        return {**action, 'domain': [('id', 'in', self._qpay_get_receipts().ids)], 'context': {}}

    def action_view_qpay_intents(self):
        """Open the QRs of this invoice.

        :return: The action of their list.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('payment_qpay.action_qpay_intent')
        return {**action, 'domain': [('id', 'in', self.qpay_intent_ids.ids)], 'context': {}}

    def qpay_create_intent(self, amount=None):
        """Return the live QPay QR of these invoices, made now if there is none.

        :param float amount: The amount in tögrög; by default what is due next.
        :return: The QR and its state: see `qpay.intent._get_normalised_values`.
        :rtype: dict
        :raise UserError: If the invoices or the amount cannot be paid by QPay, or QPay refuses.
        """
        self.check_access('write')
        document = documents.of(self)
        document.check_payable()
        if amount is None:
            amount = document.get_default_amount()
        return document.get_or_create_intent(amount)._get_normalised_values()

    # === BUSINESS METHODS - PRINTING === #

    def _get_invoice_legal_documents(self, filetype, allow_fallback=False):
        """ Override of `account` to print sent invoices anew once they have a VAT receipt.

        :param str filetype: The kind of the document.
        :param bool allow_fallback: Whether a pro forma invoice will do.
        :return: The document.
        :rtype: dict
        """
        document = super()._get_invoice_legal_documents(filetype, allow_fallback=allow_fallback)
        is_stored = filetype == 'pdf' and self.invoice_pdf_report_id
        return self._qpay_print_receipts(document) if is_stored else document

    def _get_invoice_legal_documents_all(self, allow_fallback=False):
        """ Override of `account` to print sent invoices anew once they have a VAT receipt.

        :param bool allow_fallback: Whether a pro forma invoice will do.
        :return: The documents.
        :rtype: list[dict]
        """
        documents_data = super()._get_invoice_legal_documents_all(allow_fallback=allow_fallback)
        stored = self.invoice_pdf_report_id
        return [
            self._qpay_print_receipts(data) if stored and data['filename'] == stored.name else data
            for data in documents_data
        ]

    def _qpay_print_receipts(self, document):
        """Return the PDF of a sent invoice as it is to be read now. It was sent to be paid, with
        the QR of its payment, and is kept so; who gets it after the payment finds the VAT receipt.

        :param dict document: The PDF as it was sent.
        :rtype: dict
        """
        if not self._qpay_get_receipts():
            return document
        content, _kind = self.env['ir.actions.report']._render_qweb_pdf(
            self.env['account.move.send']._get_default_pdf_report_id(self), self.ids
        )
        return {**document, 'content': content}

    # === BUSINESS METHODS === #

    def _qpay_get_discount_lines(self, amount):
        """Return the journal items of the discount that an early payment of this invoice earns.

        Odoo itself books it for a transaction in the invoice's currency only.

        :param float amount: The amount of the payment, in the invoice's currency.
        :return: The values of the items; none if the payment earns no discount.
        :rtype: list
        """
        if len(self) != 1 or self.state != 'posted':
            return []
        next_payment = self._get_invoice_next_payment_values()
        if next_payment.get('installment_state') != 'epd' or self.currency_id.compare_amounts(
            amount, next_payment['amount_due']
        ):
            return []
        line = next_payment['epd_line']
        items_by_kind = self._get_invoice_counterpart_amls_for_early_payment_discount([{
            'aml': line,
            'amount_currency': -line.amount_residual_currency,
            'balance': -line.balance,
        }], next_payment['epd_discount_amount'])
        return [
            {**item, 'partner_id': self.commercial_partner_id.id}
            for items in items_by_kind.values() for item in items
        ]

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

    def _qpay_get_next_payment(self):
        """Return what the payer's page asks for next, in this invoice's currency, and by when.

        :rtype: tuple[float, date]
        """
        self.ensure_one()
        return documents.of(self).get_next_payment()

    def _qpay_get_printed_qr(self):
        """Return the picture of the permanent link that is printed on this invoice.

        :return: The address of the picture, which holds it; '' if none is printed.
        :rtype: str
        """
        self.ensure_one()
        document = documents.of(self)
        is_wanted = document.find_provider().qpay_is_on_invoice and not document.get_obstacle()
        return f'data:image/png;base64,{draw_qr(self.qpay_link).decode()}' if is_wanted else ''
