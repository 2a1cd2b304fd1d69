"""What tests of the VAT receipts on the wire share."""

from odoo.addons.payment_qpay.qpay_api import CITIZEN, QPayError
from odoo.addons.payment_qpay.tests.cases.wire_case import WireCase

CREATE_V1, CREATE_V3 = 'POST /v2/ebarimt/create', 'POST /v2/ebarimt_v3/create'
READ, CANCEL = 'GET /v2/ebarimt/{id}', 'DELETE /v2/ebarimt_v3/{id}'
PHONE, REGISTER = '99112233', '5395305'
CODES = {'district_code': '3505', 'classification_code': '0000010'}


class EbarimtWireCase(WireCase):
    """A client, and payments for it to have receipts for."""

    def setUp(self):
        super().setUp()
        self.payment_id = self._pay()

    def _pay(self, amount=None, **values):
        invoice = self._invoice(**values)
        return self.qpay.pay(invoice.invoice_id, amount=amount)['payment_id']

    def _issue(self, receiver_type=CITIZEN, receiver=None, **options):
        return self.client.create_ebarimt(
            self.payment_id, receiver_type, receiver, **{**CODES, **options}
        )

    def _error(self, call, *arguments, **options):
        """Make a call that fails, and return its error."""
        try:
            call(*arguments, **options)
        except QPayError as error:
            return error
        raise AssertionError('the call did not fail')

    def _sent(self, endpoint):
        """Return the body of the last call to an endpoint."""
        return [call for call in self.qpay.calls_log() if call['endpoint'] == endpoint][-1]['body']
