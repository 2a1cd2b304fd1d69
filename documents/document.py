from functools import cached_property

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_number
from odoo.addons.payment_qpay.reasons import get_reason

from .link import PermanentLink
from .qrs import DocumentQrs


class Document(DocumentQrs, PermanentLink):
    """A record whose payment QPay collects, in tögrög.

    A kind of documents is a class that says at least what is unpaid.

    :param recordset records: One record, or several where the kind permits.
    """

    # The kind as `qpay.intent` calls it: 'invoice', or 'booking' for what is paid in advance.
    object_type = 'invoice'
    # The transaction's field that links it to its documents.
    transaction_field = None
    is_payable_together = False
    # Whether `mail` tracks what is changed, so that QRs are ended which ask for too much.
    is_tracked = False

    def __init__(self, records):
        self.records = records
        self.env = records.env

    # === WHAT IT IS === #

    @property
    def name(self):
        """What people call it."""
        return ', '.join(self.records.mapped('display_name'))

    @property
    def company(self):
        """The company that is paid."""
        return self.records.company_id

    @property
    def partner(self):
        """Who pays."""
        return self.records.partner_id[:1]

    @property
    def website(self):
        """On which of Odoo's websites it is sold; False if on none."""
        return ('website_id' in self.records._fields and self.records.website_id) or False

    @cached_property
    def currency(self):
        """The currency in which QPay collects."""
        return const.get_tugrik(self.env)

    @property
    def document_currency(self):
        """The currency of the document itself."""
        return self.currency

    def get_version(self):
        """Return what stands for what is sold, for how much: a QR ends when it changes. With ''
        it does not end either when the document becomes another customer's.
        """
        return '-'

    def get_intent_values(self, amount):
        """Return what a QR remembers of this document.

        :param float amount: The amount in tögrög.
        :return: Values of the `qpay.intent`.
        :rtype: dict
        """
        difference = self.currency.compare_amounts(amount, self.get_default_amount())
        return {
            'document_partner_id': self.partner.commercial_partner_id.id,
            'document_company_id': self.company.id,
            'document_version': self.get_version(),
            'has_chosen_amount': bool(difference),
        }

    def get_transaction_values(self):
        """Return what links a transaction to this document.

        :return: Values of the `payment.transaction`.
        :rtype: dict
        """
        if not self.transaction_field:
            return {}
        field = self.env['payment.transaction']._fields[self.transaction_field]
        is_single = field.type == 'many2one'
        return {field.name: self.records.id if is_single else [Command.set(self.records.ids)]}

    # === WHAT IS OWED === #

    def get_unpaid_amount(self):
        """Return what is unpaid after all that its confirmed transactions have paid, in the
        document's currency.
        """
        raise NotImplementedError

    def get_unpaid_amount_before(self, transaction):
        """Return what was unpaid before a transaction of this document was confirmed.

        :param payment.transaction transaction: The transaction, confirmed or not.
        :rtype: float
        """
        confirmed = transaction.filtered(lambda tx: tx.state == 'done')
        return self.get_unpaid_amount() + sum(confirmed.mapped('amount'))

    def get_waiting_amount(self):
        """Return what QPay has confirmed and is not counted as paid yet, in the document's
        currency: no confirmed transaction shows it.
        """
        rows = self._find_waiting_rows()
        return sum(rows.filtered(lambda row: row.transaction_id.state != 'done').mapped('amount'))

    def get_owed_amount(self):
        """Return what people may still be asked for, in the document's currency: what is unpaid,
        less what QPay has confirmed and is not booked yet. Nobody is asked for that twice.
        """
        unpaid = self.get_unpaid_amount()
        if unpaid <= 0:
            return 0
        return max(0, self.document_currency.round(unpaid - self.get_waiting_amount()))

    def get_maximum_amount(self):
        """Return what people may still be asked for, in tögrög."""
        return self._to_mnt(self.get_owed_amount())

    def get_next_amount(self):
        """Return what is to be paid next, in the document's currency."""
        return self.get_owed_amount()

    def get_default_amount(self):
        """Return what is to be paid next, in tögrög."""
        return self._to_mnt(self.get_next_amount())

    def get_asked_amount(self, intent):
        """Return what a QR still asks for, in the document's currency.

        :param qpay.intent intent: The QR.
        """
        return intent.amount - intent.amount_paid

    def get_rest_amount(self, intent):
        """Return what a new QR is to ask for in place of an earlier one, in tögrög.

        :param qpay.intent intent: The earlier one.
        """
        if self.get_change(intent):
            return self.get_default_amount()
        return min(intent.amount - intent.amount_paid, self.get_maximum_amount())

    def get_amount_note(self, amount):
        """Return how an amount came about, for people; '' if it is all that is owed, in tögrög.

        :param float amount: The amount in tögrög.
        :rtype: str
        """
        total = self.get_maximum_amount()
        if self.currency.compare_amounts(amount, total) >= 0:
            return ''
        return self.env._("A part of the unpaid %s.", self.currency.format(total))

    def get_rate_text(self, amount=None):
        """Return the day's rate for people; '' if the document is in tögrög.

        :param float amount: The amount in tögrög that it explains; by default all that is unpaid.
        :rtype: str
        """
        return ''

    def is_paid(self):
        """Whether nothing is owed any more because it was paid."""
        return bool(self.records) and self.currency.is_zero(self.get_maximum_amount())

    def get_waiting_reason(self):
        """Return that nothing more is owed although the books do not show it yet, for people; ''
        otherwise.

        :rtype: str
        """
        is_owed = self.document_currency.compare_amounts(self.get_owed_amount(), 0) > 0
        if is_owed or not self._is_waiting():
            return ''
        return get_reason(self.env, 'being_booked')

    def _is_waiting(self):
        """Whether the books do not show all that was paid."""
        return self.document_currency.compare_amounts(self.get_unpaid_amount(), 0) > 0

    def takes_money(self, day):
        """Whether money can be booked on it.

        :param date day: The day of the payment.
        """
        return True

    def is_surplus(self, row):
        """Whether a payment is more than this document takes, because it was paid or changed in
        another way in the meantime.

        :param qpay.payment row: The payment, which is not booked yet.
        :rtype: bool
        """
        takes_money = self.records and self.takes_money(row._get_payment_date())
        owed = self.get_unpaid_amount_before(row.transaction_id) if takes_money else 0
        return self.currency.compare_amounts(row.amount, owed) > 0

    def get_invoiced_amount(self):
        """Return how much of it is invoiced already, where it is paid before it is invoiced."""
        return 0

    def get_transaction_amount(self, amount):
        """Return what of a payment its transaction shows: all of it, unless the document takes no
        more than it asks for. The payment in the books is of all of it.

        :param float amount: What arrived, in tögrög.
        :rtype: float
        """
        return amount

    def admit_payment(self):
        """Make sure that a payment of it, which is confirmed, can be booked now.

        :raise UserError: If not, with the reason.
        """

    def get_blocking_reason(self):
        """Return why QPay cannot collect its payment, for people; None if it can.

        :rtype: str
        """
        if not self.records:
            return get_reason(self.env, 'deleted')
        return self._get_blocking_reason()

    def get_payer_blocking_reason(self, intent):
        """Return the same for who comes with an earlier QR, which may be another customer's.

        :param qpay.intent intent: The QR; empty for who comes with none.
        :rtype: str
        """
        if self.records and intent and self.is_of_another_customer(intent):
            return get_reason(self.env, 'other_customer')
        return self.get_blocking_reason()

    def _get_blocking_reason(self):
        if not self.is_paid():
            return None
        return self.get_waiting_reason() or get_reason(self.env, 'already_paid')

    def get_closing_reason(self, intent):
        """Return why an open QR of this document must no longer be paid, for people; '' if it may.

        :param qpay.intent intent: The QR.
        :rtype: str
        """
        if not self.records:
            return get_reason(self.env, 'deleted')
        if change := self.get_change(intent):
            return change
        still_asked, owed = self.get_asked_amount(intent), self.get_owed_amount()
        if self.document_currency.compare_amounts(still_asked, owed) > 0:
            return get_reason(self.env, 'paid_or_changed')
        return ''

    def get_change(self, intent):
        """Return what has changed of this document since a QR was made, for people; '' if nothing:
        whose it is, what is sold, for how much, in which currency and company.

        :param qpay.intent intent: The QR.
        """
        # An order of the till is not remembered.
        if not intent.document_version:
            return ''
        if self.is_of_another_customer(intent):
            return get_reason(self.env, 'other_customer')
        if self.company != intent.document_company_id:
            return get_reason(self.env, 'other_company')
        if self.get_version() != intent.document_version:
            return get_reason(self.env, 'changed')
        return ''

    def is_of_another_customer(self, intent):
        """Whether this document is no longer the one's for whom a QR was made.

        :param qpay.intent intent: The QR.
        :rtype: bool
        """
        customer = intent.document_partner_id
        return bool(customer) and self.partner.commercial_partner_id != customer

    # === VAT RECEIPT === #

    def get_taxed_lines(self):
        """Return what is sold, for a VAT receipt; nothing where the document does not say.

        :rtype: list[TaxedLine]
        """
        return []

    def has_unclear_rest(self):
        """Whether nobody knows which of the lines are still to be paid.

        :rtype: bool
        """
        return False

    # === CHECKS === #

    def check_payable(self):
        """Make sure that somebody owes money on this document that QPay can collect.

        :raise UserError: If not, with the reason.
        """
        if reason := self.get_blocking_reason():
            raise UserError(reason)

    def check_together(self):
        """Make sure that one payment can pay all of the records.

        :raise UserError: If not, with the reason.
        """

    def check_amount(self, amount, currency=None):
        """Make sure that an amount is a number, more than nothing and at most what is unpaid.

        :param float amount: The amount.
        :param res.currency currency: Tögrög, which is the default, or the document's currency.
        :raise ValidationError: If not.
        """
        check_number(self.env, amount)
        currency = currency or self.currency
        is_tugrik = currency == self.currency
        maximum = self.get_maximum_amount() if is_tugrik else self.get_owed_amount()
        if currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("The amount must be more than zero."))
        if currency.compare_amounts(amount, maximum) > 0:
            raise ValidationError(self.env._(
                "The amount must not be more than the unpaid %s.", currency.format(maximum)
            ))

    # === GETTERS === #

    def _get_intent_domain(self):
        return [('res_model', '=', self.records._name), ('res_id', 'in', self.records.ids)]

    def _find_waiting_rows(self):
        """Return the ledger's rows of money for this document that the books do not show yet.

        :rtype: qpay.payment
        """
        return self._find_rows().filtered(lambda row: row.status == 'paid' and row._is_waiting())

    def _find_rows(self):
        """Return the ledger's rows of money for this document.

        :rtype: qpay.payment
        """
        rows = self.env['qpay.payment'].sudo()
        # Each by its own index: asked for with "or", the database reads the whole ledger.
        queries = [rows._search(domain).select() for domain in self._get_row_domains()]
        found = self.env.execute_query(SQL(' UNION ').join(queries))
        return rows.browse(sorted(row_id for row_id, in found))

    def _get_row_domains(self):
        """Return the ways by which the ledger's rows of money for this document are found.

        :rtype: list[Domain]
        """
        intents = self.env['qpay.intent'].sudo()
        transactions = self.env['payment.transaction'].sudo()._search(
            self._get_transaction_domain()
        )
        by_transaction = Domain('transaction_id', 'in', transactions)
        return [
            by_transaction,
            Domain('intent_id', 'in', intents._search(by_transaction)),
            Domain('intent_id', 'in', intents._search(self._get_intent_domain())),
        ]

    def _get_transaction_domain(self):
        return [
            (self.transaction_field, 'in', self.records.ids),
            ('provider_code', '=', const.PROVIDER_CODE),
        ]

    def _to_mnt(self, amount):
        """Return an amount of the document's currency in tögrög."""
        return amount
