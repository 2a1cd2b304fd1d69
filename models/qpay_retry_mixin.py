from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.payment_qpay.scheduling import wake_cron


class QPayRetryMixin(models.AbstractModel):
    """What a scheduled action does for each record, and tries again later where it fails.

    A QR is no such record: it is looked at when it expires, whether anything has failed or not.
    """

    _name = 'qpay.retry.mixin'
    _description = "What Is Tried Again"

    # Of each model: the scheduled action, and after which times it tries again.
    _retry_cron = ''
    _retry_delays = ()

    attempts = fields.Integer(readonly=True, copy=False)
    next_attempt_at = fields.Datetime(readonly=True, copy=False)

    @api.model
    def _get_due_domain(self):
        return Domain('next_attempt_at', '<=', fields.Datetime.now())

    def _begin_attempt(self, lease):
        """Count an attempt. Should this process die, the records are due again.

        :param timedelta lease: After which time.
        """
        for record in self:
            record.attempts += 1
        self._retry_after(lease)

    def _retry_after(self, delay=timedelta(0), **values):
        """Have these records tried again.

        :param timedelta delay: After which time.
        :param values: What else changes.
        """
        moment = fields.Datetime.now() + delay
        self.write({**values, 'next_attempt_at': moment})
        if self:
            self._trigger(moment)

    def _get_retry_delay(self):
        """Return after which time it is worth while to try again; None if it no longer is.

        :rtype: timedelta
        """
        self.ensure_one()
        delays = self._retry_delays
        return delays[self.attempts - 1] if self.attempts <= len(delays) else None

    @api.model
    def _trigger(self, moment=None):
        """Have the scheduled action run.

        :param datetime moment: When; by default as soon as this transaction is committed.
        """
        wake_cron(self.env, self._retry_cron, moment)
