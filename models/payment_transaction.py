from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.account_payment.models.payment_transaction import (
    PaymentTransaction as AccountPaymentTransaction,
)
from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_qpay import const, documents
from odoo.addons.payment_qpay.checks import is_own_path
from odoo.addons.payment_qpay.locking import (
    check_no_savepoint,
    post_messages,
)


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - PAYMENT FLOW === #

    def _get_processing_values(self):
        """ Override of `payment` to let nobody pay again, in whatever way, what QPay has confirmed
        already.

        Note: `self.ensure_one()` from `payment`

        :return: The processing values.
        :rtype: dict
        :raise UserError: If the document is paid, or a part of it, but not booked yet.
        """
        # By a token, it is paid already.
        if self.operation != 'online_token':
            self._qpay_check_not_waiting()
        return super()._get_processing_values()

    def _charge_with_token(self):
        """ Override of `payment` to charge nobody for what QPay has confirmed already.

        Note: `self.ensure_one()` from `payment`

        :return: None
        """
        try:
            self._qpay_check_not_waiting()
        except UserError as error:
            self._set_error(str(error))
            return None
        return super()._charge_with_token()

    def _qpay_check_not_waiting(self):
        """Make sure that this transaction pays nothing that QPay has confirmed already.

        :raise UserError: If the document is paid, but not booked yet.
        :raise ValidationError: If a part of it is, and more than the rest would be paid.
        """
        document = documents.of_transaction(self)
        if reason := document.get_waiting_reason():
            raise UserError(reason)
        is_comparable = self.currency_id in (document.currency, document.document_currency)
        if is_comparable and document.get_waiting_amount():
            document.check_amount(self.amount, self.currency_id)

    def _get_specific_rendering_values(self, processing_values):
        """ Override of `payment` to send the payer to the page with the QR.

        Note: self.ensure_one() from `_get_processing_values`

        :param dict processing_values: The generic and specific processing values.
        :return: The dict of provider-specific rendering values.
        :rtype: dict
        :raise UserError: Within a savepoint: this commits.
        """
        if self.provider_code != const.PROVIDER_CODE:
            return super()._get_specific_rendering_values(processing_values)
        check_no_savepoint(self.env)
        try:
            intent = self.env['qpay.intent'].sudo()._request(
                documents.of_transaction(self).records,
                self.amount,
                self.provider_id.sudo(),
                self.partner_id,
                transaction=self.sudo(),
            )
        except UserError as error:
            self._set_error(str(error))
            return {}
        # There is nothing to do for it before it is confirmed, which resets this.
        self.is_post_processed = True
        # Without a host: the payer's session, by which the shop goes on, is this one's.
        return {'api_url': intent._get_pay_path()}

    def _qpay_get_landing_path(self, confirmed):
        """Return where the payer of this transaction goes on once a transaction of the same
        document is confirmed, which may be another payer's.

        Where that one's payer goes on is nobody else's matter: anybody who may pay a document can
        have any address written on a transaction of it.

        :param payment.transaction confirmed: The confirmed transaction.
        :return: A path of this site; '' if the payer goes on nowhere.
        :rtype: str
        """
        self.ensure_one()
        if not is_own_path(self.landing_route):
            return ''
        parts = urlsplit(self.landing_route)
        if parts.path == '/payment/confirmation':
            return f'{parts.path}?' + urlencode({
                'tx_id': confirmed.id,
                'access_token': payment_utils.generate_access_token(
                    confirmed.partner_id.id, confirmed.amount, confirmed.currency_id.id,
                    env=self.env,
                ),
            })
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        # Other pages confirm the transaction that they are told, too.
        if query.get('tx_id') == str(self.id):
            query['tx_id'] = confirmed.id
        return urlunsplit(parts._replace(query=urlencode(query)))

    @api.model
    def _qpay_create(self, provider, amount, partner, document, prefix):
        """Create a transaction for money of QPay.

        It stays a draft until money is verified: a pending one would keep the payer from paying
        in another way.

        :param payment.provider provider: The provider, in sudo mode.
        :param float amount: The amount in tögrög.
        :param res.partner partner: The customer.
        :param recordset document: What is paid: invoices, an order, or nothing that can be linked.
        :param str prefix: How the reference begins where it cannot name a document.
        :rtype: payment.transaction
        """
        values = documents.of(document).get_transaction_values() if document else {}
        is_named = bool(self.sudo()._compute_reference_prefix('-', **values))
        method = provider.env['payment.method'].with_context(active_test=False).search([
            ('provider_ids', 'in', provider.ids), ('code', '=', const.PROVIDER_CODE),
        ], limit=1)
        return self._qpay_create_apart(self.create, {
            'provider_id': provider.id,
            'payment_method_id': method.id,
            'company_id': provider.company_id.id,
            'reference': self._compute_reference(
                const.PROVIDER_CODE, prefix=None if is_named else prefix, **values
            ),
            'amount': amount,
            'currency_id': const.get_tugrik(self.env).id,
            'partner_id': partner.id,
            'operation': 'online_redirect',
            # There is nothing to do for it before it is confirmed, which resets this. Else Odoo's
            # own scheduled action would write it too, perhaps in the middle of its settlement.
            'is_post_processed': True,
            **values,
        })

    # === BUSINESS METHODS - PROCESSING === #

    def _qpay_get_ledger_row(self):
        """Return the ledger's row of the payment that this transaction confirmed."""
        rows = self.env['qpay.payment'].sudo()
        # Whoever settles a row knows it, and has not written it yet.
        row = rows.browse(self.env.context.get('qpay_settled_row_id'))
        if not self or row and row.transaction_id == self:
            return row if self else rows
        return rows.search([('transaction_id', '=', self.id)], limit=1)

    def _qpay_get_refunded_row(self):
        """Return the ledger's row of the payment that this transaction gives back."""
        source = self.source_transaction_id if self.operation == 'refund' else self.browse()
        return source._qpay_get_ledger_row()

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

    def _log_message_on_linked_documents(self, message):
        """ Override of `payment` to let no message keep a payment of QPay out of the books. """
        return post_messages(self.env, super()._log_message_on_linked_documents, message)

    # === BUSINESS METHODS - POST-PROCESSING === #

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to book what the ledger says: QPay's id and the day of the
        payment in Mongolia, and what an early payment earns on that day.

        :param dict extra_create_values: Optional extra create values.
        :rtype: account.payment
        """
        self.ensure_one()
        if ledger_row := self._qpay_get_ledger_row():
            values = {
                **self._qpay_get_payment_values(ledger_row),
                **ledger_row._get_amount_values(self.invoice_ids),
            }
        elif ledger_row := self._qpay_get_refunded_row():
            values = ledger_row._get_refund_values()
        else:
            return super()._create_payment(**extra_create_values)
        transaction = self.with_context(qpay_is_discount_decided=True)
        payment = super(PaymentTransaction, transaction)._create_payment(
            **{**values, **extra_create_values}
        ).with_env(self.env)
        payment._qpay_reconcile_credit(self.source_transaction_id.payment_id)
        return payment

    def _qpay_get_payment_values(self, ledger_row):
        """Return what the ledger says about the payment of this transaction.

        :param qpay.payment ledger_row: The row that this transaction books.
        :rtype: dict
        """
        document_names = ', '.join(self.invoice_ids.mapped('name')) or self.reference
        return {
            'qpay_txn_id': ledger_row.qpay_txn_id,
            'partner_id': ledger_row._get_customer().id,
            'date': ledger_row._get_payment_date(),
            'memo': f'{document_names} - QPay {ledger_row.qpay_txn_id}',
        }

    @api.model
    def _qpay_is_creation_extended(self):
        """Whether other modules extend how Odoo creates the payment of a transaction, which it does
        for one at a time.

        :rtype: bool
        """
        authors = {cls.__module__ for cls in type(self).mro() if '_create_payment' in vars(cls)}
        return authors != {__name__, AccountPaymentTransaction.__module__}

    def _qpay_create_payments(self, ledger_rows):
        """Create, post and reconcile the payments of these transactions together. Where this does
        not take place, each payment is created as usual, which costs about twice as much.

        Each transaction must be for one confirmed invoice in its own currency, without a discount
        for early payment; all must be of one company.

        :param qpay.payment ledger_rows: The rows that these transactions book.
        :return: None
        """
        line_by_provider = {
            provider: provider._qpay_choose_method_line() for provider in self.provider_id
        }
        row_by_transaction = {row.transaction_id: row for row in ledger_rows}
        open_lines = [transaction._qpay_get_open_lines() for transaction in self]
        payments = self.env['account.payment'].create([
            {
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'partner_id': transaction.partner_id.commercial_partner_id.id,
                'amount': transaction.amount,
                'currency_id': transaction.currency_id.id,
                'journal_id': transaction.provider_id.journal_id.id,
                'company_id': transaction.company_id.id,
                'payment_method_line_id': line_by_provider[transaction.provider_id].id,
                'payment_transaction_id': transaction.id,
                'invoice_ids': transaction.invoice_ids,
                'destination_account_id': lines.account_id[:1].id
                or transaction.partner_id.property_account_receivable_id.id,
                'write_off_line_vals': [],
                **transaction._qpay_get_payment_values(row_by_transaction[transaction]),
            }
            for transaction, lines in zip(self, open_lines, strict=True)
        ])
        payments.action_post()
        # Odoo takes a payment of a paid invoice for done, and does not post its entry.
        payments.move_id.filtered(lambda move: move.state == 'draft').action_post()
        for transaction, payment in zip(self, payments, strict=True):
            transaction.payment_id = payment
        self.env['account.move.line']._reconcile_plan([
            lines | payment.move_id.line_ids.filtered(
                lambda line, account=payment.destination_account_id: line.account_id == account
            )
            for lines, payment in zip(open_lines, payments, strict=True)
            if lines
        ])

    def _qpay_get_open_lines(self):
        """Return the items of the transaction's invoices that are still to be paid."""
        return self.invoice_ids.line_ids.filtered(
            lambda line: line.display_type == 'payment_term' and not line.reconciled
        )
