"""Several processes work at the callbacks at once, each at others."""

from odoo.tests import tagged

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.tests.cases.patience import wait_for
from odoo.addons.payment_qpay.tests.cases.real_server_case import RealServerCase

CHECK = 'POST /v2/payment/check'
GET_PAYMENT = 'GET /v2/payment/{id}'


@tagged('post_install', '-at_install')
class TestSeveralSchedulers(RealServerCase):
    """Each server has one process for scheduled actions, which asks one question at a time."""

    workers = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_server = cls._start_server('node2')

    @classmethod
    def _start_server(cls, node, program=None, environment=None):
        return super()._start_server(node, program, {const.QUESTIONS_VARIABLE: '1'})

    def tearDown(self):
        self.assertCleanLog()
        self.assertCleanLog(self.second_server)
        super().tearDown()

    def test_two_processes_take_different_callbacks_at_the_same_time(self):
        qrs = [self._create_qr() for _number in range(6)]
        self.qpay.reset_calls()
        self.qpay.inject(GET_PAYMENT, 'hold', times=None)

        payments = [self.qpay.pay(qr['qpay_invoice_id'], wait=True) for qr in qrs]

        # Neither goes on before QPay answers, so these are two processes.
        wait_for(lambda: self._calls(GET_PAYMENT) >= 2, 'the second process')
        asked = [
            call['body']['object_id'] for call in self.qpay.calls_log() if call['endpoint'] == CHECK
        ]
        self.assertEqual(len(set(asked)), 2)
        self.assertEqual(len(asked), 2)

        self.qpay.clear_faults()
        for qr, payment in zip(qrs, payments, strict=True):
            self._wait_until_paid(qr['invoice_id'])
            self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment['payment_id'])
        self._let_inbox_empty()
        self.assertEqual(self.qpay.calls(), {CHECK: len(qrs), GET_PAYMENT: len(qrs)})

    def test_one_call_wakes_one_process(self):
        wait_for(self.database.is_scheduler_idle, 'the end of what the start has begun')
        runs = self._count_runs()
        qr = self._create_qr()
        self.qpay.reset_calls()
        payment = self.qpay.pay(qr['qpay_invoice_id'], wait=True)
        self._wait_until_paid(qr['invoice_id'])
        self._let_inbox_empty()
        self.assertPaidOnce(qr['invoice_id'], qr['intent_id'], payment['payment_id'])
        self.assertEqual(self.qpay.calls(), {CHECK: 1, GET_PAYMENT: 1})
        self.assertEqual(self._count_runs(), runs)

    def _count_runs(self):
        """Return how often the scheduled actions have run that help."""
        return self.database.query(
            "SELECT count(*) FROM ir_cron_progress WHERE cron_id IN (SELECT res_id"
            " FROM ir_model_data WHERE module = 'payment_qpay' AND name LIKE %s)", 'ir_cron_help_%',
        )
