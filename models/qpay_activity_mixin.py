from odoo import api, models

from odoo.addons.payment_qpay import const


class QPayActivityMixin(models.AbstractModel):
    """Activities of somebody who may see a record, and can put it right."""

    _name = 'qpay.activity.mixin'
    _description = 'Who Is Told About QPay'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    # Nobody writes these records by hand, but accountants talk about them.
    _mail_post_access = 'read'
    # Who can put right what these records are about.
    _responsible_group = 'account.group_account_invoice'

    @api.model
    def _get_allowed_access_params(self):
        """ Override of `portal` to give nobody the messages for the token of the payer's page. """
        return super()._get_allowed_access_params() - {'hash', 'pid', 'token'}

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode='read', **_access):
        """ Override of `portal` to look at nothing but access rights. """
        return super()._get_thread_with_access(thread_id, mode=mode)

    def _schedule_activity(self, summary, note, activity_type=const.ACTIVITY_TYPE):
        """Schedule an activity about this record, instead of an earlier one.

        :param str summary: What it is about.
        :param str note: What happened, and what can be done.
        :param str activity_type: The kind of the activity.
        :return: None
        """
        self.activity_unlink([activity_type])
        self.activity_schedule(
            activity_type, summary=summary, note=note, user_id=self._get_responsible_user().id
        )

    def _get_responsible_user(self, without=None):
        """Return who gets activities about this record: the provider's responsible person, else who
        made the QR, else somebody of the document's company. Whoever it is can put it right.

        :param res.users without: Who is asked no more.
        :rtype: res.users
        """
        self.ensure_one()
        candidates = (
            self.provider_id.qpay_responsible_id | self._get_asker() | self._find_able()
        ) - (without or self.env['res.users'])
        administrators = self.env.ref('base.group_system').all_user_ids.filtered('active')
        able = filter(self._can_put_right, candidates)
        return next(able, administrators[:1] or self.env.ref('base.user_admin'))

    def _can_put_right(self, user):
        """Whether a user may see this record, and act on it.

        :param res.users user: The user.
        :rtype: bool
        """
        return (
            user.active
            and user.has_group(self._responsible_group)
            and self.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids
            ).has_access('read')
        )

    def _get_asker(self):
        """Return who asked for the money that this record is about."""
        return self.env['res.users']

    def _get_companies(self):
        """Return the company or branch that this record is about, and who collects for it."""
        return self.document_company_id | self.company_id

    def _find_able(self):
        """Return who else could be asked: of the document's own company first.

        :rtype: res.users
        """
        users = self.env['res.users'].sudo()
        group = self.env.ref(self._responsible_group)
        return users.union(*(
            users.search([
                ('all_group_ids', 'in', group.ids), ('company_ids', 'in', company.ids),
            ], order='id')
            for company in self._get_companies()
        ))

    def _in_company_language(self):
        """Return these records for writing down texts that the company's people will read."""
        return self.with_context(lang=self.company_id.partner_id.lang)

    @api.model
    def _get_models(self):
        """Return the names of the models with such activities."""
        names = self.env.registry.descendants([self._name], '_inherit')
        return [name for name in names if not self.env[name]._abstract]
