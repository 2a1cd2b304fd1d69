"""Odoo's command line with a power failure at a chosen moment, for `test_power_failure`.

The moments are the steps of the money's way through the database: before and after each commit
that stores something of QPay's, and before the rows of the payment and of its reconciliation are
written. The file that the variable QPAY_FAIL_AT names says which of them is the last one that
this process lives to see; while it is empty, nothing fails.
"""

import os
import re
import signal
import sys
import threading
from pathlib import Path

from odoo import sql_db
from odoo.cli.command import main

_IS_OURS = re.compile(r'(INSERT INTO|UPDATE) "?qpay_(intent|callback|payment)\b')
_IS_MIDDLE_OF_POSTING = re.compile(r'INSERT INTO "(account_payment|account_partial_reconcile)"')

_plan = Path(os.environ['QPAY_FAIL_AT'])
_lock = threading.Lock()
_seen = {'order': '', 'moments': 0}


def _pass_moment():
    """Count a moment, and die if it is the chosen one."""
    order = _plan.read_text(encoding='utf-8')
    with _lock:
        if order != _seen['order']:
            _seen.update(order=order, moments=0)
        _seen['moments'] += 1
        if order and _seen['moments'] == int(order.partition(' ')[0]):
            os.kill(os.getpid(), signal.SIGKILL)


class _FailingCursor(sql_db.Cursor):
    """A cursor that knows when it stores something of QPay's."""

    _stores_ours = False

    def execute(self, query, params=None, log_exceptions=True):
        text = getattr(query, 'code', query)
        text = text.decode(errors='replace') if isinstance(text, bytes) else text
        self._stores_ours = self._stores_ours or bool(_IS_OURS.search(text))
        if _IS_MIDDLE_OF_POSTING.search(text):
            _pass_moment()
        return super().execute(query, params, log_exceptions)

    def commit(self):
        # What is still in memory is written first, so that it is known what is stored.
        self.flush()
        is_moment, self._stores_ours = self._stores_ours, False
        if is_moment:
            _pass_moment()
        result = super().commit()
        if is_moment:
            _pass_moment()
        return result


sql_db.Cursor = _FailingCursor

if __name__ == '__main__':
    sys.exit(main())
