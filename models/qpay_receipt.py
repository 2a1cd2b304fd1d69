import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import isolated
from odoo.addons.payment_qpay.scheduling import each_in_time, wake_cron

_logger = logging.getLogger(__name__)

_REPORT = 'account.action_report_payment_receipt'


class QPayReceipt(models.Model):
    """The printed receipt of what was paid by a QR: made once, when somebody first asks for it.

    Only the scheduled action makes it. The program that prints asks this very server for style
    sheets: if requests waited for it, they could keep each other waiting for ever. Rows are only
    added by requests, so that none of them gets in the way of another.
    """

    _name = 'qpay.receipt'
    _inherit = ['qpay.guarded']
    _description = 'QPay Receipt'
    _order = 'id'
    _rec_name = 'intent_id'

    intent_id = fields.Many2one(
        string="QR", comodel_name='qpay.intent', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    shown_payments = fields.Char(
        help="The ids of the payments that it shows: when others come, there is another receipt.",
        required=True,
        readonly=True,
    )
    document = fields.Binary(attachment=True, readonly=True, copy=False)
    attempts = fields.Integer(readonly=True)
    made_at = fields.Datetime(readonly=True, copy=False)

    @api.model
    def _get_for(self, intent):
        """Return the receipt of what was paid by a QR, and have it made if there is none yet.

        :param qpay.intent intent: The QR, of which something is paid and booked.
        :rtype: qpay.receipt
        """
        values = {'intent_id': intent.id, 'shown_payments': self._name_payments(intent)}
        receipts = self.search([(name, '=', value) for name, value in values.items()])
        if not receipts:
            receipts = self.create(values)
            wake_cron(self.env, 'ir_cron_receipt')
        return receipts.filtered('made_at')[:1] or receipts[:1]

    def _is_hopeless(self):
        """Whether it is not worth while to wait for this receipt.

        :rtype: bool
        """
        self.ensure_one()
        age = fields.Datetime.now() - self.create_date
        return self.attempts >= const.RECEIPT_MAX_ATTEMPTS or age > const.RECEIPT_PERIOD

    @api.model
    def _cron_make(self):
        """Make the receipts that were asked for.

        :return: None
        """
        wanted = self.search([
            ('made_at', '=', False), ('attempts', '<', const.RECEIPT_MAX_ATTEMPTS),
        ])
        for receipt in each_in_time(self.env, wanted):
            # Counted before: it may take the process with it.
            receipt.attempts += 1
            isolated(self.env, receipt._make)

    def _make(self):
        """Make this receipt, unless it was made already, or is of no use any more."""
        intent = self.intent_id._in_company_language()
        is_made = self.search_count([
            ('intent_id', '=', intent.id), ('shown_payments', '=', self.shown_payments),
            ('made_at', '!=', False),
        ], limit=1)
        if is_made or self._name_payments(intent) != self.shown_payments:
            self.unlink()
            return
        try:
            content, _kind = self.env['ir.actions.report'].with_context(
                lang=intent.env.lang
            )._render_qweb_pdf(_REPORT, intent._get_booked_payments().ids)
        except UserError as error:
            # The program that prints fails now and then: it is tried again.
            _logger.warning("The receipt of %s could not be printed: %s", intent.name, error)
            return
        self.write({'document': base64.b64encode(content), 'made_at': fields.Datetime.now()})

    @api.model
    def _render_page(self, payments):
        """Return the receipt as a web page, for servers that cannot print.

        :param account.payment payments: What it shows.
        :rtype: bytes
        """
        return self.env['ir.actions.report']._render_qweb_html(_REPORT, payments.ids)[0]

    @api.model
    def _name_payments(self, intent):
        return ','.join(map(str, sorted(intent._get_booked_payments().ids)))

    @api.autovacuum
    def _gc_old(self):
        """Delete receipts of long ago: they can be made again."""
        old = self.search([
            ('create_date', '<', fields.Datetime.now() - const.RECEIPT_KEEPING_PERIOD),
        ], limit=const.CLEANING_BATCH)
        old.unlink()
        return len(old), len(old) == const.CLEANING_BATCH
