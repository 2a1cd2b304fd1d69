from functools import cache

from odoo.exceptions import UserError

from odoo.addons.payment_qpay import const
from odoo.addons.payment_qpay.locking import check_committed


class DocumentQrs:
    """The QRs of a document: who collects, which can be paid, and which is shown to whom."""

    def with_known_rows(self):
        """Return this document for several questions within one transaction: the ledger is asked
        only once which of its rows are of money for it.

        :rtype: Document
        """
        self._find_rows = cache(self._find_rows)
        return self

    def find_providers(self, is_for_payer=None):
        """Return the QPay providers that may collect the payment of this document, in sudo mode,
        the best one first: of real money, of the very website, published, of the nearest company.

        :param bool is_for_payer: See `may_be_collected_by`.
        :rtype: payment.provider
        """
        return self._search_providers().filtered(
            lambda provider: self.may_be_collected_by(provider, is_for_payer)
        ).sorted(lambda provider: (
            provider.state != 'enabled',
            provider._qpay_get_website() != self.website,
            not provider.is_published,
            -len(provider.company_id.parent_ids),
            provider.sequence,
            provider.id,
        ))

    def find_provider(self, is_for_payer=None):
        """Return the best of them; empty if there is none.

        :param bool is_for_payer: See `may_be_collected_by`.
        :rtype: payment.provider
        """
        return self.find_providers(is_for_payer)[:1]

    def get_provider(self, is_for_payer=None):
        """Return the best of them.

        :param bool is_for_payer: See `may_be_collected_by`.
        :rtype: payment.provider
        :raise UserError: If there is none, or it has no journal.
        """
        provider = self.find_provider(is_for_payer)
        if not provider:
            raise UserError(self.env['payment.provider']._qpay_get_public_message(self.env._(
                "QPay is not set up for %s. Please ask your administrator.", self.company.name
            )))
        provider._qpay_check_journal()
        return provider

    def may_be_collected_by(self, provider, is_for_payer=None):
        """Whether a provider of QPay may collect the payment of this document. As in Odoo's own
        payment form it is used, it is the document's company's or one's above it, and it is no
        other website's. Where one is published, payers use no other.

        :param payment.provider provider: The provider, in sudo mode.
        :param bool is_for_payer: Whether it is payers who use it; by default, whether the user is
            no employee.
        :rtype: bool
        """
        if is_for_payer is None:
            is_for_payer = not self.env.user._is_internal()
        if not self._may_collect(provider):
            return False
        if provider.is_published or not is_for_payer:
            return True
        return not any(
            other.is_published and self._may_collect(other) for other in self._search_providers()
        )

    def _may_collect(self, provider):
        website = provider._qpay_get_website()
        return (
            provider.state in ('enabled', 'test')
            and (
                provider.company_id == self.company
                or provider.company_id in self.company.sudo().parent_ids
            )
            and (not website or not self.website or website == self.website)
        )

    def _search_providers(self):
        providers = self.env['payment.provider'].sudo()
        return providers.search_fetch([
            *providers._check_company_domain(self.company), ('code', '=', const.PROVIDER_CODE),
        ])

    def check_provider(self, provider):
        """Make sure that a provider may collect the payment of this document for the user.

        :param payment.provider provider: The provider, in sudo mode.
        :raise UserError: If it may not.
        """
        if not self.may_be_collected_by(provider):
            raise UserError(self.env['payment.provider']._qpay_get_public_message(self.env._(
                "%s does not collect the payment of this document.", provider.name
            )))

    def find_open_intents(self):
        """Return the QRs that can be paid now and pay this document, perhaps with others.

        :rtype: qpay.intent
        """
        return self.env['qpay.intent'].sudo().search([
            *self._get_intent_domain(), ('state', '=', 'new'),
        ])

    def find_open_intent(self):
        """Return the QR of exactly this document that can be paid now, if there is one.

        :rtype: qpay.intent
        """
        return self.find_open_intents().filtered(
            lambda intent: intent._get_document() == self.records
        )[:1]

    def get_payable_intent(self):
        """Return the same, if it is valid, asks for what is owed now, or for what somebody has
        chosen, and is of a provider that the user may pay by.

        :rtype: qpay.intent
        """
        return self.find_open_intent().filtered(
            lambda intent: intent._is_payable() and not self.get_closing_reason(intent)
            and self.may_be_collected_by(intent.provider_id)
            and (intent.has_chosen_amount or self.document_currency.compare_amounts(
                self.get_asked_amount(intent), self.get_next_amount()
            ) == 0)
        )

    def get_last_paid_intent(self):
        """Return the QR that paid this document last.

        :rtype: qpay.intent
        """
        return self.env['qpay.intent'].sudo().search([
            *self._get_intent_domain(), ('state', '=', 'paid'),
        ], limit=1)

    def get_or_create_intent(self, amount, provider=None, **options):
        """Return the open QPay QR of this document for an amount. What has happened in this
        transaction is committed before QPay is asked.

        :param float amount: The amount in tögrög.
        :param payment.provider provider: The provider, in sudo mode; by default the company's.
        :param tuple[str, str] receiver: Whom the VAT receipt is for, and the number; by default as
            the customer has it.
        :rtype: qpay.intent
        :raise UserError: If the document or the amount cannot be paid by QPay, or QPay refuses;
            before anything happens, if the document is not committed yet, or within a savepoint.
        """
        check_committed(self.records)
        return self.env['qpay.intent'].sudo()._request(
            self.records, amount, provider, self.partner, **options
        )

    def get_current_intent(self, amount, provider=None):
        """Return the QR for whoever comes to pay: the open one, if it asks for what is owed now or
        was chosen, else a new one.

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
            ('res_model', '=', self.records._name), ('partner_id', '=', self.partner.id),
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
