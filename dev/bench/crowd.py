"""A database that has been in use for years: many QRs, calls and payments, all of them settled."""

from odoo.tools import SQL

_NAME = SQL("'crowd-' || n")
_INTENT = SQL("(SELECT id FROM qpay_intent WHERE name = 'crowd-' || n)")
# What must differ from row to row, by table.
_DISTINCT = {
    'qpay_intent': {
        **dict.fromkeys(('name', 'qpay_invoice_id', 'access_token', 'callback_token'), _NAME),
        'res_id': SQL('-n'),
        'transaction_id': SQL('NULL'),
    },
    'qpay_payment': {
        'qpay_txn_id': _NAME, 'intent_id': _INTENT,
        'transaction_id': SQL('NULL'), 'account_payment_id': SQL('NULL'),
    },
    'qpay_callback': {'qpay_payment_id': _NAME, 'intent_id': _INTENT},
}


def multiply(env, intent, number):
    """Copy a paid QR with its payment and its call."""
    for originals in (intent, intent.payment_ids[:1], intent.callback_ids[:1]):
        _copy(env, originals, number)
    env.cr.execute('ANALYZE')
    env.cr.commit()


def _copy(env, original, number):
    table = original._table
    columns = [
        name for name, field in original._fields.items()
        if name != 'id' and field.store and field.column_type
    ]
    values = [_DISTINCT[table].get(name, SQL.identifier(table, name)) for name in columns]
    env.cr.execute(SQL(
        'INSERT INTO %(table)s (%(columns)s) SELECT %(values)s'
        ' FROM %(table)s, generate_series(1, %(number)s) AS n WHERE %(table)s.id = %(original)s',
        table=SQL.identifier(table),
        columns=SQL(', ').join(map(SQL.identifier, columns)),
        values=SQL(', ').join(values),
        number=number,
        original=original.id,
    ))
