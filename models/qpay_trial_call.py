import secrets
from datetime import timedelta

import requests

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import consteq

from odoo.addons.payment_qpay import const

_ROUTE = '/payment/qpay/callback'
_PREFIX = 'trial-'
_KEEPING_PERIOD = timedelta(days=1)


class QPayTrialCall(models.Model):
    """A call of our own to the address that QPay calls: its row is found by nobody else, so it
    tells that what is sent to that address arrives in this database.

    The process that the call reaches sees only what is committed, so the row is written in
    transactions of its own.
    """

    _name = 'qpay.trial.call'
    _inherit = ['qpay.guarded']
    _description = 'QPay Trial Call'
    _rec_name = 'create_date'

    token = fields.Char(
        required=True, readonly=True, default=lambda _self: secrets.token_urlsafe(24)
    )
    has_arrived = fields.Boolean(readonly=True)

    @api.model
    def _make(self, base_url):
        """Call the address at which QPay calls, and see whether the call comes in.

        :param str base_url: Where the address begins.
        :return: 'arrived', or what went wrong: 'unanswered' if the call came in, and its answer did
            not come back; else as `_call` says.
        :rtype: str
        """
        with self.env.registry.cursor() as cr:
            call = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).create({})
            call_id, token = call.id, call.token
        outcome = _call(f'{base_url}{_ROUTE}/{_PREFIX}{token}')
        with self.env.registry.cursor() as cr:
            has_arrived = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).browse(
                call_id
            ).has_arrived
        if has_arrived:
            return 'arrived' if outcome == 'answered' else 'unanswered'
        return 'elsewhere' if outcome == 'answered' else outcome

    @api.model
    def _receive(self, token):
        """Take note that a call has arrived.

        :param str token: What the call names, as it came over the wire.
        :return: Whether it is one of ours.
        :rtype: bool
        """
        if not token.startswith(_PREFIX):
            return False
        sent = token.removeprefix(_PREFIX).encode(errors='replace')
        call = self.with_user(SUPERUSER_ID).search([
            ('create_date', '>=', fields.Datetime.now() - _KEEPING_PERIOD),
        ]).filtered(lambda call: consteq(call.token.encode(), sent))
        call.has_arrived = True
        return bool(call)

    @api.autovacuum
    def _gc_made(self):
        """Delete the calls that were made long ago."""
        self.search([('create_date', '<', fields.Datetime.now() - _KEEPING_PERIOD)]).unlink()


def _call(url):
    """Call an address, and return what came of it, in a word.

    :param str url: The address.
    :return: 'answered', 'redirected', 'refused', 'elsewhere' (nobody knows the address), 'failing',
        'certificate', 'silent' or 'unreachable'.
    :rtype: str
    """
    try:
        # An answer of any length may come, and only its status is of use.
        with requests.get(
            url, timeout=const.TRIAL_CALL_TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except requests.exceptions.SSLError:
        return 'certificate'
    except requests.ReadTimeout:
        return 'silent'
    except requests.RequestException:
        return 'unreachable'
    if status in (401, 403):
        return 'refused'
    return {2: 'answered', 3: 'redirected', 5: 'failing'}.get(status // 100, 'elsewhere')
