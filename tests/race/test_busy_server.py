"""Nobody can keep the server from serving others: with real server processes."""

import os
import re
import shutil
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Thread

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.dev.demo.client import OdooClient
from odoo.addons.payment_qpay.tests.cases.odoo_server import fetch, open_url
from odoo.addons.payment_qpay.tests.cases.patience import together, wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CHECK = 'POST /v2/payment/check'
CREATE = 'POST /v2/invoice'
FOREVER = 3600
REQUESTS = 50
# How often the server says meanwhile that it is well.
HEALTH_CHECKS = 5

# Tells that it was called, and prints nothing before it may.
PRINTER = '''#!/bin/sh
[ "$1" = --version ] && echo 'wkhtmltopdf 0.12.6 (with patched qt)' && exit
echo $PPID >> {folder}/calls
[ -e {folder}/broken ] && exit 2
while [ ! -e {folder}/release ]; do sleep 0.05; done
for target; do :; done
printf '%%PDF-1.4 receipt' > "$target"
'''


class ReceiptServerCase(RealServerCase):

    def setUp(self):
        super().setUp()
        self.is_healthy = Event()

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        cls.folder = Path(mkdtemp(prefix='printer-'))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        printer = cls.folder / 'wkhtmltopdf'
        printer.write_text(PRINTER.format(folder=cls.folder))
        printer.chmod(0o755)
        path = f'{cls.folder}{os.pathsep}{os.environ["PATH"]}'
        return super()._start_server(node, program, {'PATH': path, **(environment or {})})

    @property
    def _prints(self):
        calls = self.folder / 'calls'
        return calls.read_text().split() if calls.exists() else []

    def _open(self, path):
        with open_url(f'{self.server.url}{path}') as answer:
            return answer.headers.get_content_type(), answer.headers['Refresh'], answer.read()

    def _ask_for_health(self):
        """Ask whether the server is well, again and again, and return the answers' statuses."""
        try:
            return [
                fetch(f'{self.server.url}/web/health')[0] for _number in range(HEALTH_CHECKS)
            ]
        finally:
            self.is_healthy.set()

    def _keep_opening(self, path):
        """Open a receipt until the server has said often enough that it is well: however fast the
        machine is, it says so while receipts are asked for.

        :return: What came of each time.
        :rtype: list
        """
        pages = [self._open(path)]
        while not self.is_healthy.is_set():
            pages.append(self._open(path))
        return pages

    def _create_receipt(self):
        """Let a QR be paid, and return where its receipt is."""
        qr = self._create_qr()
        self.qpay.pay(qr['qpay_invoice_id'])
        self._wait_until_paid(qr['invoice_id'])
        return f'/payment/qpay/receipt/{qr["intent_id"]}/{qr["access_token"]}'

    def _assert_server_is_free_while_receipts_are_printed(self):
        path = self._create_receipt()

        self._open(path)
        wait_for(lambda: self._prints, 'the printer')
        health, *answers = together(
            self._ask_for_health, *[lambda: self._keep_opening(path)] * REQUESTS
        )

        # All of them have an answer, though the printer has not ended; and whoever asks for
        # something else comes in between.
        self.assertEqual(health, [200] * HEALTH_CHECKS)
        self.assertEqual({(kind, back) for pages in answers for kind, back, _page in pages}, {
            ('text/html', str(const.RECEIPT_REFRESH_SECONDS)),
        })
        (self.folder / 'release').touch()
        wait_for(lambda: self._open(path)[0] == 'application/pdf', 'the receipt')
        pages = together(*[lambda: self._open(path)] * REQUESTS)
        self.assertEqual({page for _kind, _back, page in pages}, {b'%PDF-1.4 receipt'})
        self.assertEqual(len(self._prints), 1)


@tagged('post_install', '-at_install')
class TestReceiptsWithProcesses(ReceiptServerCase):

    def test_no_request_waits_for_the_printer(self):
        self._assert_server_is_free_while_receipts_are_printed()


