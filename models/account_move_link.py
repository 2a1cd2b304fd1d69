from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.qr_code import draw_qr

_LAYOUT = 'mail.mail_notification_light'


class AccountMove(models.Model):
    """How the permanent link of an invoice gets to its payer: by e-mail, and on paper."""

    _inherit = 'account.move'

    qpay_link = fields.Char(
        string="QPay Link",
        help="Leads the customer to the payment of this invoice by QPay. It never goes stale: who"
             " opens it gets the open QR, or reads that the invoice is paid.",
        compute='_compute_qpay_link',
        groups='account.group_account_invoice',
    )

    # === COMPUTE METHODS === #

    @api.depends('state', 'move_type', 'company_id')
    def _compute_qpay_link(self):
        for move in self:
            is_invoice = move.move_type == 'out_invoice' and move.state == 'posted'
            # A form that is being edited asks for a copy, which has no id.
            move.qpay_link = is_invoice and documents.of(move._origin).get_link()

    # === ACTION METHODS === #

    def action_send_qpay_link(self):
        """Open the dialog that sends the permanent link of an invoice to its customer, or those of
        several to theirs.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If the link of a single invoice cannot be sent.
        """
        check_records(self, 'write')
        if len(self) > 1:
            return self.env['qpay.link.wizard']._open_for(self)
        if reason := self._qpay_get_sending_blocking_reason():
            raise UserError(reason)
        return self._qpay_get_sending_dialog()

    def _qpay_get_sending_blocking_reason(self):
        """Return why the customer of this invoice cannot be sent its link, for people; None if
        nothing keeps us.

        :rtype: str
        """
        self.ensure_one()
        document = documents.of(self)
        if reason := document.get_blocking_reason():
            return reason
        try:
            document.get_provider(is_for_payer=True)
        except UserError as error:
            return str(error)
        if not self.partner_id.email_normalized:
            return self.env._("%s has no e-mail address.", self.partner_id.display_name)
        return None

    def _qpay_get_sending_dialog(self):
        """Return the action of Odoo's own dialog for an e-mail, with the link of this invoice."""
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
                'default_template_id': self._qpay_get_link_template().id,
                'default_composition_mode': 'comment',
                'default_email_layout_xmlid': _LAYOUT,
                'force_email': True,
            },
        }

    def _qpay_send_link(self, is_invoice_attached=False):
        """Send the permanent link of this invoice to its customer.

        :param bool is_invoice_attached: Whether the invoice goes with it, as a PDF.
        :return: None
        """
        self.ensure_one()
        values = {}
        if is_invoice_attached:
            document = self._get_invoice_legal_documents('pdf', allow_fallback=True)
            attachment = self.env['ir.attachment'].create({
                'name': document['filename'],
                'raw': document['content'],
                'res_model': self._name,
                'res_id': self.id,
            })
            values['attachment_ids'] = [Command.set(attachment.ids)]
        self.with_context(force_email=True).message_post_with_source(
            self._qpay_get_link_template(), message_type='comment', email_layout_xmlid=_LAYOUT,
            **values,
        )

    def _qpay_get_link_template(self):
        return self.env.ref('payment_qpay.mail_template_qpay_link')

    # === GETTERS === #

    def _qpay_get_next_payment(self):
        """Return what the payer's page asks for next, in this invoice's currency, and by when.

        :rtype: tuple[float, date]
        """
        self.ensure_one()
        return documents.of(self).get_next_payment()

    def _qpay_get_printed_link(self):
        """Return the permanent link that is printed on this invoice, whoever prints it.

        :return: The link; '' if none is printed.
        :rtype: str
        """
        self.ensure_one()
        document = documents.of(self)
        provider = document.find_provider(is_for_payer=True)
        is_wanted = provider.qpay_is_on_invoice and not document.get_blocking_reason()
        return document.get_link() if is_wanted else ''

    def _qpay_get_printed_qr(self):
        """Return the picture of that link.

        :return: The address of the picture, which holds it; '' if none is printed.
        :rtype: str
        """
        link = self._qpay_get_printed_link()
        return link and f'data:image/png;base64,{draw_qr(link).decode()}'
