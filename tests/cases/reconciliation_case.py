"""What tests of QPay's list of payments share."""

import json

from odoo.tests import Form

from odoo.addons.payment_qpay.tests.cases.common import QPayCommon

CHECK = 'POST /v2/payment/check'
LIST = 'POST /v2/payment/list'
GET_INVOICE = 'GET /v2/invoice/{id}'


class ReconciliationCase(QPayCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Only the company of the test is reconciled.
        cls._disable_other_providers()

    def _pay_nobody(self, description='Гүйлгээ', amount=7000):
        """Let money arrive for an invoice of QPay that Odoo has never heard of."""
        client = self.provider._qpay_client()
        token = client._tokens.current(client._fetch_token).access_token
        invoice = self._post_to_qpay('/v2/invoice', token, {
            'invoice_code': 'TEST_INVOICE',
            'sender_invoice_no': f'FOREIGN-{description}'[:45],
            'invoice_receiver_code': 'terminal',
            'invoice_description': description,
            'amount': amount,
            'callback_url': 'http://127.0.0.1/nowhere',
        })
        payment = self.qpay.pay(invoice['invoice_id'])
        self.qpay.reset_calls()
        return payment

    def _post_to_qpay(self, path, token, body):
        response = self.opener.post(
            f'{self.simulator.url}{path}', data=json.dumps(body), timeout=20,
            headers={'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'},
        )
        response.raise_for_status()
        return response.json()

    def _lists(self):
        """Return what QPay's list was asked for."""
        bodies = [call['body'] for call in self.qpay.calls_log() if call['endpoint'] == LIST]
        return [json.loads(body) if isinstance(body, str) else body for body in bodies]

    def _row(self, payment):
        return self.env['qpay.payment'].search([('qpay_txn_id', '=', payment['payment_id'])])

    def _dialog(self, row):
        """Return the dialog that assigns a payment, as an accountant opens it."""
        action = row.with_user(self.accountant).action_assign()
        return Form(self.env[action['res_model']].with_user(self.accountant).with_context(
            **action['context']
        ))
