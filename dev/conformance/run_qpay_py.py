"""Drive the package qpay-py 1.0.0 (imported as ``qpay``) against a simulator.

Usage: ``python run_qpay_py.py http://127.0.0.1:PORT``, with a Python that has the package.
"""

import time

import qpay
from steps import CALLBACK_URL, INVOICE, PASSWORD, USERNAME, Conversation, converse, expect

_CODES = {'district_code': '3505', 'classification_code': '0000010'}


class LooseConversation(Conversation):

    error, key_name = qpay.QPayError, 'code'
    requests = qpay
    names = {
        'check': 'check_payment', 'get': 'get_payment', 'list': 'list_payments',
        'refund': 'refund_payment', 'cancel': 'cancel_payment',
    }

    def _create(self, number, amount):
        """Create an invoice; this client sends the amount as a float."""
        return self._client.create_simple_invoice(qpay.CreateSimpleInvoiceRequest(
            **INVOICE, sender_invoice_no=number, amount=float(amount),
        ))

    @staticmethod
    def _written(moment):
        """Return a time in QPay's own form."""
        return moment.strftime('%Y-%m-%d %H:%M:%S')

    def token(self):
        """Log in; the expiry is an absolute time, a day from now."""
        token = self._client.get_token()
        expect(
            token_type=(token.token_type, 'bearer'),
            expires_in_a_day=(abs(token.expires_in - time.time() - 86400) < 60, True),
        )

    def refresh(self):
        """Refresh; the client goes on with the new token."""
        old = self._client.get_token()
        new = self._client.refresh_token()
        expect(is_another=(new.access_token != old.access_token, True))

    def get_card_payment(self):
        """Read a card payment, whose row has other keys here than in a check."""
        payment_id = self._pay(self._invoice, method='CARD')['payment_id']
        [card] = self._client.get_payment(payment_id).card_transactions
        expect(amounts=((card.transaction_amount, card.amount), ('1500.50', '')))

    def vat_receipt(self):
        """Have a citizen's receipt made; its money is text."""
        payment_id = self._payment['payment_id']
        receipt = self._client.create_ebarimt(qpay.CreateEbarimtRequest(
            payment_id=payment_id, ebarimt_receiver_type='CITIZEN', ebarimt_receiver='99112233',
            **_CODES,
        ))
        expect(
            amounts=((receipt.amount, receipt.vat_amount), ('1500.50', '136.41')),
            payment_id=(receipt.g_payment_id, payment_id),
            status=(receipt.barimt_status, 'REGISTERED'),
            length_of_receipt_id=(len(receipt.ebarimt_receipt_id), 33),
            has_tin=(receipt.merchant_tin != '', True),
            length_of_lottery=(len(receipt.ebarimt_lottery), 11),
            vat_of_the_item=(receipt.barimt_items[0].vat_amount, '136.41'),
            histories=(len(receipt.barimt_histories), 1),
        )
        self._simulator.inject('POST /v2/ebarimt_v3/create', 'system_busy')
        request = qpay.CreateEbarimtRequest(payment_id=payment_id, ebarimt_receiver_type='CITIZEN')
        self._refused(500, 'SYSTEM_BUSY', 'create_ebarimt', request)

    def cancel_vat_receipt(self):
        """Cancel it by the payment's id, without a body."""
        receipt = self._client.cancel_ebarimt(self._payment['payment_id'])
        expect(status=(receipt.barimt_status, 'CANCELED'))
        self._refused(500, 'SYSTEM_BUSY', 'cancel_ebarimt', 'unknown')

    @staticmethod
    def _tax_invoice(number, **taxes):
        """Return the request for an invoice with a line of 1000 tögrög for each dict of taxes."""
        return qpay.CreateEbarimtInvoiceRequest(
            **{**INVOICE, 'invoice_code': 'TEST_EB_INVOICE'},
            sender_invoice_no=number, tax_type='1', district_code='0101',
            lines=[
                qpay.EbarimtInvoiceLine(
                    line_description=description, line_quantity='1.00', line_unit_price='1000.00',
                    classification_code='0111100',
                    taxes=[
                        qpay.TaxEntry(tax_code=code, description=code, amount=amount)
                        for code, amount in amounts.items()
                    ],
                )
                for description, amounts in taxes.items()
            ],
        )

    def invoice_with_taxes(self):
        """Create an invoice with taxes, pay it, have a company's receipt made."""
        payment = self._pay(self._client.create_ebarimt_invoice(self._tax_invoice(
            'CONF-13', Будаа={'VAT': 89.2857, 'CITY_TAX': 17.8571}, Гурил={'VAT': 90.91},
        )))
        receipt = self._client.create_ebarimt(qpay.CreateEbarimtRequest(
            payment_id=payment['payment_id'], ebarimt_receiver_type='COMPANY',
            ebarimt_receiver='5395305',
        ))
        expect(
            amount=(payment['amount'], '2000.00'),
            taxes=((receipt.vat_amount, receipt.city_tax_amount), ('180.20', '17.86')),
            lottery_and_tax_type=((receipt.ebarimt_lottery, receipt.tax_type), ('', '1')),
            number_of_items=(len(receipt.barimt_items), 2),
        )

    def vat_refusals(self):
        """A receipt needs money; a tax invoice the right tax."""
        request = qpay.CreateEbarimtRequest(
            payment_id=self._pay(self._invoice, status='FAILED')['payment_id'],
            ebarimt_receiver_type='CITIZEN', **_CODES,
        )
        self._refused(400, 'PAYMENT_NOT_PAID', 'create_ebarimt', request)
        wrong = self._tax_invoice('CONF-14', Гурил={'VAT': 100.0})
        self._refused(400, 'VAT_AMOUNT_INVALID', 'create_ebarimt_invoice', wrong)

    def wrong_password(self):
        """A wrong password is answered with 401."""
        with new_client(self._simulator.base_url, 'wrong') as stranger:
            talk = LooseConversation(stranger, self._simulator)
            talk._refused(401, 'AUTHENTICATION_FAILED', 'get_token')


def new_client(base_url, password=PASSWORD):
    """Return a client."""
    return qpay.QPayClient(qpay.QPayConfig(
        base_url=base_url, username=USERNAME, password=password,
        invoice_code=INVOICE['invoice_code'], callback_url=CALLBACK_URL,
    ))


if __name__ == '__main__':
    converse(LooseConversation, new_client)