@tagged('post_install', '-at_install')
class TestReceiptsThatFail(ReceiptServerCase):

    def test_receipt_that_cannot_be_printed_holds_up_no_other(self):
        (self.folder / 'release').touch()
        (self.folder / 'broken').touch()
        first = self._create_receipt()
        self._open(first)
        wait_for(lambda: self._prints, 'the printer')
        self.assertEqual(self._open(first)[:2], ('text/html', str(const.RECEIPT_REFRESH_SECONDS)))
        (self.folder / 'broken').unlink()

        second = self._create_receipt()
        self._open(second)

        wait_for(lambda: self._open(second)[0] == 'application/pdf', 'the other receipt')
        wait_for(lambda: self._open(first)[0] == 'application/pdf', 'the first one after all')


@tagged('post_install', '-at_install')
class TestReceiptsWithThreads(ReceiptServerCase):

    workers = 0

    def test_no_request_waits_for_the_printer(self):
        self._assert_server_is_free_while_receipts_are_printed()


@tagged('post_install', '-at_install')
class TestSilentQPayServers(RealServerCase):

    def setUp(self):
        super().setUp()
        self.database.query('DELETE FROM qpay_outage')

    def test_strangers_who_ask_a_silent_qpay_stop_nobody(self):
        qrs = [self._create_qr() for _number in range(2 * self.workers)]
        self.qpay.inject(CHECK, 'delay', seconds=FOREVER, times=None)
        answers = []

        def ask():
            answers.extend(together(*[lambda qr=qr: self._check(qr, now=True) for qr in qrs]))

        strangers = Thread(target=ask)
        strangers.start()
        wait_for(lambda: self._calls(CHECK), 'the first question')

        # QPay has answered nobody yet, and never will.
        self.assertEqual(fetch(f'{self.server.url}/web/health')[0], 200)
        strangers.join()
        statuses = {
            call['status'] for call in self.qpay.calls_log() if call['endpoint'] == CHECK
        }
        self.assertEqual(statuses, {None})
        self.assertEqual({answer['state'] for answer in answers}, {'new'})
        self.assertTrue(all(answer['message'] for answer in answers))
        asked = self._calls(CHECK)
        self.assertLessEqual(asked, len(qrs))

        # Whoever asks again does not wait at all.
        self.database.query('UPDATE qpay_intent SET last_check_at = NULL')
        together(*[lambda qr=qr: self._check(qr, now=True) for qr in qrs])
        self.assertEqual(self._calls(CHECK), asked)

        # And the money is found by who may ask.
        self.qpay.clear_faults()
        payment = self.qpay.pay(qrs[0]['qpay_invoice_id'])
        self._wait_until_paid(qrs[0]['invoice_id'])
        self.assertPaidOnce(qrs[0]['invoice_id'], qrs[0]['intent_id'], payment['payment_id'])
        self.assertFalse(self.database.query(
            'SELECT 1 FROM qpay_outage WHERE until IS NOT NULL'
        ))
        self.assertCleanLog()


@tagged('post_install', '-at_install')
class TestManyQrsAtOnce(RealServerCase):

    def test_ceiling_holds_however_many_ask_at_once(self):
        # What an employee makes does not count.
        self._create_qr()
        self.qpay.reset_calls()
        links = [self._create_link() for _number in range(const.PUBLIC_QR_PROVIDER_LIMIT + 5)]
        few, last = links[:const.PUBLIC_QR_PROVIDER_LIMIT - 2], links[-7:]
        for link in few:
            self.assertTrue(self._renew(link)['url'])
        # They count however long that took.
        self.database.query("UPDATE qpay_intent SET create_date = now() + interval '1 day'")

        answers = together(*[lambda link=link: self._renew(link) for link in last])

        self.assertEqual(sum(bool(answer['url']) for answer in answers), 2, answers)
        self.assertEqual(self._calls(CREATE), const.PUBLIC_QR_PROVIDER_LIMIT)
        self.assertCleanLog()

    def _create_link(self):
        """Return what the permanent link of a new invoice says."""
        invoice_id = self._create_invoice(100)
        [values] = self.accountant.call('account.move', 'read', [invoice_id], ['qpay_link'])
        kind, document_id, token = re.search(
            r'/link/(\w+)/(\d+)/([^/]+)$', values['qpay_link']
        ).groups()
        return {'kind': kind, 'document_id': int(document_id), 'token': token}

    def _renew(self, params):
        return OdooClient(self.server.url).post('/payment/qpay/renew', **params)
