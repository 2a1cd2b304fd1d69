"""What tests of the VAT receipts of the QPay simulator share."""

import re

from odoo.addons.payment_qpay.tests.cases.simulator_case import SimulatorCase

CREATE_V1, CREATE_V3 = '/v2/ebarimt/create', '/v2/ebarimt_v3/create'
LOTTERY = re.compile(r'[A-Z]{2} \d{8}')


class EbarimtCase(SimulatorCase):
    """A simulator with calls about receipts."""

    def pay(self, amount=None, merchant=None, **fields):
        """Create an invoice, pay it and return the payment's id."""
        invoice_id = (merchant or self.api).invoice(**fields).json['invoice_id']
        return self.control.pay(invoice_id, amount=amount, callback=False)['payment_id']

    def ask(self, payment_id, path=CREATE_V3, **fields):
        """Ask for a receipt."""
        return self.api.call('POST', path, {
            'payment_id': payment_id,
            'ebarimt_receiver_type': 'CITIZEN',
            'district_code': '3505',
            'classification_code': '0000010',
            **fields,
        })

    def company(self, payment_id, register='5395305', **fields):
        """Ask for a company's receipt."""
        return self.ask(
            payment_id, ebarimt_receiver_type='COMPANY', ebarimt_receiver=register, **fields
        )

    def statuses(self):
        """Return what became of each receipt."""
        return [receipt['status'] for receipt in self.control.ebarimts()]

    def assert_busy(self, answer):
        """Check the one error that has no message."""
        self.assertEqual((answer.status, answer.text), (500, '{"error":"SYSTEM_BUSY"}'))
