from odoo.exceptions import AccessError


def check_accountant(records):
    """Make sure that the user may act on records of QPay: their rows are never written by hand,
    so access rights alone only tell who may read them.

    :param recordset records: The records to act on.
    :raise AccessError: If the user may not read them, or is no accountant.
    """
    records.check_access('read')
    env = records.env
    if not env.su and not env.user.has_group('account.group_account_invoice'):
        raise AccessError(env._("Only accountants can do this."))
