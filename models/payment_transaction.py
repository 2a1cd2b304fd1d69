from odoo import models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - PAYMENT FLOW === #

    def _get_specific_rendering_values(self, processing_values):
        """ Override of `payment` to send the payer to the page with the QR.

        Note: self.ensure_one() from `_get_processing_values`

        :param dict processing_values: The generic and specific processing values.
        :return: The dict of provider-specific rendering values.
        :rtype: dict
        """
        if self.provider_code != const.PROVIDER_CODE:
            return super()._get_specific_rendering_values(processing_values)
        try:
            intent = self.env['qpay.intent'].sudo()._request(
                self._qpay_get_document(),
                self.amount,
                self.provider_id.sudo(),
                self.partner_id,
                transaction=self.sudo(),
            )
        except UserError as error:
            self._set_error(str(error))
            return {}
        return {'api_url': intent.pay_url}

    def _qpay_get_document(self):
        """Return the document that this transaction pays: the one whose QR is shared by all who
        look at it. Without one document, the transaction stands for itself.

        :rtype: recordset
        """
        self.ensure_one()
        documents = [self.invoice_ids]
        if 'sale_order_ids' in self._fields:
            documents.append(self.sale_order_ids)
        return next((document for document in documents if len(document) == 1), self)

    # === BUSINESS METHODS - PROCESSING === #

    def _extract_amount_data(self, payment_data):
        """Override of `payment` to extract the amount and currency from the payment data."""
        if self.provider_code != const.PROVIDER_CODE:
            return super()._extract_amount_data(payment_data)
        return {
            'amount': payment_data['amount'],
            'currency_code': payment_data['currency_code'],
        }

    def _apply_updates(self, payment_data):
        """Override of `payment` to update the transaction from a verified ledger row."""
        if self.provider_code != const.PROVIDER_CODE:
            return super()._apply_updates(payment_data)
        self.provider_reference = payment_data['qpay_txn_id']
        self._set_done()
        return None

    # === BUSINESS METHODS - POST-PROCESSING === #

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to book what the ledger says: QPay's id and the day of the
        payment in Mongolia.

        :param dict extra_create_values: Optional extra create values.
        :rtype: account.payment
        """
        self.ensure_one()
        ledger_row = self.env['qpay.payment'].sudo().search(
            [('transaction_id', '=', self.id)], limit=1
        )
        if ledger_row:
            document_names = ', '.join(self.invoice_ids.mapped('name')) or self.reference
            extra_create_values = {
                'qpay_txn_id': ledger_row.qpay_txn_id,
                'date': ledger_row._get_payment_date(),
                'memo': f'{document_names} - QPay {ledger_row.qpay_txn_id}',
                **extra_create_values,
            }
        return super()._create_payment(**extra_create_values)
