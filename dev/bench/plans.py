"""How PostgreSQL answers what the ways ask that people and QPay wait for, beside many payments that
are settled: it must never read the whole of a table that grows.
"""

import collections
import contextlib
import json
import traceback

from odoo.sql_db import Cursor

from .measure import print_row

# What is never deleted, or only after a long time.
_GROWING = (
    'qpay_intent', 'qpay_intent_invoice_rel', 'qpay_payment', 'qpay_callback',
    'payment_transaction', 'account_invoice_transaction_rel', 'account_payment',
)
_VERBS = ('SELECT', 'UPDATE', 'DELETE', 'WITH')
_OWN = 'addons/payment_qpay/'
_BENCH = 'payment_qpay/dev/'
# How much of a list Odoo's web client asks for, and how far it counts.
_LIST = {'limit': 80, 'count_limit': 10_001}
# The scheduled actions that run often.
_ACTIONS = (
    'ir_cron_process_callbacks', 'ir_cron_settle', 'ir_cron_recheck', 'ir_cron_receipt',
    'ir_cron_email', 'ir_cron_watch', 'ir_cron_ebarimt',
)


def check_plans(bench):
    """Go the ways, look at the plan of each query, and print what scans.

    :param Bench bench: Work on fresh invoices, in a database with many payments.
    :return: How many queries scan a table that grows.
    :rtype: int
    """
    counted, scans = collections.Counter(), {}
    for name, act in _get_ways(bench).items():
        bench.env.cr.commit()
        with explaining(bench.env.cr, counted, scans, name):
            act()
            bench.env.cr.commit()
    print_row('plans of queries', ('looked at', 'that scan'))
    for name, number in counted.items():
        found = [scan for scan in scans if scan[0] == name]
        print_row(name, (number, len(found)))
    for (name, table, place), query in scans.items():
        print(f'\n{name} reads all of {table}, from {place}:\n    {query}')
    print()
    return len(scans)


def _get_ways(bench):
    env = bench.env
    [(intent, payment_id), (synced, _payment_id)] = bench.create_paid_qrs(2)
    open_qr = bench.create_open_intent()
    rows = env['qpay.payment']
    return {
        'create a QR': bench.create_open_intent,
        "store QPay's call": lambda: env['qpay.callback']._receive(intent, payment_id),
        'settle': lambda: intent.callback_ids._process(),
        'poll': lambda: open_qr._get_news(''),
        'sync': lambda: synced._sync_payments(),
        'list of payments': lambda: rows.web_search_read([], {'qpay_txn_id': {}}, **_LIST),
        'list of waiting': lambda: rows.web_search_read(
            [('state', 'in', ('to_settle', 'needs_attention'))], {'qpay_txn_id': {}}, **_LIST
        ),
        'list of open QRs': lambda: env['qpay.intent'].web_search_read(
            [('state', '=', 'new')], {'name': {}}, **_LIST
        ),
        **{
            action: lambda cron=cron: cron.method_direct_trigger()
            for action in _ACTIONS if (cron := env.ref(f'payment_qpay.{action}', False))
        },
    }


@contextlib.contextmanager
def explaining(cr, counted, scans, name):
    """Have PostgreSQL explain each query of a way before it answers it.

    :param Cursor cr: The cursor of the way; others that it opens are looked at, too.
    :param Counter counted: How many queries were looked at, by way.
    :param dict scans: The queries that scan, by way, table and place in the code.
    :param str name: The way.
    """
    execute = Cursor.execute

    def explain_and_execute(self, query, params=None, log_exceptions=True):
        text = self.mogrify(query, params).decode() if self.dbname == cr.dbname else ''
        if text.lstrip().upper().startswith(_VERBS):
            execute(self, f'EXPLAIN (FORMAT JSON) {text}')
            plan = self.fetchone()[0]
            counted[name] += 1
            for table in _find_scanned(plan if isinstance(plan, list) else json.loads(plan)):
                scans.setdefault((name, table, _find_place()), text[:600])
        return execute(self, query, params, log_exceptions)

    Cursor.execute = explain_and_execute
    try:
        yield
    finally:
        Cursor.execute = execute


def _find_scanned(node, is_limited=False):
    """Yield the tables that grow, and that a plan reads from one end to the other.

    :param node: The plan, or a part of it.
    :param bool is_limited: Whether no more is read of it than is wanted.
    :rtype: iterator
    """
    if isinstance(node, list):
        for part in node:
            yield from _find_scanned(part, is_limited)
    elif isinstance(node, dict):
        is_scan = node.get('Node Type') == 'Seq Scan' and node['Relation Name'] in _GROWING
        if is_scan and not (is_limited and 'Filter' not in node):
            yield node['Relation Name']
        parts = [part for part in node.values() if isinstance(part, dict | list)]
        yield from _find_scanned(parts, node.get('Node Type') == 'Limit')


def _find_place():
    """Return where in the addon, or else in Odoo, the present query is asked."""
    frames = [frame for frame in traceback.extract_stack() if _BENCH not in frame.filename]
    own = [frame for frame in frames if _OWN in frame.filename]
    frame = (own or [frame for frame in frames if '/addons/' in frame.filename] or frames)[-1]
    return f'{frame.filename.rpartition("/addons/")[2]}:{frame.lineno} ({frame.name})'
