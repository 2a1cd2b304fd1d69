from odoo import models


class QPayPayment(models.Model):
    """The VAT receipts in the e-mail that a customer gets after a payment."""

    _inherit = 'qpay.payment'

    def _is_email_complete(self):
        """ Override of `qpay.payment` to wait for VAT receipts that are being issued. """
        under_way = self.ebarimt_ids.filtered(lambda row: row.state in ('to_issue', 'sending'))
        return super()._is_email_complete() and not under_way

    def _get_email_files(self):
        """ Override of `qpay.payment` to attach the QRs of VAT receipts. """
        return super()._get_email_files() + [
            (f'e-Barimt {receipt.receipt_number}.png', receipt.qr_image)
            for receipt in self._get_email_ebarimts() if receipt.qr_image
        ]

    def _get_email_parts(self):
        """ Override of `qpay.payment` to tell of VAT receipts. """
        return super()._get_email_parts() + [
            (self.env._("VAT receipt (e-Barimt)"), _get_rows(receipt))
            for receipt in self._get_email_ebarimts()
        ]

    def _get_email_ebarimts(self):
        return self.ebarimt_ids.filtered(lambda receipt: receipt.state == 'issued')


def _get_rows(receipt):
    rows = [
        (receipt.env._("Lottery number"), receipt.lottery),
        (receipt.env._("VAT"), receipt.currency_id.format(receipt.vat_amount)),
        (receipt.env._("Receipt number"), receipt.receipt_number),
    ]
    return [(name, value) for name, value in rows if value]
