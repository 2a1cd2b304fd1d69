from odoo import models

from odoo.addons.payment_qpay import const


class PaymentTransaction(models.Model):
    """What the documents of QPay's transactions tell about them."""

    _inherit = 'payment.transaction'

    def _log_sent_message(self):
        """ Override of `payment` to tell of QPay's transactions as who acts. """
        own = self.filtered(lambda tx: tx.provider_code == const.PROVIDER_CODE)
        for tx in own:
            super(PaymentTransaction, tx._qpay_as_teller())._log_sent_message()
        return super(PaymentTransaction, self - own)._log_sent_message()

    def _log_received_message(self):
        """ Override of `payment` to tell of QPay's transactions as who acts. """
        own = self.filtered(lambda tx: tx.provider_code == const.PROVIDER_CODE)
        for tx in own:
            super(PaymentTransaction, tx._qpay_as_teller())._log_received_message()
        return super(PaymentTransaction, self - own)._log_received_message()

    def _qpay_as_teller(self):
        """Return this transaction for telling of it: in the language of the company, whose people
        read that, and in the name of the employee who acts. Odoo itself would name the customer.

        :rtype: payment.transaction
        """
        self.ensure_one()
        teller = self.with_context(lang=self.company_id.partner_id.lang)
        if self.env.user._is_internal():
            teller = teller.with_context(payment_backend_action=True)
        return teller

    def _get_received_message(self):
        """ Override of `payment` to tell what QPay has taken, and nothing of QRs that have ended:
        nobody was going to pay them any more.

        :return: The message; None if there is nothing to tell.
        :rtype: str
        """
        is_payment = self.provider_code == const.PROVIDER_CODE and self.operation != 'refund'
        if is_payment and self.state == 'cancel':
            return None
        if not is_payment or self.state != 'done':
            return super()._get_received_message()
        return self.env._(
            "%(amount)s arrived through QPay (payment %(qpay_txn_id)s, transaction %(ref)s).",
            amount=self.currency_id.format(self.amount),
            qpay_txn_id=self.provider_reference,
            ref=self._get_html_link(),
        )

    def _qpay_log_cancellation(self):
        """Tell on the documents of these transactions that somebody has cancelled their QR.

        :return: None
        """
        for tx in self:
            teller = tx._qpay_as_teller()
            amount = teller.currency_id.format(teller.amount)
            teller._log_message_on_linked_documents(
                teller.env._("The QPay QR over %s was cancelled.", amount)
            )
