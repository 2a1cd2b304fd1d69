import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import touch, try_in_savepoint
from odoo.addons.payment_qpay.reasons import get_reason

_logger = logging.getLogger(__name__)


class PaymentProvider(models.Model):
    """Where the payments of a provider are booked: its journal, and the journal's payment method.

    Odoo chooses both when somebody first looks at the journal, and that may be many at once.
    """

    _inherit = 'payment.provider'

    # === SET-UP === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to set up the journal as soon as the provider is switched on. """
        providers = super().create(vals_list)
        providers._qpay_set_up_journal()
        return providers

    def write(self, vals):
        """ Override of `payment` to set up the journal as soon as the provider is switched on. """
        result = super().write(vals)
        if not vals.keys().isdisjoint(('code', 'state', 'company_id', 'journal_id')):
            self._qpay_set_up_journal()
        return result

    def _qpay_set_up_journal(self):
        """Have Odoo choose the journal and make its payment method now. Who switches a provider on
        need not be an accountant.

        :return: None
        """
        self.sudo().filtered(
            lambda p: p.code == const.PROVIDER_CODE and p.state != 'disabled'
        ).mapped('journal_id')

    def _ensure_payment_method_line(self, allow_create=True):
        """ Override of `account_payment` to make the payment method once, however many ask for it.

        Whoever comes second waits here; its transaction does not see the first one's payment
        method, and so it fails, and Odoo repeats its request.

        :param bool allow_create: Whether a missing payment method is made.
        :return: None
        """
        if self.id and self.code == const.PROVIDER_CODE:
            touch(self)
        return super()._ensure_payment_method_line(allow_create=allow_create)

    # === BUSINESS METHODS === #

    def _qpay_check_journal(self):
        """Make sure that a payment of this provider can be booked.

        :return: None
        :raise UserError: If the journal or its payment method is missing.
        """
        self.ensure_one()
        if problem := self._qpay_find_journal_problem():
            raise UserError(self._qpay_get_public_message(problem))

    def _qpay_find_journal_problem(self):
        """Return why no payment of this provider can be booked, for employees; '' if it can.

        :rtype: str
        """
        if not self.journal_id:
            return get_reason(self.env, 'no_journal', self.name)
        line = self._qpay_choose_method_line()
        if not line:
            return get_reason(
                self.env, 'no_payment_method', journal=self.journal_id.name, provider=self.name
            )
        if not line.payment_account_id:
            return get_reason(
                self.env, 'no_outstanding_account', provider=self.name, journal=self.journal_id.name
            )
        return ''

    def _qpay_choose_method_line(self):
        """Return the payment method by which this provider's payments are booked; empty if there is
        none. Of several, it is the first that can be used, and the others are given up: Odoo books
        no payment as long as there are several.

        :rtype: account.payment.method.line
        """
        self.ensure_one()
        lines = self.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self
        ).sorted(lambda line: not line.payment_account_id)
        if len(lines) > 1:
            self.sudo().with_context(
                lang=self.company_id.partner_id.lang
            )._qpay_give_up_method_lines(lines[1:].sudo(), lines[0].name)
        return lines[:1]

    def _qpay_give_up_method_lines(self, lines, kept_name):
        """Take payment methods from this provider, and tell who looks after its journal.

        :param account.payment.method.line lines: The payment methods.
        :param str kept_name: The name of the one that is used.
        :return: None
        """
        # Odoo's own check would refuse to change one of several with the same name.
        lines.flush_recordset()
        self.env.cr.execute(SQL(
            "UPDATE account_payment_method_line"
            " SET payment_provider_id = NULL, name = name || ' #' || id WHERE id IN %s",
            tuple(lines.ids),
        ), log_exceptions=False)
        lines.invalidate_recordset()
        note = self.env._(
            "The journal had several incoming payment methods of the provider %(provider)s, and"
            " Odoo can use one only. It uses \"%(kept)s\"; these no longer belong to the provider:"
            " %(others)s. Please delete them if nobody else needs them.",
            provider=self.name,
            kept=kept_name,
            others=', '.join(lines.mapped('name')),
        )
        _logger.warning(
            "The journal %s had several payment methods of its provider %s; the first is kept.",
            self.journal_id.name, self.name,
        )
        manager = self._qpay_find_manager()
        if not manager:
            return
        if reason := try_in_savepoint(
            self.env, self.journal_id.activity_schedule, const.TO_DO_TYPE, note=note,
            summary=self.env._("More than one payment method of QPay"), user_id=manager.id,
        ):
            _logger.error(
                "Nobody could be told about the journal %s: %s", self.journal_id.name, reason
            )

    def _qpay_find_manager(self):
        """Return who may change the journal: the responsible person, or whoever else may.

        :rtype: res.users
        """
        managers = self.env['res.users'].search([
            ('all_group_ids', 'in', self.env.ref('account.group_account_manager').ids),
            ('company_ids', 'in', self.company_id.ids),
        ])
        return self.qpay_responsible_id & managers or managers[:1]
