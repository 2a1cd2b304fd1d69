"""When scheduled actions run, and for how long."""

import logging
import math
import time

_logger = logging.getLogger(__name__)


def wake_cron(env, name, moments=None):
    """Have one of our scheduled actions run.

    Whoever pays an invoice or changes an order must not be kept from it because an administrator
    has deleted the action.

    :param Environment env: The environment.
    :param str name: The action's external id in this module.
    :param moments: When, once or at each of several moments; by default as soon as this transaction
        is committed.
    :type moments: datetime | list[datetime]
    """
    cron_id = env['ir.model.data']._xmlid_to_res_id(f'payment_qpay.{name}')
    crons = env['ir.cron'].sudo().with_context(active_test=False)
    if cron := crons.search_fetch([('id', '=', cron_id)], ['active']):
        cron._trigger(at=moments)
    else:
        _logger.error("The scheduled action payment_qpay.%s is gone: update the module.", name)


def as_one_run(records):
    """Return records for one run, such as of a scheduled action: while QPay is down, an account is
    not asked about each of them.

    :param recordset records: The records.
    :rtype: recordset
    """
    return records.with_context(qpay_breakers={})


def each_in_time(env, items):
    """Yield what a scheduled action has to do, as long as Odoo allows it to run. What was done with
    each is committed.

    :param Environment env: The environment.
    :param items: A sequence.
    :rtype: iterator
    """
    is_in_time = is_time_left(env)
    if items and not is_in_time:
        env['ir.cron']._commit_progress(remaining=len(items))
    for number, item in enumerate(items if is_in_time else (), 1):
        yield item
        if not env['ir.cron']._commit_progress(1, remaining=len(items) - number):
            break


def is_time_left(env):
    """Whether Odoo still allows a scheduled action to run: it is called again for what remains,
    though the time may be over by then.

    :param Environment env: The environment.
    :rtype: bool
    """
    return time.monotonic() < env.context.get('cron_end_time', math.inf)
