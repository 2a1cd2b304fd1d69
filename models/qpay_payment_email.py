import logging

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import try_in_savepoint
from odoo.addons.payment_qpay.scheduling import each_in_time

_logger = logging.getLogger(__name__)

_TEMPLATE = 'payment_qpay.mail_template_qpay_receipt'
_QUEUE = 'mail.ir_cron_mail_scheduler_action'


class QPayPayment(models.Model):
    """The e-mail that a customer gets after a payment.

    It is a scheduled action's alone: what is wrong with it neither undoes nor holds up what is
    booked. The mark that it was sent is written with the message itself, so it is sent once.
    """

    _inherit = 'qpay.payment'

    email_due_at = fields.Datetime(
        help="When the customer is next to be written to; empty if not, or not any more.",
        readonly=True,
        copy=False,
    )

    _email_due_index = models.Index('(email_due_at) WHERE email_due_at IS NOT NULL')

    @api.model_create_multi
    def create(self, vals_list):
        """Have the customers who have paid by QRs written to."""
        now = fields.Datetime.now()
        return super().create([
            {'email_due_at': now if values.get('intent_id') else False, **values}
            for values in vals_list
        ])

    @api.model
    def _cron_email(self):
        """Write to the customers whose payments are booked.

        :return: None
        """
        due = self.search([
            # What is not booked yet is left to those who book it.
            ('email_due_at', '<=', fields.Datetime.now()), ('state', '=', 'settled'),
        ], order='email_due_at, id')
        for row in each_in_time(self.env, due):
            row._email_one()

    def _email_one(self):
        """Write to the customer of this payment, whatever happens."""
        now = fields.Datetime.now()
        if self.create_date < now - const.EMAIL_PERIOD or not self._is_email_wanted():
            self.email_due_at = False
            self.env.cr.commit()
            return
        # Put off before: what fails comes again, but does not hold up the others.
        self.email_due_at = now + const.EMAIL_RETRY_DELAY
        self.env.cr.commit()
        if reason := try_in_savepoint(self.env, self._email_if_ready):
            _logger.error("The receipt of QPay payment %s was not e-mailed: %s", self.id, reason)
        self.env.cr.commit()

    def _email_if_ready(self):
        """Write once all is there that belongs to it, or has been waited for long enough."""
        has_waited = self.create_date < fields.Datetime.now() - const.EMAIL_PATIENCE
        if has_waited or self._is_email_complete():
            self._email()

    def _is_email_wanted(self):
        return (
            self.provider_id.qpay_email_receipts and self.status == 'paid'
            and bool(self.partner_id.email)
        )

    def _is_email_complete(self):
        """Whether nothing is under way any more that the e-mail tells of.

        :rtype: bool
        """
        self.ensure_one()
        return self._get_printed_receipt()[1]

    def _get_printed_receipt(self):
        """Return the receipt, as far as it is printed, and whether it is not waited for."""
        receipts = self.env['qpay.receipt']
        if self.env['ir.actions.report'].get_wkhtmltopdf_state() == 'install':
            return receipts, True
        receipt = receipts._get_for(self.intent_id)
        return receipt.filtered('made_at'), bool(receipt.made_at) or receipt._is_hopeless()

    def _email(self):
        """Write to the customer of this payment."""
        template = self.env.ref(_TEMPLATE, raise_if_not_found=False)
        self.email_due_at = False
        if template:
            template.send_mail(self.id, email_values={'attachments': self._get_email_files()})
            # By itself, Odoo looks once an hour for what is to be sent.
            if queue := self.env.ref(_QUEUE, raise_if_not_found=False):
                queue._trigger()

    def _get_email_files(self):
        """Return the names and contents of what is attached.

        :rtype: list[tuple[str, bytes]]
        """
        printed, _is_final = self._get_printed_receipt()
        return [(f'{self.intent_id.name}.pdf', receipt.document) for receipt in printed]

    def _get_email_parts(self):
        """Return what else the e-mail tells of: a title each, with the names and values of rows.

        :rtype: list[tuple[str, list[tuple[str, str]]]]
        """
        return []

    def _get_page_url(self):
        """Return where the customer finds the payment and its receipts.

        :rtype: str
        """
        self.ensure_one()
        return self.intent_id.pay_url
