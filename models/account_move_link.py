from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.checks import check_records
from odoo.addons.payment_qpay.qr_code import draw_qr


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
        """Open the dialog that sends customers the permanent links of those of these invoices
        that can be paid, and tell which are left out.

        :return: The action of the dialog.
        :rtype: dict
        :raise UserError: If none of them can be sent.
        """
        check_records(self, 'write')
        sendable = self.browse()
        left_out = defaultdict(self.browse)
        for move in self:
            if reason := move._qpay_get_sending_blocking_reason():
                left_out[reason] += move
            else:
                sendable += move
        notice = '\n'.join(
            f'{", ".join(moves.mapped("display_name"))}: {reason}'
            for reason, moves in left_out.items()
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

    def _qpay_get_sending_blocking_reason(self):
        """Return why the customer of this invoice cannot be sent its link, for people; None if
        nothing keeps us.

        :rtype: str
        """
        self.ensure_one()
        document = documents.of(self)
        if reason := document.get_blocking_reason():
            return reason
        document.get_provider(is_for_payer=True)
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
