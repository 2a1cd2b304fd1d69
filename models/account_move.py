from odoo import api, fields, models

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.checks import check_records


class AccountMove(models.Model):
    """The QRs of invoices. Their permanent links are in `account_move_link`, their discounts for
    early payment in `account_move_discount`.
    """

    _name = 'account.move'
    _inherit = ['account.move', 'qpay.guarded']

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

    # === COMPUTE METHODS === #

    @api.depends('qpay_intent_ids')
    def _compute_qpay_intent_count(self):
        for move in self:
            move.qpay_intent_count = len(move.qpay_intent_ids)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account` to look after the open QRs of what is no longer owed, and keep in
        the books what QPay has taken.
        """
        if vals.get('state') in ('draft', 'cancel'):
            self.origin_payment_id._qpay_check_kept()
        result = super().write(vals)
        if 'state' in vals:
            self._qpay_recheck_intents()
        if 'partner_id' in vals:
            self._qpay_leave_payments_of_others()
        return result

    def _qpay_leave_payments_of_others(self):
        """Take off these invoices the payments of another customer: Odoo leaves them matched, and
        its sales match an invoice with whatever payment it is linked to.

        :return: None
        """
        for move in self.sudo():
            others = move.transaction_ids.filtered(
                lambda tx, customer=move.commercial_partner_id:
                tx.provider_code == const.PROVIDER_CODE
                and tx.payment_id and tx.payment_id.partner_id != customer
            )
            if others:
                move.transaction_ids -= others
            move.line_ids.matched_credit_ids.filtered(
                lambda partial, customer=move.commercial_partner_id:
                partial.credit_move_id.move_id.origin_payment_id.qpay_txn_id
                and partial.credit_move_id.partner_id != customer
            ).unlink()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """ Override of `account` to keep in the books what QPay has taken.

        :param list default_values_list: What is different about the reversals.
        :param bool cancel: Whether the entries are matched with their reversals.
        :return: The reversals.
        :rtype: account.move
        """
        self.origin_payment_id._qpay_check_kept()
        return super()._reverse_moves(default_values_list=default_values_list, cancel=cancel)

    def unlink(self):
        """ Override of `account` to end the open QRs of deleted invoices, and keep in the books
        what QPay has taken.
        """
        self.origin_payment_id._qpay_check_kept()
        self._qpay_recheck_intents()
        return super().unlink()

    def _qpay_recheck_intents(self):
        """Have the open QRs of these documents, and of the orders that they invoice, rechecked,
        because what is owed may have changed.

        :return: None
        """
        # Whoever posts or pays need not be allowed to see orders, nor other companies' invoices.
        moves = self.sudo().filtered(lambda move: move.move_type != 'entry')
        if not moves:
            return
        intents = documents.of(moves).find_open_intents()
        # Without `sale` there are no orders.
        if 'sale_line_ids' in moves.line_ids._fields:
            intents |= documents.of(moves.line_ids.sale_line_ids.order_id).find_open_intents()
        intents._enqueue_recheck()

    # === PORTAL === #

    def _has_to_be_paid(self):
        """ Override of `account_payment` to ask nobody for what QPay has confirmed already. """
        return super()._has_to_be_paid() and not documents.of(self).get_waiting_amount()

    def _get_online_payment_error(self):
        """ Override of `account_payment` to say why nobody is asked. """
        document = documents.of(self)
        if document.get_waiting_amount():
            return document.get_waiting_reason() or self.env._(
                "A payment that QPay has confirmed is being booked. Please try again later."
            )
        return super()._get_online_payment_error()

    # === ACTION METHODS === #

    def action_qpay_qr(self):
        """Open the dialog that makes and shows the QPay QR of these invoices.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the invoices cannot be paid by one QPay QR.
        """
        check_records(self, 'write')
        return self.env['qpay.qr.wizard']._open(documents.of(self))

    def action_view_qpay_intents(self):
        """Open the QRs of this invoice.

        :return: The action of their list.
        :rtype: dict
        """
        self.ensure_one()
        check_records(self)
        self.env['qpay.intent'].check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id('payment_qpay.action_qpay_intent')
        return {**action, 'domain': [('id', 'in', self.qpay_intent_ids.ids)], 'context': {}}

    def qpay_create_intent(self, amount=None):
        """Return the open QPay QR of these invoices, made now if there is none.

        The transaction is committed before QPay is asked, so that a QR that can be paid is never
        unknown here. This belongs at the end of a transaction, or in one of its own: invoices that
        were created or changed in this transaction are refused, and so is a call within a
        savepoint, before anything happens.

        :param float amount: The amount in tögrög; by default what is due next.
        :return: The QR and its state: see `qpay.intent._get_status_payload`.
        :rtype: dict
        :raise UserError: If the invoices or the amount cannot be paid by QPay, QPay refuses, or the
            transaction cannot be committed.
        """
        check_records(self, 'write')
        document = documents.of(self)
        document.check_payable()
        if amount is None:
            amount = document.get_default_amount()
        return document.get_or_create_intent(amount)._get_status_payload()

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """ Override of `account` to date invoices that Odoo makes of what was paid by QPay as the
        payment is.
        """
        if day := self.env.context.get('qpay_payment_date'):
            self.filtered(
                lambda move: move.is_sale_document(include_receipts=True) and not move.invoice_date
            ).invoice_date = day
        return super()._post(soft)
