"""A neutralized copy of the database asks QPay for nothing and can collect nothing."""

from datetime import timedelta

from odoo import fields
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from odoo.addons.payment_qpay.tests.cases.ebarimt_case import EbarimtCase


@tagged('post_install', '-at_install')
class TestNeutralizedCopy(EbarimtCase):

    def _neutralize(self):
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()

    def _fill_queues(self):
        """Leave something in each queue, and return the open QR."""
        paid = self._create_intent(self._create_invoice())
        self._pay_and_settle(paid)
        past = fields.Datetime.now() - timedelta(hours=1)
        receipt = self.env['qpay.ebarimt'].sudo().create({
            'payment_id': self._ledger(paid).id, 'generation': 'v3', 'receiver_type': 'citizen',
            'next_attempt_at': past,
        })
        receipt._request_cancellation()
        self.env['qpay.receipt'].sudo()._get_for(paid)
        self.env['qpay.outage'].sudo().create({'account': 'x', 'until': past})
        self.env['qpay.trial.call'].sudo().create({})
        intent = self._create_intent(self._create_invoice())
        intent.sudo()._enqueue_recheck()
        self._call_back(intent, 'announced')
        return intent.sudo()

    def test_it_keeps_no_queue_and_no_open_qr(self):
        intent = self._fill_queues()
        self._neutralize()
        self.qpay.reset_calls()
        self.assertEqual((intent.state, intent.transaction_id.state), ('cancelled', 'cancel'))
        self.assertFalse(intent._is_payable())
        sudo = self.env(su=True)
        for model, domain in {
            'qpay.intent': [
                '|', ('state', '=', 'new'), ('recheck_at', '!=', False),
            ],
            'qpay.callback': [('state', '=', 'received')],
            'qpay.intent.recheck': [],
            'qpay.outage': [],
            'qpay.token': [],
            'qpay.payment': [('email_due_at', '!=', False)],
            'qpay.trial.call': [],
            'qpay.receipt': [('made_at', '=', False)],
            'qpay.ebarimt': sudo['qpay.ebarimt']._get_due_domain(),
            'qpay.ebarimt.cancellation': [],
        }.items():
            self.assertFalse(sudo[model].search(domain), model)

    def test_whoever_looks_at_a_qr_of_the_copy_does_not_reach_qpay(self):
        intent = self._fill_queues()
        self._neutralize()
        self.qpay.reset_calls()
        page = self.url_open(intent._get_pay_path())
        self.assertEqual(page.status_code, 200)
        self._check_route(intent.id, access_token=intent.access_token)
        self._process_callbacks()
        self._recheck()
        self.env['qpay.ebarimt'].sudo()._cron_process()
        self.assertEqual(self.qpay.calls(), {})

    def test_what_has_ended_stays_as_it_was(self):
        intent = self._create_intent(self._create_invoice())
        self._pay_and_settle(intent)
        self._neutralize()
        self.assertEqual((intent.state, intent.transaction_id.state), ('paid', 'done'))
