"""A database that has been in use for years: many QRs, calls and payments, all of them settled."""

from odoo.tools import SQL

_NAME = SQL("'crowd-' || n")
_INTENT = SQL("(SELECT id FROM qpay_intent WHERE name = 'crowd-' || n)")
_TRANSACTION = SQL("(SELECT id FROM payment_transaction WHERE reference = 'crowd-' || n)")
_PAYMENT = SQL("(SELECT id FROM account_payment WHERE qpay_txn_id = 'crowd-' || n)")
# One every few minutes, for years.
_MOMENT = SQL("now() AT TIME ZONE 'UTC' - n * INTERVAL '5 minutes'")
# What must differ from row to row, by table.
_DISTINCT = {
    'payment_transaction': {'reference': _NAME, 'payment_id': SQL('NULL'), 'create_date': _MOMENT},
    'account_payment': {
        'name': _NAME, 'qpay_txn_id': _NAME, 'move_id': SQL('NULL'),
        'payment_transaction_id': _TRANSACTION,
    },
    'qpay_intent': {
        **dict.fromkeys(
            ('name', 'qpay_invoice_id', 'qr_text', 'access_token', 'callback_token'), _NAME
        ),
        'res_id': SQL('-n'),
        'transaction_id': _TRANSACTION,
        'create_date': _MOMENT,
        'expires_at': _MOMENT,
    },
    'qpay_payment': {
        'qpay_txn_id': _NAME, 'intent_id': _INTENT,
        'transaction_id': _TRANSACTION, 'account_payment_id': _PAYMENT,
        'paid_at': _MOMENT, 'create_date': _MOMENT, 'email_due_at': SQL('NULL'),
        # Where no fee is booked, all of them are summed up again and again.
        'fee_move_id': SQL('(SELECT min(id) FROM account_move)'),
    },
    'qpay_callback': {
        'qpay_payment_id': _NAME, 'intent_id': _INTENT,
        'received_at': _MOMENT, 'processed_at': _MOMENT, 'create_date': _MOMENT,
    },
}


def multiply(env, intent, number):
    """Copy a paid QR with its transaction, its payments in the ledger and the books, and its call.

    :param Environment env: The environment.
    :param qpay.intent intent: The QR.
    :param int number: How often.
    """
    row = intent.payment_ids[:1]
    for original in (
        row.transaction_id, row.account_payment_id, intent, row, intent.callback_ids[:1],
    ):
        _copy(env, original, number)
        # The next ones look these up.
        env.cr.execute(SQL('ANALYZE %s', SQL.identifier(original._table)))
    _link(env, 'qpay_intent_invoice_rel', 'intent_id', 'invoice_id', SQL('qpay_intent'))
    _link(
        env, 'account_invoice_transaction_rel', 'transaction_id', 'invoice_id',
        SQL('payment_transaction'),
    )
    env.cr.commit()
    _vacuum(env)


def _vacuum(env):
    """Have PostgreSQL tidy up, as it has done by itself in a database of that age."""
    with env.registry.cursor() as cr:
        cr._cnx.autocommit = True
        cr.execute('VACUUM ANALYZE')
        cr.execute('CHECKPOINT')


def _link(env, relation, column, other_column, table):
    """Link each row to something that is nothing else's, and need not be there."""
    env.cr.execute(SQL(
        'ALTER TABLE %s DROP CONSTRAINT %s',
        SQL.identifier(relation), SQL.identifier(f'{relation}_{other_column}_fkey'),
    ))
    env.cr.execute(SQL(
        "INSERT INTO %(relation)s (%(columns)s) SELECT id, -id FROM %(table)s"
        " WHERE %(name)s LIKE 'crowd-%%'",
        relation=SQL.identifier(relation),
        columns=SQL(', ').join(map(SQL.identifier, (column, other_column))),
        table=table,
        name=SQL.identifier('reference' if relation.startswith('account') else 'name'),
    ))


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
