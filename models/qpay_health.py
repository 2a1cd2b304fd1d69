from markupsafe import Markup

from odoo import api, fields, models

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import isolated
from odoo.addons.payment_qpay.scheduling import each_in_time

_NOTE = Markup('<ul>%s</ul>')
_ITEM = Markup('<li>%s</li>')
_LINK = Markup('<p><a href="%s">%s</a></p>')


class QPayHealth(models.Model):
    """The watch over a provider: what is wrong with everything around QPay is told once, and is
    over by itself. What is looked at is in `payment_provider_health`.

    Trouble that is gone at the next look is told to nobody: QPay may miss a moment.
    """

    _name = 'qpay.health'
    _description = 'QPay Health'
    _inherit = ['qpay.guarded', 'qpay.activity.mixin']
    _rec_name = 'provider_id'
    # Nobody else may see a provider.
    _responsible_group = 'base.group_system'

    provider_id = fields.Many2one(
        comodel_name='payment.provider', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    findings = fields.Html(related='provider_id.qpay_health')
    problems = fields.Json(
        help="Problems of the last check, and whether somebody was told.",
        readonly=True,
    )

    _provider_uniq = models.Constraint(
        'unique(provider_id)',
        "A provider is watched once.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _cron_watch(self):
        """Look at each provider, and tell somebody what is wrong, or no more so.

        :return: None
        """
        providers = self.env['payment.provider'].search([('code', '=', const.PROVIDER_CODE)])
        watched = self.search([('provider_id', 'in', providers.ids)])
        active = providers.filtered(lambda provider: provider.state != 'disabled')
        watched |= self.create([
            {'provider_id': provider.id} for provider in active - watched.provider_id
        ])
        for health in each_in_time(self.env, watched):
            isolated(self.env, health._in_company_language()._watch)

    def _watch(self):
        """Tell somebody what is wrong for longer than one look, and take it back when it is over.

        :return: None
        """
        checks = self._find_trouble()
        known = self.problems or {}
        lasting = [check for check in checks if check.key in known]
        self.problems = {check.key: check.key in known for check in checks}
        if any(not known[check.key] for check in lasting):
            self._tell(lasting)
        elif not lasting:
            self.activity_unlink([const.ACTIVITY_TYPE])
        elif self.problems.keys() != known.keys():
            self.activity_search([const.ACTIVITY_TYPE]).note = self._get_note(lasting)

    def _find_trouble(self):
        """Return what is wrong at this moment; nothing is while the provider is switched off.

        :rtype: list[HealthCheck]
        """
        if self.provider_id.state == 'disabled':
            return []
        return [check for check in self.provider_id._qpay_get_health() if check.level != 'ok']

    def _tell(self, checks):
        """Tell the right person, and the provider's address if there is one.

        :param list[HealthCheck] checks: What is wrong.
        :return: None
        """
        summary = self.env._("QPay needs attention: %s", self.provider_id.name)
        note = self._get_note(checks)
        self._schedule_activity(summary, note)
        if address := self.provider_id.qpay_alert_email:
            sender = self.company_id.email_formatted or self.env.user.email_formatted
            link = _LINK % (self._notify_get_action_link('view'), self.env._("Open in Odoo"))
            self.env['mail.mail'].create({
                'subject': summary, 'body_html': note + link, 'email_to': address,
                'email_from': sender, 'auto_delete': True,
            }).send_after_commit()

    def _get_note(self, checks):
        """Return what is wrong, and what can be done, as a list."""
        return _NOTE % Markup().join(_ITEM % check.message for check in checks)

    # === GETTERS === #

    def _get_companies(self):
        return self.company_id
