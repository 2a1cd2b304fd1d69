from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from odoo.addons.payment_qpay import const

_STYLES = {
    'ok': ('alert-success', 'fa-check'),
    'warning': ('alert-warning', 'fa-exclamation-triangle'),
    'danger': ('alert-danger', 'fa-times-circle'),
}
# A call that names a payment stands for that one; any other stands for all that the QR brought.
_IS_UNCALLED = SQL("""
    NOT EXISTS (
        SELECT FROM qpay_callback call
         WHERE call.intent_id = qpay_payment.intent_id
           AND (call.qpay_payment_id = qpay_payment.qpay_txn_id OR NOT EXISTS (
                   SELECT FROM qpay_payment named
                    WHERE named.intent_id = call.intent_id
                      AND named.qpay_txn_id = call.qpay_payment_id
               ))
    )
""")
_LINE = Markup('<div class="alert %s mb-2" role="status"><i class="fa %s me-2"></i>%s</div>')


class HealthCheck(NamedTuple):
    """What one look at a part of the connection has found.

    :param str key: What was looked at: never changes.
    :param str level: 'ok', 'warning' or 'danger'.
    :param str message: What is so, and what can be done.
    """

    key: str
    level: str
    message: str


class PaymentProvider(models.Model):
    """Whether everything around QPay works, as far as this database knows. Nothing here asks
    QPay: a form that is opened must not wait for it.
    """

    _inherit = 'payment.provider'

    qpay_health = fields.Html(
        string="QPay Health", compute='_compute_qpay_health', groups='base.group_system'
    )

    qpay_alert_email = fields.Char(
        string="E-mail When Something Is Wrong",
        help="Who gets an e-mail, beside the activity of an administrator, when something around"
             " QPay stops working.",
        copy=False,
        groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    @api.depends('code', 'state', 'qpay_fee_account_id', 'qpay_client_id', 'qpay_callback_url')
    @api.depends_context('lang')
    def _compute_qpay_health(self):
        """ Show each check in a line, the worst first. """
        for provider in self:
            is_watched = provider._origin and provider.code == const.PROVIDER_CODE
            checks = provider._origin._qpay_get_health() if is_watched else []
            checks.sort(key=lambda check: list(_STYLES).index(check.level), reverse=True)
            provider.qpay_health = Markup().join(
                _LINE % (*_STYLES[check.level], check.message)
                for check in checks
            )

    # === BUSINESS METHODS === #

    def _qpay_get_health(self):
        """Return what is found about this provider; other modules add theirs.

        :rtype: list[HealthCheck]
        """
        self.ensure_one()
        return [
            *self._qpay_get_health_of_account(),
            self._qpay_get_health_of_calls(),
            self._qpay_get_health_of_actions(),
            self._qpay_get_health_of_payments(),
            self._qpay_get_health_of_comparisons(),
            self._qpay_get_health_of_fees(),
        ]

    def _qpay_get_health_of_account(self):
        """Return whether QPay answers, and goes by the same time.

        :rtype: list[HealthCheck]
        """
        try:
            base_url, _username = self._qpay_get_login()
        except UserError as error:
            return [HealthCheck('answers', 'danger', str(error))]
        account = [('account', '=', self._qpay_get_login_key())]
        token = self.env['qpay.token'].sudo().search(account, limit=1)
        return [
            self._qpay_get_health_of_answers(base_url, account, token),
            self._qpay_get_health_of_clock(token),
            self._qpay_get_health_of_list(),
        ]

    def _qpay_get_health_of_answers(self, base_url, account, token):
        """Return whether QPay answered, and accepted the login, when it was last asked, and when it
        last did.
        """
        known = self.env['qpay.outage'].sudo().search(account, limit=1)
        answer, failure = self._qpay_get_last_answer(known), self._qpay_get_last_failure(known)
        if token.refused_at:
            level, sentences = 'danger', [self.env._(
                "QPay refused the user name and password on %(moment)s (%(environment)s). Copy both"
                " again from what QPay sent you, then press Test connection.",
                moment=format_datetime(self.env, token.refused_at, tz=const.TIMEZONE),
                environment=self._qpay_environment_name(),
            ), answer]
        elif known._is_failing() and known.failure == 'error':
            level, sentences = 'warning', [self.env._(
                "QPay answered with an error when it was last asked. Press Test connection in a few"
                " minutes. If there still is one, ask QPay."
            ), answer, failure]
        elif known._is_failing():
            level, sentences = 'danger', [self.env._(
                "QPay did not answer when it was last asked. Press Test connection in a few"
                " minutes. If it still does not answer, check that this server reaches %(url)s,"
                " and ask QPay.", url=base_url,
            ), answer, failure]
        elif not token:
            level, sentences = 'warning', [self.env._(
                "Odoo has never logged in to QPay with this user name. Press Test connection."
            )]
        else:
            level, sentences = 'ok', [
                answer or self.env._("QPay answered when it was last asked."),
                self._qpay_get_token_validity(token), failure,
            ]
        return HealthCheck('answers', level, ' '.join(filter(None, sentences)))

    def _qpay_get_last_answer(self, known):
        """Return when QPay last answered an account as it should; '' if that is not known."""
        return known.answered_at and self.env._(
            "QPay last answered on %s.",
            format_datetime(self.env, known.answered_at, tz=const.TIMEZONE),
        ) or ''

    def _qpay_get_token_validity(self, token):
        """Return until when the login is valid; '' if Odoo logs in again with the next call."""
        is_valid = token.expires_at and token.expires_at > fields.Datetime.now()
        return is_valid and self.env._(
            "Odoo is logged in until %s.",
            format_datetime(self.env, token.expires_at, tz=const.TIMEZONE),
        ) or ''

    def _qpay_get_last_failure(self, known):
        """Return when and why a call for an account last failed; '' if none did."""
        reasons = dict(known._fields['failure']._description_selection(self.env))
        return known.failed_at and self.env._(
            "A call last failed on %(moment)s: %(reason)s.",
            moment=format_datetime(self.env, known.failed_at, tz=const.TIMEZONE),
            reason=reasons.get(known.failure, known.failure),
        ) or ''

    def _qpay_get_health_of_clock(self, token):
        """Return whether this server's clock agrees with QPay's: tokens and days depend on it."""
        minutes = abs(token.clock_skew) // 60
        if abs(token.clock_skew) > const.MAX_CLOCK_SKEW.total_seconds():
            return HealthCheck('clock', 'danger', self.env._(
                "This server's clock differs from QPay's by %s minutes. Set it right, then press"
                " Test connection.", minutes,
            ))
        return HealthCheck('clock', 'ok', self.env._("This server's clock agrees with QPay's."))

    def _qpay_get_health_of_list(self):
        """Return whether QPay's list is trusted to answer for many payments: nothing is wrong if it
        is not.
        """
        trust = self.env['qpay.list.trust'].sudo()._find(self._qpay_account())
        figures = {'count': trust.same_count, 'needed': const.LIST_PROOF}
        if trust._is_given():
            message = self.env._(
                "QPay's list of payments has shown the last %(needed)s payments as QPay confirmed"
                " them. When many payments arrive at once, Odoo reads the list once instead of"
                " asking about each payment.", needed=const.LIST_PROOF,
            )
        elif trust.differed_at:
            message = self.env._(
                "QPay's list of payments showed a payment differently from what QPay had confirmed"
                " (%(moment)s). Odoo asks about each payment by itself until the list has shown"
                " %(needed)s payments correctly. So far: %(count)s.",
                moment=format_datetime(self.env, trust.differed_at, tz=const.TIMEZONE), **figures,
            )
        else:
            message = self.env._(
                "Odoo asks QPay about each payment by itself until QPay's list of payments has"
                " shown %(needed)s payments as QPay confirmed them. So far: %(count)s.", **figures,
            )
        return HealthCheck('list', 'ok', message)

    def _qpay_get_health_of_calls(self):
        """Return whether QPay's calls arrive: how many payments were found without any."""
        recent = self.env['qpay.payment'].sudo()._search([
            ('provider_id', '=', self.id), ('intent_id', '!=', False),
            *self._qpay_get_present_domain(),
            ('qpay_txn_id', 'not =like', f'{const.SIMULATED_PREFIX}%'),
            ('create_date', '>=', fields.Datetime.now() - const.HEALTH_PERIOD),
        ])
        total, last_call = len(recent), self._qpay_get_last_call(recent)
        recent.add_where(_IS_UNCALLED)
        address = self._qpay_callback_base_url()
        if missing := len(recent):
            level, sentence = 'danger' if missing == total else 'warning', self.env._(
                "QPay did not call for %(missing)s of %(total)s payments of the last seven days."
                " Check that QPay reaches %(url)s: its address, certificate and firewall.",
                missing=missing, total=total, url=address,
            )
        elif not self.qpay_callback_is_public:
            level, sentence = 'warning', self.env._(
                "QPay cannot call %s: it is not a public https address. Enter one.", address
            )
        else:
            level, sentence = 'ok', self.env._(
                "QPay called for each of the %s payments of the last seven days.", total
            )
        return HealthCheck('calls', level, f'{sentence} {last_call}'.strip())

    def _qpay_get_present_domain(self):
        """Return which payments are of the provider's environment; all, if that is set wrongly."""
        try:
            return [('environment', '=', self._qpay_environment())]
        except UserError:
            return []

    def _qpay_get_last_call(self, payments):
        """Return when QPay last called about these payments; '' if it did not.

        :param Query payments: The payments.
        """
        [[moment]] = self.env['qpay.callback'].sudo()._read_group([
            ('intent_id', 'in', payments.subselect('intent_id')),
        ], aggregates=['received_at:max'])
        return moment and self.env._(
            "QPay last called on %s.", format_datetime(self.env, moment, tz=const.TIMEZONE)
        ) or ''

    def _qpay_get_action_names(self):
        """Return the external ids, in this module, of the scheduled actions that QPay needs.

        :rtype: set[str]
        """
        return {
            'ir_cron_process_callbacks', 'ir_cron_help_1', 'ir_cron_help_2', 'ir_cron_settle',
            'ir_cron_recheck', 'ir_cron_receipt', 'ir_cron_email', 'ir_cron_reconcile',
            'ir_cron_watch',
        }

    def _qpay_get_health_of_actions(self):
        """Return whether the scheduled actions are there, and run when they should."""
        now = fields.Datetime.now()
        rows = self.env['ir.model.data'].sudo().search([
            ('module', '=', 'payment_qpay'), ('model', '=', 'ir.cron'),
        ])
        if missing := self._qpay_get_action_names() - set(rows.mapped('name')):
            return HealthCheck('actions', 'danger', self.env._(
                "Scheduled actions were deleted: %s. Upgrade the module payment_qpay in Apps: it"
                " brings them back.", ', '.join(sorted(missing)),
            ))
        actions = self.env['ir.cron'].sudo().with_context(active_test=False).browse(
            rows.mapped('res_id')
        ).exists()
        stopped = actions.filtered(
            lambda action: not action.active or action.nextcall < now - const.HEALTH_DELAY
        )
        if stopped:
            return HealthCheck('actions', 'danger', self.env._(
                "Scheduled actions do not run: %s. Switch them on in Settings > Technical >"
                " Scheduled Actions, and check that this server runs scheduled actions at all.",
                ', '.join(stopped.mapped('name')),
            ))
        return HealthCheck('actions', 'ok', ' '.join(filter(None, [
            self.env._("QPay's scheduled actions run in time."),
            self._qpay_get_last_run(actions),
        ])))

    def _qpay_get_last_run(self, actions):
        """Return when one of our scheduled actions last ran; '' if none did yet."""
        runs = list(filter(None, actions.mapped('lastcall')))
        return runs and self.env._(
            "One last ran on %s.", format_datetime(self.env, max(runs), tz=const.TIMEZONE)
        ) or ''

    def _qpay_get_health_of_payments(self):
        """Return whether confirmed payments get into the books."""
        count = self.env['qpay.payment'].sudo().search_count([
            ('provider_id', '=', self.id), ('state', 'in', const.UNSETTLED_STATES),
            *self._qpay_get_present_domain(),
            ('create_date', '<', fields.Datetime.now() - const.HEALTH_SETTLEMENT_DELAY),
        ])
        if count:
            return HealthCheck('payments', 'danger', self.env._(
                "Payments that have waited to be settled for more than ten minutes: %s. Open QPay's"
                " payments: each says why, and can be settled again.", count,
            ))
        return HealthCheck('payments', 'ok', self.env._("No payment waits to be settled."))

    def _qpay_get_health_of_comparisons(self):
        """Return whether QPay's list is compared day by day, and the last comparisons worked."""
        too_old = fields.Datetime.now() - const.HEALTH_COMPARISON_PERIOD
        comparisons = self.env['qpay.reconciliation'].sudo()
        ended = [('provider_id', '=', self.id), ('state', '!=', 'draft')]
        # What a person compares may leave a gap.
        daily = comparisons.search(
            [*ended, ('is_scheduled', '=', True)], limit=const.TELL_FAILED_COMPARISONS
        )
        failed = daily.filtered(lambda comparison: comparison.state == 'failed')
        if daily[:1] & failed:
            is_lasting = len(failed) == const.TELL_FAILED_COMPARISONS
            return HealthCheck('comparisons', 'danger' if is_lasting else 'warning', self.env._(
                "The last comparison with QPay's list of payments failed: %s",
                daily[0].state_message or '',
            ))
        # Who never compared is behind once there is something to compare.
        last = comparisons.search([*ended, ('state', '=', 'done')], limit=1)
        first = last or self.env['qpay.payment'].sudo().search([
            ('provider_id', '=', self.id), ('create_date', '<', too_old),
        ], limit=1)
        if first and first.create_date < too_old:
            return HealthCheck('comparisons', 'danger', self.env._(
                "QPay's list of payments has not been compared since %s, so payments that QPay did"
                " not announce may be missing. Compare now under QPay > Reconcile with QPay, and"
                " check the scheduled action.",
                format_datetime(self.env, first.create_date, tz=const.TIMEZONE),
            ))
        return HealthCheck('comparisons', 'ok', self.env._(
            "The last comparison with QPay's list of payments worked."
        ) if last else self.env._("Nothing was compared with QPay's list of payments yet."))

    def _qpay_get_health_of_fees(self):
        """Return whether QPay's fees get into the books."""
        if self.qpay_unbooked_fees:
            return HealthCheck('fees', 'warning', self.qpay_unbooked_fees)
        return HealthCheck('fees', 'ok', self.env._("No fee of QPay's is left out of the books."))
