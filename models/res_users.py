from odoo import api, models
from odoo.fields import Domain

from odoo.addons.payment_qpay.locking import try_in_savepoint


class ResUsers(models.Model):
    _inherit = 'res.users'

    def action_archive(self):
        """ Override of `mail`, which deletes what these users were asked to do, to ask others. """
        self._qpay_hand_on_activities()
        return super().action_archive()

    def write(self, vals):
        """ Override of `base` to ask others where these users can no longer act. """
        if 'active' in vals and not vals['active']:
            self._qpay_hand_on_activities()
        result = super().write(vals)
        if vals.keys() & {'company_ids', 'group_ids'}:
            self._qpay_hand_on_activities(is_able_to_stay=True)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_hand_on_qpay_activities(self):
        self._qpay_hand_on_activities()

    def _qpay_hand_on_activities(self, is_able_to_stay=False):
        """Ask others to do what these users were asked to do about QPay.

        :param bool is_able_to_stay: Whether those keep theirs who can still put it right.
        :return: None
        """
        activities = self.env['mail.activity'].sudo().search(
            Domain('res_model', 'in', self.env['qpay.activity.mixin']._get_models())
            & Domain('user_id', 'in', self.ids)
        )
        for activity in activities:
            record = self.env[activity.res_model].sudo().browse(activity.res_id).exists()
            stays = is_able_to_stay and record and record._can_put_right(activity.user_id)
            if record and not stays:
                # Whoever leaves is not kept by a mail that fails.
                try_in_savepoint(self.env, activity.write, {
                    'user_id': record._get_responsible_user(without=self).id,
                })
