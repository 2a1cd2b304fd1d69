from odoo import models
from odoo.exceptions import UserError

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.reasons import get_reason


class QPayPayment(models.Model):
    """What a payment pays, and whose it is. Documents may have changed since their QR was made:
    the money is booked for whoever owes it now, else it is the credit of who was asked for it.
    """

    _inherit = 'qpay.payment'

    def _get_transaction(self):
        """Return the transaction that this payment confirms, for exactly the money that arrived.

        :rtype: payment.transaction
        :raise UserError: If nobody knows whose payment it is.
        """
        if self.transaction_id.state != 'done':
            self.transaction_id = self._choose_transaction()
        elif not self.transaction_id.payment_id:
            self._fit_transaction()
        return self.transaction_id

    def _fit_transaction(self):
        """Have the transaction, which was confirmed before the payment could be booked, pay what
        its document takes by now.
        """
        transaction = self.transaction_id
        document = documents.of_transaction(transaction)
        if document.records == transaction:
            return
        takes_money, amount = self._get_taken(document)
        if not takes_money:
            transaction[document.transaction_field] = False
        if self.currency_id.compare_amounts(transaction.amount, amount) != 0:
            transaction.amount = amount

    def _choose_transaction(self):
        intent, expected = self.intent_id, self.intent_id.transaction_id
        takes_money, amount = self._get_taken(documents.of(self._get_document()))
        if expected.state == 'draft' and takes_money:
            expected.amount = amount
            return expected
        if intent:
            return intent._create_transaction(amount, is_linked=takes_money)
        if self.assigned_partner_id:
            return self.env['payment.transaction']._qpay_create(
                self.provider_id, self.amount, self.assigned_partner_id,
                self.assigned_invoice_ids, f'QPay-{self.qpay_txn_id}',
            )
        raise UserError(get_reason(self.env, 'nobodys_yet'))

    def _get_taken(self, document):
        """Return whether a document takes this payment, and what of it the transaction shows.

        :param Document document: The document.
        :rtype: tuple[bool, float]
        """
        takes_money = document.takes_money(self._get_payment_date())
        amount = document.get_transaction_amount(self.amount) if takes_money else self.amount
        return takes_money, amount

    def _leave_drafts(self):
        """Take from the transaction of this payment the invoices that it does not pay: Odoo would
        confirm the drafts, and match what is another customer's.

        :return: The invoices in work of an order, which Odoo matches once they are confirmed.
        :rtype: account.move
        """
        self.ensure_one()
        moves = self.transaction_id.invoice_ids
        is_of_invoices = self._get_document()._name == 'account.move'
        owing = self._get_owing_invoices() if is_of_invoices else moves.filtered(
            lambda move: move.state == 'posted'
        )
        if owing != moves:
            self.transaction_id.invoice_ids = owing
        return moves.browse() if is_of_invoices else moves - owing

    def _get_owing_invoices(self):
        """Return the confirmed invoices of which this payment pays what is still owed: of one
        customer, and of the company whose account took it.

        :rtype: account.move
        """
        moves = self._get_document().filtered(
            lambda move: move.state == 'posted'
            and self.provider_id.company_id in move.company_id.parent_ids
        )
        customers, asked = moves.commercial_partner_id, self._get_asked_customer()
        customer = asked if asked in customers else customers[:1]
        return moves.filtered(lambda move: move.commercial_partner_id == customer)

    def _get_asked_customer(self):
        """Return who was asked for this payment, or whose a person says it is.

        :rtype: res.partner
        """
        asked = self.intent_id.document_partner_id or self.assigned_partner_id
        return asked.commercial_partner_id

    def _get_customer(self):
        """Return whose payment this is: who owes what it pays, else who was asked for it.

        :rtype: res.partner
        """
        transaction = self.transaction_id
        paid = documents.of_transaction(transaction)
        owing = paid.partner if paid.records != transaction else self._get_asked_customer()
        return (owing or transaction.partner_id).commercial_partner_id
