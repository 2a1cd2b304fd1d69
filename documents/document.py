from functools import cached_property

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tools import consteq, hmac

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.checks import check_number

_LINK_SCOPE = 'payment_qpay-document'
# 128 bits, in as few characters as a text message and a printed QR like.
_LINK_TOKEN_LENGTH = 32


class Document:
    """A record whose payment QPay collects.

    By itself it stands for a transaction that pays nothing else than itself.

    :param recordset records: One record, or several where the kind permits.
    """

    model = 'payment.transaction'
    # The kind as `qpay.intent` and the permanent link call it.
    object_type = 'invoice'
    link_name = None
    # The transaction's field that links it to its documents.
    transaction_field = None
    is_payable_together = False

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

    @cached_property
    def currency(self):
        """The currency in which QPay collects."""
        return self.env.ref('base.MNT')

    def get_intent_values(self, amount):
        """Return what a QR remembers of this kind of document only.

        :param float amount: The amount in tögrög.
        :return: Values of the `qpay.intent`.
        :rtype: dict
        """
        return {}

    def get_transaction_values(self):
        """Return what links a transaction to this document.

        :return: Values of the `payment.transaction`.
        :rtype: dict
        """
        if not self.transaction_field:
            return {}
        return {self.transaction_field: [Command.set(self.records.ids)]}

    # === WHAT IS OWED === #

    def get_maximum_amount(self):
        """Return what is unpaid, in tögrög."""
        if self.records.state in ('authorized', 'done'):
            return 0
        # A QR that renews another one has a transaction of its own.
        intents = self.env['qpay.intent'].sudo().search(self._get_intent_domain())
        return self.records.amount - sum(intents.mapped('amount_paid'))

    def get_default_amount(self):
        """Return what is to be paid next, in tögrög."""
        return self.get_maximum_amount()

    def get_rest_amount(self, intent):
        """Return what a new QR is to ask for in place of an earlier one, in tögrög.

        :param qpay.intent intent: The earlier one.
        """
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
        return self.currency.compare_amounts(self.get_maximum_amount(), 0) <= 0

    def takes_money(self):
        """Whether money that arrives for it can still be booked on it."""
        return True

    def get_obstacle(self):
        """Return why QPay cannot collect its payment, for people; None if it can.

        :rtype: str
        """
        if not self.records:
            return self.env._("The document has been deleted.")
        return self._get_obstacle()

    def _get_obstacle(self):
        return self.env._("This is already paid.") if self.is_paid() else None

    def get_end_reason(self, intent):
        """Return why a live QR of this document must no longer be paid, for people; '' if it may.

        :param qpay.intent intent: The QR.
        :rtype: str
        """
        if not self.records:
            return self.env._("The document has been deleted.")
        if not self.transaction_field:
            return ''  # What a transaction asks for changes by its own payment only.
        still_asked = intent.amount - intent.amount_paid
        if self.currency.compare_amounts(still_asked, self.get_maximum_amount()) > 0:
            return self.env._("The document was paid or changed in another way.")
        return ''

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
        if reason := self.get_obstacle():
            raise UserError(reason)

    def check_together(self):
        """Make sure that one payment can pay all of the records.

        :raise UserError: If not, with the reason.
        """

    def check_amount(self, amount):
        """Make sure that an amount is a number, more than nothing and at most what is unpaid.

        :param float amount: The amount in tögrög.
        :raise ValidationError: If not.
        """
        check_number(self.env, amount)
        if self.currency.compare_amounts(amount, 0) <= 0:
            raise ValidationError(self.env._("The amount must be more than zero."))
        maximum = self.get_maximum_amount()
        if self.currency.compare_amounts(amount, maximum) > 0:
            raise ValidationError(self.env._(
                "The amount must not be more than the unpaid %s.", self.currency.format(maximum)
            ))

    # === THE QR === #

    def find_provider(self):
        """Return the QPay provider of the document's company, in sudo mode; empty if there is none.

        :rtype: payment.provider
        """
        providers = self.env['payment.provider'].sudo()
        return providers.search([
            *providers._check_company_domain(self.company),
            ('code', '=', const.PROVIDER_CODE),
            ('state', 'in', ('enabled', 'test')),
        ], order='state, sequence', limit=1)

    def get_provider(self):
        """Return the QPay provider of the document's company, in sudo mode.

        :rtype: payment.provider
        :raise UserError: If there is none, or it has no journal.
        """
        provider = self.find_provider()
        if not provider:
            raise UserError(self.env['payment.provider']._qpay_tell(self.env._(
                "QPay is not set up for %s. Please ask your administrator.", self.company.name
            )))
        provider._qpay_check_journal()
        return provider

    def get_live_intents(self):
        """Return the QRs that can be paid now and pay this document, perhaps with others.

        :rtype: qpay.intent
        """
        return self.env['qpay.intent'].sudo().search([
            *self._get_intent_domain(), ('state', '=', 'new'),
        ])

    def get_live_intent(self):
        """Return the QR of exactly this document that can be paid now, if there is one.

        :rtype: qpay.intent
        """
        return self.get_live_intents().filtered(
            lambda intent: intent._get_document() == self.records
        )[:1]

    def get_payable_intent(self):
        """Return the same, if it is valid and asks for no more than is owed.

        :rtype: qpay.intent
        """
        return self.get_live_intent().filtered(
            lambda intent: intent._is_payable() and not self.get_end_reason(intent)
        )

    def get_last_paid_intent(self):
        """Return the QR that paid this document last.

        :rtype: qpay.intent
        """
        return self.env['qpay.intent'].sudo().search([
            *self._get_intent_domain(), ('state', '=', 'paid'),
        ], limit=1)

    def get_or_create_intent(self, amount, provider=None, receiver=None):
        """Return the live QPay QR of this document for an amount.

        :param float amount: The amount in tögrög.
        :param payment.provider provider: The provider, in sudo mode; by default the company's.
        :param tuple[str, str] receiver: Whom the VAT receipt is for, and the number; by default as
            the customer has it.
        :rtype: qpay.intent
        :raise UserError: If the document or the amount cannot be paid by QPay, or QPay refuses.
        """
        self.check_payable()
        self.check_amount(amount)
        return self.env['qpay.intent'].sudo()._request(
            self.records, amount, provider or self.get_provider(), self.partner, receiver=receiver
        )

    def get_current_intent(self, amount, provider=None):
        """Return the QR for whoever comes to pay: the live one, whatever it asks for, else a new
        one.

        :param float amount: The amount of a new one, in tögrög.
        :param payment.provider provider: Its provider, in sudo mode; by default the company's.
        :rtype: qpay.intent
        :raise UserError: See `get_or_create_intent`.
        """
        return self.get_payable_intent() or self.get_or_create_intent(amount, provider)

    def count_intents(self, since):
        """Return how many QRs were asked for since a moment, those that QPay refused included.

        :param datetime since: The moment.
        :rtype: int
        """
        # Whoever pays without a document gets a transaction with each attempt.
        domain = self._get_intent_domain() if self.transaction_field else [
            ('res_model', '=', self.model), ('partner_id', '=', self.partner.id),
        ]
        return self.env['qpay.intent'].sudo().search_count([
            *domain, ('create_date', '>', since),
        ])

    def is_paid_by(self, transaction):
        """Whether a transaction is one of those that pay this document.

        :param payment.transaction transaction: The transaction.
        :rtype: bool
        """
        if not self.records:
            return False
        paid = transaction[self.transaction_field] if self.transaction_field else transaction
        return paid == self.records or bool(self.env['qpay.intent'].sudo().search_count([
            *self._get_intent_domain(), ('transaction_id', '=', transaction.id),
        ], limit=1))

    def _get_intent_domain(self):
        return [('res_model', '=', self.records._name), ('res_id', '=', self.records.id)]

    # === THE PERMANENT LINK === #

    def get_link(self):
        """Return the address that leads to the payment of this document for ever; '' if QPay does
        not collect it.

        :rtype: str
        """
        provider = self.link_name and len(self.records) == 1 and self.find_provider()
        if not provider:
            return ''
        base_url = provider._qpay_callback_base_url()
        return f'{base_url}/payment/qpay/link/{self.link_name}/{self.records.id}/{self._token}'

    def is_opened_by(self, token):
        """Whether a token, as it came over the wire, is the one of this document's link.

        :param str token: The token.
        :rtype: bool
        """
        # An unknown document costs the same comparison as a known one.
        is_authentic = consteq(str(token).encode(errors='replace'), self._token.encode())
        return bool(self.records) and is_authentic

    @property
    def _token(self):
        identity = (self.records._name, self.records.id)
        return hmac(self.env(su=True), _LINK_SCOPE, identity)[:_LINK_TOKEN_LENGTH]
