import logging
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import ormcache

from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, lock_in_new_transaction
from odoo.addons.payment_qpay.qpay_api import (
    EmvError,
    InvoiceRequest,
    QPayRefused,
    QPayUnavailable,
    check_invoice_qr,
    clean_text,
)
from odoo.addons.payment_qpay.reasons import get_reason

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """How QPay is asked for a QR."""

    _inherit = 'qpay.intent'

    # What the document was when this QR was made: see `Document.get_change`.
    document_partner_id = fields.Many2one(
        comodel_name='res.partner', readonly=True, index='btree_not_null'
    )
    document_company_id = fields.Many2one(
        string="Company or Branch", comodel_name='res.company', readonly=True, index=True
    )
    document_version = fields.Char(readonly=True, copy=False)
    has_chosen_amount = fields.Boolean(
        help="Whether somebody chose another amount than what was due.", readonly=True
    )

    @api.model
    def _request(self, document, amount, provider, partner, transaction=None, **options):
        """Return the open QR of a document for an amount, asking QPay for one if there is none.

        The number and the secret of the callback are committed before QPay is asked, so that a
        QR that can be paid is never unknown here, whatever happens to the answer.

        :param recordset document: The record that is to be paid.
        :param float amount: The amount in tögrög.
        :param payment.provider provider: The provider, in sudo mode; None for the company's.
        :param res.partner partner: The customer.
        :param payment.transaction transaction: The transaction to confirm when the QR is paid;
            by default one is created.
        :param options: What else was chosen, see `_get_option_values`.
        :rtype: qpay.intent
        :raise UserError: If QPay refuses or does not answer; the reason is kept on the intent.
        """
        open_qrs = self._lock_and_find_open(document)
        adapter = documents.of(document).with_known_rows()
        if not transaction:
            adapter.check_payable()
            adapter.check_amount(amount)
        provider = provider or adapter.get_provider()
        adapter.check_provider(provider)
        option_values = self._get_option_values(adapter, provider, **options)
        if (
            len(open_qrs) == 1
            and open_qrs._is_same_request(document, amount, provider)
            and open_qrs._reuse_for(transaction, any(options.values()) and option_values)
        ):
            return open_qrs
        self._check_public_limits(adapter, provider)
        provider._qpay_check_answers()
        if open_qrs:
            # Whoever is refused must not lose what can be paid.
            adapter.check_amount(amount)
            for other in open_qrs:
                other._replace()
            if self._lock_and_find_open(document):
                raise self._get_creation_error()
            adapter = documents.of(document).with_known_rows()
        # What was owed when people asked may have been paid since.
        if transaction:
            adapter.check_together()
        else:
            adapter.check_payable()
        adapter.check_amount(amount)
        # QRs are many, and nobody follows them from the beginning.
        intent = self.with_context(tracking_disable=True).create({
            **self._get_request_values(adapter, amount, provider),
            **option_values,
            'partner_id': partner.id,
            'transaction_id': transaction and transaction.id,
        }).with_env(self.env)
        # It counts from now on: so it is planned once, and nothing is read again to store the QR.
        expires_at = fields.Datetime.now() + timedelta(minutes=provider.qpay_qr_minutes)
        intent._trigger_recheck([intent.recheck_at, expires_at])
        question = intent._get_client(), intent._get_invoice_request()
        self.env.cr.commit()
        intent._create_at_qpay(*question, expires_at)
        # Whoever changed the document before the QR was committed did not know of it.
        if reason := intent._complete():
            intent._close(reason)
            raise UserError(reason)
        return intent

    @api.model
    def _get_request_values(self, document, amount, provider):
        """Return what a new QR asks for.

        :param Document document: What is to be paid.
        :param float amount: The amount in tögrög.
        :param payment.provider provider: The provider, in sudo mode.
        :rtype: dict
        """
        records = document.records
        return {
            'name': self._next_number(),
            'provider_id': provider.id,
            'environment': provider._qpay_environment(),
            'object_type': document.object_type,
            'res_model': records._name,
            'res_id': records.id if len(records) == 1 else False,
            'document_name': document.name,
            **document.get_intent_values(amount),
            'amount': document.currency.round(amount),
            'currency_id': document.currency.id,
            'recheck_at': fields.Datetime.now() + const.CREATION_PERIOD,
        }

    @api.model
    @ormcache()
    def _get_document_classes(self):
        """Return the kinds of documents that this database has, ours first.

        :return: The classes of their adapters, by model.
        :rtype: dict[str, type]
        """
        models = [*documents.OWN_CLASSES, *self.env.registry]
        classes = {
            name: documents.get_class(self.env[name]) for name in models if name in self.env
        }
        fields_of_transactions = self.env['payment.transaction']._fields
        return {
            name: adapter for name, adapter in classes.items()
            # Where nobody pays online at the till, transactions know no orders of it.
            if adapter.transaction_field in fields_of_transactions
        }

    @api.model
    def _next_number(self):
        # QPay may count a number once for ever, and a copy of this database would count on from
        # the same one.
        return f'{self.env["ir.sequence"].next_by_code(self._name)}-{secrets.token_hex(2)}'

    @api.model
    def _lock_and_find_open(self, document):
        """Return the open QRs of a document, and keep all other processes from asking for one until
        this one commits.

        :param recordset document: The record that is to be paid.
        :rtype: qpay.intent
        :raise UserError: If another process is asking.
        """
        if lock_in_new_transaction(document.sudo()) != document:
            raise self._get_creation_error()
        return documents.of(document).find_open_intents()

    def _renew(self):
        """Return the QR that its payer is to pay now: the open one of its document, which may be
        this one, else a new one for what is still owed.

        :rtype: qpay.intent
        :raise UserError: If nothing is owed any more, or QPay gives no QR.
        """
        self.ensure_one()
        document = documents.of(self._get_document())
        if reason := document.get_payer_blocking_reason(self):
            raise UserError(reason)
        is_usable = document.may_be_collected_by(self.provider_id)
        return document.get_current_intent(
            document.get_rest_amount(self), self.provider_id if is_usable else None
        )

    @api.model
    def _get_creation_error(self):
        return LockError(self.env._(
            "A QR for this document is being made at this moment. Please try again."
        ))

    def _is_same_request(self, document, amount, provider):
        """Whether this QR can be shown to somebody who asks to pay a document."""
        return bool(
            self.qpay_invoice_id
            and self._get_document() == document
            and self.provider_id == provider
            and self.environment == provider._qpay_environment()
            and self.currency_id.compare_amounts(self.amount, amount) == 0
            and not self._get_closing_reason()
        )

    def _reuse_for(self, transaction, option_values):
        """Reuse this open QR for somebody who asks for the same.

        The lock of the document is given up for that of the QR: nobody holds the one while waiting
        for the other.

        :param payment.transaction transaction: The transaction to confirm when the QR is paid; None
            for the present one.
        :param dict option_values: What was chosen now, see `_get_option_values`; empty to leave it
            as it is.
        :return: Whether that can be.
        :rtype: bool
        :raise LockError: If another process is at this QR.
        """
        self.ensure_one()
        if option_values and not self._can_take_option_values(option_values):
            return False
        is_moved = transaction and transaction != self.transaction_id
        if is_moved or option_values:
            self._lock_or_raise()
        if is_moved and self.state == 'new':
            self._move_to_transaction(transaction)
        if option_values:
            self._take_option_values(option_values)
        return True

    @api.model
    def _get_option_values(self, document, provider, **options):
        """Return what a new QR remembers of what was chosen for it, besides its amount.

        :param Document document: What is paid.
        :param payment.provider provider: The provider, in sudo mode.
        :param options: What was chosen.
        :rtype: dict
        """
        return {}

    def _can_take_option_values(self, values):
        """Whether this open QR can get what was chosen now, though QPay knows it already.

        :param dict values: See `_get_option_values`.
        :rtype: bool
        """
        return True

    def _take_option_values(self, values):
        """Give this open QR, which is locked, what was chosen now.

        :param dict values: See `_get_option_values`.
        :return: None
        """
        self.write(values)

    def _replace(self):
        """Close this open QR to make room for another one of the same document.

        :raise UserError: If it is still being made, or turns out to be paid.
        """
        self.ensure_one()
        is_in_creation = fields.Datetime.now() < self.create_date + const.CREATION_PERIOD
        if not self.qpay_invoice_id and is_in_creation:
            raise self._get_creation_error()
        self._close(get_reason(self.env, 'replaced'))
        if self.state == 'paid':
            raise UserError(self.env._("The earlier QR of this document has just been paid."))

    def _create_at_qpay(self, client, request, expires_at):
        """Ask QPay for the invoice of this intent (QPay contract §2).

        :param QPayClient client: What asks.
        :param InvoiceRequest request: What it asks for.
        :param datetime expires_at: Until when the QR can be paid.
        :raise UserError: If there is no QR that can be shown.
        """
        try:
            invoice = client.create_invoice(request)
        except QPayRefused as error:
            reason = self.provider_id._qpay_get_error_message(error)
            if self._adapt_to_refusal(reason):
                self._create_at_qpay(client, self._get_invoice_request(), expires_at)
                return
            self._notify_refusal(reason)
            self._set_failed(reason, {'error': error.key, 'fields': error.fields})
        except QPayUnavailable as error:
            # Whether QPay made the invoice is not known: the next try gets another number.
            self._set_failed(
                self.provider_id._qpay_get_error_message(error), {'error': error.key}
            )
        if not self._store_invoice(invoice, expires_at):
            # It was cancelled while QPay was making it.
            self._close(self.state_message)
            raise UserError(self._get_status_message())
        try:
            check_invoice_qr(invoice.qr_text, request.amount)
        except EmvError as error:
            _logger.error("QPay's QR for %s is not what was asked for: %s.", self.name, error)
            self._close(get_reason(self.env, 'other_amount'))
            self._set_failed(self.state_message)

    def _get_invoice_request(self):
        """Return what QPay is asked for.

        :rtype: InvoiceRequest
        """
        return InvoiceRequest(**self._get_invoice_request_values())

    def _get_invoice_request_values(self):
        """Return the values of the `InvoiceRequest` (QPay contract §2).

        :rtype: dict
        """
        provider = self.provider_id
        return {
            'invoice_code': provider._qpay_setting('qpay_invoice_code'),
            'sender_invoice_no': self.name,
            'receiver_code': provider._qpay_setting('qpay_receiver_code'),
            'description': clean_text(
                f'{self.document_name} {self.company_id.name}', const.MAX_DESCRIPTION_LENGTH
            ),
            'amount': self._get_decimal_amount(),
            'callback_url': self._get_callback_url(),
            'allow_partial': provider.qpay_allow_partial,
            'allow_exceed': provider.qpay_allow_exceed,
        }

    def _adapt_to_refusal(self, reason):
        """Change what QPay, which has refused it, is asked for, so that it may accept it.

        :param str reason: Why QPay has refused it, for people.
        :return: Whether QPay is to be asked again.
        :rtype: bool
        """
        return False

    def _store_invoice(self, invoice, expires_at):
        """Store the invoice that QPay has made, whatever has happened to this QR meanwhile.

        :param Invoice invoice: QPay's answer.
        :param datetime expires_at: Until when the QR can be paid.
        :return: Whether it can be paid: nobody has ended it meanwhile.
        :rtype: bool
        :raise LockError: If somebody holds this QR for very long. The invoice is then as good as
            one whose answer was lost.
        """
        if not lock_in_new_transaction(self, const.ANSWER_LOCK_TIMEOUT):
            _logger.error("QPay's answer for %s could not be stored.", self.name)
            raise self._get_lock_error()
        is_open = self.state == 'new'
        self.write({
            'qpay_invoice_id': invoice.invoice_id,
            'qr_text': invoice.qr_text,
            'short_url': invoice.short_url,
            'deeplinks': [vars(link) for link in invoice.links],
            'raw_response': invoice.raw,
            'expires_at': expires_at,
            'recheck_at': expires_at,
        })
        self.env.cr.commit()
        return is_open

    def _set_failed(self, reason, raw_response=None):
        """Record that there is no QR, and tell the person who asked for it.

        :raise UserError: Always.
        """
        # Else the scheduled action ends it, as one whose answer never came.
        if lock_in_new_transaction(self, LOCK_TIMEOUT):
            self.write({
                'state': 'failed',
                'state_message': reason,
                'raw_response': raw_response or self.raw_response,
                'recheck_at': self.qpay_invoice_id and self.recheck_at,
            })
        self.env.cr.commit()
        raise UserError(self.provider_id._qpay_get_public_message(reason))

    def _get_callback_url(self):
        base_url = self.provider_id._qpay_callback_base_url()
        return f'{base_url}/payment/qpay/callback/{self.id}-{self.callback_token}'
