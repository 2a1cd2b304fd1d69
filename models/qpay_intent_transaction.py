import logging

import psycopg2

from odoo import models
from odoo.tools import mute_logger

from odoo.addons.payment_qpay import documents
from odoo.addons.payment_qpay.locking import LOCK_TIMEOUT, lock_in_new_transaction

_logger = logging.getLogger(__name__)


class QPayIntent(models.Model):
    """The transaction that a QR confirms when it is paid."""

    _inherit = 'qpay.intent'

    def _complete(self):
        """Create the transaction that this QR confirms, which QPay has just made, unless it has one
        or must no longer be paid. Where others are in the way, money of this QR gets a transaction
        when it arrives.

        :return: Why it must no longer be paid, for people; empty if it may be.
        :rtype: str
        """
        is_locked = bool(lock_in_new_transaction(self, LOCK_TIMEOUT))
        reason = self._get_closing_reason()
        try:
            with mute_logger('odoo.sql_db'):
                if is_locked and not reason and not self.transaction_id:
                    self.transaction_id = self._create_transaction(self.amount)
                self.env.cr.commit()
        except (psycopg2.IntegrityError, psycopg2.OperationalError) as error:
            self.env.cr.rollback()
            _logger.info("The QR %s has no transaction yet: %s", self.name, error)
        return reason

    def _create_transaction(self, amount, is_linked=True):
        """Create a transaction for money of this QR.

        :param float amount: The amount in tögrög.
        :param bool is_linked: Whether it pays the document.
        :rtype: payment.transaction
        """
        document = self._get_document()
        # The customer may have been deleted, but not the one of an existing document.
        partner = self.partner_id or documents.of(document).partner or self.company_id.partner_id
        return self.env['payment.transaction']._qpay_create(
            self.provider_id, amount, partner, document if is_linked else document.browse(),
            self.name,
        )

    def _move_to_transaction(self, transaction):
        """Link this QR, which is locked, to another transaction, which it then confirms."""
        previous = self.transaction_id
        self.transaction_id = transaction
        previous.filtered(lambda tx: tx.state == 'draft')._set_canceled()

    def _get_confirmed_transaction(self):
        """Return the transaction that the payment of this QR has confirmed, else the one that it
        is to confirm: money that comes late gets one of its own.
        """
        self.ensure_one()
        confirmed = (self.transaction_id | self.payment_ids.transaction_id).filtered(
            lambda transaction: transaction.state == 'done'
        )
        return confirmed[:1] or self.transaction_id
